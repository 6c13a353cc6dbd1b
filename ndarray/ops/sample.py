"""Random numbers as operators: of given parameters, like an array, of arrays of parameters; rows in random order."""

import math
from typing import Literal, NamedTuple

import numpy as np

from ndarray import registry
from ndarray.dtypes import DEFAULT, dtype_of
from ndarray.errors import ParamError, ShapeError
from ndarray.operator import Input, Many, Operator, operator
from ndarray.params import Count, DType, Key, Param, Shape
from ndarray.rules import agree, agree_dtype, check_floating, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "constant"
_KEY = TensorType((1,), np.dtype("int64"))
_KINDS = Literal["uniform", "normal", "gamma", "exponential", "poisson", "negative_binomial",
                 "generalized_negative_binomial", "randint", "permutation"]


def _drawn_shape(params):
    """Return the parameter `shape`, whose lengths may not be below 0."""
    if any(d < 0 for d in params["shape"]):
        raise ParamError(f"shape={params['shape']} of what is drawn: a length is at least 0")
    return params["shape"]


def _of_key_rule(inputs, outputs, params):
    return [*inputs[:-1], inputs[-1].merge(_KEY)], [
        outputs[0].merge(TensorType(_drawn_shape(params), dtype_of(params["dtype"])))]


@operator(_of_key_rule, primitive=True)
def _random_of_key(xp, parameter: Many("{name}{i}"), key, /, *, distribution: _KINDS, shape: Shape,
                     dtype: DType = "float32", num_args: Count = None):
    """Random numbers of a distribution, the same for the same key; what the operators of random numbers are made of.

    Parameters
    ----------
    parameter : array, any number of them
        The parameters of the distribution, which broadcast to the shape.
    key : array, shape (1,), int64
        Key of the generator.
    distribution : str
        The distribution.
    shape : tuple of int
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.
    num_args : int, optional
        Number of parameters; follows from them.

    Returns
    -------
    array of `shape` and `dtype`

    Examples
    --------
    >>> import ndarray as nd
    >>> key, low, high = nd.array([7], dtype="int64"), nd.array([5]), nd.array([6])
    >>> x = nd.op._random_of_key(low, high, key, distribution="uniform", shape=(3,))
    >>> bool(((5 <= x) * (x < 6)).min())
    True
    """
    return xp.draw(key, distribution, shape, dtype_of(dtype), *parameter)


@_random_of_key.gradient(flat=lambda params: (*(f"parameter{i}" for i in range(params["num_args"])), "key"))
def _(xp, head, output, parameter, key, **params):
    return (None,) * len(parameter), None


class Distribution(NamedTuple):
    """One distribution.

    Attributes
    ----------
    name, words : str
    parameters : dict of str to tuple
        For each parameter of ``_random_X`` its default, the name that ``_sample_X`` gives it, and what it is.
    aliases : tuple of str
    """

    name: str
    words: str
    parameters: dict
    aliases: tuple = ()


FAMILY = (
    Distribution("uniform", "evenly distributed over [low, high)", {
        "low": (0.0, "low", "Lower limit."), "high": (1.0, "high", "Upper limit.")}, ("uniform",)),
    Distribution("normal", "of a normal distribution", {
        "loc": (0.0, "mu", "Mean."), "scale": (1.0, "sigma", "Standard deviation.")}, ("normal",)),
    Distribution("gamma", "of a gamma distribution", {
        "alpha": (1.0, "alpha", "Shape."), "beta": (1.0, "beta", "Scale.")}),
    Distribution("exponential", "of an exponential distribution", {"lam": (1.0, "lam", "Rate.")}),
    Distribution("poisson", "of a Poisson distribution", {"lam": (1.0, "lam", "Mean.")}),
    Distribution("negative_binomial", "of a negative binomial distribution: successes before `k` failures", {
        "k": (1, "k", "Number of failures."), "p": (1.0, "p", "Probability of a failure.")}),
    Distribution("generalized_negative_binomial", "of a negative binomial distribution by mean and dispersion", {
        "mu": (1.0, "mu", "Mean."), "alpha": (1.0, "alpha", "Dispersion; 0 gives a Poisson distribution.")}),
)

_DOC = """Random numbers {words}.

    Parameters
    ----------
{inputs}{params}    key : int or array of one int, optional
        What decides the numbers; when left out, each call and each run of an executor draws one from the generator that
        ``random.seed`` starts.

    Returns
    -------
    array

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``{name}``; the numbers agree in distribution.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op.{example}
    (2, 3)
    """

_SHAPE_DOC = """    shape : tuple of int, optional
        {shape}
"""
_DTYPE_DOC = """    dtype : dtype, optional
        Element type of the output{dtype}.
"""
_CTX_DOC = """    ctx : str, optional
        Accepted for MXNet's signature.
"""


def _described(parameters, kind):
    return "".join(f"    {name} : {kind}\n        {words}\n" for name, words in parameters)


