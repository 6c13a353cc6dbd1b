"""Graphs on JAX: as functions of its arrays, and update rules as Optax transformations.

This needs JAX: ``pip install 'symbolic-ndarray[xla]'``.  Optax is needed where an Optax object is asked for.
"""

from typing import Any

from ndarray import lazy as _lazy
from ndarray.errors import DeviceError
from symbolic.engines.xla import words as _words
from symbolic.engines.xla.placement import make_mesh, zero
from symbolic.engines.xla.resident import device_array
from symbolic.jax.function import Function, function
from symbolic.jax.processes import initialize

_OPTAX = {"gradient_transformation": "symbolic.jax.transformation", "RuleState": "symbolic.jax.transformation",
          "trace": "symbolic.jax.from_optax"}
"""What needs Optax, and the file that has it."""


def _from_optax(name: str) -> Any:
    try:
        return _lazy.imported(_OPTAX)(name)
    except ModuleNotFoundError as error:
        if error.name != "optax":
            raise
        raise ImportError(f"symbolic.jax.{name} needs Optax, which is not installed: pip install optax") from error


__getattr__ = _lazy.attributes(globals(), _from_optax)


def __dir__() -> list[str]:
    return sorted({*globals(), *_OPTAX})
