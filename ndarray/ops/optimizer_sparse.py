"""What the updates do with a row_sparse gradient: the same formula, on the rows that it has.

A rule takes dense arrays and `Rows`, and gives what `Operator.run_ready` gives, where a `Rows` means "the input,
with these rows replaced".  The cost follows the rows of the gradient, not those of the weight.
"""

from typing import NamedTuple

import numpy as np

from ndarray import vocabulary
from ndarray.ops.optimizer_adagrad import _contrib_group_adagrad_update, _sparse_adagrad_update
from ndarray.ops.optimizer_adam import adam_update
from ndarray.ops.optimizer_other import ftrl_update
from ndarray.ops.optimizer_sgd import sgd_mom_update, sgd_update


class Rows(NamedTuple):
    """Some rows of an array; the others are zero, or as they were.

    Attributes
    ----------
    indices : numpy.ndarray, int64
        Which rows, ascending.
    values : numpy.ndarray
        The rows.
    shape : tuple of int
        Shape of the whole array.
    """

    indices: np.ndarray
    values: np.ndarray
    shape: tuple[int, ...]

    @property
    def dtype(self):
        """Element type of the rows."""
        return self.values.dtype

    def dense(self):
        """Return the whole array, with zeros in the other rows."""
        whole = np.zeros(self.shape, self.dtype)
        whole[self.indices] = self.values
        return whole


def update_rows(op, arrays, params):
    """Run an update on the rows of its gradient, the second input."""
    grad = arrays[1]
    if not isinstance(grad, Rows):
        return op.run_ready(vocabulary, arrays, params)
    if not params.get("lazy_update", True):
        return op.run_ready(vocabulary, [a.dense() if a is grad else a for a in arrays], params)
    rows = [grad.values if a is grad else a[grad.indices] for a in arrays]
    return tuple(tuple(Rows(grad.indices, new, like.shape) for new, like in zip(news, likes))
                 for news, likes in zip(op.run_ready(vocabulary, rows, params),
                                        (arrays[:1], [arrays[at] for at in op.written(params)])))


def _declare(op):
    @op.sparse
    def _(arrays, params):
        return update_rows(op, arrays, params)


for _op in (sgd_update, sgd_mom_update, adam_update, ftrl_update, _sparse_adagrad_update,
            _contrib_group_adagrad_update):
    _declare(_op)