def _shaped(default):
    def infer(inputs, outputs, params):
        dtype = dtype_of(params["dtype"]) if params["dtype"] else default
        return [], [outputs[0].merge(TensorType(_drawn_shape(params), dtype))]

    return infer


def _like_rule(inputs, outputs, params):
    data = agree([inputs[0], outputs[0]])
    check_floating([data])
    return [data], [data]


def _sample_rule(inputs, outputs, params):
    common, out, shape = agree(inputs), outputs[0].shape, _drawn_shape(params)
    if out is not None:
        if len(out) < len(shape):
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(out)}, which does not end in {shape}",
                             len(inputs))
        common = common.merge(TensorType(out[:len(out) - len(shape)]))
    check_floating([common])
    if common.shape is not None:
        out = merge_shapes((*common.shape, *shape), out)
    dtype = dtype_of(params["dtype"]) if params["dtype"] else agree_dtype([common, outputs[0]])
    return [common] * len(inputs), [outputs[0].merge(TensorType(out, dtype))]


def _always(params):
    return True


def _declare(name, compute, rule, arrays, params, doc, aliases=()):
    """Declare an operator whose parameters differ from row to row, which no Python signature can express."""
    def body(xp, /, *inputs, **params):
        return compute(xp, *inputs, **params)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = doc
    params = {**params, "key": (Key | None, None)}
    op = registry.add(Operator(
        name=name, aliases=aliases, inputs=tuple([Input(a) for a in arrays]),
        params={n: Param.read(n, kind, default) for n, (kind, default) in params.items()}, infer=rule, compute=body,
        random=_always, kind=KIND))
    op.gradient(lambda xp, head, output, *inputs, **params: (None,) * len(inputs), flat=op.names)


def _own_params(row):
    return {n: (type(default), default) for n, (default, *_) in row.parameters.items()}


def _own_docs(row):
    return _described([(n, words) for n, (_, _, words) in row.parameters.items()], "float, optional")


def _declare_random(row):
    """Declare ``_random_X``: `shape` numbers."""
    def compute(xp, *, shape, ctx, dtype, key, **params):
        return xp.draw(key, row.name, shape, dtype_of(dtype or "float32"), *params.values())

    name = f"_random_{row.name}"
    doc = _DOC.format(words=row.words, inputs="", name=name, example=f"{name}(shape=(2, 3)).shape", params=(
        _own_docs(row) + _SHAPE_DOC.format(shape="Shape of the output.") + _CTX_DOC + _DTYPE_DOC.format(dtype="")))
    params = {**_own_params(row), "shape": (Shape, (1,)), "ctx": (str, ""), "dtype": (DType | None, None)}
    _declare(name, compute, _shaped(DEFAULT), (), params, doc, (f"random_{row.name}", *row.aliases))


def _declare_like(row):
    """Declare ``_random_X_like``: as many numbers as an array has."""
    def compute(xp, data, *, key, **params):
        return xp.draw(key, row.name, data.shape, data.dtype, *params.values())

    name = f"_random_{row.name}_like"
    doc = _DOC.format(words=row.words, name=name, example=f"{name}(nd.ones((2, 3))).shape", params=_own_docs(row),
                      inputs="    data : array, any shape, floating\n        Gives shape and dtype.\n")
    _declare(name, compute, _like_rule, ("data",), _own_params(row), doc)


def _declare_sample(row):
    """Declare ``_sample_X``: numbers for each element of arrays of parameters."""
    def compute(xp, *given, shape, dtype, key):
        wide = [xp.reshape(x, (*x.shape, *(1,) * len(shape))) for x in given]
        return xp.draw(key, row.name, (*given[0].shape, *shape), dtype_of(dtype) if dtype else given[0].dtype, *wide)

    name, names = f"_sample_{row.name}", tuple([n for _, n, _ in row.parameters.values()])
    call = ", ".join(["nd.ones(2)"] * len(names))
    doc = _DOC.format(words=row.words, name=name, example=f"{name}({call}, shape=(3,)).shape", inputs=_described(
        [(n, f"{words[:-1]}, for each distribution.") for _, n, words in row.parameters.values()],
        "array, one shape and dtype"), params=_SHAPE_DOC.format(
            shape="Shape of the numbers of each distribution; one number when left out.")
        + _DTYPE_DOC.format(dtype="; that of the parameters when left out"))
    _declare(name, compute, _sample_rule, names, {"shape": (Shape, ()), "dtype": (DType | None, None)}, doc,
             (f"sample_{row.name}",))


for _row in FAMILY:
    _declare_random(_row)
    _declare_like(_row)
    _declare_sample(_row)


@operator(_shaped(np.dtype("int32")), random=_always,
          aliases=("random_randint",))
