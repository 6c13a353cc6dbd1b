"""What pictures and tables say of a graph's values: the type of each, as far as the given shapes tell."""

from ndarray.dtypes import dtype_of
from ndarray.errors import ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.graph.infer import from_mxnet_shape, infer


def types_of(graph, shape=None, dtype=None):
    """Return the types of the entries of `graph` that follow from some variables'.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional
        Shapes of variables.
    dtype : dict of str to dtype, or dtype, optional
        Element types of variables, or of all.

    Raises
    ------
    UnknownNameError
        If no variable has the name.
    ShapeError
        If a shape is no tuple, or shapes disagree.
    """
    names = {n.name for n in graph.variables}
    shape = dict(shape or {})
    if dtype is None or isinstance(dtype, dict):
        dtypes = {name: dtype_of(value) for name, value in (dtype or {}).items()}
    else:
        dtypes = dict.fromkeys(names, dtype_of(dtype))
    for name in (*shape, *dtypes):
        if name not in names:
            raise UnknownNameError(unknown("variable", name, names))
    for name, value in shape.items():
        if not isinstance(value, (tuple, list)):
            raise ShapeError(f"the shape of {name} must be a tuple, got {shown(value)}")
    return infer(graph, {name: TensorType(from_mxnet_shape(tuple(shape[name])) if name in shape else None,
                                          dtypes.get(name)) for name in {*shape, *dtypes}})


def type_text(type_):
    """Return a type as a label: ``float32 2×3``; empty where nothing is known."""
    dims = "" if type_.shape is None else "×".join("?" if d is None else str(d) for d in type_.shape) or "scalar"
    return " ".join(part for part in (str(type_.dtype) if type_.dtype is not None else "", dims) if part)


def printable(name):
    """Return a name with what a terminal or a file would act on shown as escapes.

    Examples
    --------
    >>> printable("a\\nb"), printable("größe")
    ('a\\\\nb', 'größe')
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
