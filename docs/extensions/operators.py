"""The reference of operators: a page for each family, made from the registry while the site is built."""

import inspect
import re
import sys
from pathlib import Path

from docutils.statemachine import StringList
from sphinx.addnodes import desc_signature
from sphinx.util.docutils import SphinxDirective

import symbolic.functions as symbolic
from docs.extensions.pages import heading, table, write
from docs.extensions.updates import own_as_code, public_name, signature_of_inputs
from ndarray import functions as eager
from ndarray import registry


def families():
    """Return the modules that declare operators, each with its operators, in the order in which they are declared."""
    found = {}
    for op in registry.operators():
        found.setdefault(sys.modules[op.compute.__module__], []).append(op)
    return found


def words_of(module):
    """Return a family's title, and the rest of its file's docstring.

    The title is the sentence with which the file opens, as far as a colon or a semicolon.
    """
    first, _, rest = inspect.getdoc(module).partition("\n\n")
    first = " ".join(first.split())
    title = re.split(r"[:;.?] ?", first)[0]
    return title, "\n\n".join(filter(None, (first if title + "." != first else "", rest)))


def slug(module):
    """Return what a family's page is called."""
    return module.__name__.rpartition(".")[2]


def family_page(module, ops):
    """Return the page of a family."""
    title, rest = words_of(module)
    return "\n".join([heading(title, "="), rest, "", *(f".. operator:: {op.name}\n" for op in ops)])


def index_page():
    """Return the page that lists all operators by family."""
    parts = [heading("Operators", "="), _HEAD, ".. toctree::\n   :hidden:\n\n" + "".join(
        f"   {slug(m)}\n" for m in families())]
    for module, ops in families().items():
        rows = [(f":py:obj:`{public_name(op)} <{full_name('ndarray', public_name(op))}>`", signature_of_inputs(op),
                 summary_of(op)) for op in ops]
        parts += [heading(words_of(module)[0], "-"), table(rows, (28, 26, 46))]
    return "\n".join(parts)


_HEAD = """\
Every operator is an eager function, ``ndarray.<name>``, and a symbolic one, ``symbolic.<name>``, with the same inputs
and parameters; `NDArray` and `Symbol` have them as methods.  A star marks inputs that are written.  Those whose name
starts with an underscore stand behind Python's arithmetic and behind gradients; eagerly they are called through
``ndarray.op``.  For the weight updates there is a table with formulas: :doc:`/updates`.
"""


def summary_of(op):
    """Return the first sentence of an operator's docstring, names in it as code."""
    return own_as_code(inspect.getdoc(op.compute).partition("\n\n")[0].replace("\n", " "), {*op.names, *op.params})


def full_name(package, name):
    """Return the dotted name by which an operator is called."""
    if package == "ndarray" and name.startswith("_"):
        return f"ndarray.op.{name}"
    return f"{package}.{name}"


class OperatorDirective(SphinxDirective):
    """``.. operator:: name``: both signatures of an operator, and its docstring."""

    required_arguments = 1

    def run(self):
        """Return the nodes."""
        op = registry.get(self.arguments[0])
        name = public_name(op)
        self.env.note_dependency(inspect.getsourcefile(op.compute))
        signatures = [full_name("ndarray", name) + str(inspect.signature(eager.function(name))),
                      full_name("symbolic", name) + str(inspect.signature(symbolic.function(name)))]
        lines = inspect.getdoc(op.compute).split("\n")
        self.env.app.emit("autodoc-process-docstring", "function", full_name("ndarray", name), op, None, lines)
        others = [n for n in (op.name, *op.aliases) if n != name]
        if others:
            lines[1:1] = ["", f"Also called {', '.join(f'``{n}``' for n in others)}.", ""]
        text = [f".. py:function:: {signatures[0]}", f"                 {signatures[1]}", "",
                *("   " + line for line in lines)]
        made = self.parse_text_to_nodes(StringList(text, f"docstring of {op.compute.__module__}.{op.__name__}"))
        node_id = next(n for part in made for n in part.findall(desc_signature))["ids"][0]
        domain = self.env.get_domain("py")
        for other in others:
            for package in ("ndarray", "symbolic"):
                domain.note_object(full_name(package, other), "function", node_id, aliased=True,
                                   location=self.get_location())
        return made


def write_pages(app):
    """Write the pages that the registry gives."""
    pages = {slug(module): family_page(module, ops) for module, ops in families().items()}
    write(Path(app.srcdir) / "operators", pages | {"index": index_page()})


def setup(app):
    """Register with Sphinx."""
    app.add_directive("operator", OperatorDirective)
    app.connect("builder-inited", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
