"""Random numbers as nodes: of given numbers, or for each element of symbols of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray import lazy, registry
from ndarray.random import _like, _names, _of_arrays, _rate_of
from symbolic.functions import function
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from ndarray.typing import DTypeLike, Number, ShapeLike


def _drawn(distribution: str, params: dict[str, Any], shape: ShapeLike | None, dtype: DTypeLike | None,
           more: dict[str, Any]) -> Symbol:
    """Return the node of ``_random_X`` with numbers or ``_sample_X`` with symbols."""
    given = {k: v for k, v in (("shape", shape), ("dtype", dtype)) if v is not None}
    if _of_arrays(distribution, params, Symbol):
        return function(f"_sample_{distribution}")(*params.values(), **given, **more)
    return function(f"_random_{distribution}")(**params, **given, **more)


def uniform(low: Number | Symbol = 0.0, high: Number | Symbol = 1.0, shape: ShapeLike | None = None,
            dtype: DTypeLike | None = None, **kwargs: Any) -> Symbol:
    """Return a Symbol of numbers drawn evenly from [low, high) in each run.

    Parameters
    ----------
    low, high : float or Symbol
        The limits; symbols have one shape, and each pair of elements is a distribution.
    shape : int or tuple of int, optional
        How many numbers to draw of each distribution; when left out, one for each element of symbols, and of numbers
        (1,).
    dtype : dtype, optional
        float32 when left out, or that of symbols.
    **kwargs : object
        Further arguments of the operator ``_random_uniform``, or ``_sample_uniform`` for symbols: `name`, `attr`,
        `key`.

    Raises
    ------
    OperatorError
        If one limit is a Symbol, and the other a number.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> uniform(-1, 1, shape=(2, 3), name="noise").eval()[0].shape
    (2, 3)
    >>> rows = uniform(sym.var("low"), sym.var("high"), shape=3)
    >>> rows.eval(low=np.array([0.0, 10.0]), high=np.array([1.0, 11.0]))[0].floor().asnumpy()
    array([[ 0.,  0.,  0.],
           [10., 10., 10.]])
    """
    return _drawn("uniform", {"low": low, "high": high}, shape, dtype, kwargs)


def normal(loc: Number | Symbol = 0.0, scale: Number | Symbol = 1.0, shape: ShapeLike | None = None,
           dtype: DTypeLike | None = None, **kwargs: Any) -> Symbol:
    """Return a Symbol of normally distributed numbers of mean `loc` and deviation `scale`; parameters as `uniform`.

    Examples
    --------
    >>> normal(5, 0.1, shape=4).eval()[0].round().asnumpy()
    array([5., 5., 5., 5.], dtype=float32)
    """
    return _drawn("normal", {"loc": loc, "scale": scale}, shape, dtype, kwargs)


def randn(*shape: int, loc: Number | Symbol = 0.0, scale: Number | Symbol = 1.0, dtype: DTypeLike | None = None,
          **kwargs: Any) -> Symbol:
    """Return a Symbol of normally distributed numbers; the shape is given by position, other parameters as `normal`.

    Examples
    --------
    >>> randn(2, 3).infer_shape()[1]
    [(2, 3)]
    """
    return normal(loc, scale, shape or None, dtype, **kwargs)


def gamma(alpha: Number | Symbol = 1.0, beta: Number | Symbol = 1.0, shape: ShapeLike | None = None,
          dtype: DTypeLike | None = None, **kwargs: Any) -> Symbol:
    """Return a Symbol of numbers of a gamma distribution of shape `alpha` and scale `beta`; others as `uniform`.

    Examples
    --------
    >>> gamma(9, 0.5, shape=3).infer_shape()[1]
    [(3,)]
    """
    return _drawn("gamma", {"alpha": alpha, "beta": beta}, shape, dtype, kwargs)


def exponential(scale: Number | Symbol = 1.0, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
                **kwargs: Any) -> Symbol:
    """Return a Symbol of numbers of an exponential distribution of mean `scale`; other parameters as `uniform`.

    Examples
    --------
    >>> exponential(2, name="wait").attr("lam")
    '0.5'
    """
    return _drawn("exponential", {"lam": _rate_of(scale)}, shape, dtype, kwargs)


def poisson(lam: Number | Symbol = 1.0, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
            **kwargs: Any) -> Symbol:
    """Return a Symbol of numbers of a Poisson distribution of mean `lam`; other parameters as `uniform`.

    Examples
    --------
    >>> poisson(0, shape=2).eval()[0].asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("poisson", {"lam": lam}, shape, dtype, kwargs)


