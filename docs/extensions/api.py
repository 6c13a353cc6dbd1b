"""The reference of what the packages export: made from the packages themselves while the site is built."""

import ast
import importlib
import inspect
import types
from functools import cache
from pathlib import Path

from docs.extensions.pages import heading, table, write
from ndarray import registry

EXPORTING = ("ndarray", "symbolic", "symbolic.optimizers", "symbolic.parity")

# In addition to what the packages export: where the arguments and results of public calls come from.
MORE = {
    "declaring": ("Declaring an operator", "ndarray.operator ndarray.params ndarray.rules ndarray.rules_shape "
                  "ndarray.tensortype ndarray.registry ndarray.vocabulary"),
    "graphs": ("Graphs", "symbolic.graph.graph symbolic.graph.node symbolic.graph.infer symbolic.autodiff.decompose "
               "symbolic.passes.merge symbolic.passes.fold symbolic.engines.lower symbolic.engines "
               "symbolic.engines.program symbolic.engines.buffers"),
    "showing": ("Pictures and summaries", "symbolic.show.plot symbolic.show.summary symbolic.show.digraph "
                "symbolic.show.drawing symbolic.diagnostics.overlay "
                "symbolic.diagnostics.profile symbolic.diagnostics.memory symbolic.diagnostics.numerics"),
    "saving": ("Files", "symbolic.save.json.limits symbolic.save.json.read symbolic.save.json.write "
               "symbolic.save.check symbolic.save.code symbolic.save.onnx.save"),
}

OWN_PAGE = 8  # A class with more members than this has a page of its own.


def exported_modules(package):
    """Return the public modules of a package: those its ``__init__`` binds by import, or loads when asked."""
    module = importlib.import_module(package)
    bound = {alias.asname or alias.name for node in ast.parse(inspect.getsource(module)).body
             if isinstance(node, ast.ImportFrom) for alias in node.names}
    return sorted(name for name in {*bound, *getattr(module, "_LATE", ())} if not name.startswith("_")
                  and isinstance(getattr(module, name), types.ModuleType))


@cache
def exported_names(package):
    """Return the other public names of a package, operators left out."""
    module, operators = importlib.import_module(package), registry.names()
    return [name for name in dir(module) if not name.startswith("_") and name not in getattr(module, "_EXTRA", ())
            and not isinstance(getattr(module, name), types.ModuleType)
            and name not in operators]


def members(package):
    """Return the names of the classes, functions and constants that a package exports."""
    module = importlib.import_module(package)
    found = {"Classes": [], "Functions": [], "Constants": []}
    for name in exported_names(package):
        value = getattr(module, name)
        kind = "Classes" if inspect.isclass(value) else "Functions" if callable(value) else "Constants"
        found[kind].append(name)
    return found


def pages():
    """Return the text of each page by its name."""
    made = {}
    for package in EXPORTING:
        made |= package_pages(package)
    for name, (title, modules) in MORE.items():
        made[name] = "\n".join([heading(title, "="), *(module_section(m) for m in modules.split())])
    return made


def package_pages(package):
    """Return the page of a package, and one for each of its modules and large classes."""
    module = importlib.import_module(package)
    found, modules = members(package), [m for m in exported_modules(package) if f"{package}.{m}" not in EXPORTING]
    large = [name for name in found["Classes"] if len(public_members(getattr(module, name))) > OWN_PAGE]
    made = {f"{package}.{name}": heading(f"``{package}.{name}``", "=") + class_section(package, name) for name in large}
    made |= {f"{package}.{name}": module_page(package, name) for name in modules}
    parts = [heading(f"``{package}``", "="), f".. automodule:: {package}\n   :no-members:\n"]
    if made:
        parts.append(".. toctree::\n   :hidden:\n\n" + "".join(f"   {name}\n" for name in made))
        parts += [heading("Large classes, and modules", "-"), listing(package, [*large, *modules])]
    if package != "symbolic.optimizers":
        parts.append("Every operator is a function of this package as well: see :doc:`/operators/index`.\n")
    for title, directive in (("Functions", function_section), ("Classes", class_section), ("Constants", data_section)):
        inline = [name for name in found[title] if name not in large]
        if inline:
            parts += [heading(title, "-"), *(directive(package, name) for name in inline)]
    return made | {package: "\n".join(parts)}


def public_members(value):
    """Return the names of what a class declares in public."""
    return [name for name in vars(value) if not name.startswith("_")]


def class_section(package, name):
    """Return the directive for a class; its bases are shown where readers know them."""
    value = getattr(importlib.import_module(package), name)
    bases = [b for b in value.__bases__ if b is not object]
    known = [b for b in bases if b.__module__ == "builtins" or b in exported()]
    # What comes from a base that users do not meet is shown as the class's own.
    return (f".. autoclass:: {package}.{name}\n   :members:\n" + "   :show-inheritance:\n" * bool(known)
            + "   :inherited-members:\n" * (len(known) < len(bases)))


def function_section(package, name):
    """Return the directive for a function."""
    return f".. autofunction:: {package}.{name}\n"


def data_section(package, name):
    """Return the directive for a constant, with the text that follows it where it is assigned."""
    return f".. autodata:: {package}.{name}\n"


@cache
def exported():
    """Return a dict of what the packages export, to its full name; what cannot be hashed is left out."""
    return {value: f"{package}.{name}" for package in EXPORTING for name in exported_names(package)
            if inspect.isclass(value := getattr(importlib.import_module(package), name)) or inspect.isfunction(value)}


def listing(package, names):
    """Return a table of names with the first sentence of each."""
    module, rows = importlib.import_module(package), []
    for name in names:
        text = (inspect.getdoc(getattr(module, name)) or "").partition("\n\n")[0]
        rows.append((f":py:obj:`{name} <{package}.{name}>`", " ".join(text.split())))
    return table(rows, (30, 70))


def module_page(package, name):
    """Return the page of a module that a package exports, maybe under another name than its own."""
    full, module = f"{package}.{name}", getattr(importlib.import_module(package), name)
    elsewhere, lines = [], []
    for member, value in vars(module).items():
        if member.startswith("_") or not (inspect.isfunction(value) or inspect.isclass(value)):
            continue
        if not value.__module__.startswith(module.__name__):
            continue
        if value in exported():
            elsewhere.append(f"`{exported()[value]}`")
        else:
            lines.append(f".. auto{'class' if inspect.isclass(value) else 'function'}:: {full}.{member}\n"
                         + "   :members:\n" * inspect.isclass(value))
    also = [f"Here are also {', '.join(elsewhere)}.\n"] if elsewhere else []
    opening = [heading(f"``{full}``", "="), f".. py:module:: {full}\n", f"{inspect.getdoc(module)}\n"]
    return "\n".join([*opening, *also, *lines])


def module_section(name):
    """Return a section with what a module declares, but for what the packages export."""
    module = importlib.import_module(name)
    own = {member: value for member, value in vars(module).items() if getattr(value, "__module__", None) == name
           and (inspect.isfunction(value) or inspect.isclass(value))}
    there = {member: exported()[value] for member, value in own.items() if value in exported()}
    lines = [heading(f"``{name}``", "-"), f".. automodule:: {name}\n   :members:"]
    if there:
        lines.append(f"   :exclude-members: {', '.join(there)}\n\nSee also "
                     f"{', '.join(f'`{full}`' for full in there.values())}.")
    lines.append("")
    return "\n".join(lines)


def write_pages(app):
    """Write the pages."""
    write(Path(app.srcdir) / "api", pages())


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


