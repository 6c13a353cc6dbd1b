"""The table of operators: each name and each alias once."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError, UnknownNameError, unknown
from ndarray.fork import around_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ndarray.operator import Operator

_by_any_name = {}
_indexes = []
_families = {}
_family_homes = {}
_derived = {}
_loading = RLock()

# A child would wait for ever for a module that another thread of its parent was importing.
around_fork(_loading.acquire, _loading.release)


def declare_later(index: Callable[[], Mapping[str, str]]) -> None:
    """Let modules declare operators when they are first looked up, or all are listed.

    To declare some hundred operators takes longer than to import half of NumPy, and a graph has few.

    Parameters
    ----------
    index : callable
        ``index()`` gives the names, separated by spaces, that each module declares.
    """
    _indexes.append(index)


@cache
def _homes() -> dict[str, str]:
    """Return the module of each name, in the order in which names are listed."""
    return {name: module for index in _indexes for module, names in index().items() for name in names.split()}


def _load(module: str) -> None:
    with _loading:
        import_module(module)


@cache
def _load_all() -> None:
    for index in _indexes:
        for module in index():
            _load(module)


def _declared() -> dict[str, Operator]:
    """Return the table, with every operator of the indexes in it."""
    _load_all()
    return _by_any_name


def add(op: Operator) -> Operator:
    """Enter an operator under its name and its aliases."""
    for name in (op.name, *op.aliases):
        home = _homes().get(name, op.compute.__module__)
        if home != op.compute.__module__:
            _load(home)
        if name in _by_any_name:
            raise OperatorError(f"operator {name!r} is already declared in {_by_any_name[name].compute.__module__}")
        _by_any_name[name] = op
    return op


def get(name: str) -> Operator:
    """Return the operator named `name`, which may be an alias."""
    try:
        return _by_any_name[name]
    except KeyError:
        op = lookup(name)
    if op is None:
        raise UnknownNameError(unknown("operator", name, _declared()))
    return op


def lookup(name: str) -> Operator | None:
    """Return the operator named `name`, those that follow from others included, None where there is none."""
    op = find(name) or _derived.get(name) or _derive(name)
    if op is None:
        _declared()  # which may bring further families of derived operators
        op = _derive(name)
    return op


def find(name: str) -> Operator | None:
    """Return the operator that is declared under `name`, None where there is none."""
    found = _by_any_name.get(name)
    if found is None and name in _homes():
        _load(_homes()[name])
        found = _by_any_name[name]
    return found


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
    while (op := find(base)) is None:
        prefix = next((p for p in (*_families, *_family_homes) if base.startswith(p)), None)
        if prefix is None or len(prefixes) == MOST_DERIVED:
            return None
        prefixes.append(prefix)
        base = base[len(prefix):]
    for prefix in reversed(prefixes):
        key = prefix + op.name
        if key not in _derived:
            if prefix not in _families:
                _load(_family_homes[prefix])
            _derived[key] = _families[prefix](op)
        op = _derived[key]
    return op


def derive(prefix: str, make: Callable[[Operator], Operator]) -> None:
    """Answer for names that start with `prefix` by ``make(op)`` of the operator that the rest of the name names.

    Such operators follow from others: `operators` and `names` do not list them.
    """
    _families[prefix] = make


def derive_later(prefix: str, module: str) -> None:
    """Let a module call `derive` for a prefix when such a name is first looked up."""
    _family_homes[prefix] = module


def within(space: str, name: str) -> str | None:
    """Return the full name of the operator that MXNet keeps as `name` under `space`, None where there is none.

    Examples
    --------
    >>> within("contrib", "group_adagrad_update"), within("contrib", "adamw_update"), within("contrib", "none")
    ('_contrib_group_adagrad_update', '_adamw_update', None)
    """
    return next(filter(known, (f"_{space}_{name}", f"_{name}", name)), None)


def operators() -> tuple[Operator, ...]:
    """Return every operator, in the order of the indexes, then of declaration."""
    return tuple([op for name, op in names().items() if op.name == name])


def names() -> dict[str, Operator]:
    """Return a dict of every name and alias to its operator."""
    every = _declared()
    return {name: every[name] for name in _homes()} | every
