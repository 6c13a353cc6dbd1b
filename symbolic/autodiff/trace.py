"""An array namespace that builds nodes: run an operator's body in it, and get the graph of what it does."""

import numpy as np

from ndarray import registry, vocabulary
from ndarray.binary import BINARY
from ndarray.derived import DerivedWords, shape_of
from ndarray.dtypes import FLOAT64
from ndarray.errors import NotDifferentiableError, unknown
from ndarray.tensortype import UNKNOWN
from symbolic.autodiff.tracer import Traced, binary
from symbolic.graph.node import Entry, Node


class Trace(DerivedWords):
    """The namespace `xp` for bodies and gradient rules: each word makes a node of the primitive that means it.

    Shapes and dtypes are known at every step, so a body may ask for them as it does of arrays.

    Attributes
    ----------
    types : dict of Entry to TensorType
        Of every entry made here.
    """

    float16, float32, float64 = np.float16, np.float32, np.float64
    int8, int32, int64, uint8, bool_ = np.int8, np.int32, np.int64, np.uint8, np.bool_

    def __init__(self):
        self.types = {}
        self._prefix, self._attrs, self._where, self._counts = "", (), ("", 0), {}

    def within(self, node, name=None):
        """Name what follows after a node, and give it the node's attributes; return this namespace."""
        self._prefix = f"{name or node.name}_"
        self._attrs, self._where = node.attrs, node.where
        return self

    def variable(self, name, type_):
        """Return a new variable as a traced value."""
        entry = Entry(Node(None, name))
        self.types[entry] = type_
        return Traced(self, entry, type_)

    def emit(self, op_name, *inputs, mask=False, **params):
        """Return what an operator gives for traced values; a tuple where it gives several."""
        op = registry.get(op_name)
        if op.many:
            params[op.count] = op.count_from(len(inputs), params)
        name = f"{self._prefix}{op.name.strip('_').lower()}"
        number = self._counts.get(name, 0)
        self._counts[name] = number + 1
        node = Node(op, f"{name}{number or ''}", tuple([x.entry for x in inputs]), tuple(sorted(params.items())),
                    self._attrs, self._where)
        outputs = [UNKNOWN] * node.num_outputs
        _, types = op.infer_types([x.type for x in inputs], outputs, node.complete_params, node.name)
        self.types.update(zip(node.outputs, types))
        found = tuple([Traced(self, e, t, mask) for e, t in zip(node.outputs, types)])
        return found[0] if op.outputs == 1 else found

    def traced(self, value, dtype=None):
        """Return any value that a body may hold as a traced one."""
        if isinstance(value, Traced):
            return value
        return self.constant(np.asarray(value, dtype))

    # Numbers and types

    def as_scalar(self, value, dtype):
        """Return a number of `dtype`, or a traced value of no axes."""
        if isinstance(value, Traced):
            return self.reshape(self.astype(value, dtype), ())
        return vocabulary.as_scalar(value, dtype)

    def unpack_scalars(self, values, n, dtype):
        """Return the `n` elements as scalars of `dtype`."""
        if not isinstance(values, Traced):
            return vocabulary.unpack_scalars(values, n, dtype)
        return super().unpack_scalars(values, n, dtype)

    def astype(self, x, dtype):
        """Return the elements in another dtype."""
        dtype = np.dtype(dtype)
        if not isinstance(x, Traced):
            return np.asarray(x).astype(dtype)[()]
        if dtype == np.bool_:
            return x if x.mask else x != 0
        if x.dtype == dtype:
            return Traced(self, x.entry, x.type) if x.mask else x
        return self.emit("Cast", x, dtype=dtype.name)

    def logical_not(self, x):
        """Return 1 where an element is 0, else 0."""
        return self.emit("logical_not", x, mask=True)

    def square(self, x):
        """Return the elements times themselves."""
        return self.emit("square", x)

    def cond(self, condition, true_function, false_function, *arrays):
        """Return the arrays that one of two functions gives; nodes of both are built where the condition is one."""
        if not isinstance(condition, Traced):
            return vocabulary.cond(condition, true_function, false_function, *arrays)
        both = zip(true_function(*arrays), false_function(*arrays), strict=True)
        return tuple([self.where(condition, x, y) for x, y in both])

    def where(self, condition, x, y):
        """Return elements of `x` where the condition is not 0, of `y` elsewhere."""
        values = [v for v in (x, y) if isinstance(v, Traced)]
        dtype = np.result_type(*[v.dtype for v in values], *[v for v in (x, y) if not isinstance(v, Traced)])
        condition = self.traced(condition, None if isinstance(condition, Traced) else "int8")
        shape = np.broadcast_shapes(*[np.shape(v) if not isinstance(v, Traced) else v.shape for v in (condition, x, y)])
        x, y = (self.astype(v, dtype) if isinstance(v, Traced) else self._array(v, dtype) for v in (x, y))
        return self.emit("where", *(self.broadcast_to(v, shape) for v in (condition, x, y)))

    def _array(self, value, dtype):
        return self.full((), value, dtype) if np.ndim(value) == 0 else self.traced(value, dtype)

    # New arrays

    def constant(self, value):
        """Return a fixed array."""
        value = np.asarray(value)
        return self.emit("_constant", value=tuple(value.reshape(-1).tolist()), shape=value.shape,
                         dtype="uint8" if value.dtype == bool else value.dtype.name, mask=value.dtype == bool)

    def zeros(self, shape, dtype=FLOAT64):
        """Return zeros."""
        return self.emit("_zeros", shape=shape_of(shape), dtype=np.dtype(dtype).name)

    def ones(self, shape, dtype=FLOAT64):
        """Return ones."""
        return self.emit("_ones", shape=shape_of(shape), dtype=np.dtype(dtype).name)

    def full(self, shape, value, dtype):
        """Return one value everywhere."""
        shape, dtype = shape_of(shape), np.dtype(dtype)
        if isinstance(value, Traced):
            return self.broadcast_to(self.as_scalar(value, dtype), shape)
        return self.emit("_full", shape=shape, dtype=dtype.name, value=np.asarray(value, dtype).item())

    def arange(self, *limits, dtype=None):
        """Return evenly spaced numbers."""
        return self.constant(np.arange(*limits, dtype=dtype))

    def linspace(self, *limits, dtype=None):
        """Return evenly spaced numbers, the last one included."""
        return self.constant(np.linspace(*limits, dtype=dtype))

    def eye(self, *size, dtype=FLOAT64):
        """Return ones on the diagonal."""
        return self.constant(np.eye(*size, dtype=dtype))

    # Shapes

    def reshape(self, x, shape):
        """Return the elements under another shape; one -1 follows from the size."""
        x = self.traced(x)
        shape = shape_of(shape, x.size)
        if shape == x.shape:
            return x
        # In the operator's shape a 0 copies an axis; without elements there is nothing to move.
        return Traced(self, *_parts(self.emit("reshape", x, shape=shape) if x.size else self.zeros(shape, x.dtype)),
                      x.mask)

    def broadcast_to(self, x, shape):
        """Return the array repeated to a shape."""
        shape = shape_of(shape)
        if shape == x.shape:
            return x
        y = self.emit("broadcast_to", x, shape=shape) if 0 not in shape else self.zeros(shape, x.dtype)
        return Traced(self, y.entry, y.type, x.mask)

    def transpose(self, x, axes=None):
        """Return the axes in another order, the reverse one when none is given."""
        order = tuple(range(x.ndim))[::-1] if axes is None else tuple(a % x.ndim for a in axes)
        return x if order == tuple(range(x.ndim)) else self.emit("transpose", x, axes=order)

    def swapaxes(self, x, a, b):
        """Return two axes in each other's place."""
        return self.emit("SwapAxis", x, dim1=a % x.ndim, dim2=b % x.ndim)

    def flip(self, x, axis=None):
        """Return the elements in reverse order along axes."""
        return self.emit("reverse", x, axis=_axes(axis, x.ndim))

    def repeat(self, x, repeats, axis=None):
        """Return each element several times."""
        return self.emit("repeat", x, repeats=repeats, axis=axis)

    def tile(self, x, reps):
        """Return the array several times."""
        return self.emit("tile", x, reps=shape_of(reps))

    def pad(self, x, width, mode="constant", constant_values=0.0):
        """Return the array with a border."""
        return self.emit("Pad", x, mode=mode, pad_width=tuple(n for pair in width for n in pair),
                         constant_value=constant_values)

    def stack(self, arrays, axis=0):
        """Return arrays side by side along a new axis."""
        arrays = [self.traced(x) for x in arrays]
        return self.emit("stack", *arrays, axis=axis % (arrays[0].ndim + 1))

    def concatenate(self, arrays, axis=0):
        """Return arrays one after the other along an axis."""
        arrays = [self.traced(x) for x in arrays]
        return self.emit("Concat", *arrays, dim=axis % arrays[0].ndim)

    def split(self, x, n, axis=0):
        """Return `n` equal parts along an axis."""
        at, length = axis % x.ndim, x.shape[axis] // n
        whole = (None,) * at, (None,) * (x.ndim - at - 1)
        return tuple([self.strided_slice(x, (*whole[0], i * length, *whole[1]),
                                         (*whole[0], (i + 1) * length, *whole[1]), (1,) * x.ndim) for i in range(n)])

    # Choosing elements

    def strided_slice(self, x, begin, end, step):
        """Return ``x[begin[0]:end[0]:step[0], …]``."""
        return self.emit("slice", x, begin=tuple(begin), end=tuple(end), step=tuple(step))

    def unslice(self, x, shape, begin, end, step):
        """Return zeros of `shape` with `x` where `strided_slice` would have taken it from."""
        return self.emit("_unslice", x, shape=tuple(shape), begin=tuple(begin), end=tuple(end), step=tuple(step))

    def take(self, x, indices, axis):
        """Return slices at indices along an axis."""
        return self.emit("take", x, self.traced(indices), axis=axis, mode="raise")

    def untake(self, x, indices, shape, axis):
        """Return zeros of `shape` with slices added where `take` would have taken them from."""
        return self.emit("_untake", x, self.traced(indices), shape=tuple(shape), axis=axis)

    def take_along_axis(self, x, indices, axis):
        """Return elements at their own indices along an axis."""
        return self.emit("_take_along_axis", x, indices, axis=axis)

    def put_along_axis(self, x, indices, shape, axis):
        """Return zeros of `shape` with elements where `take_along_axis` would have taken them from."""
        return self.emit("_put_along_axis", x, indices, shape=tuple(shape), axis=axis)

    def gather_nd(self, x, indices):
        """Return ``x[indices[0], indices[1], …]``."""
        return self.emit("gather_nd", x, indices)

    def scatter_nd(self, x, indices, shape):
        """Return zeros of `shape` with `x` added at ``[indices[0], indices[1], …]``."""
        return self.emit("scatter_nd", x, indices, shape=tuple(shape))

    def diagonal(self, x, offset=0, axis1=0, axis2=1):
        """Return the diagonal of matrices, on the last axis."""
        return self.emit("diag", x, k=offset, axis1=axis1, axis2=axis2)

    def searchsorted(self, edges, x):
        """Return for each element how many of the increasing `edges` it reaches."""
        return self.sum(self.astype(self.expand_dims(x, x.ndim) >= edges, np.int64), axis=(x.ndim,))

    def sort(self, x, axis=-1):
        """Return the elements in order along an axis."""
        return self.emit("sort", x, axis=axis)

    def argsort(self, x, axis=-1, kind="stable"):
        """Return the places of the elements in their order along an axis."""
        return self.emit("argsort", x, axis=axis, dtype="int64")

    def argmax(self, x, axis):
        """Return the place of the largest element along an axis."""
        return self._place("argmax", x, axis)

    def argmin(self, x, axis):
        """Return the place of the smallest element along an axis."""
        return self._place("argmin", x, axis)

    def _place(self, op_name, x, axis):
        if x.dtype.itemsize < 4:  # which does not hold the places of long axes
            x = self.astype(x, np.float32)
        found = self.astype(self.emit(op_name, x, axis=axis, keepdims=True), np.int64)
        return self.reshape(found, tuple(d for i, d in enumerate(x.shape) if i != axis % x.ndim))

    # Sums and products

    def _reduce(self, op_name, x, axis, keepdims):
        axes = _axes(axis, x.ndim)
        if not axes:
            return x
        y = self.emit(op_name, x, axis=axes, keepdims=True)
        return y if keepdims else self.reshape(y, tuple(d for i, d in enumerate(x.shape) if i not in axes))

    def cumsum(self, x, axis):
        """Return the sums of the elements so far along an axis."""
        return self.emit("_np_cumsum", x, axis=axis % x.ndim)

    def sum_sq(self, x):
        """Return the sum of the squares of all elements, as float32."""
        return self.emit("_sum_sq", x)

    def matmul(self, a, b):
        """Return the product of matrices on the last two axes."""
        return self.emit("_matmul", a, b)

    def cholesky(self, x):
        """Return the lower Cholesky factor of each matrix."""
        return self.emit("linalg_potrf", x)

    def inv(self, x):
        """Return the inverse of each matrix."""
        return self.emit("linalg_inverse", x)

    def det(self, x):
        """Return the determinant of each matrix."""
        return self.reshape(self.emit("_linalg_det", x), x.shape[:-2])

    def slogdet(self, x):
        """Return the sign of the determinant of each matrix, and the logarithm of its size."""
        return tuple([self.reshape(part, x.shape[:-2]) for part in self.emit("_linalg_slogdet", x)])

    def qr(self, x):
        """Return each matrix as a product of orthonormal columns and an upper triangle."""
        return tuple([self.swapaxes(part, -1, -2) for part in self.emit("_linalg_gelqf", self.swapaxes(x, -1, -2))])

    def eigh(self, x):
        """Return the eigenvalues, increasing, and eigenvectors, by column, of symmetric matrices."""
        rows, values = self.emit("_linalg_syevd", x)
        return values, self.swapaxes(rows, -1, -2)

    def solve_triangular(self, a, b, lower):
        """Return the solution of ``a x = b``, of `a` one triangle."""
        return self.emit("_linalg_trsm", a, b, lower=bool(lower))

    def polygamma(self, x, n):
        """Return the derivative number `n` of the digamma function."""
        return self.emit("polygamma", x, n=n)

    def uniform(self, key, shape, dtype):
        """Return numbers drawn evenly from [0, 1), as a key decides."""
        key = key if isinstance(key, Traced) else self.constant(np.asarray(key, np.int64).reshape(1))
        return self.emit("_uniform_of_key", key, shape=shape_of(shape), dtype=np.dtype(dtype).name)

    def draw(self, key, distribution, shape, dtype, *parameters):
        """Return random numbers of a distribution, as a key decides."""
        key = key if isinstance(key, Traced) else self.constant(np.asarray(key, np.int64).reshape(1))
        return self.emit("_random_of_key", *[self.traced(p) for p in parameters], key, distribution=distribution,
                         shape=shape_of(shape), dtype=np.dtype(dtype).name)

    def __getattr__(self, word):
        raise NotDifferentiableError(f"xp.{unknown('word that builds nodes', word, WORDS)}")


