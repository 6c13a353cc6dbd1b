"""Symbolic functions, generated from the registry: one for each operator's name and alias."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING

from ndarray import registry
from ndarray.params import REQUIRED, Training
from symbolic.symbol import Symbol, caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ndarray.operator import Operator


@cache
def function(name: str) -> Callable[..., Symbol]:
    """Return the function that makes nodes of the operator named `name`.

    Its signature is the operator's: inputs, parameters, then ``name=`` and ``attr=``.  Inputs are symbols and may be
    left out; hyper-parameters (`ndarray.params.Scalar`) are numbers or symbols.

    Raises
    ------
    UnknownNameError
    """
    op = registry.get(name)
    make = caller(op, name.lower())
    make.__name__ = make.__qualname__ = name
    make.__module__ = "symbolic"
    make.__doc__ = inspect.cleandoc(op.__doc__ or "")
    make.__signature__ = _signature(op)  # type: ignore[attr-defined]
    return make


def _signature(op: Operator) -> inspect.Signature:
    kind = inspect.Parameter
    if op.many:
        found = [kind("data", kind.VAR_POSITIONAL)]
    else:
        found = [kind(i.name, kind.POSITIONAL_OR_KEYWORD, default=None) for i in op.inputs]
    found += [kind(p.name, kind.KEYWORD_ONLY, default=inspect.Parameter.empty if p.default is REQUIRED else p.default)
              for p in op.params.values() if p.type is not Training]
    return inspect.Signature([*found, kind("name", kind.KEYWORD_ONLY, default=None),
                              kind("attr", kind.KEYWORD_ONLY, default=None)])
