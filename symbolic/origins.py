"""Where Symbols come from, beside operators: variables, groups and files."""

from ndarray.errors import OperatorError, ParamError, shown
from symbolic import compose
from symbolic.attributes import checked
from symbolic.graph import Graph
from symbolic.later import Later
from symbolic.symbol import Symbol, _check_symbol

json = Later("symbolic.save.json")


def var(name, attr=None, shape=None, lr_mult=None, wd_mult=None, dtype=None, init=None, stype=None, **kwargs):
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
            raise ParamError(f"variable {name}: {shown(key)} is no attribute; attributes are written __{key.strip('_')}__")
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


def Group(symbols):
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
        If there is none, or something is no Symbol.

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


def load_json(json_str, limits=None):
    """Return the Symbol that a JSON text holds.

    Parameters
    ----------
    json_str : str
        As `Symbol.tojson` or MXNet of any age wrote it.
    limits : Limits, optional
        How large it may be; see `symbolic.save.json.Limits`.

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
    return Symbol(json.loads(json_str, limits or json.Limits()))


def load(fname, limits=None):
    """Return the Symbol that a file holds.

    Parameters
    ----------
    fname : str or path
        Of a file that `Symbol.save` or MXNet of any age wrote.
    limits : Limits, optional
        How large it may be; see `symbolic.save.json.Limits`.

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
    return Symbol(json.load(fname, limits or json.Limits()))
