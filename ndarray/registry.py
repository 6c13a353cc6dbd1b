"""The table of operators: each name and each alias once."""

from ndarray.errors import OperatorError, UnknownNameError, unknown

_operators = {}
_by_any_name = {}


def add(op):
    """Enter an operator under its name and its aliases."""
    for name in (op.name, *op.aliases):
        if name in _by_any_name:
            raise OperatorError(f"operator {name!r} is already declared in {_by_any_name[name].compute.__module__}")
        _by_any_name[name] = op
    _operators[op.name] = op
    return op


def get(name):
    """Return the operator called `name`, which may be an alias."""
    try:
        return _by_any_name[name]
    except KeyError:
        raise UnknownNameError(unknown("operator", name, _by_any_name)) from None


def operators():
    """Return every operator, in the order of declaration."""
    return tuple(_operators.values())


def names():
    """Return a dict of every name and alias to its operator."""
    return dict(_by_any_name)
