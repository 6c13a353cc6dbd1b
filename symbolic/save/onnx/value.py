"""What an operator's body handles when it writes ONNX: values that are not computed, and the nodes that give them."""

import math

import numpy as np

from ndarray.errors import OperatorError


class Value:
    """A value of the model: an input, a constant, or what one of its nodes gives.

    It takes part in Python's arithmetic as a NumPy array does, with NumPy's rules of dtypes.

    Attributes
    ----------
    xp : Words
        The namespace that made it.
    shape : tuple of int
    dtype : numpy.dtype
    name : str
        Given when the model is put together.
    """

    __slots__ = ("xp", "shape", "dtype", "name")
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, xp, shape, dtype, name=""):
        self.xp, self.shape, self.dtype, self.name = xp, tuple(shape), np.dtype(dtype), name

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self):
        """Number of elements."""
        return math.prod(self.shape)

    def __repr__(self):
        return f"<value of an ONNX model: {self.dtype}{list(self.shape)}>"

    def __bool__(self):
        raise OperatorError("a value of an ONNX model is not computed: a body cannot branch on it; "
                            "use xp.where")


class Made:
    """One node of the model.

    Attributes
    ----------
    op : str
        ONNX's operator.
    inputs, outputs : sequence of Value
    attrs : dict
    within : Node
        The node of the graph of whose body it is a part.
    """

    __slots__ = ("op", "inputs", "outputs", "attrs", "within")

    def __init__(self, op, inputs, outputs, attrs):
        self.op, self.inputs, self.outputs, self.attrs, self.within = op, inputs, outputs, attrs, None


def has_value(x):
    """Tell whether anything among nested arguments is a value of the model."""
    if isinstance(x, (tuple, list)):
        return any(map(has_value, x))
    return any(map(has_value, x.values())) if isinstance(x, dict) else isinstance(x, Value)
