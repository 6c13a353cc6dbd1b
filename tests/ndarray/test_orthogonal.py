"""Products of orthonormal columns and a triangle by blocks: as exact as float32 allows, whatever shape and rank."""

import numpy as np
import pytest

from ndarray import vocabulary
from ndarray.orthogonal import WORTH_BLOCKS, blocked_qr


@pytest.mark.parametrize("shape", [(1, 1), (63, 70), (64, 64), (200, 130), (130, 200), (70, 1)])
@pytest.mark.parametrize("rank", [None, 3, 0])
def test_q_is_orthonormal_and_r_a_triangle(shape, rank):
    random = np.random.default_rng(0)
    x = random.normal(size=shape) if rank is None else random.normal(size=(shape[0], rank)) @ random.normal(
        size=(rank, shape[1]))
    x = x.astype(np.float32)
    q, r = blocked_qr(x)
    least = min(shape)
    assert q.dtype == r.dtype == np.float32 and q.shape == (shape[0], least) and r.shape == (least, shape[1])
    np.testing.assert_allclose(q.T @ q, np.eye(least), atol=3e-6)
    np.testing.assert_allclose(q @ r, x, atol=1e-6 * max(1, np.linalg.norm(x)))
    assert (np.tril(r, -1) == 0).all()
    if rank is None:
        np.testing.assert_allclose(q, np.linalg.qr(x.astype(float))[0], atol=2e-4)


def test_the_word_takes_blocks_where_they_are_worth_it():
    x = np.random.default_rng(0).normal(size=(WORTH_BLOCKS, WORTH_BLOCKS)).astype(np.float32)
    for found, blocked in zip(vocabulary.qr(x), blocked_qr(x), strict=True):
        assert found.tobytes() == blocked.tobytes()
    wide = x.astype(float)
    for found, exact in zip(vocabulary.qr(wide), np.linalg.qr(wide), strict=True):
        assert found.tobytes() == exact.tobytes()
    x[0, 0] = np.nan
    assert np.isnan(vocabulary.qr(x)[0]).any()
