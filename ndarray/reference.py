"""The table of weight updates for the documentation, read from the operators themselves.

``python -m ndarray.reference > docs/updates.rst`` writes it anew; a test compares.
"""

import inspect
import re
import textwrap

import ndarray.ops  # declares every operator
from ndarray import registry
from ndarray.params import REQUIRED, text_of

FAMILIES = ("ndarray.ops.optimizer_", "ndarray.ops.finite")

_HEAD = """Weight updates
==============

Made by ``python -m ndarray.reference`` from the operators' declarations.  A star marks inputs that are written
(auxiliary states of a graph); parameters without a value are required.  The eager functions, ``ndarray.<name>``, and
the symbolic ones, ``symbolic.<name>``, are the same operators.

.. list-table::
   :header-rows: 1
   :widths: 14 14 16 28 14 24

   * - Operator
     - Inputs
     - Parameters
     - Formula
     - Papers
     - Notes
"""


def updates():
    """Return the operators of the update families, in the order of their names."""
    return sorted((op for op in registry.operators() if op.compute.__module__.startswith(FAMILIES)),
                  key=lambda op: public_name(op).removeprefix("_"))


def public_name(op):
    """Return the name that users call: one without a leading underscore, where there is one."""
    return next((name for name in (op.name, *op.aliases) if not name.startswith("_")), op.name)


def sections(doc):
    """Return a dict of a docstring's sections by title; what comes before them is under ``""``."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(doc), flags=re.MULTILINE)
    return {"": parts[0].strip(), **{title: text.strip() for title, text in zip(parts[1::2], parts[2::2])}}


def formula(doc):
    """Return the formula of a docstring as text of a ``math`` directive, or its first sentence where it has none."""
    summary = sections(doc)[""]
    found = re.search(r"\.\. math::(.*)\n((?:(?: .*)?\n)*)", summary + "\n")
    if not found:
        return summary.partition("\n\n")[0].replace("\n", " ")
    lines = "\n".join(filter(None, (found[1].strip(), textwrap.dedent(found[2]).strip("\n"))))
    return ".. math::\n\n" + textwrap.indent(lines, "    ")


def papers(doc):
    """Return the entries of a docstring's references but MXNet's own, each on one line."""
    entries = re.split(r"^\.\. \[\d+\] ", sections(doc).get("References", ""), flags=re.MULTILINE)
    return [" ".join(entry.split()) for entry in entries if entry.strip() and not entry.startswith("MXNet")]


def row(op):
    """Return an operator's row of the table."""
    first = public_name(op)
    names = ", ".join(f"``{name}``" for name in (first, *(n for n in (op.name, *op.aliases) if n != first)))
    inputs = ", ".join(f"``{i.name}{'_i' if i.many else ''}``" + (r" \*" if i.name in op.writes else "")
                       for i in op.inputs)
    params = ", ".join(f"``{p.name}``" if p.default is REQUIRED else f"``{p.name}={text_of(p.default)}``"
                       for p in op.params.values())
    notes = sections(op.__doc__).get("Notes", "")
    cells = [names, inputs, params, formula(op.__doc__), "\n\n".join(papers(op.__doc__)), notes]
    return "\n".join(f"{'   * - ' if i == 0 else '     - '}{textwrap.indent(cell, ' ' * 7).strip()}".rstrip()
                     for i, cell in enumerate(cells))


def table():
    """Return the whole page as reStructuredText."""
    return _HEAD + "\n".join(map(row, updates())) + "\n"


if __name__ == "__main__":
    print(table(), end="")
