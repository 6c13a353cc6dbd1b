"""Symbols that no operator of the user makes: variables, groups, constants, and graphs from files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError, ParamError, shown
from ndarray.lazy import Later
from ndarray.text import label
from symbolic.graph import compose
from symbolic.graph.attributes import checked
from symbolic.graph.graph import Graph
from symbolic.symbol import Symbol, _check_symbol, apply_op

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from typing import Literal

    from ndarray.typing import DTypeLike, Number, ShapeLike
    from symbolic.save.json.limits import Limits

json = Later("symbolic.save.json")


def var(name: str, attr: Mapping[str, str] | None = None, shape: ShapeLike | None = None, lr_mult: float | None = None,
        wd_mult: float | None = None, dtype: DTypeLike | None = None, init: Any = None, stype: str | None = None,
        **kwargs: str) -> Symbol:
    """Return a new variable: a node to which an array is bound, or another symbol composed.

    Parameters
    ----------
    name : str
    attr : dict of str to str, optional
    shape : tuple of int, optional
        0 marks an unknown dimension.
    lr_mult, wd_mult : float, optional
        Factors on the learning rate and weight decay of this parameter.
    dtype : dtype, optional
    init : str or object with ``dumps``, optional
        How to initialise it.
    stype : str, optional
        Storage type.
    **kwargs : str
        Attributes of the form ``__name__``.

    Examples
    --------
    >>> var("w", shape=(2, 3), lr_mult=0.1).list_attr()
    {'__lr_mult__': '0.1', '__shape__': '(2, 3)', 'lr_mult': '0.1'}
    """
    if not isinstance(name, str):
        raise OperatorError(f"the name of a variable must be a str, got {shown(name)}")
    for key in kwargs:
        if not (key.startswith("__") and key.endswith("__")):
            raise ParamError(f"variable {label(name)}: {shown(key)} is not an attribute; attributes are written "
                             f"__{label(key.strip('_'))}__")
    more = checked(kwargs)
    for key, value in (("__lr_mult__", lr_mult), ("__wd_mult__", wd_mult), ("__storage_type__", stype)):
        if value is not None:
            more[key] = str(value)
    if init is not None:
        more["__init__"] = init if isinstance(init, str) else init.dumps()
    if isinstance(shape, int):
        shape = (shape,)
    return Symbol(Graph([compose.variable(name, attr, shape, dtype, **more)]))


Variable = var


def Group(symbols: Iterable[Symbol]) -> Symbol:
    """Return one Symbol with the outputs of several.

    Parameters
    ----------
    symbols : sequence of Symbol
        At least one.

    Returns
    -------
    Symbol
        With the outputs of the first, then those of the second, and so on.

    Raises
    ------
    OperatorError
        If there is none, or something is not a Symbol.

    Examples
    --------
    >>> a, b = var("a"), var("b")
    >>> both = Group([a + b, a])
    >>> both.list_outputs(), both[1]
    (['_plus0_output', 'a'], <Symbol a>)
    """
    symbols = list(symbols) if isinstance(symbols, (list, tuple, Symbol)) else symbols
    if not isinstance(symbols, list) or not symbols:
        raise OperatorError(f"Group takes a list of symbols with at least one, got {shown(symbols)}")
    for symbol in symbols:
        _check_symbol(symbol)
    return Symbol(Graph([e for s in symbols for e in s._graph.outputs]))


def zeros(shape: ShapeLike, dtype: DTypeLike | None = None, name: str | None = None, **attrs: Any) -> Symbol:
    """Return a Symbol of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float32 when left out.
    name : str, optional
    **attrs : str
        Attributes of the form ``__key__``.

    Examples
    --------
    >>> zeros((2,)).eval()[0].asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _source("_zeros", name, attrs, shape=shape, dtype=dtype)


def ones(shape: ShapeLike, dtype: DTypeLike | None = None, name: str | None = None, **attrs: Any) -> Symbol:
    """Return a Symbol of ones; parameters as `zeros`.

    Examples
    --------
    >>> ones((2,), dtype="int32").eval()[0].asnumpy()
    array([1, 1], dtype=int32)
    """
    return _source("_ones", name, attrs, shape=shape, dtype=dtype)


