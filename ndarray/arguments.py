"""The arguments of a call of an operator, sorted into inputs and parameters: for eager and for symbolic functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError, shown, unknown
from ndarray.params import Training
from ndarray.text import counted

if TYPE_CHECKING:
    from ndarray.operator import Operator


@cache
def parameters_in_order(op: Operator) -> tuple[str, ...]:
    """Return the names of the parameters that a user may give, as declared."""
    return tuple([p.name for p in op.params.values() if p.type is not Training])


def flattened(args: Iterable[Any]) -> list[Any]:
    """Return the inputs of an operator on many tensors: each by itself, or in lists."""
    return [x for item in args for x in (item if isinstance(item, (list, tuple)) else (item,))]


def sort_arguments(op: Operator, names: Sequence[str], args: Sequence[Any], params: Mapping[str, Any]
                   ) -> tuple[list[Any], dict[str, Any]]:
    """Return the inputs, None where one is missing, and the parameters of a call by position or by keyword.

    Parameters
    ----------
    op : Operator
    names : sequence of str
        Of its inputs.
    args : sequence
        What was given by position: inputs, then parameters in the declared order.
    params : dict
        What was given by keyword.

    Raises
    ------
    OperatorError
        If there are too many, or one is given twice.
    """
    positional = (*names, *parameters_in_order(op))
    if len(args) > len(positional):
        raise OperatorError(f"{op.name} takes at most {counted(len(positional), 'argument')} "
                            f"({', '.join(positional)}), got {len(args)}")
    given = dict(zip(positional, args))
    for key in params:
        if key in given:
            raise OperatorError(f"{op.name}: {key} is given twice, by position ({shown(given[key])}) and by keyword")
    given.update(params)
    return [given.pop(key, None) for key in names], given


def present_inputs(op: Operator, names: Sequence[str], inputs: Sequence[Any], params: Mapping[str, Any],
                   by_position: int) -> list[Any]:
    """Return the inputs that the parameters ask for.

    Parameters
    ----------
    op : Operator
    names : sequence of str
        Of its inputs.
    inputs : sequence
        In this order, None where one was not given.
    params : dict
    by_position : int
        How many arguments were given by position: where they are as many as are asked for, they are these.

    Raises
    ------
    OperatorError
        Naming every input that is missing, or that was given and is left out.
    """
    known = {k: v for k, v in params.items() if k in op.params and k not in op.scalars}
    complete = op.defaults | op.parse(known)
    absent = op.absent(complete) if op.absent else ()
    given = [value for value in inputs if value is not None]
    needed = [key for key in names if key not in absent]
    if len(given) == len(needed) == by_position and all([value is not None for value in inputs[:by_position]]):
        return given
    missing = [key for key, value in zip(names, inputs) if value is None and key in needed]
    if missing:
        for key in params:
            if key not in op.params and not key.startswith("__"):
                raise OperatorError(f"{op.name}: {unknown(f'argument of {op.name}', key, [*names, *op.params])}")
        raise OperatorError(f"{op.name}: missing input{'s' * (len(missing) > 1)} {', '.join(missing)}; "
                            f"it takes {', '.join(names)}")
    op.check_number(len(given), complete)
    return given
