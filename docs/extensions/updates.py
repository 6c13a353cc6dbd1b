"""The table of weight updates for the documentation, read from the operators themselves.

``python -m docs.extensions.updates > docs/updates.rst`` writes it again; a test compares.
"""

import inspect
import re
import textwrap

from ndarray import registry
from ndarray.params import REQUIRED, text_of

FAMILIES = ("ndarray.ops.optimizer_", "ndarray.ops.finite")

_HEAD = r"""Weight updates
==============

Made by ``python -m docs.extensions.updates`` from the operators' declarations.  A star marks inputs that are written
(auxiliary states of a graph); parameters without a value are required.  The eager functions, ``ndarray.<name>``, and
the symbolic ones, ``symbolic.<name>``, are the same operators.

In the formulas :math:`\eta` is ``lr``, :math:`\lambda` is ``wd``, :math:`\rho` is ``rescale_grad``, and :math:`c` is
``clip_gradient``, which clips unless it is negative; the page of each operator explains the others.

.. list-table::
   :header-rows: 1
   :widths: 18 22 34 26
   :class: wide

   * - Operator
     - Inputs, parameters
     - Formula
     - Papers, notes
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


def signature_of_inputs(op):
    """Return the names of an operator's inputs; a star marks those that are written."""
    return ", ".join(f"``{i.name}{'_i' if i.many else ''}``" + (r" \*" if i.name in op.writes else "")
                     for i in op.inputs)


def own_as_code(text, names):
    """Return reStructuredText with `names` as code where they are in single backticks, which may be links."""
    return re.sub(r"(?<![`:\w])`([^`]+)`(?![`_])", lambda m: f"``{m[1]}``" if m[1] in names else m[0], text)


def row(op):
    """Return an operator's row of the table."""
    first = public_name(op)
    # In single backticks, which the site makes links of.
    names = "\n\n".join(f"`{name}`" for name in (first, *(n for n in (op.name, *op.aliases) if n != first)))
    params = ", ".join(f"``{p.name}``" if p.default is REQUIRED else f"``{p.name}={text_of(p.default)}``"
                       for p in op.params.values())
    arguments = "\n\n".join(filter(None, (signature_of_inputs(op), params)))
    # "J. Doe" would start a list of items numbered by letters.
    sources = [re.sub(r"^(\w\.)", r"\\\1", paper) for paper in papers(op.__doc__)]
    remarks = "\n\n".join((*sources, sections(op.__doc__).get("Notes", "")))
    own = {*op.names, *op.params}
    cells = [names, arguments, own_as_code(formula(op.__doc__), own), own_as_code(remarks, own)]
    return "\n".join(f"{'   * - ' if i == 0 else '     - '}{textwrap.indent(cell, ' ' * 7).strip()}".rstrip()
                     for i, cell in enumerate(cells))


def table():
    """Return the whole page as reStructuredText."""
    return _HEAD + "\n".join(map(row, updates())) + "\n"


if __name__ == "__main__":
    print(table(), end="")
