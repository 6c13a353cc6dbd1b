"""Large matrices in float32 as products of orthonormal columns and an upper triangle, by blocks of columns.

NumPy computes these in float64, whatever it is given.  Here that is so within a block; what joins blocks are products
of matrices in float32, most of the work.
"""

import numpy as np

WORTH_BLOCKS = 256
"""Columns from which on blocks are faster."""
_WIDTH = 64


def blocked_qr(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the reduced Q and R of a matrix in float32; the signs are LAPACK's.

    Householder's reflections of a block are ``1 - v t vᵀ`` (Schreiber, Van Loan: "A Storage-Efficient WY Representation
    for Products of Householder Transformations", 1989): Q is orthonormal whatever the rank.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, m), float32

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(80, 70)).astype(np.float32)
    >>> q, r = blocked_qr(x)
    >>> bool(np.abs(q @ r - x).max() < 1e-5), bool(np.abs(q.T @ q - np.eye(70)).max() < 1e-5)
    (True, True)
    """
    rows, columns = x.shape
    rank, left, reflections = min(rows, columns), x.copy(), []
    for begin in range(0, rank, _WIDTH):
        end = min(begin + _WIDTH, rank)
        raw, factors = np.linalg.qr(left[begin:, begin:end], mode="raw")
        left[begin:, begin:end] = np.triu(raw.T)
        v, t = _block(raw.T, factors)
        rest = left[begin:, end:]
        rest -= v @ (t.T @ (v.T @ rest))
        reflections.append((begin, v, t))
    q = np.eye(rows, rank, dtype=x.dtype)
    for begin, v, t in reversed(reflections):
        rest = q[begin:, begin:]
        rest -= v @ (t @ (v.T @ rest))
    return q, left[:rank]


def _block(raw: np.ndarray, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``v`` and ``t`` of the reflections of a block as LAPACK stores them."""
    n = len(factors)
    v = np.tril(raw, -1)
    v[np.arange(n), np.arange(n)] = 1
    products, t = v.T @ v, np.zeros((n, n))
    for k, factor in enumerate(factors):
        t[:k, k] = -factor * (t[:k, :k] @ products[:k, k])
        t[k, k] = factor
    return v.astype(np.float32), t.astype(np.float32)
