"""Operators that MXNet keeps under ``contrib``, as nodes: the lists and the numbers that its eager functions take."""

from __future__ import annotations

from functools import partial, wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import lazy, registry
from ndarray.contrib import UPDATES
from ndarray.errors import OperatorError
from symbolic.create import full
from symbolic.functions import function
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _as_node(attr: Mapping[str, str] | None, op_name: str, inputs: Sequence[Symbol], out: object = None, *,
             scale: Any = None, **params: Any) -> Symbol:
    """Return the node of an operator; what `ndarray.contrib.on_arrays` is to arrays.

    A number as the gradient's scale becomes a constant: float32 where that holds the number, else float64.
    """
    if out is not None:
        raise OperatorError(f"{op_name}: a node has no out; name the arrays of its outputs at bind: bind(…, out={{…}})")
    if scale is not None and not isinstance(scale, Symbol):
        with np.errstate(over="ignore"):
            scale = full((1,), scale, dtype="float32" if float(np.float32(scale)) == scale else "float64")
    return function(op_name)(*inputs, *(() if scale is None else (scale,)), attr=attr, **params)


_DOC = """{summary}

The arguments are those of `ndarray.contrib.{name}`, symbols in place of arrays, and ``attr=`` in place of ``out=``.
"""


def _symbolic(update: Callable[..., Any]) -> Callable[..., Symbol]:
    """Return the function that makes the node of an update: with ``attr=`` and without ``out=``."""
    @wraps(update)
    def make(*args: Any, attr: dict[str, str] | None = None, **kwargs: Any) -> Any:
        return update(*args, call=partial(_as_node, attr), **kwargs)

    found = [p.replace(name="attr", default=None) if p.name == "call" else p
             for p in signature(update).parameters.values() if p.name != "out"]
    made: Any = make
    made.__signature__ = signature(update).replace(parameters=found)
    made.__module__ = __name__
    made.__doc__ = _DOC.format(summary=(update.__doc__ or "").partition("\n")[0].replace("NDArray", "Symbol"),
                               name=update.__name__)
    return made


_FUNCTIONS = {update.__name__: _symbolic(update) for update in UPDATES}

__getattr__ = lazy.attributes(globals(), _FUNCTIONS.get,
                              registry.functions(function, lambda name: registry.within("contrib", name)))


def __dir__() -> list[str]:
    return sorted({*_FUNCTIONS, *(n.removeprefix("_contrib_") for n in registry.names() if n.startswith("_contrib_"))})
