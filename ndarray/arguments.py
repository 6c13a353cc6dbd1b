"""The arguments of a call of an operator, sorted into inputs and parameters: for eager and for symbolic functions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from ndarray.errors import OperatorError, shown, unknown
from ndarray.operator import Operator
from ndarray.params import Training


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
        raise OperatorError(f"{op.name} takes at most {len(positional)} arguments ({', '.join(positional)}), "
                            f"got {len(args)}")
    given = dict(zip(positional, args))
    for key in params:
        if key in given:
            raise OperatorError(f"{op.name}: {key} is given twice, by position ({shown(given[key])}) and by keyword")
    given.update(params)
    return [given.pop(key, None) for key in names], given


def without_absent(op: Operator, names: Sequence[str], inputs: Sequence[Any], params: Mapping[str, Any]) -> list[Any]:
    """Return the inputs that the parameters ask for.

    Raises
    ------
    OperatorError
        Naming every input that is missing.
    """
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