def full(shape: ShapeLike, val: Number, dtype: DTypeLike | None = None, name: str | None = None,
         **attrs: Any) -> Symbol:
    """Return a Symbol that holds one number everywhere; parameters as `zeros`.

    Examples
    --------
    >>> full((2,), 7).eval()[0].asnumpy()
    array([7., 7.], dtype=float32)
    """
    return _source("_full", name, attrs, shape=shape, dtype=dtype, value=val)


def arange(start: Number, stop: Number | None = None, step: Number = 1.0, repeat: int = 1,
           dtype: DTypeLike | None = None, name: str | None = None, **attrs: Any) -> Symbol:
    """Return a Symbol of evenly spaced numbers from `start` to before `stop`, each `repeat` times.

    Examples
    --------
    >>> arange(3).eval()[0].asnumpy()
    array([0., 1., 2.], dtype=float32)
    """
    return _source("_arange", name, attrs, start=start, stop=stop, step=step, repeat=repeat, dtype=dtype)


def linspace(start: Number, stop: Number, num: int, endpoint: bool = True, dtype: DTypeLike | None = None,
             name: str | None = None, **attrs: Any) -> Symbol:
    """Return a Symbol of `num` evenly spaced numbers from `start` to `stop`.

    Examples
    --------
    >>> linspace(0, 1, 3).eval()[0].asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return _source("_linspace", name, attrs, start=start, stop=stop, num=num, endpoint=endpoint, dtype=dtype)


def eye(N: int, M: int = 0, k: int = 0, dtype: DTypeLike | None = None, name: str | None = None,
        **attrs: Any) -> Symbol:
    """Return a Symbol of a matrix with ones on its `k`-th diagonal and zeros elsewhere.

    Examples
    --------
    >>> eye(2, 3, k=1).eval()[0].asnumpy()
    array([[0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    return _source("_eye", name, attrs, N=N, M=M, k=k, dtype=dtype)


def _source(op_name: str, name: str | None, attrs: dict[str, Any], dtype: DTypeLike | None = None,
            **params: Any) -> Symbol:
    if dtype is not None:
        params["dtype"] = dtype
    return apply_op(op_name, name=name, attr=attrs or None, **params)


def load_json(json_str: str | bytes, limits: Limits | None = None, *,
              unknown: Literal['error', 'keep'] = "error") -> Symbol:
    """Return the Symbol that a JSON text holds.

    Parameters
    ----------
    json_str : str
        As `Symbol.tojson` or MXNet of any age wrote it.
    limits : Limits, optional
        How large it may be; see `symbolic.save.json.limits.Limits`.
    unknown : {"error", "keep"}, optional
        What to do with an operator that the registry does not have.  ``"keep"`` takes its node with its name,
        attributes, inputs and outputs: the graph can be shown, compared and saved, and what needs the meaning of the
        operator is refused, naming it.

    Returns
    -------
    Symbol

    Raises
    ------
    FormatError
        Naming the place in the text.
    LimitError
        If it is larger than allowed.

    Examples
    --------
    >>> load_json(var("a").tojson())
    <Symbol a>
    """
    return Symbol(json.loads(json_str, limits or json.Limits(), unknown=unknown))


def load(fname: str | PathLike[str], limits: Limits | None = None, *,
         unknown: Literal['error', 'keep'] = "error") -> Symbol:
    """Return the Symbol that a file holds.

    Parameters
    ----------
    fname : str or path
        Of a file that `Symbol.save` or MXNet of any age wrote.
    limits : Limits, optional
        How large it may be; see `symbolic.save.json.limits.Limits`.
    unknown : {"error", "keep"}, optional
        What to do with an operator that the registry does not have.  ``"keep"`` takes its node with its name,
        attributes, inputs and outputs: the graph can be shown, compared and saved, and what needs the meaning of the
        operator is refused, naming it.

    Returns
    -------
    Symbol

    Raises
    ------
    FormatError, LimitError
        Naming the file and the place in it.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     var("a").save(os.path.join(folder, "a.json"))
    ...     load(os.path.join(folder, "a.json"))
    <Symbol a>
    """
    return Symbol(json.load(fname, limits or json.Limits(), unknown))