def _random_randint(xp, /, *, low: int, high: int, shape: Shape = (1,), ctx: str = "", dtype: DType | None = None,
                    key: Key | None = None):
    """Random whole numbers evenly distributed over [low, high).

    Parameters
    ----------
    low, high : int
        The limits.
    shape : tuple of int, optional
        Shape of the output.
    ctx : str, optional
        Accepted for MXNet's signature.
    dtype : dtype, optional
        Element type of the output: int32 when left out.
    key : int or array of one int, optional
        What decides the numbers; see `Dropout`.

    Returns
    -------
    array

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_random_randint``; the numbers agree in distribution.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.random_randint(2, 4, shape=(50,))
    >>> sorted(set(x.tolist()))
    [2, 3]
    """
    return xp.draw(key, "randint", shape, dtype_of(dtype or "int32"), low, high)


def _shuffle_rule(inputs, outputs, params):
    data = agree([inputs[0], outputs[0]])
    if data.shape == ():
        raise slot_error(ShapeError, "`{}` must have at least one axis", 0)
    return [data], [data]


@operator(_shuffle_rule, random=_always, aliases=("shuffle",),
          kind="shape")
def _shuffle(xp, data, /, *, key: Key | None = None):
    """The rows of an array in random order.

    Parameters
    ----------
    data : array, at least one axis
        The rows lie along the first axis.
    key : int or array of one int, optional
        What decides the numbers; see `Dropout`.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_shuffle``; the orders agree in distribution.

    Examples
    --------
    >>> import ndarray as nd
    >>> sorted(nd.shuffle(nd.arange(5)).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    return xp.take(data, _order(xp, data, key), axis=0)


@_shuffle.gradient
def _(xp, head, output, data, *, key):
    return (xp.untake(head, _order(xp, data, key), data.shape, 0),)


def _order(xp, data, key):
    return xp.draw(key, "permutation", data.shape[:1], np.dtype("int64"))


def _multinomial_rule(inputs, outputs, params):
    data, shape, out = inputs[0], _drawn_shape(params), outputs[0].shape
    if data.shape is not None:
        if not data.shape or data.shape[-1] == 0:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(data.shape)} has no classes", 0)
        out = merge_shapes((*data.shape[:-1], *shape) or (1,), out)
    if len(outputs) > 1:
        out = merge_shapes(out, outputs[1].shape)
    types = [outputs[0].merge(TensorType(out, dtype_of(params["dtype"])))]
    if len(outputs) > 1:
        types.append(TensorType(out, agree_dtype([data, outputs[1]])))
        data = data.merge(TensorType(None, types[1].dtype))
    check_floating([data])
    return [data], types


@operator(_multinomial_rule, random=_always,
          outputs=lambda params: 2 if params["get_prob"] else 1, aliases=("sample_multinomial",))
def _sample_multinomial(xp, data, /, *, shape: Shape = (), get_prob: bool = False, dtype: DType = "int32",
                        key: Key | None = None):
    """Classes drawn with given probabilities.

    Parameters
    ----------
    data : array, shape (…, classes), floating
        The probabilities of the classes, which sum to 1 along the last axis.
    shape : tuple of int, optional
        Shape of the classes drawn from each distribution; one class when left out.
    get_prob : bool, optional
        Return the logarithm of the probability of each class drawn as well; it has a gradient.
    dtype : dtype, optional
        Element type of the classes.
    key : int or array of one int, optional
        What decides the numbers; see `Dropout`.

    Returns
    -------
    array, shape ``data.shape[:-1] + shape``, or list of two

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_sample_multinomial``; the classes agree in distribution.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.sample_multinomial(nd.array([[0, 1], [1, 0]])).asnumpy()
    array([1, 0], dtype=int32)
    """
    found = (*data.shape[:-1], *shape) or (1,)
    index = _classes(xp, data, key, math.prod(shape))
    outputs = (xp.reshape(xp.astype(index, dtype_of(dtype)), found),)
    if get_prob:
        outputs += (xp.reshape(xp.log(xp.take_along_axis(data, index, axis=data.ndim - 1)), found),)
    return outputs


def _classes(xp, data, key, n):
    """Return `n` classes drawn from each distribution, along the last axis."""
    last = data.ndim - 1
    reached = xp.reshape(xp.cumsum(data, axis=last), (*data.shape[:-1], 1, data.shape[-1]))
    whole = (None,) * data.ndim
    total = xp.strided_slice(reached, (*whole, data.shape[-1] - 1), (*whole, None), (1,) * (data.ndim + 1))
    drawn = xp.expand_dims(xp.uniform(key, (*data.shape[:-1], n), data.dtype), data.ndim) * total
    index = xp.sum(xp.astype(drawn >= reached, xp.int64), axis=(data.ndim,))
    return xp.minimum(index, xp.full_like(index, data.shape[-1] - 1))


@_sample_multinomial.gradient(flat=lambda params: () if params["get_prob"] else ("data",))
def _(xp, head, output, data, *, shape, get_prob, dtype, key):
    if not get_prob:
        return (None,)
    index = xp.reshape(xp.astype(output[0], xp.int64), (*data.shape[:-1], math.prod(shape)))
    slope = xp.reshape(head[1], index.shape) / xp.take_along_axis(data, index, axis=data.ndim - 1)
    return (xp.put_along_axis(slope, index, data.shape, data.ndim - 1),)
