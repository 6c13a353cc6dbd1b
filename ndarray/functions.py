"""Eager functions, generated from the registry: one for each operator's name and alias."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from ndarray import registry
from ndarray.array import NDArray, invoke
from ndarray.errors import OperatorError, shown, unknown
from ndarray.params import REQUIRED, Training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.operator import Operator


@cache
def function(name: str) -> Callable[..., Any]:
    """Return the eager function of the operator called `name`.

    Its signature is the operator's: inputs, parameters, then ``out=`` and ``name=``.

    Raises
    ------
    UnknownNameError
    """
    op = registry.get(name)
    eager = _of_many(op) if op.many else _of_few(op)
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


def _of_few(op: Operator) -> Callable[..., Any]:
    names = tuple([i.name for i in op.inputs])
    positional = (*names, *(p for p in op.params if op.params[p].type is not Training))
    n, clear = len(names), frozenset(names).isdisjoint

    def eager(*args, out=None, name=None, **params):
        if len(args) == n and clear(params):
            inputs = args
        else:
            inputs, params = _sort_arguments(op, names, positional, args, params)
        for value in inputs:
            if value is None:
                inputs = _without_absent(op, names, inputs, params)
                break
        if params:
            params = _known(op, params)
        return invoke(op, inputs, params, out)

    return eager


def _sort_arguments(op: Operator, names: Sequence[str], positional: Sequence[str], args: Sequence[Any],
                    params: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return inputs, None where one is missing, and parameters, from a call by position or keyword."""
    if len(args) > len(positional):
        raise OperatorError(f"{op.name} takes at most {len(positional)} arguments ({', '.join(positional)}), "
                            f"got {len(args)}")
    given = dict(zip(positional, args))
    for key in params:
        if key in given:
            raise OperatorError(f"{op.name}: {key} is given twice, by position ({shown(given[key])}) and by keyword")
    given.update(params)
    return [given.pop(key, None) for key in names], given


def _without_absent(op: Operator, names: Sequence[str], inputs: Sequence[Any], params: Mapping[str, Any]) -> list[Any]:
    """Return the inputs that the parameters ask for; raise, naming all of them, where some are missing."""
    known = {k: v for k, v in params.items() if k in op.params and k not in op.scalars}
    absent = op.absent(op.defaults | op.parse(known)) if op.absent else ()
    missing = [key for key, value in zip(names, inputs) if value is None and key not in absent]
    if missing:
        for key in params:
            if key not in op.params and not key.startswith("__"):
                raise OperatorError(f"{op.name}: {unknown(f'argument of {op.name}', key, [*names, *op.params])}")
        raise OperatorError(f"{op.name}: missing input{'s' * (len(missing) > 1)} {', '.join(missing)}; "
                            f"it takes {', '.join(names)}")
    return [value for key, value in zip(names, inputs) if key not in absent]


def _known(op: Operator, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters without MXNet's ignored ``__key__`` ones, NDArrays as NumPy arrays."""
    for key, value in params.items():
        kind = type(value)
        if kind is NDArray or key[:2] == "__":
            return {k: v._data if isinstance(v, NDArray) else v for k, v in params.items() if not k.startswith("__")}
        if (kind is tuple or kind is list) and any(isinstance(v, NDArray) for v in value):
            params = {**params, key: tuple([v._data if isinstance(v, NDArray) else v for v in value])}
    return params


def _of_many(op: Operator) -> Callable[..., Any]:
    def eager(*data, out=None, name=None, **params):
        inputs = [x for item in data for x in (item if isinstance(item, (list, tuple)) else (item,))]
        return invoke(op, inputs, _known(op, params), out)

    return eager


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
