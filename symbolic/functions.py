"""Symbolic functions, generated from the registry: one for each operator's name and alias."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from ndarray import registry
from ndarray.errors import OperatorError, shown
from ndarray.params import REQUIRED, Training
from symbolic.graph import compose
from symbolic.graph.graph import Graph
from symbolic.symbol import Symbol, _check_symbol, _entry, as_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ndarray.operator import Operator


@cache
def function(name: str) -> Callable[..., Symbol]:
    """Return the function that makes nodes of the operator called `name`.

    Its signature is the operator's: inputs, parameters, then ``name=`` and ``attr=``.  Inputs are symbols and may be
    left out; hyper-parameters (`ndarray.params.Scalar`) are numbers or symbols.

    Raises
    ------
    UnknownNameError
    """
    op = registry.get(name)
    inputs = [i.name for i in op.inputs]
    params = [p.name for p in op.params.values() if p.type is not Training]

    def make(*args, name=None, attr=None, **kwargs):
        if len(args) == few and kwargs.keys() <= known and all([type(a) is Symbol for a in args]):
            # Every input by position and nothing unknown: nothing to sort out.
            if kwargs:
                kwargs = {k: as_entries(v) for k, v in kwargs.items()}
            node = compose.apply(op, [_entry(s) for s in args], None, kwargs, name, attr, hint)
            return Symbol(Graph(node.outputs))
        if op.many:
            symbols = [s for a in args for s in (a if isinstance(a, (list, tuple)) else (a,))]
        else:
            symbols = list(args[:len(inputs)])
            _take_positional_params(op, inputs, params, args[len(inputs):], kwargs)
        named = {k: kwargs.pop(k) for k in list(kwargs) if k not in op.params and (isinstance(kwargs[k], Symbol)
                                                                                   or k in inputs)}
        while symbols and symbols[-1] is None:
            symbols.pop()
        if any(s is None for s in symbols):
            named |= {k: s for k, s in zip(inputs, symbols) if s is not None}
            symbols = []
        named = {k: s for k, s in named.items() if s is not None}
        for value in (*symbols, *named.values()):
            _check_symbol(value)
        node = compose.apply(op, [_entry(s) for s in symbols], {k: _entry(s) for k, s in named.items()},
                             {k: as_entries(v) for k, v in kwargs.items()}, name, attr, hint)
        return Symbol(Graph(node.outputs))

    hint = name.lower()
    few, known = (-1 if op.many else len(inputs)), op.params.keys()
    make.__name__ = make.__qualname__ = name
    make.__module__ = "symbolic"
    make.__doc__ = inspect.cleandoc(op.__doc__ or "")
    make.__signature__ = _signature(op)  # type: ignore[attr-defined]
    return make


def _take_positional_params(op: Operator, inputs: Sequence[str], params: Sequence[str], values: Sequence[Any],
                            kwargs: dict[str, Any]) -> None:
    """Put what follows the inputs in a call under the parameters' names, in the declared order."""
    if len(values) > len(params):
        raise OperatorError(f"{op.name} takes {len(inputs)} inputs and {len(params)} parameters, "
                            f"got {len(inputs) + len(values)} arguments")
    for key, value in zip(params, values):
        if key in kwargs:
            raise OperatorError(f"{op.name}: {key} is given twice, by position ({shown(value)}) and by keyword")
        kwargs[key] = value


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
