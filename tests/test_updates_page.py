"""The documentation's table of updates is complete, and matches the operators' declarations."""

from pathlib import Path

import pytest

from docs.extensions import updates as reference
from ndarray import registry

PAGE = Path(__file__).parents[1] / "docs" / "updates.rst"


def test_the_page_is_what_the_operators_say():
    assert PAGE.read_text() == reference.table(), "run: python -m docs.extensions.updates > docs/updates.rst"


def test_every_update_stands_in_the_table():
    rows = PAGE.read_text()
    for op in registry.operators():
        if any(i.name == "weight" for i in op.inputs) and op.writes or op.name.endswith("_update"):
            assert f"`{op.name}`" in rows


@pytest.mark.parametrize("op", reference.updates(), ids=lambda op: op.name)
def test_every_update_has_a_formula_or_names_the_sibling_that_has_it(op):
    text = reference.formula(op.__doc__)
    if op.inputs[0].name == "weight" and not text.startswith(".. math::"):
        siblings = [other for name, other in registry.names().items() if f"`{name}`" in text]
        assert siblings, text
        assert all(s is not op for s in siblings)


def test_written_inputs_are_marked():
    op = registry.get("sgd_mom_update")
    assert r"``weight``, ``grad``, ``mom`` \*" in reference.row(op)
    assert "``lr``, ``momentum=0.0``" in reference.row(op)


def test_the_page_is_well_formed():
    core = pytest.importorskip("docutils.core")
    core.publish_doctree(PAGE.read_text(), settings_overrides={"halt_level": 2, "report_level": 2})
