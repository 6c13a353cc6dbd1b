"""What is imported or made when it is first used, so that `import symbolic` costs little."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ndarray.errors import unknown


class Later:
    """A module that is imported when an attribute of it is first used.

    It is an import like any other, only later: the module must be above the one that names it here.

    Parameters
    ----------
    name : str
        The module.

    Examples
    --------
    >>> Later("symbolic.graph.graph").Graph.__name__
    'Graph'
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<later {self._name}>"


def attributes(namespace: dict[str, Any], *finders: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module; what it finds becomes an attribute like any other.

    Parameters
    ----------
    namespace : dict
        The module's ``globals()``, with its ``__dir__``.
    *finders : callable
        ``finder(name)`` returns an attribute, or None where it has none of this name; the first that has it counts.

    Examples
    --------
    >>> namespace = {"__name__": "example"}
    >>> attributes(namespace, imported({"Graph": "symbolic.graph.graph"}))("Graph") is namespace["Graph"]
    True
    """

    def __getattr__(name: str) -> Any:
        for find in finders:
            found = find(name)
            if found is not None:
                # `setdefault`, for two threads may come here at once, and both are to get the same.
                return namespace.setdefault(name, found)
        module = namespace["__name__"]
        if name.startswith("__"):  # Python and its tools test for many such names and ignore the message.
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise UnknownAttributeError(lambda: unknown(f"attribute of {module}", name, namespace["__dir__"]()))

    return __getattr__


class UnknownAttributeError(AttributeError):
    """A name that a module does not have; the message is made when it is read, for `hasattr` and imports drop it.

    Parameters
    ----------
    message : callable
        Without arguments; returns the message.
    """

    def __init__(self, message: Callable[[], str]) -> None:
        super().__init__()
        self._message = message

    def __str__(self) -> str:
        return self._message()


def imported(table: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a finder of names that are modules, or are in modules.

    Parameters
    ----------
    table : dict of str to str
        The module of each name.
    """

    def find(name: str) -> Any:
        if name not in table:
            return None
        module = import_module(table[name])
        return vars(module).get(name, module)

    return find
