"""A lazy update costs what its rows cost: 1,000 rows of a 1,000,000 x 64 table, and the whole table.

Run with ``python -m benchmarks.sparse_rows [rows of the table]``.
"""

from time import perf_counter

import numpy as np

import ndarray as nd
from benchmarks.arguments import number

TOUCHED, WIDTH = 1000, 64


def seconds(update, arrays, rounds, **settings):
    """Return what one step costs at best."""
    best = float("inf")
    for _ in range(rounds):
        start = perf_counter()
        update(*arrays, lr=0.1, out=arrays[0], **settings)
        best = min(best, perf_counter() - start)
    return best


def main(rows):
    """Print the cost of a lazy and of a standard step, for tables of growing size."""
    touched = np.random.default_rng(0).choice(rows // 100, TOUCHED, replace=False)
    values = np.ones((TOUCHED, WIDTH), np.float32)
    print(f"{'table':>16} {'update':>16} {'lazy, ms':>10} {'whole, ms':>10} {'ratio':>8}")
    for size in (rows // 100, rows // 10, rows):
        grad = nd.sparse.row_sparse_array((values, touched), shape=(size, WIDTH))
        for update, states in ((nd.sgd_update, 0), (nd.sgd_mom_update, 1), (nd.adam_update, 2)):
            arrays = [nd.zeros((size, WIDTH)), grad, *(nd.zeros((size, WIDTH)) for _ in range(states))]
            lazy = seconds(update, arrays, 20)
            whole = seconds(update, arrays, 2, lazy_update=False)
            print(f"{size:>13} x{WIDTH} {update.__name__:>16} {1e3 * lazy:>10.3f} {1e3 * whole:>10.1f} "
                  f"{whole / lazy:>8.0f}")


if __name__ == "__main__":
    main(number(__doc__, "ROWS", 1_000_000))
