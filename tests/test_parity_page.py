"""The documentation's page of rules beside other libraries is complete and current."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs.extensions import parity
from symbolic.parity.counterparts import LIBRARIES, WHY

PAGE = Path(__file__).parents[1] / "docs" / "parity.rst"
HOW = "run: python -m docs.extensions.parity > docs/parity.rst"


def _text():
    """Return the rows of both tables."""
    first, second = PAGE.read_text(encoding="utf-8").split("States that travel")
    return first.split("- Authors\n")[1], second.split("- Optax\n")[1]


def written():
    """Return the lines of each cell by rule."""
    rows = re.split(r"^   \* - ``(\w+)``\n", _text()[0], flags=re.M)[1:]
    return {rule: [re.findall(r"^ *(?:\* )?(\S.*)$", cell, re.M)
                   for cell in re.split(r"^     - ", row, flags=re.M)[1:]]
            for rule, row in zip(rows[::2], rows[1::2])}


def number(line):
    found = re.search(r"equal to (\d+) ulp", line)
    return int(found[1]) if found else 0


def test_every_rule_has_a_row():
    assert [*written()] == parity.rules(), HOW


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_written_is_what_comes_out(library):
    if library in ("torch", "optax") and not find_spec(library):
        pytest.skip(f"{library} is not installed")
    at = LIBRARIES.index(library)
    for rule, row in written().items():
        lines, made = row[at], parity.cells(rule, library)
        assert [re.sub(r"\d+ ulp", "n ulp", line) for line in lines] == [
            re.sub(r"\d+ ulp", "n ulp", line) for line in made], f"{rule}: {HOW}"
        for a, b in zip(lines, made):
            assert number(b) <= 4 * number(a) + 8, f"{rule}: {HOW}"


@pytest.mark.parametrize("library", ["mxnet", "torch", "optax"])
def test_what_is_written_of_states_follows_from_the_rules(library):
    if library != "mxnet" and not find_spec(library):
        pytest.skip(f"{library} is not installed")
    rows = re.findall(r"^   \* - ``(\w+)``\n     - (.*)\n     - (.*)\n     - (.*)$", _text()[1], re.M)
    assert len(rows) > 20
    for rule, *row in rows:
        assert row[("mxnet", "torch", "optax").index(library)] == parity.traveling(rule, library), HOW


def test_every_difference_has_its_reason_and_every_reason_a_difference():
    lines = [line for row in written().values() for cell in row for line in cell]
    reasons = [re.sub(r", with ``.*", "", line).split(", for ")[1] for line in lines if "differs" in line]
    assert {*reasons} == {*WHY.values()}, HOW


def test_the_page_is_well_formed():
    for row in written().values():
        assert len(row) == len(LIBRARIES) and all(row)
