"""The table of operators: each name and each alias once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError, UnknownNameError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from ndarray.operator import Operator

_operators = {}
_by_any_name = {}
_later = []
_families = {}
_derived = {}


def declare_later(load: Callable[[], object]) -> None:
    """Let ``load()`` declare operators when a name is first looked up that is not here, or all are listed.

    To declare some hundred operators takes as long as to import a quarter of NumPy.
    """
    _later.append(load)


def _declared() -> dict[str, Operator]:
    """Return the table with every operator in it."""
    while _later:
        # Taken off only afterwards: another thread that looks one up meanwhile waits for the same modules.
        load = _later[-1]
        load()
        if _later[-1:] == [load]:
            _later.pop()
    return _by_any_name


def add(op: Operator) -> Operator:
    """Enter an operator under its name and its aliases."""
    for name in (op.name, *op.aliases):
        if name in _by_any_name:
            raise OperatorError(f"operator {name!r} is already declared in {_by_any_name[name].compute.__module__}")
        _by_any_name[name] = op
    _operators[op.name] = op
    return op


def get(name: str) -> Operator:
    """Return the operator named `name`, which may be an alias."""
    try:
        return _by_any_name[name]
    except KeyError:
        op = lookup(name)
    if op is None:
        raise UnknownNameError(unknown("operator", name, _by_any_name))
    return op


def lookup(name: str) -> Operator | None:
    """Return the operator named `name`, those that follow from others included, None where there is none."""
    return _by_any_name.get(name) or _derived.get(name) or _declared().get(name) or _derive(name)


def find(name: str) -> Operator | None:
    """Return the operator that is declared under `name`, None where there is none."""
    found = _by_any_name.get(name)
    return found if found is not None or not _later else _declared().get(name)


def functions(make: Callable[[str], Any], full_name: Callable[[str], str | None]) -> Callable[[str], Any]:
    """Return a finder of the functions of operators, for ``ndarray.lazy.attributes``.

    Parameters
    ----------
    make : callable
        ``make(name)`` returns the function of the operator named `name`.
    full_name : callable
        ``full_name(name)`` returns the operator's name for the name of an attribute, None where there is none.
    """
    def find_function(name: str) -> Any:
        full = full_name(name)
        return None if full is None else make(full)

    return find_function


def known(name: str) -> str | None:
    """Return `name` where an operator has it, else None."""
    return None if find(name) is None else name


def public(name: str) -> str | None:
    """Return `name` where an operator has it and it does not begin with an underscore, else None."""
    return None if name.startswith("_") else known(name)


MOST_DERIVED = 16
"""Gradients of gradients of … go no further: each has two parameters more than the one before."""


def _derive(name: str) -> Operator | None:
    prefixes: list[str] = []
    base = name
    while base not in _by_any_name:
        prefix = next((p for p in _families if base.startswith(p)), None)
        if prefix is None or len(prefixes) == MOST_DERIVED:
            return None
        prefixes.append(prefix)
        base = base[len(prefix):]
    op = _by_any_name[base]
    for prefix in reversed(prefixes):
        key = prefix + op.name
        if key not in _derived:
            _derived[key] = _families[prefix](op)
        op = _derived[key]
    return op


def derive(prefix: str, make: Callable[[Operator], Operator]) -> None:
    """Answer for names that start with `prefix` by ``make(op)`` of the operator that the rest of the name names.

    Such operators follow from others: `operators` and `names` do not list them.
    """
    _families[prefix] = make


def within(space: str, name: str) -> str | None:
    """Return the full name of the operator that MXNet keeps as `name` under `space`, None where there is none.

    Examples
    --------
    >>> within("contrib", "group_adagrad_update"), within("contrib", "adamw_update"), within("contrib", "none")
    ('_contrib_group_adagrad_update', '_adamw_update', None)
    """
    known = _declared()
    return next((full for full in (f"_{space}_{name}", f"_{name}", name) if full in known), None)


def operators() -> tuple[Operator, ...]:
    """Return every operator, in the order of declaration."""
    _declared()
    return tuple(_operators.values())


def names() -> dict[str, Operator]:
    """Return a dict of every name and alias to its operator."""
    return dict(_declared())
