"""Imports point one way: a file imports rooms above its own, and no imports form a circle, late imports included."""

import ast
import re
import sys
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.extras import needed_by

ROOT = Path(__file__).parents[1]
FILES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
         for package in ("ndarray", "symbolic") for path in sorted((ROOT / package).rglob("*.py"))}

ROOMS = """
    ndarray.errors ndarray.typing ndarray.text ndarray.atomic ndarray.cached ndarray.collector ndarray.lazy ndarray.fork ndarray.notebook
    ndarray.dtypes ndarray.tensortype ndarray.widening ndarray.params ndarray.registry ndarray.update ndarray.operator \
    ndarray.rules ndarray.rules_shape
    ndarray.binary ndarray.special ndarray.orthogonal ndarray.vocabulary ndarray.derived
    ndarray.kernels ndarray.kernels.*
    ndarray.ops ndarray.ops.*
    ndarray.context ndarray.dlpack ndarray.indexing ndarray.generator ndarray.arguments ndarray.call
    ndarray.array ndarray.csr ndarray.sparse ndarray.functions ndarray.arithmetic ndarray.create ndarray.adapted \
    ndarray.random ndarray.contrib ndarray.linalg ndarray.op ndarray.paramsfile ndarray.pickles
    ndarray
    symbolic.interrupt symbolic.clash
    symbolic.graph symbolic.graph.*
    symbolic.autodiff symbolic.autodiff.*
    symbolic.passes symbolic.passes.*
    symbolic.diagnostics symbolic.diagnostics.*
    symbolic.engines symbolic.engines.*
    symbolic.runtime symbolic.runtime.*
    symbolic.show symbolic.show.* symbolic.save symbolic.save.*
    symbolic.executor symbolic.bind
    symbolic.symbol
    symbolic.arithmetic symbolic.functions symbolic.create symbolic.adapted symbolic.op symbolic.contrib symbolic.linalg \
    symbolic.random symbolic.sparse symbolic.model symbolic.tape symbolic.autograd
    symbolic.optimizers symbolic.optimizers.*
    symbolic.jax symbolic.jax.* symbolic.torch symbolic.torch.*
    symbolic.parity symbolic.parity.*
    symbolic.cli symbolic.cli.*
    symbolic symbolic.__main__
""".strip("\n").split("\n")
"""The rooms, in order.  A file may import from rooms above its own, and from its own unless that closes a circle."""

EXCEPTIONS = {
    ("ndarray.array", "ndarray.sparse"): "a call that meets a sparse array is handed on",
}
"""The imports that may close a circle, each with its reason; they are inside functions."""

BY_NAME = {("ndarray.call", "symbolic.autograd"): "arrays have gradients; what records them is built on graphs"}
"""What a file of `ndarray` loads from the package above it, by name, when a user asks for it."""

NEEDED = {"numpy"}
"""What else must be installed for the packages to be imported."""


def room(name):
    """Return the number of the room in which a file is."""
    found = [i for i, line in enumerate(ROOMS) if any(fnmatchcase(name, pattern) for pattern in line.split())]
    assert found, f"{name} has no place in ROOMS; give it one below those that it imports"
    return found[0]


def imports(name):
    """Return the modules that a file imports when it is imported, and those that it imports later."""
    now, late = set(), set()

    def visit(node, found):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return  # never imported: a type may be named wherever it is
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


def ours(name):
    """Return our files that a file imports, now or later, without the exceptions."""
    now, late = imports(name)
    return {m for m in now | late if m in FILES} - {target for source, target in EXCEPTIONS if source == name}


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_rooms_above_its_own(name):
    below = {target for target in ours(name) if room(target) > room(name)}
    assert not below, f"{name} imports {sorted(below)}, which are not above it in ROOMS"


@pytest.mark.parametrize("name", FILES)
def test_only_numpy_must_be_installed(name):
    now, _ = imports(name)
    assert {m.partition(".")[0] for m in now} <= {"ndarray", "symbolic", *NEEDED, *needed_by(name),
                                                  *sys.stdlib_module_names}


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_imported_and_not_the_package_it_is_in(name):
    now, late = imports(name)
    assert name.partition(".")[0] not in now | late


def test_there_is_no_circle():
    # `static_order` raises CycleError, which shows the circle.
    order = [*TopologicalSorter({name: sorted(ours(name)) for name in FILES}).static_order()]
    assert set(order) == set(FILES)


def test_every_exception_is_needed():
    for source, target in EXCEPTIONS:
        now, late = imports(source)
        assert target in late - now


def test_every_room_has_a_file():
    for pattern in {p for line in ROOMS for p in line.split()}:
        assert any(fnmatchcase(name, pattern) for name in FILES), f"nothing is called {pattern}"


def test_rooms_below_the_handle_do_not_name_it():
    for name in FILES:
        if name.startswith("symbolic.") and room(name) < room("symbolic.symbol"):
            assert "symbolic.symbol" not in ours(name), f"{name} imports Symbol: rooms work on graphs"


def test_ndarray_loads_one_module_of_symbolic_by_name():
    pattern = re.compile(r"""import_module\(["'](symbolic[\w.]*)["']""")
    found = {(name, text) for name in FILES if name.startswith("ndarray")
             for text in pattern.findall(FILES[name].read_text(encoding="utf-8"))}
    assert found == set(BY_NAME)


def test_ndarray_never_imports_symbolic():
    for name in FILES:
        if name.startswith("ndarray"):
            assert not [m for part in imports(name) for m in part if m.partition(".")[0] == "symbolic"], name
