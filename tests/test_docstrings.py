"""Docstrings are complete: every public name has one, in numpydoc's form, and an operator's agrees with its signature."""

import configparser
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import ndarray
import symbolic
from ndarray import registry
from ndarray.params import Training
from tests.extras import installed

docscrape = pytest.importorskip("numpydoc.docscrape")
validation = pytest.importorskip("numpydoc.validate")

OPERATORS = registry.operators()
MODULES = [importlib.import_module(found.name) for package in (ndarray, symbolic)
           for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
           if not found.name.endswith("__main__") and installed(found.name)]


def public(module):
    """Yield the dotted names of what a module declares by `def` and `class`, methods included."""
    for name, value in vars(module).items():
        if not _declared(name, value) or value.__module__ != module.__name__:
            continue
        yield f"{module.__name__}.{name}"
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if _declared(method, function) and function.__qualname__ == f"{name}.{method}":
                    yield f"{module.__name__}.{name}.{method}"


def _declared(name, value):
    return (inspect.isfunction(value) or inspect.isclass(value)) and value.__name__ == name and name[0] != "_"


def chosen_checks():
    """Return the codes that setup.cfg chooses: those listed or, after ``all``, those not listed."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg")
    listed = {code.strip() for code in setup["tool:numpydoc_validation"]["checks"].split(",")}
    return set(validation.ERROR_MSGS) - listed if "all" in listed else listed


CHECKS = chosen_checks()


def test_checks_are_real():
    assert {"GL08", "PR02", "PR03"} <= CHECKS <= set(validation.ERROR_MSGS)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_module_says_what_it_is(module):
    first = (module.__doc__ or "").partition("\n\n")[0]
    assert first.endswith((".", "`")), f"{module.__name__} opens with one sentence"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_public_names_are_documented(module):
    faults = [f"{name}: {code} {text}" for name in public(module)
              for code, text in validation.validate(name)["errors"] if code in CHECKS]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_operator_documents_every_input_and_parameter(op):
    documented = docscrape.FunctionDoc(op.compute)["Parameters"]
    names = [name.strip() for entry in documented for name in entry.name.split(",")]
    optional = {p.name for p in op.params.values() if p.type is Training} - set(names)
    assert tuple(names[:len(op.names)]) == op.names
    assert sorted(names) == sorted({*op.names, *op.params} - optional)
    for entry in documented:
        assert entry.type and entry.desc, f"{entry.name} has no type or no description"


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_operator_says_what_it_gives_and_shows_it(op):
    doc = docscrape.FunctionDoc(op.compute)
    assert doc["Summary"] and doc["Returns"]
    assert any(line.startswith(">>>") for line in doc["Examples"])


@pytest.mark.parametrize("op", [op for op in OPERATORS if op.name.endswith("_update")], ids=lambda op: op.name)
def test_update_names_errors_and_source(op):
    doc = docscrape.FunctionDoc(op.compute)
    assert doc["Raises"] or doc["See Also"]
    assert doc["References"] or doc["See Also"]


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_help_shows_the_operator(op):
    """The generated functions carry the declaration's signature and text."""
    for function in (ndarray.functions.function(op.name), symbolic.functions.function(op.name)):
        assert function.__doc__.startswith(inspect.cleandoc(op.__doc__).partition("\n")[0])
        shown = set(inspect.signature(function).parameters)
        assert {p.name for p in op.params.values() if p.type is not Training} <= shown


@pytest.mark.parametrize("package", [ndarray, symbolic], ids=lambda package: package.__name__)
def test_what_a_package_exports_shows_itself(package):
    exported = {name: getattr(package, name) for name in dir(package)
                if name[0] != "_" and installed(f"{package.__name__}.{name}")}
    plain = [name for name, value in exported.items() if (inspect.isfunction(value) or inspect.isclass(value))
             and not issubclass(value if inspect.isclass(value) else object, Exception) and ">>>" not in value.__doc__]
    assert not plain, "without an example"
