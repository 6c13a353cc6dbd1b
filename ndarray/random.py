"""Random numbers, from one generator: of given numbers, or for each element of arrays of parameters."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from ndarray import generator, lazy, registry
from ndarray.array import NDArray, as_ndarray
from ndarray.context import Context, current_context
from ndarray.create import _raised_as
from ndarray.errors import OperatorError, ParamError
from ndarray.functions import function

if TYPE_CHECKING:
    from ndarray.typing import DTypeLike, Number, ShapeLike


def seed(seed_state: int, ctx: Context | str = "all") -> None:
    """Restart the generator, so that the same numbers follow.

    Parameters
    ----------
    seed_state : int
    ctx : optional
        Accepted for MXNet's signature.

    Examples
    --------
    >>> seed(1); a = uniform(shape=2); seed(1); bool((a == uniform(shape=2)).min())
    True
    """
    with _raised_as("seed"):
        generator.seed(int(seed_state))


def get_state() -> dict[str, object]:
    """Return the state of the generator, as a dict that JSON can hold; `set_state` goes on from it.

    Examples
    --------
    >>> state = get_state()
    >>> a = uniform(shape=2)
    >>> set_state(state)
    >>> bool((a == uniform(shape=2)).min())
    True
    """
    return generator.get_state()


def set_state(state: dict[str, object]) -> None:
    """Let the generator go on from a state that `get_state` has returned.

    Parameters
    ----------
    state : dict

    Raises
    ------
    ParamError
        If it is not a state of this generator.
    """
    generator.set_state(state)


def _drawn(distribution: str, params: dict[str, Any], shape: ShapeLike | None, dtype: DTypeLike | None,
           ctx: Context | str | None, out: NDArray | None, more: dict[str, Any]) -> Any:
    """Call ``_random_X`` with numbers or ``_sample_X`` with arrays."""
    (Context(ctx) if ctx is not None else current_context()).check_usable()
    sampled = _of_arrays(distribution, params, NDArray)
    if out is not None:
        dtype = out._data.dtype if dtype is None else dtype
        shape = out.shape if shape is None and not sampled else shape
    given = {k: v for k, v in (("shape", shape), ("dtype", dtype)) if v is not None}
    if sampled:
        return function(f"_sample_{distribution}")(*params.values(), **given, out=out, **more)
    return function(f"_random_{distribution}")(**params, **given, out=out, **more)


def _of_arrays(distribution: str, params: dict[str, Any], kind: type) -> bool:
    """Tell whether the parameters of a distribution are arrays or symbols; raise if some are and some are not."""
    found = [name for name, value in params.items() if isinstance(value, kind)]
    if found and len(found) < len(params):
        others = ", ".join(name for name in params if name not in found)
        raise OperatorError(f"{distribution}: expected {kind.__name__} or number for all parameters, got "
                            f"{kind.__name__} for {', '.join(found)} and not for {others}")
    return bool(found)


def _rate_of(scale: Any) -> Any:
    """Return the rate of an exponential distribution of mean `scale`."""
    if isinstance(scale, Real) and not scale:
        raise ParamError("exponential: scale must be positive, got 0")
    return 1.0 / scale


def uniform(low: Number | NDArray = 0.0, high: Number | NDArray = 1.0, shape: ShapeLike | None = None,
            dtype: DTypeLike | None = None, ctx: Context | str | None = None, out: NDArray | None = None,
            **kwargs: Any) -> NDArray:
    """Return numbers drawn evenly from [low, high).

    Parameters
    ----------
    low, high : float or NDArray
        The limits; arrays have one shape, and each pair of elements is a distribution.
    shape : int or tuple of int, optional
        How many numbers to draw of each distribution; when left out, one for each element of arrays, and of numbers the
        shape of `out`, or (1,).
    dtype : dtype, optional
        float32 when left out, or that of arrays.
    ctx : Context, optional
    out : NDArray, optional
        Filled instead of a new array.
    **kwargs : object
        Further arguments of the operator ``_random_uniform``, or ``_sample_uniform`` for arrays: `key`, which fixes
        what is drawn.

    Raises
    ------
    OperatorError
        If one limit is an array, and the other a number.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = uniform(-1, 1, shape=(2, 3))
    >>> x.shape, bool(abs(x).max() <= 1)
    ((2, 3), True)
    >>> uniform(nd.array([0, 10]), nd.array([1, 11]), shape=3).floor().asnumpy()
    array([[ 0.,  0.,  0.],
           [10., 10., 10.]], dtype=float32)
    """
    return _drawn("uniform", {"low": low, "high": high}, shape, dtype, ctx, out, kwargs)


def normal(loc: Number | NDArray = 0.0, scale: Number | NDArray = 1.0, shape: ShapeLike | None = None,
           dtype: DTypeLike | None = None, ctx: Context | str | None = None, out: NDArray | None = None,
           **kwargs: Any) -> NDArray:
    """Return normally distributed numbers of mean `loc` and standard deviation `scale`; parameters as `uniform`.

    Raises
    ------
    ParamError
        If `scale` is negative.

    Examples
    --------
    >>> seed(0)
    >>> round(float(normal(5, 0.1, shape=10_000, dtype="float64").mean().asscalar()), 2)
    5.0
    """
    return _drawn("normal", {"loc": loc, "scale": scale}, shape, dtype, ctx, out, kwargs)


def randn(*shape: int, loc: Number | NDArray = 0.0, scale: Number | NDArray = 1.0, dtype: DTypeLike | None = None,
          ctx: Context | str | None = None, out: NDArray | None = None, **kwargs: Any) -> NDArray:
    """Return normally distributed numbers; the shape is given by position, other parameters as `normal`.

    Examples
    --------
    >>> randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape or None, dtype, ctx, out, **kwargs)


