"""The documentation's page of where each rule runs is complete and current: every cell is run."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs.extensions import support

PAGE = Path(__file__).parents[1] / "docs" / "rules.rst"
HOW = "run: python -m docs.extensions.support > docs/rules.rst"
HEAVY = [column for column, (_, _, needed) in support.WAYS.items() if needed in ("jax", "torch", "optax")]
LIGHT = [column for column, (_, _, needed) in support.WAYS.items()
         if column not in HEAVY and (not needed or find_spec(needed))]


def written():
    """Return the cells of each rule by column, letters replaced by what they stand for."""
    text = PAGE.read_text(encoding="utf-8")
    reasons = dict(re.findall(r"^\((\w)\) (.*)\.$", text, re.M))
    rows = re.split(r"^   \* - ``(\w+)``\n", text, flags=re.M)[1:]
    found = {}
    for rule, row in zip(rows[::2], rows[1::2]):
        judge, *cells = re.findall(r"^     - (.*)$", row, re.M)
        cells = [reasons[cell[4]] if cell.startswith("no (") else cell for cell in cells]
        found[rule] = {"judge": judge, **dict(zip(support.WAYS, cells, strict=True))}
    return found


WRITTEN = written()


def test_every_rule_has_a_row():
    assert [*WRITTEN] == [*support.rules()], HOW


def check(rule, columns):
    expected = support.by_engine(rule, "eager")
    found = {column: support.cell(rule, column, expected) for column in columns}
    assert found == {column: WRITTEN[rule][column] for column in columns}, HOW


@pytest.mark.parametrize("rule", support.rules())
def test_what_is_written_is_what_comes_out(rule):
    check(rule, LIGHT)
    assert WRITTEN[rule]["judge"] == support.judges(rule), HOW


@pytest.mark.parametrize("batch", support.batches(), ids=lambda batch: f"{batch[0]} to {batch[-1]}")
def test_so_it_is_in_other_libraries(batch):
    """The rules of a batch are compiled together, which takes half the time."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    pytest.importorskip("optax")
    pytest.importorskip("ml_dtypes")
    for rule in batch:
        check(rule, HEAVY)