def _axes(axis, ndim):
    """Return axes from 0, all of them for None."""
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,))])


def _parts(x):
    return x.entry, x.type


_UNARY = ("abs", "sign", "sqrt", "cbrt", "exp", "expm1", "log", "log10", "log2", "log1p", "sin", "cos", "tan", "arcsin",
          "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "rint", "ceil", "floor", "trunc",
          "erf", "erfinv", "gamma", "gammaln")


def _give_words():
    def unary(op_name, mask=False):
        return lambda self, x: self.emit(op_name, x, mask=mask) if isinstance(x, Traced) else (
            getattr(vocabulary, op_name)(x))

    def two(word):
        def word_of(self, a, b):
            if all(not isinstance(x, Traced) and np.ndim(x) == 0 for x in (a, b)):
                return getattr(vocabulary, BINARY[word].numpy)(a, b)
            return binary(self, word, a, b)

        return word_of

    def reduction(op_name):
        return lambda self, x, axis=None, keepdims=False: self._reduce(op_name, x, axis, keepdims)

    for name in _UNARY:
        setattr(Trace, name, unary(name))
    for name in ("isnan", "isinf", "isfinite"):
        setattr(Trace, name, unary(name, mask=True))
    for name in ("maximum", "minimum", "hypot", "logical_and", "logical_or", "logical_xor"):
        setattr(Trace, name, two(name))
    Trace.power = two("pow")
    for name in ("sum", "mean", "prod", "max", "min"):
        setattr(Trace, name, reduction(name))


_give_words()

WORDS = tuple(name for name in {**vars(DerivedWords), **vars(Trace)} if not name.startswith("_"))
"""Every word that can be traced, and the few methods in addition."""
