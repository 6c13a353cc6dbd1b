"""Every test, and every docstring's examples, count automatic names from zero."""

from importlib.util import find_spec

import pytest

from symbolic.graph.naming import NameManager

collect_ignore = [] if find_spec("onnx") else ["symbolic/save/onnx/save.py"]  # its example writes a file
collect_ignore_glob = ["tests/golden/**/*.py"]  # they record values with other libraries


@pytest.fixture(autouse=True)
def names_from_zero():
    with NameManager():
        yield
