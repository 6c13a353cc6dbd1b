"""What the rooms that need more than NumPy need: they are imported, and their examples run, where that is installed."""

from importlib.util import find_spec

from symbolic.engines import ENGINES

EXTRAS = {"symbolic.jax.transformation": {"jax", "optax"}, "symbolic.jax.from_optax": {"jax", "optax"},
          "symbolic.jax": {"jax"}, "symbolic.engines.xla": {"jax"},
          "symbolic.torch": {"torch"}, "tests.symbolic.jax.aliases": {"jax", "optax"},
          "tests.symbolic.torch.stand_in": {"torch"}, "tests.symbolic.torch.ranks": {"torch"}}
"""The libraries that a module, or a room with all that is in it, needs besides NumPy; the first that fits counts."""


INSTALLED_ENGINES = [name for name in ENGINES if name != "xla" or find_spec("jax")]
"""The engines that can run here."""


def needed_by(module):
    """Return the libraries that a module of ours needs besides NumPy."""
    return next((libraries for room, libraries in EXTRAS.items() if f"{module}.".startswith(f"{room}.")), set())


def installed(module):
    """Tell whether all that a module of ours needs is installed."""
    return all(find_spec(name) for name in needed_by(module))


def missing_files():
    """Return patterns of the files of ours whose libraries are not installed."""
    return [f"{room.replace('.', '/')}{ending}" for room in EXTRAS if not installed(room) for ending in (".py", "/*")]
