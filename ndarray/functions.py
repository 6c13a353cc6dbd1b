"""Eager functions, generated from the registry: one for each operator's name and alias."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from ndarray import registry
from ndarray.array import caller
from ndarray.params import REQUIRED, Training

if TYPE_CHECKING:
    from collections.abc import Callable

    from ndarray.operator import Operator


@cache
def function(name: str) -> Callable[..., Any]:
    """Return the eager function of the operator named `name`.

    Its signature is the operator's: inputs, parameters, then ``out=`` and ``name=``.

    Raises
    ------
    UnknownNameError
    """
    op = registry.get(name)
    eager = caller(op)
    eager.__name__ = eager.__qualname__ = name
    eager.__module__ = "ndarray"
    eager.__doc__ = inspect.cleandoc(op.__doc__ or "") + _OUT
    eager.__signature__ = signature(op)  # type: ignore[attr-defined]
    return eager


_OUT = """

Other Parameters
----------------
out : NDArray or list of NDArray, optional
    Where the outputs go; ``out=weight`` updates in place.  It is what the call then returns.
name : str, optional
    Accepted so that eager and symbolic calls look alike.
"""


def signature(op: Operator) -> inspect.Signature:
    """Return the signature of an operator's eager function."""
    kind = inspect.Parameter
    how: Any = kind.POSITIONAL_OR_KEYWORD
    if op.many:
        found, how = [kind("data", kind.VAR_POSITIONAL)], kind.KEYWORD_ONLY
    else:
        found = [kind(i.name, how) for i in op.inputs]
    shown_ = [p for p in op.params.values() if p.type is not Training]
    required = [kind(p.name, how) for p in shown_ if p.default is REQUIRED]
    optional = [kind(p.name, how, default=p.default) for p in shown_ if p.default is not REQUIRED]
    if [p.name for p in required + optional] != [p.name for p in shown_]:
        # A required parameter after an optional one, as MXNet declares some: by keyword only.
        required, optional = [], [kind(p.name, kind.KEYWORD_ONLY, default=kind.empty if p.default is REQUIRED
                                       else p.default) for p in shown_]
    return inspect.Signature([*found, *required, *optional, kind("out", kind.KEYWORD_ONLY, default=None),
                              kind("name", kind.KEYWORD_ONLY, default=None)])