def gamma(alpha: Number | NDArray = 1.0, beta: Number | NDArray = 1.0, shape: ShapeLike | None = None,
          dtype: DTypeLike | None = None, ctx: Context | str | None = None, out: NDArray | None = None,
          **kwargs: Any) -> NDArray:
    """Return numbers of a gamma distribution of shape `alpha` and scale `beta`; other parameters as `uniform`.

    Examples
    --------
    >>> bool((gamma(9, 0.5, shape=(2, 3)) > 0).min())
    True
    """
    return _drawn("gamma", {"alpha": alpha, "beta": beta}, shape, dtype, ctx, out, kwargs)


def exponential(scale: Number | NDArray = 1.0, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
                ctx: Context | str | None = None, out: NDArray | None = None, **kwargs: Any) -> NDArray:
    """Return numbers of an exponential distribution of mean `scale`; other parameters as `uniform`.

    The operator ``random_exponential`` takes the rate, ``1 / scale``.

    Examples
    --------
    >>> seed(0)
    >>> round(float(exponential(2, shape=10_000).mean().asscalar()))
    2
    """
    return _drawn("exponential", {"lam": _rate_of(scale)}, shape, dtype, ctx, out, kwargs)


def poisson(lam: Number | NDArray = 1.0, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
            ctx: Context | str | None = None, out: NDArray | None = None, **kwargs: Any) -> NDArray:
    """Return numbers of a Poisson distribution of mean `lam`; other parameters as `uniform`.

    Examples
    --------
    >>> poisson(0, shape=2).asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("poisson", {"lam": lam}, shape, dtype, ctx, out, kwargs)


def negative_binomial(k: Number | NDArray = 1, p: Number | NDArray = 1.0, shape: ShapeLike | None = None,
                      dtype: DTypeLike | None = None, ctx: Context | str | None = None, out: NDArray | None = None,
                      **kwargs: Any) -> NDArray:
    """Return how many successes come before `k` failures of probability `p`; other parameters as `uniform`.

    Examples
    --------
    >>> negative_binomial(3, 1.0, shape=2).asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("negative_binomial", {"k": k, "p": p}, shape, dtype, ctx, out, kwargs)


def generalized_negative_binomial(mu: Number | NDArray = 1.0, alpha: Number | NDArray = 1.0,
                                  shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
                                  ctx: Context | str | None = None, out: NDArray | None = None,
                                  **kwargs: Any) -> NDArray:
    """Return numbers of a negative binomial distribution of mean `mu` and dispersion `alpha`; others as `uniform`.

    Examples
    --------
    >>> generalized_negative_binomial(0.0, 1.0, shape=2).asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _drawn("generalized_negative_binomial", {"mu": mu, "alpha": alpha}, shape, dtype, ctx, out, kwargs)


def randint(low: int, high: int, shape: ShapeLike | None = None, dtype: DTypeLike | None = None,
            ctx: Context | str | None = None, out: NDArray | None = None, **kwargs: Any) -> NDArray:
    """Return integers drawn evenly from [low, high), int32 when `dtype` is left out; other parameters as `uniform`.

    Examples
    --------
    >>> x = randint(0, 10, shape=100)
    >>> x.dtype, bool(0 <= x.min().asscalar() <= x.max().asscalar() < 10)
    (<class 'numpy.int32'>, True)
    """
    return _drawn("randint", {"low": low, "high": high}, shape, dtype, ctx, out, kwargs)


def multinomial(data: NDArray, shape: ShapeLike | None = None, get_prob: bool = False, out: Any = None,
                dtype: DTypeLike = "int32", **kwargs: Any) -> Any:
    """Return classes drawn with the probabilities along the last axis.

    Parameters
    ----------
    data : NDArray, shape (…, classes)
        The probabilities.
    shape : int or tuple of int, optional
        How many classes to draw of each distribution; one when left out.
    get_prob : bool, optional
        Return the logarithms of the classes' probabilities as well.
    out : NDArray or list of NDArray, optional
    dtype : dtype, optional
    **kwargs : object
        Further arguments of the operator ``_sample_multinomial``.

    Returns
    -------
    NDArray, or list of two with `get_prob`

    Examples
    --------
    >>> import ndarray as nd
    >>> multinomial(nd.array([[0, 1], [1, 0]]), shape=3).asnumpy()
    array([[1, 1, 1],
           [0, 0, 0]], dtype=int32)
    """
    given = {} if shape is None else {"shape": shape}
    return function("_sample_multinomial")(data, **given, get_prob=get_prob, dtype=dtype, out=out, **kwargs)


def shuffle(data: Any, **kwargs: Any) -> NDArray:
    """Return the array with its rows in random order.

    Parameters
    ----------
    data : array, at least one axis
    **kwargs : object
        Further arguments of the operator ``_shuffle``: `out`, `key`.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.arange(5)
    >>> sorted(shuffle(x).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    return function("_shuffle")(data if isinstance(data, NDArray) else as_ndarray(data), **kwargs)


def _like(name: str) -> str | None:
    """Return the name of the operator behind ``random.X_like``, None where there is none."""
    return registry.known(f"_random_{name}") if name.endswith("_like") else None


def _names(namespace: dict[str, Any]) -> list[str]:
    """Return the functions that a module of random numbers has."""
    own = [name for name, value in namespace.items()
           if name[0] != "_" and getattr(value, "__module__", None) == namespace["__name__"]]
    return sorted({*own, *filter(_like, (name.removeprefix("_random_") for name in registry.names()))})


__getattr__ = lazy.attributes(globals(), registry.functions(function, _like))


def __dir__() -> list[str]:
    return _names(globals())
