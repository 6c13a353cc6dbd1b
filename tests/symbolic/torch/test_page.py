"""The documentation's table of torch's optimizers matches the classes, and what it measured was small."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

from docs.extensions import torch_table

PAGE = Path(__file__).parents[3] / "docs" / "torch_table.inc"


def test_the_page_is_what_the_classes_are():
    written = [re.findall(r"^ +[*-]? ?- (.*)$", row, re.M)
               for row in PAGE.read_text(encoding="utf-8").split("   * - ")[2:]]
    names = re.findall(r"^   \* - (``\w+``)$", PAGE.read_text(encoding="utf-8"), re.M)
    made = torch_table.rows(measured=False)
    how = "run: python -m docs.extensions.torch_table > docs/torch_table.inc"
    assert names == [row[0] for row in made], how
    assert [row[0] for row in written] == [row[1] for row in made], how


def test_what_is_written_as_the_difference_is_small():
    for row in PAGE.read_text(encoding="utf-8").split("   * - ")[2:]:
        cells = re.findall(r"^     - (.*)$", row, re.M)
        assert cells[1] == "not in torch" or float(cells[1]) <= 1e-9
