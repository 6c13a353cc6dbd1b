"""Every operator's eager function, those with a leading underscore included."""

from ndarray import lazy, registry
from ndarray.functions import function

__getattr__ = lazy.attributes(globals(), registry.functions(function, registry.known))


def __dir__() -> list[str]:
    return sorted(registry.names())
