"""What `Symbol.infer_shape` and its kin answer: MXNet's lists of shapes and dtypes, in the order of the arguments."""

from ndarray.dtypes import dtype_of
from ndarray.errors import BindError, OperatorError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.graph.infer import from_mxnet_shape, infer
from symbolic.graph.node import Entry
from symbolic.graph.unregistered import refuse_unregistered


def shapes(graph, args, kwargs):
    """Return the shapes of arguments, outputs and states, and "", or None three times and what is missing."""
    types = _shapes_inferred(graph, args, kwargs)
    open_ = [n.name for n in graph.variables if not _shape_known(types[Entry(n)])]
    if open_ or not all(_shape_known(types[e]) for e in graph.outputs):
        refuse_unregistered(graph, "infer_shape")
        return (None, None, None), (
            "Cannot decide shape for the following arguments (0s in shape means unknown dimensions). "
            f"Consider providing them as input: {', '.join(open_) or 'none are open, but an output is'}")
    return _in_order(graph, types, lambda t: t.shape), ""


def shapes_so_far(graph, args, kwargs):
    """Return the shapes as far as they follow: ``()`` is an unknown shape, 0 an unknown dimension."""
    return _in_order(graph, _shapes_inferred(graph, args, kwargs), lambda t: _mxnet_shape(t.shape))


def dtypes_so_far(graph, args, kwargs):
    """Return the dtypes as far as they follow; None is unknown."""
    given = _given(graph, args, kwargs, "infer_type")
    types = infer(graph, {name: TensorType(None, dtype_of(dtype)) for name, dtype in given.items()})
    return _in_order(graph, types, lambda t: None if t.dtype is None else t.dtype.type)


def _shapes_inferred(graph, args, kwargs):
    given = _given(graph, args, kwargs, "infer_shape")
    for name, shape in given.items():
        if not isinstance(shape, tuple):
            raise OperatorError(f"infer_shape: the shape of {name} must be a tuple, got {shown(shape)}")
    # By position, () stands for what is not known.
    return infer(graph, {name: TensorType(from_mxnet_shape(shape)) for name, shape in given.items()
                         if shape != () or name in kwargs})


def _given(graph, args, kwargs, what):
    """Return what is said of variables, by name."""
    if args and kwargs:
        raise BindError(f"{what} takes what is known either by position or by keyword, not both")
    names = [n.name for n in graph.variables]
    for name in kwargs:
        if name not in names:
            raise UnknownNameError(f"{what}: {unknown('variable', name, names)}")
    given = dict(zip([n.name for n in graph.arguments], args)) if args else kwargs
    return {name: value for name, value in given.items() if value is not None}


def _in_order(graph, types, of):
    return ([of(types[Entry(n)]) for n in graph.arguments], [of(types[e]) for e in graph.outputs],
            [of(types[Entry(n)]) for n in graph.auxiliary])


def _shape_known(type_):
    return type_.shape is not None and None not in type_.shape


def _mxnet_shape(shape):
    return () if shape is None else tuple(0 if d is None else d for d in shape)