def negative_binomial(k: Number | Symbol = 1, p: Number | Symbol = 1.0, shape: ShapeLike | None = None,
                      dtype: DTypeLike | None = None, **kwargs: Any) -> Symbol:
    """Return a Symbol of how many successes come before `k` failures of probability `p`; others as `uniform`.

    Examples
    --------
    >>> negative_binomial(3, 1.0, shape=2).eval()[0].asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("negative_binomial", {"k": k, "p": p}, shape, dtype, kwargs)


def generalized_negative_binomial(mu: Number | Symbol = 1.0, alpha: Number | Symbol = 1.0,
                                  shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
                                  **kwargs: Any) -> Symbol:
    """Return a Symbol of numbers of a negative binomial distribution of mean `mu` and dispersion `alpha`.

    Other parameters as `uniform`.

    Examples
    --------
    >>> generalized_negative_binomial(0.0, 1.0, shape=2).eval()[0].asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("generalized_negative_binomial", {"mu": mu, "alpha": alpha}, shape, dtype, kwargs)


def randint(low: int, high: int, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
            **kwargs: Any) -> Symbol:
    """Return a Symbol of integers drawn evenly from [low, high), int32 when `dtype` is left out; others as `uniform`.

    Examples
    --------
    >>> randint(3, 4, shape=2).eval()[0].asnumpy()
    array([3, 3], dtype=int32)
    """
    return _drawn("randint", {"low": low, "high": high}, shape, dtype, kwargs)


def multinomial(data: Symbol, shape: ShapeLike | None = None, get_prob: bool = True, dtype: DTypeLike = "int32",
                **kwargs: Any) -> Symbol:
    """Return a Symbol of classes drawn with the probabilities along the last axis.

    Parameters
    ----------
    data : Symbol
        The probabilities, of shape (…, classes).
    shape : int or tuple of int, optional
        How many classes to draw of each distribution; one when left out.
    get_prob : bool, optional
        Whether the logarithms of the classes' probabilities are a second output; they are unless you decline, as in
        MXNet.
    dtype : dtype, optional
    **kwargs : object
        Further arguments of the operator ``_sample_multinomial``: `name`, `attr`, `key`.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> drawn = multinomial(sym.var("p"), name="drawn")
    >>> [x.tolist() for x in drawn.eval(p=np.array([[0.0, 1.0], [1.0, 0.0]]))]
    [[1, 0], [0.0, 0.0]]
    """
    given = {} if shape is None else {"shape": shape}
    return function("_sample_multinomial")(data, **given, get_prob=get_prob, dtype=dtype, **kwargs)


def shuffle(data: Symbol, **kwargs: Any) -> Symbol:
    """Return a Symbol with the rows of another in random order.

    Parameters
    ----------
    data : Symbol
    **kwargs : object
        Further arguments of the operator ``_shuffle``: `name`, `attr`, `key`.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> sorted(shuffle(sym.var("x")).eval(x=np.arange(3.0))[0].tolist())
    [0.0, 1.0, 2.0]
    """
    return function("_shuffle")(data, **kwargs)


__getattr__ = lazy.attributes(globals(), registry.functions(function, _like))


def __dir__() -> list[str]:
    return _names(globals())
