"""What is computed once and kept: nobody waits for another's, and a child of a fork for nobody's."""

import ast
import threading
from pathlib import Path

import pytest

from ndarray.cached import cached_property

ROOT = Path(__file__).parents[2]


class Slow:
    """Its answer takes until somebody lets it go on."""

    def __init__(self, go=None):
        self.go, self.begun, self.asked = go, threading.Event(), 0

    @cached_property
    def answer(self):
        """A cached answer."""
        self.asked += 1
        self.begun.set()
        assert self.go is None or self.go.wait(30)
        return 42


def test_it_is_computed_once():
    x = Slow()
    assert (x.answer, x.answer, x.asked) == (42, 42, 1)
    assert Slow.answer.__doc__ == "A cached answer."


def test_nobody_waits_while_another_object_computes_its_own():
    slow, found = Slow(threading.Event()), []
    first = threading.Thread(target=lambda: slow.answer)
    first.start()
    assert slow.begun.wait(30)
    second = threading.Thread(target=lambda: found.append(Slow().answer), daemon=True)
    second.start()
    second.join(5)
    in_time = list(found)
    slow.go.set()
    first.join()
    assert in_time == [42]


@pytest.mark.parametrize("package", ["ndarray", "symbolic"])
def test_no_file_takes_the_one_with_a_lock(package):
    for path in (ROOT / package).rglob("*.py"):
        if path.name == "cached.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.ImportFrom) and node.module == "functools" else []
            assert "cached_property" not in names, path
            assert not (isinstance(node, ast.Attribute) and node.attr == "cached_property"), path
