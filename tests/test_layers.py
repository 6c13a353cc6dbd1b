"""Imports point one way: down the order of the files, and never in a circle."""

import ast
import sys
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
         for package in ("ndarray", "symbolic") for path in sorted((ROOT / package).rglob("*.py"))}

LAYERS = """
    ndarray.errors ndarray.atomic ndarray.cached ndarray.notebook
    ndarray.dtypes
    ndarray.tensortype
    ndarray.params
    ndarray.registry
    ndarray.operator
    ndarray.rules ndarray.rules_shape
    ndarray.special ndarray.vocabulary
    ndarray.kernels ndarray.kernels.*
    ndarray.ops ndarray.ops.*
    ndarray.reference
    ndarray.context ndarray.indexing
    ndarray.call
    ndarray.array
    ndarray.functions
    ndarray.csr ndarray.sparse
    ndarray.create
    ndarray.random
    ndarray.contrib_update ndarray.contrib ndarray.op
    ndarray.paramsfile
    ndarray
    symbolic.clash
    symbolic.later
    symbolic.scope symbolic.naming symbolic.attributes
    symbolic.node
    symbolic.graph
    symbolic.compose
    symbolic.infer
    symbolic.asked
    symbolic.evaluate
    symbolic.trace symbolic.traced symbolic.decompose
    symbolic.pullback symbolic.backward symbolic.differentiate
    symbolic.passes symbolic.passes.*
    symbolic.bound symbolic.pieces symbolic.plans
    symbolic.engines symbolic.engines.*
    symbolic.modes symbolic.backpass symbolic.watch symbolic.binding symbolic.runs symbolic.turns
    symbolic.show symbolic.show.types symbolic.show.overlay symbolic.show.collapse symbolic.show.columns
    symbolic.show.profile symbolic.show.numerics symbolic.show.memory
    symbolic.inspection
    symbolic.executor
    symbolic.show.*
    symbolic.save symbolic.save.*
    symbolic.symbol
    symbolic.origins
    symbolic.arithmetic
    symbolic.numbers
    symbolic.functions
    symbolic.op symbolic.contrib symbolic.sparse
    symbolic.optimizers.amounts symbolic.optimizers.schedules
    symbolic.optimizers.rules
    symbolic.optimizers.step symbolic.optimizers.trainer symbolic.optimizers.updater
    symbolic.optimizers
    symbolic.model symbolic.cli symbolic.cli.*
    symbolic.__main__
    symbolic
""".split("\n")
"""A file may import those on the lines above it; those on its own line, unless that closes a circle."""

LATE_AND_UPWARD = {
    ("ndarray.array", "ndarray.functions"): "an array's methods are the functions generated from the registry",
    ("ndarray.array", "ndarray.sparse"): "a call that meets a sparse array is handed on",
    ("symbolic.graph", "symbolic.show.notebook"): "a graph shows itself in notebooks",
    ("symbolic.executor", "symbolic.show.notebook"): "an executor shows itself in notebooks",
    ("symbolic.symbol", "symbolic.functions"): "a Symbol's methods are the functions generated from the registry",
}
"""Imports inside a function that point up, each with its reason."""

NEEDED = {"numpy"}
"""What else must be installed for the packages to be imported."""


def level(name):
    """Return the line of `LAYERS` on which a file stands."""
    found = [i for i, line in enumerate(LAYERS) if any(fnmatchcase(name, pattern) for pattern in line.split())]
    assert found, f"{name} has no place in LAYERS; give it one below those that it imports"
    return found[0]


def imports(name):
    """Return the modules that a file imports when it is imported, and those that its functions import."""
    now, late = set(), set()

    def visit(node, found):
        for child in ast.iter_child_nodes(node):
            inside = late if isinstance(child, (ast.FunctionDef, ast.Lambda)) else found
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert not child.level, f"{name} imports relative to itself, line {child.lineno}"
                found.update(full if (full := f"{child.module}.{alias.name}") in FILES else child.module
                             for alias in child.names)
            elif isinstance(child, ast.Call) and getattr(child.func, "id", None) == "Later":
                late.add(child.args[0].value)
            visit(child, inside)

    visit(ast.parse(FILES[name].read_text(encoding="utf-8")), now)
    return now, late


def ours(modules):
    return {m for m in modules if m in FILES}


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name):
    now, late = imports(name)
    known = {target for source, target in LATE_AND_UPWARD if source == name}
    own = level(name)
    upward = {t for t in ours(now | late) - known if level(t) > own}
    assert not upward, f"{name} imports {sorted(upward)}, which are not above it in LAYERS"


@pytest.mark.parametrize("name", FILES)
def test_only_numpy_must_be_installed(name):
    now, _ = imports(name)
    assert {m.partition(".")[0] for m in now} <= {"ndarray", "symbolic", *NEEDED, *sys.stdlib_module_names}


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_imported_and_not_the_package_it_is_in(name):
    now, late = imports(name)
    assert name.partition(".")[0] not in now | late


def test_there_is_no_circle():
    # `static_order` raises CycleError, which shows the circle.
    order = [*TopologicalSorter({name: sorted(ours(imports(name)[0])) for name in FILES}).static_order()]
    assert set(order) == set(FILES)


def test_every_exception_is_needed():
    for source, target in LATE_AND_UPWARD:
        now, late = imports(source)
        assert target in late - now and level(target) > level(source)


def test_every_layer_has_a_file():
    for pattern in " ".join(LAYERS).split():
        assert any(fnmatchcase(name, pattern) for name in FILES), f"nothing is called {pattern}"


def test_ndarray_never_imports_symbolic():
    for name in FILES:
        if name.startswith("ndarray"):
            assert not [m for part in imports(name) for m in part if m.partition(".")[0] == "symbolic"], name
