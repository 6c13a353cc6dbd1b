"""Modules that are loaded when something in them is first used, so that `import symbolic` costs little."""

from importlib import import_module
from typing import Any


class Later:
    """Stand for a module until an attribute of it is wanted.

    Only modules below the one that says `Later` may stand here: it is an import like any other, at another time.

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
