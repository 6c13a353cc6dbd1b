"""Operators that MXNet keeps under ``contrib``, and its updates of lists of arrays.

Each update is written once, over the function that calls its operator: on arrays here, as a node in `symbolic.contrib`.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import lazy, registry
from ndarray.array import NDArray, expect_array, invoke
from ndarray.errors import OperatorError, ShapeError
from ndarray.functions import function
from ndarray.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence


def on_arrays(op_name: str, inputs: Sequence[NDArray], out: Any = None, *, scale: Any = None, name: str | None = None,
              **params: Any) -> Any:
    """Call an operator on arrays.

    Parameters
    ----------
    op_name : str
    inputs : sequence of NDArray
    out : list of NDArray, optional
    scale : NDArray of one element, or number, optional
        The last input: a number becomes an array, in the dtype of the input before it.
    name : str, optional
        Accepted and ignored.
    **params
    """
    if scale is not None and not isinstance(scale, NDArray):
        scale = NDArray(np.array([scale], inputs[-1].dtype if inputs else np.float32))
    params = {k: v._data if isinstance(v, NDArray) else v for k, v in params.items()}
    return invoke(registry.get(op_name), inputs if scale is None else (*inputs, scale), params, out)


def adamw_update(weight: Any, grad: Any, mean: Any, var: Any, rescale_grad: Any, lr: Any, eta: Any,
                 beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8, wd: Any = 0, clip_gradient: Any = -1,
                 out: Any = None, name: str | None = None, *, call: Any = on_arrays) -> Any:
    """Step of AdamW; `rescale_grad` is a number or an NDArray of one element.

    The arguments are those of the operator `adamw_update`.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight = nd.array([1])
    >>> nd.contrib.adamw_update(weight, nd.array([2]), nd.zeros(1), nd.zeros(1), 1, lr=0.5, eta=1, beta1=0.5,
    ...                         beta2=0.75, out=weight).asnumpy()
    array([0.5], dtype=float32)
    """
    return call("_adamw_update", (weight, grad, mean, var), out, scale=rescale_grad, name=name, lr=lr,
                eta=eta, beta1=beta1, beta2=beta2, epsilon=epsilon, wd=wd, clip_gradient=clip_gradient)


def mp_adamw_update(weight: Any, grad: Any, mean: Any, var: Any, weight32: Any, rescale_grad: Any, lr: Any,
                    eta: Any, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8, wd: Any = 0,
                    clip_gradient: Any = -1, out: Any = None, name: str | None = None, *, call: Any = on_arrays) -> Any:
    """Step of AdamW on `weight32`; `rescale_grad` is a number or an NDArray of one element.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, weight32 = nd.array([1], dtype="float16"), nd.array([1])
    >>> grad, mean, var = nd.array([2], dtype="float16"), nd.zeros(1), nd.zeros(1)
    >>> nd.contrib.mp_adamw_update(weight, grad, mean, var, weight32, 1, lr=0.5, eta=1, beta1=0.5, beta2=0.75,
    ...                            out=weight).asnumpy()
    array([0.5], dtype=float16)
    >>> weight32.asnumpy()
    array([0.5], dtype=float32)
    """
    return call("_mp_adamw_update", (weight, grad, mean, var, weight32), out, scale=rescale_grad, name=name, lr=lr,
                eta=eta, beta1=beta1, beta2=beta2, epsilon=epsilon, wd=wd, clip_gradient=clip_gradient)


def multi_adamw_update(weights: Sequence[Any], grads: Sequence[Any], mean: Sequence[Any], var: Sequence[Any],
                       rescale_grad: Any, lrs: Any, wds: Any, etas: Any, out: Any = None, name: str | None = None,
                       size: int = 0, *, call: Any = on_arrays, **params: Any) -> Any:
    """Step of AdamW on lists of arrays.

    Parameters
    ----------
    weights, grads, mean, var : list of NDArray
        Of one length.
    rescale_grad : NDArray of one element, or number
    lrs, wds, etas : list of number
        One for each tensor.
    out : list of NDArray, optional
        Where the new weights go.
    name : str, optional
        Accepted and ignored.
    size : int, optional
        Number of tensors; follows from the lists when 0.
    call : callable, optional
        Calls the operator; `on_arrays`, or what makes a node of it.
    **params
        ``beta1``, ``beta2``, ``epsilon``, ``clip_gradient``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weights = [nd.array([1]), nd.array([1, 1])]
    >>> zeros = [nd.zeros(1), nd.zeros(2)]
    >>> grads = [nd.array([2]), nd.array([2, 2])]
    >>> new = nd.contrib.multi_adamw_update(weights, grads, zeros, [z.copy() for z in zeros], 1, lrs=[0.5, 0.25],
    ...                                     wds=[0, 0], etas=[1, 1], beta1=0.5, beta2=0.75)
    >>> [x.asnumpy().tolist() for x in new]
    [[0.5], [0.75, 0.75]]
    """
    tensors = interleaved("multi_adamw_update", size, weights=weights, grads=grads, mean=mean, var=var)
    return call("_multi_adamw_update", tensors, out, scale=rescale_grad, name=name, lrs=lrs,
                wds=wds, etas=etas, **params)


def multi_mp_adamw_update(weights: Sequence[Any], grads: Sequence[Any], mean: Sequence[Any],
                          var: Sequence[Any], weights32: Sequence[Any], rescale_grad: Any, lrs: Any, wds: Any,
                          etas: Any, out: Any = None, name: str | None = None, size: int = 0, *,
                          call: Any = on_arrays, **params: Any) -> Any:
    """Step of AdamW on lists of arrays, computed on `weights32`; otherwise as `multi_adamw_update`."""
    tensors = interleaved("multi_mp_adamw_update", size, weights=weights, grads=grads, mean=mean, var=var,
                          weights32=weights32)
    return call("_multi_mp_adamw_update", tensors, out, scale=rescale_grad, name=name,
                lrs=lrs, wds=wds, etas=etas, **params)


def multi_lamb_update(weights: Sequence[Any], grads: Sequence[Any], mean: Sequence[Any], var: Sequence[Any],
                      step_count: Any, lrs: Any, wds: Any, out: Any = None, num_tensors: int = 0,
                      name: str | None = None, *, call: Any = on_arrays, **params: Any) -> Any:
    """Step of LAMB on lists of arrays.

    Parameters
    ----------
    weights, grads, mean, var : list of NDArray
        Of one length.
    step_count, lrs, wds : list of number
        One for each tensor; steps count from 1.
    out : list of NDArray, optional
        Where the new weights go.
    num_tensors : int, optional
        Number of tensors; follows from the lists when 0.
    name : str, optional
        Accepted and ignored.
    call : callable, optional
        As of `multi_adamw_update`.
    **params
        Those of the operator ``_multi_lamb_update``.
    """
    tensors = interleaved("multi_lamb_update", num_tensors, weights=weights, grads=grads, mean=mean, var=var)
    return call("_multi_lamb_update", tensors, out, name=name, step_count=step_count, learning_rates=lrs, wds=wds,
                **params)


def multi_mp_lamb_update(weights: Sequence[Any], grads: Sequence[Any], mean: Sequence[Any],
                         var: Sequence[Any], weights32: Sequence[Any], step_count: Any, lrs: Any, wds: Any,
                         out: Any = None, num_tensors: int = 0, name: str | None = None, *, call: Any = on_arrays,
                         **params: Any) -> Any:
    """Step of LAMB on lists of arrays, computed on `weights32`; otherwise as `multi_lamb_update`."""
    tensors = interleaved("multi_mp_lamb_update", num_tensors, weights=weights, grads=grads, mean=mean, var=var,
                          weights32=weights32)
    return call("_multi_mp_lamb_update", tensors, out, name=name, step_count=step_count, learning_rates=lrs,
                wds=wds, **params)


def multi_lans_update(weights: Sequence[Any], grads: Sequence[Any], mean: Sequence[Any], var: Sequence[Any],
                      step_count: Any, lrs: Any, wds: Any, out: Any = None, num_tensors: int = 0,
                      name: str | None = None, *, call: Any = on_arrays, **params: Any) -> Any:
    """Step of LANS on lists of arrays; the arguments are those of `multi_lamb_update`."""
    tensors = interleaved("multi_lans_update", num_tensors, weights=weights, grads=grads, mean=mean, var=var)
    return call("_multi_lans_update", tensors, out, name=name, step_count=step_count, learning_rates=lrs, wds=wds,
                **params)


def clip_global_norm(arrays: Sequence[NDArray], max_norm: float, check_isfinite: bool = True) -> Any:
    """Scale arrays in place so that their common norm is at most `max_norm`.

    Parameters
    ----------
    arrays : list of NDArray
        Floating, at least one.
    max_norm : float
    check_isfinite : bool, optional
        Return a number, and warn when it is not finite.

    Returns
    -------
    float, or NDArray of shape (1,)
        The norm before the scaling; an NDArray when `check_isfinite` is false.

    Raises
    ------
    OperatorError
        If the list is empty.

    See Also
    --------
    ndarray.clip_global_norm : The operator, which writes nothing.

    Examples
    --------
    >>> import ndarray as nd
    >>> grads = [nd.array([3]), nd.array([4])]
    >>> nd.contrib.clip_global_norm(grads, 2.5)
    5.0
    >>> [g.asnumpy().tolist() for g in grads]
    [[1.5], [2.0]]
    """
    if not arrays:
        raise OperatorError("clip_global_norm: expected at least one array, got an empty list")
    norm = NDArray(np.empty(1, np.float32), arrays[0].context)
    on_arrays("clip_global_norm", arrays, [*arrays, norm], max_norm=max_norm)
    if not check_isfinite:
        return norm
    length = float(norm.asscalar())
    if not math.isfinite(length):
        warnings.warn("nan or inf is detected. Clipping results will be undefined.", stacklevel=2)
    return length


def interleaved(name: str, n: int, **lists: Sequence[Any]) -> list[Any]:
    """Return the arrays of several lists tensor by tensor.

    Raises
    ------
    ShapeError
        If the lists differ in length, or are shorter than `n`.
    """
    n = n or len(next(iter(lists.values())))
    for key, arrays in lists.items():
        if len(arrays) != n:
            raise ShapeError(f"{name}: {key} has {counted(len(arrays), 'array')} for {counted(n, 'tensor')}")
    return [x for tensor in zip(*lists.values()) for x in tensor]


def allclose(a: NDArray, b: NDArray, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> NDArray:
    """Tell whether two arrays are element-wise equal within a tolerance, as one 1 or 0.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.contrib.allclose(nd.ones(2), nd.ones(2)).asscalar()
    np.float32(1.0)
    """
    equal = np.allclose(expect_array(a, "allclose")._data, expect_array(b, "allclose")._data, rtol, atol, equal_nan)
    return NDArray(np.array([equal], np.float32), a._ctx)


UPDATES = (adamw_update, mp_adamw_update, multi_adamw_update, multi_mp_adamw_update, multi_lamb_update,
           multi_mp_lamb_update, multi_lans_update)
"""The functions here that call an operator by their ``call=``."""

__getattr__ = lazy.attributes(globals(), registry.functions(function, lambda name: registry.within("contrib", name)))


def __dir__() -> list[str]:
    return sorted({*globals(), *(n.removeprefix("_contrib_") for n in registry.names() if n.startswith("_contrib_"))})
