"""The one table of words of two values agrees with the operators that are declared."""

import numpy as np
import pytest

from ndarray import registry, vocabulary
from ndarray.binary import ARITHMETIC, BINARY, COMPARISONS
from ndarray.ops.arithmetic import FAMILY

A, B = np.array([3.0, -2.0, 0.5, 7.0]), np.array([2.0, 2.0, 0.5, -3.0])


@pytest.mark.parametrize("word", BINARY)
def test_every_form_of_a_word_computes_the_same(word):
    names = BINARY[word]
    expected = registry.get(names.elementwise).run(vocabulary, [A, B], {})[0][0]
    broadcast = registry.get(names.broadcast).run(vocabulary, [A, B], {})[0][0]
    np.testing.assert_array_equal(broadcast, expected)
    for i, (a, b) in enumerate(zip(A, B, strict=True)):
        right = registry.get(names.scalar).run(vocabulary, [A[i:i + 1]], {"scalar": b})[0][0]
        left = registry.get(names.reflected).run(vocabulary, [B[i:i + 1]], {"scalar": a})[0][0]
        np.testing.assert_array_equal(right, expected[i:i + 1])
        np.testing.assert_array_equal(left, expected[i:i + 1])
    if hasattr(np, names.numpy):
        np.testing.assert_array_equal(expected, getattr(np, names.numpy)(A, B))


def test_every_declared_family_is_a_word():
    declared = {row.elementwise[0] for row in FAMILY}
    assert declared == {names.elementwise for names in BINARY.values()}
    assert {*ARITHMETIC, *COMPARISONS} < set(BINARY)
