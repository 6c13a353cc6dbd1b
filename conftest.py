"""Every test, and every docstring's examples, count automatic names from zero."""

import pytest

from symbolic.naming import NameManager


@pytest.fixture(autouse=True)
def names_from_zero():
    with NameManager():
        yield
