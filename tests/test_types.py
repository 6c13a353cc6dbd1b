"""Types: the generated stubs are current."""

import pytest

from docs.extensions import stubs

FILES = stubs.files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(stubs.ROOT)))
def test_the_stub_is_current(path):
    assert path.read_text(encoding="utf-8") == FILES[path], "run: python -m docs.extensions.stubs"
