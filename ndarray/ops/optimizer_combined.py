"""Updates made of others: combinators, each of which makes an operator of an update operator and a few lines.

The name of what is made is the combinator's and the update's, as in ``cautious_adam_update``; such operators are made
when they are first looked up, and are not listed.  `symbolic.optimizers` has a function for each combinator.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from ndarray import registry
from ndarray.dtypes import FLOAT64
from ndarray.errors import OperatorError
from ndarray.operator import Input, Operator
from ndarray.ops.optimizer_common import Least, Share, StepNumber, scalars_in, squared_norm
from ndarray.params import REQUIRED, Param, Scalar, Within
from ndarray.rules import agree


class Combinator(NamedTuple):
    """What an update is combined with.

    Attributes
    ----------
    compute : callable
        Of gradients: ``compute(xp, grad, weight, **params) -> gradient``.  Of steps: ``compute(xp, weight, stepped,
        grad, *states, **params) -> (weight, *new states)``, where `stepped` is the weight after the update.
    of_gradients : bool
        Whether the gradient is changed before the update, or the weight after it.
    params : dict of str to (annotation, default)
    states : tuple of str
        Like the weight, and a copy of it at first.
    decays_after : bool
        Whether decay is left out of the update, and is decoupled after it.
    fusible : bool
        Whether elements depend on nothing but the same elements.
    """

    compute: Callable[..., Any]
    of_gradients: bool = False
    params: dict[str, tuple[Any, Any]] = {}
    states: tuple[str, ...] = ()
    decays_after: bool = False
    fusible: bool = False


def _centralized(xp, grad, weight):
    if grad.ndim < 2:
        return grad
    return grad - xp.mean(grad, axis=tuple(range(1, grad.ndim)), keepdims=True)


def _clipped_by_unit(xp, grad, weight, agc_clipping, agc_epsilon):
    clipping, epsilon, tiny = scalars_in(xp, grad.dtype, agc_clipping, agc_epsilon, 1e-6)
    if grad.ndim > 1:
        axes = tuple(range(1, grad.ndim))
        size, length = (xp.sqrt(xp.sum(x * x, axis=axes, keepdims=True)) for x in (weight, grad))
    else:
        size, length = scalars_in(xp, grad.dtype, *[xp.sqrt(squared_norm(xp, x)) for x in (weight, grad)])
    most = clipping * xp.maximum(size, epsilon)
    return xp.where(length > most, grad * (most / xp.maximum(length, tiny)), grad)


def _cautious(xp, weight, stepped, grad):
    step = weight - stepped
    agrees = step * grad > 0
    share = xp.sum(xp.astype(agrees, FLOAT64)) / max(1, math.prod(agrees.shape))
    share, = scalars_in(xp, weight.dtype, xp.maximum(share, 1e-3))
    return (weight - xp.where(step * grad <= 0, xp.zeros_like(step), step / share),)  # NaN is neither, and stays


def _grams(xp, weight, stepped, grad):
    return (weight - xp.sign(grad) * xp.abs(weight - stepped),)


def _bounded(xp, weight, stepped, grad, norm_bound, norm_epsilon):
    step = weight - stepped
    size, length = (xp.sqrt(squared_norm(xp, x)) for x in (weight, step))
    most = norm_bound * xp.maximum(size, norm_epsilon)
    factor, = scalars_in(xp, weight.dtype, xp.minimum(most / xp.maximum(length, 1e-300), 1.0))
    return (weight - factor * step,)


def _lookahead(xp, weight, stepped, grad, slow, t, lookahead_period, lookahead_alpha):
    alpha, = scalars_in(xp, weight.dtype, lookahead_alpha)
    meets = t / lookahead_period == xp.floor(t / lookahead_period)
    slow = xp.where(meets, slow + alpha * (stepped - slow), slow)
    return xp.where(meets, slow, stepped), slow


def _averaged(xp, weight, stepped, grad, average, ema_decay):
    keep, rest = scalars_in(xp, weight.dtype, ema_decay, 1 - ema_decay)
    return stepped, keep * average + rest * stepped


Positive = Annotated[Scalar, Within(0, math.inf, but=0)]

COMBINATORS = {
    "centralized": Combinator(_centralized, of_gradients=True),
    "agc": Combinator(_clipped_by_unit, of_gradients=True,
                      params={"agc_clipping": (Positive, 0.01), "agc_epsilon": (Positive, 1e-3)}),
    "cautious": Combinator(_cautious, decays_after=True),
    "grams": Combinator(_grams, decays_after=True, fusible=True),
    "bounded": Combinator(_bounded, decays_after=True,
                          params={"norm_bound": (Least, 0.1), "norm_epsilon": (Least, 1e-3)}),
    "lookahead": Combinator(_lookahead, states=("slow_weight",), fusible=True, params={
        "t": (StepNumber, REQUIRED), "lookahead_period": (Positive, 5.0), "lookahead_alpha": (Scalar, 0.5)}),
    "ema": Combinator(_averaged, states=("ema_weight",), fusible=True, params={"ema_decay": (Share, 0.999)}),
}
"""Each combinator by the name that its operators begin with."""


def combined(name: str, op: Operator) -> Operator:
    """Return the operator of an update with a combinator.

    Raises
    ------
    OperatorError
        If it is not an update of one tensor in one precision, or the combinator is in it already.
    """
    how = COMBINATORS[name]
    if op.update is None or op.many or "weight32" in op.names:
        raise OperatorError(f"{name}: expected an update of one tensor without a copy in float32, got {op.name}")
    if {*how.states} & {*op.names} or ({*how.params} - {"t"}) & {*op.params}:
        raise OperatorError(f"{name}: {op.name} has it already")
    own = {key: Param.read(key, *read) for key, read in how.params.items()}
    update = op.update._replace(names=(), copies=(*op.update.copies, *how.states))
    if "t" in own:
        update = update._replace(count="t")
    if how.decays_after:
        update = update._replace(decay_times_rate=False)
    return dataclasses.replace(
        op, name=f"{name}_{op.name}", aliases=(), inputs=(*op.inputs, *map(Input, how.states)),
        params={**op.params, **own}, infer=_inferring(op, len(how.states)), compute=_body(op, how, update),
        writes=(*op.writes, *how.states), fusible=op.fusible and how.fusible,
        tensorwise=op.tensorwise and how.fusible, declared_update=update, kind="update", stored_name=None, rules={})


def _inferring(op, n):
    """Return the rule of an update with `n` more states like the weight."""
    if not n:
        return op.infer

    def infer(inputs, outputs, params):
        alike = agree([inputs[0], *inputs[-n:]])
        found, outputs = op.infer([alike, *inputs[1:-n]], outputs, params)
        return [*found, *[found[0]] * n], outputs

    return infer


def _body(op, how, update):
    """Return what computes an update and the combinator."""
    n, decay = len(op.inputs), update.decay if how.decays_after else None

    def compute(xp, *arrays, **params):
        weight, grad = arrays[:2]
        within = {key: value for key, value in params.items() if key in op.params}
        own = {key: params[key] for key in how.params}
        if how.of_gradients:
            return op.compute(xp, weight, how.compute(xp, grad, weight, **own), *arrays[2:], **within)
        if decay:
            within[decay] = 0.0
        result = op.compute(xp, *arrays[:n], **within)
        stepped, *states = result if op.writes else (result,)
        signed, = scalars_in(xp, weight.dtype, params.get("rescale_grad", 1.0))
        new, *more = how.compute(xp, weight, stepped, signed * grad, *arrays[n:], **own)
        if decay:
            shrunk, = scalars_in(xp, weight.dtype, params[decay])
            new = new - shrunk * weight
        return (new, *states, *more) if op.writes or more else new

    first = (op.__doc__ or "").strip().partition("\n")[0]
    compute.__doc__ = f"{first}  With {how.compute.__name__.strip('_')} steps."
    return compute


for _name in COMBINATORS:
    registry.derive(f"{_name}_", lambda op, name=_name: combined(name, op))
