"""From the shapes and dtypes that a user gives to the types of a whole graph."""

from collections.abc import Mapping

from ndarray.dtypes import DEFAULT, dtype_of
from ndarray.errors import ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.graph.graph import Graph
from symbolic.graph.infer import from_mxnet_shape, infer
from symbolic.graph.node import Entry


def given_types(graph: Graph, shape: Mapping | None = None, dtype: object = None, who: str = ""
                ) -> dict[str, TensorType]:
    """Return the types that a user gives for some variables, checked.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional
        Shapes of variables; 0 or -1 marks an unknown dimension, None an unknown shape.
    dtype : dict of str to dtype, or dtype, optional
        Element types of variables, or of all.
    who : str, optional
        What begins the message of an error: the function that the user called.

    Returns
    -------
    dict of str to TensorType

    Raises
    ------
    UnknownNameError
        If no variable has the name.
    ShapeError
        If a shape is not a tuple of integers.
    DTypeError
        If a dtype is not one that arrays can have.
    """
    names = {n.name for n in graph.variables}
    shape = dict(shape or {})
    if dtype is None or isinstance(dtype, Mapping):
        dtypes = {name: dtype_of(value) for name, value in (dtype or {}).items()}
    else:
        dtypes = dict.fromkeys(names, dtype_of(dtype))
    begin = f"{who}: " if who else ""
    for name in (*shape, *dtypes):
        if name not in names:
            raise UnknownNameError(f"{begin}{unknown('variable', name, names)}")
    for name, value in shape.items():
        if value is not None and not isinstance(value, (tuple, list)):
            raise ShapeError(f"{begin}the shape of {shown(name)} must be a tuple, got {shown(value)}")
    shapes = {name: from_mxnet_shape(tuple(value)) for name, value in shape.items() if value is not None}
    return {name: TensorType(shapes.get(name), dtypes.get(name)) for name in {**shape, **dtypes}}


def types_of(graph: Graph, shape: Mapping | None = None, dtype: object = None, who: str = ""
             ) -> dict[Entry, TensorType]:
    """Return the types of all entries, as far as they follow from those of some variables; see `given_types`."""
    return infer(graph, given_types(graph, shape, dtype, who))


def complete_types(graph: Graph, known: Mapping[str, TensorType], who: str = "", hint: str = ""
                   ) -> dict[Entry, TensorType]:
    """Return the types of all entries; float32 where no dtype follows from anything.

    Parameters
    ----------
    graph : Graph
    known : dict of str to TensorType
        Of variables.
    who, hint : str, optional
        What begins and ends the message of an error.

    Raises
    ------
    ShapeError
        Naming the variables whose shapes do not follow.
    """
    types = infer(graph, known)
    if any(types[Entry(n)].dtype is None for n in graph.variables):
        types = infer(graph, {n.name: TensorType(types[Entry(n)].shape, types[Entry(n)].dtype or DEFAULT)
                              for n in graph.variables})
    missing = [n.name for n in graph.variables if not types[Entry(n)].known]
    if missing:
        given = {name: type_.shape for name, type_ in known.items() if type_.shape is not None}
        names = ", ".join([*map(shown, missing[:20]), *["…"][:len(missing) > 20]])
        raise ShapeError(f"{who}{': ' if who else ''}the shape{'s' * (len(missing) > 1)} of {names} "
                         f"{'do' if len(missing) > 1 else 'does'} not follow from {shown(given)}{hint}")
    return types
