"""A jaxpr as nodes: each equation in the words of `symbolic.autodiff.trace.Trace`."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.extend.core import Literal
from jax.lax import RoundingMethod

from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.jax import indexing
from symbolic.jax.refused import Refused

LONGEST = 32
"""Turns of a loop that becomes nodes."""

EFFECTS = ("pure_callback", "io_callback", "debug_callback", "debug_print")
"""Primitives that are refused even where their inputs are constants."""


def read(xp: Trace, jaxpr: Any, consts: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """Return the outputs of a jaxpr as traced values, or as constants where no input reaches them.

    Parameters
    ----------
    xp : Trace
    jaxpr : jax.extend.core.Jaxpr
    consts, values : sequence of (Traced or numpy.ndarray)
        Of its constants and of its inputs.

    Raises
    ------
    Refused
        Naming a primitive that no operator computes, and its place.
    """
    env = dict(zip(jaxpr.constvars, map(np.asarray, consts))) | dict(zip(jaxpr.invars, values))

    def value(v: Any) -> Any:
        return np.asarray(v.val, v.aval.dtype) if isinstance(v, Literal) else env[v]

    for eqn in jaxpr.eqns:
        try:
            found = _equation(xp, eqn, [value(v) for v in eqn.invars])
        except Refused as refused:
            refused.within(eqn)
            raise
        env.update((v, _typed(xp, x, v.aval)) for v, x in zip(eqn.outvars, found, strict=True))
    return [value(v) for v in jaxpr.outvars]


def _typed(xp: Trace, x: Any, aval: Any) -> Any:
    """Return a value in the dtype that JAX gives it; truth values stay as they are, and are known as such."""
    if not isinstance(x, Traced):
        return x
    if aval.dtype == bool:
        return x if x.mask else Traced(x.trace, x.entry, x.type, True)
    return xp.astype(x, aval.dtype)


def _equation(xp: Trace, eqn: Any, values: list[Any]) -> list[Any]:
    name, params = eqn.primitive.name, eqn.params
    inner = next((params[key] for key in ("jaxpr", "call_jaxpr") if key in params), None)
    if name in LOOPS:
        return LOOPS[name](xp, eqn, values)
    if inner is not None:
        return read(xp, getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), values)
    if name not in EFFECTS and not any(isinstance(v, Traced) for v in values):
        found = eqn.primitive.bind(*values, **params)
        return [np.asarray(y) for y in (found if eqn.primitive.multiple_results else [found])]
    if name == "cond":
        branches = [read(xp, b.jaxpr, b.consts, values[1:]) for b in params["branches"]]
        return [_chosen(xp, values[0], cases) for cases in zip(*branches, strict=True)]
    if name not in PRIMITIVES:
        raise Refused(eqn)
    found = PRIMITIVES[name](xp, eqn, *values)
    return list(found) if eqn.primitive.multiple_results else [found]


def _scan(xp: Trace, eqn: Any, values: list[Any]) -> list[Any]:
    """Return what a loop of a fixed number of turns leaves, each turn as nodes of its own."""
    params, turns, inner = eqn.params, eqn.params["length"], eqn.params["jaxpr"]
    if turns > LONGEST:
        raise Refused(eqn, f"of {turns} turns; at most {LONGEST} become nodes")
    n = params["num_consts"] + params["num_carry"]
    consts, carried, along = values[:params["num_consts"]], values[params["num_consts"]:n], values[n:]
    parts = [_unstacked(xp, x) for x in along]
    found: list[list[Any]] = []
    for k in reversed(range(turns)) if params["reverse"] else range(turns):
        results = read(xp, inner.jaxpr, inner.consts, [*consts, *carried, *(x[k] for x in parts)])
        carried = results[:params["num_carry"]]
        found.append(results[params["num_carry"]:])
    if params["reverse"]:
        found.reverse()
    types = [v.aval for v in eqn.outvars[params["num_carry"]:]]
    stacked = [xp.stack([xp.traced(turn[k], aval.dtype) for turn in found]) if found
               else np.zeros(aval.shape, aval.dtype) for k, aval in enumerate(types)]
    return [*carried, *stacked]


def _while(xp: Trace, eqn: Any, values: list[Any]) -> list[Any]:
    """Return what a loop leaves whose turns are counted by constants, each turn as nodes of its own."""
    params = eqn.params
    condition, body, n = params["cond_jaxpr"], params["body_jaxpr"], params["cond_nconsts"]
    asked, consts, carried = values[:n], values[n:n + params["body_nconsts"]], values[n + params["body_nconsts"]:]
    for _ in range(LONGEST + 1):
        more, = read(xp, condition.jaxpr, condition.consts, [*asked, *carried])
        if isinstance(more, Traced):
            raise Refused(eqn, "whose number of turns depends on values")
        if not more:
            return carried
        carried = read(xp, body.jaxpr, body.consts, [*consts, *carried])
    raise Refused(eqn, f"of more than {LONGEST} turns")


LOOPS: dict[str, Callable[..., list[Any]]] = {"scan": _scan, "while": _while}
"""Primitives with a jaxpr of their own that runs several times."""


def _chosen(xp: Trace, which: Any, cases: Sequence[Any]) -> Any:
    """Return the case whose number is `which`, an integer, or whether it is the second of two."""
    if not isinstance(which, Traced):
        if np.size(which) == 1:
            return cases[int(np.clip(which, 0, len(cases) - 1))]
        which = xp.constant(np.clip(which, 0, len(cases) - 1).astype(np.float32))
    if which.mask:
        return _where(xp, which, cases[1], cases[0])
    number: Any = which
    found = cases[-1]
    for k in reversed(range(len(cases) - 1)):
        found = _where(xp, number <= k, cases[k], found)
    return found


def _where(xp: Trace, condition: Any, x: Any, y: Any) -> Any:
    if x is y:
        return x
    truth = [v.mask if isinstance(v, Traced) else np.asarray(v).dtype == bool for v in (x, y)]
    x, y = (v if isinstance(v, Traced) or not np.ndim(v) else xp.constant(v) for v in (x, y))
    if not all(truth):
        return xp.where(condition, x, y)
    # Python's numbers in place of truth values, and the result is one again.
    x, y = (v if isinstance(v, Traced) else int(v) for v in (x, y))
    return xp.where(condition, x, y) != 0 if any(isinstance(v, Traced) for v in (x, y)) else (
        xp.logical_or(xp.logical_and(condition, x), xp.logical_and(xp.logical_not(condition), y)))


# One function for each primitive, or family: it takes the namespace, the equation and the values.

def _python(function: Callable) -> Callable:
    return lambda xp, eqn, *values: function(*values)


def _word(name: str) -> Callable:
    return lambda xp, eqn, *values: getattr(xp, name)(*values)


def _reduction(name: str) -> Callable:
    return lambda xp, eqn, x: getattr(xp, name)(x, axis=tuple(eqn.params["axes"]))


def _truth(word: str) -> Callable:
    def run(xp: Trace, eqn: Any, *values: Any) -> Any:
        if eqn.outvars[0].aval.dtype != bool:
            raise Refused(eqn, "of whole numbers")
        return getattr(xp, word)(*values)

    return run


def _all_or_any(word: str) -> Callable:
    def run(xp: Trace, eqn: Any, x: Any) -> Any:
        return getattr(xp, word)(xp.astype(_unmasked(x), np.float32), axis=tuple(eqn.params["axes"])) != 0

    return run


def _unmasked(x: Traced) -> Any:
    return Traced(x.trace, x.entry, x.type)


def _convert(xp: Trace, eqn: Any, x: Any) -> Any:
    dtype = np.dtype(eqn.params["new_dtype"])
    return (x if x.mask else x != 0) if dtype == np.bool_ else xp.astype(x, dtype)


def _broadcast(xp: Trace, eqn: Any, x: Any) -> Any:
    shape, kept = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    spread = xp.reshape(x, tuple([x.shape[kept.index(d)] if d in kept else 1 for d in range(len(shape))]))
    return xp.broadcast_to(spread, shape)


def _power(xp: Trace, eqn: Any, a: Any, b: Any) -> Any:
    dtype = eqn.outvars[0].aval.dtype
    a, b = (xp.astype(x, dtype) if isinstance(x, Traced) else np.asarray(x, dtype) for x in (a, b))
    return xp.power(a, b)


def _integer_pow(xp: Trace, eqn: Any, x: Any) -> Any:
    n = eqn.params["y"]
    return xp.square(x) if n == 2 else x * x * x if n == 3 else xp.power(x, n)


def _divide(xp: Trace, eqn: Any, a: Any, b: Any) -> Any:
    if eqn.outvars[0].aval.dtype.kind != "f":
        raise Refused(eqn, "of whole numbers")
    return a / b


def _remainder(xp: Trace, eqn: Any, a: Any, b: Any) -> Any:
    """With the sign of the dividend, where Python's has that of the divisor."""
    size, negative = abs(a) % abs(b), operator.lt(a, 0)
    return xp.where(negative, -size, size) if isinstance(a, Traced) else np.sign(a) * size


def _select(xp: Trace, eqn: Any, which: Any, *cases: Any) -> Any:
    return _chosen(xp, which, cases)


def _clamp(xp: Trace, eqn: Any, low: Any, x: Any, high: Any) -> Any:
    return xp.minimum(xp.maximum(x, low), high)


def _dot(xp: Trace, eqn: Any, a: Any, b: Any) -> Any:
    """Products of matrices, once the axes of both are batch, rows and what is added up."""
    added, batch = eqn.params["dimension_numbers"]
    if tuple(added[0]) == tuple(added[1]) == tuple(range(np.ndim(a))) and np.shape(a) == np.shape(b):
        return xp.sum(a * b)
    a, b = xp.traced(a), xp.traced(b)
    free = [[k for k in range(x.ndim) if k not in (*added[i], *batch[i])] for i, x in enumerate((a, b))]
    shape = [a.shape[k] for k in batch[0]]
    rows, columns = ([x.shape[k] for k in kept] for x, kept in zip((a, b), free))
    length = math.prod([a.shape[k] for k in added[0]])
    a = xp.reshape(xp.transpose(a, (*batch[0], *free[0], *added[0])), (*shape, math.prod(rows), length))
    b = xp.reshape(xp.transpose(b, (*batch[1], *added[1], *free[1])), (*shape, length, math.prod(columns)))
    return xp.reshape(xp.matmul(a, b), (*shape, *rows, *columns))


def _slice(xp: Trace, eqn: Any, x: Any) -> Any:
    return xp.strided_slice(x, eqn.params["start_indices"], eqn.params["limit_indices"],
                            eqn.params["strides"] or (1,) * x.ndim)


def _split(xp: Trace, eqn: Any, x: Any) -> list[Any]:
    axis, sizes = eqn.params["axis"], [int(n) for n in eqn.params["sizes"]]
    ends = np.cumsum(sizes).tolist()
    return [_between(xp, x, axis, end - n, end) for n, end in zip(sizes, ends)]


def _unstack(xp: Trace, eqn: Any, x: Any) -> list[Any]:
    return [*_unstacked(xp, x, eqn.params["axis"])]


def _unstacked(xp: Trace, x: Any, axis: int = 0) -> Sequence[Any]:
    """Return the parts of an array along an axis; a constant is its own parts along the first."""
    if not isinstance(x, Traced):
        return x
    return [xp.squeeze(_between(xp, x, axis, k, k + 1), (axis,)) for k in range(x.shape[axis])]


def _between(xp: Trace, x: Any, axis: int, begin: int, end: int) -> Any:
    limits = [(begin, end) if at == axis else (0, n) for at, n in enumerate(x.shape)]
    return xp.strided_slice(x, tuple([low for low, _ in limits]), tuple([high for _, high in limits]), (1,) * x.ndim)


def _qr(xp: Trace, eqn: Any, x: Any) -> Any:
    if eqn.params["pivoting"] or eqn.params["full_matrices"] and x.shape[-2] > x.shape[-1]:
        raise Refused(eqn, "with pivoting, or with more columns than the matrix has")
    return xp.qr(x)


def _eigh(xp: Trace, eqn: Any, x: Any) -> list[Any]:
    if eqn.params["subset_by_index"] is not None or not eqn.params["lower"]:
        raise Refused(eqn, "of some eigenvalues, or of the upper triangle")
    values, vectors = xp.eigh(x)
    return [vectors, values]


def _cumsum(xp: Trace, eqn: Any, x: Any) -> Any:
    axis = eqn.params["axis"]
    return xp.flip(xp.cumsum(xp.flip(x, axis), axis), axis) if eqn.params["reverse"] else xp.cumsum(x, axis)


def _round(xp: Trace, eqn: Any, x: Any) -> Any:
    if eqn.params["rounding_method"] != RoundingMethod.TO_NEAREST_EVEN:
        raise Refused(eqn, "away from zero")
    return xp.rint(x)


def _same(xp: Trace, eqn: Any, x: Any) -> Any:
    return x


PRIMITIVES: dict[str, Callable[..., Any]] = {
    "add": _python(operator.add), "add_any": _python(operator.add), "sub": _python(operator.sub),
    "mul": _python(operator.mul), "neg": _python(operator.neg), "div": _divide, "rem": _remainder, "pow": _power,
    "integer_pow": _integer_pow, "square": _word("square"), "max": _word("maximum"), "min": _word("minimum"),
    "clamp": _clamp, "abs": _word("abs"), "sign": _word("sign"), "sqrt": _word("sqrt"), "cbrt": _word("cbrt"),
    "rsqrt": lambda xp, eqn, x: 1 / xp.sqrt(x), "logistic": lambda xp, eqn, x: 1 / (1 + xp.exp(-x)),
    "exp": _word("exp"), "exp2": lambda xp, eqn, x: xp.exp(x * math.log(2)), "expm1": _word("expm1"),
    "log": _word("log"), "log1p": _word("log1p"), "sin": _word("sin"), "cos": _word("cos"), "tan": _word("tan"),
    "asin": _word("arcsin"), "acos": _word("arccos"), "atan": _word("arctan"), "sinh": _word("sinh"),
    "cosh": _word("cosh"), "tanh": _word("tanh"), "asinh": _word("arcsinh"), "acosh": _word("arccosh"),
    "atanh": _word("arctanh"), "erf": _word("erf"), "erf_inv": _word("erfinv"), "lgamma": _word("gammaln"),
    "floor": _word("floor"), "ceil": _word("ceil"), "round": _round, "is_finite": _word("isfinite"),
    "eq": _python(operator.eq), "ne": _python(operator.ne), "lt": _python(operator.lt), "le": _python(operator.le),
    "gt": _python(operator.gt), "ge": _python(operator.ge), "and": _truth("logical_and"), "or": _truth("logical_or"),
    "xor": _truth("logical_xor"), "not": _truth("logical_not"), "select_n": _select, "convert_element_type": _convert,
    "copy": _same, "copy_p": _same, "device_put": lambda xp, eqn, *arrays: arrays, "sharding_constraint": _same,
    "optimization_barrier": lambda xp, eqn, *arrays: arrays, "stop_gradient": _same, "broadcast_in_dim": _broadcast,
    "reshape": lambda xp, eqn, x: xp.reshape(x, eqn.params["new_sizes"]),
    "squeeze": lambda xp, eqn, x: xp.squeeze(x, eqn.params["dimensions"]),
    "expand_dims": lambda xp, eqn, x: xp.expand_dims(x, eqn.params["dimensions"]),
    "transpose": lambda xp, eqn, x: xp.transpose(x, eqn.params["permutation"]),
    "concatenate": lambda xp, eqn, *arrays: xp.concatenate(arrays, axis=eqn.params["dimension"]),
    "split": _split, "unstack": _unstack, "qr": _qr, "eigh": _eigh, "cumsum": _cumsum, "cholesky": _word("cholesky"),
    "stack": lambda xp, eqn, *arrays: xp.stack([xp.traced(x) for x in arrays], axis=eqn.params["axis"]),
    "rev": lambda xp, eqn, x: xp.flip(x, eqn.params["dimensions"]), "slice": _slice, "dot_general": _dot,
    "reduce_sum": _reduction("sum"), "reduce_max": _reduction("max"), "reduce_min": _reduction("min"),
    "gather": indexing.gather, "scatter": indexing.scatter(adds=False), "scatter-add": indexing.scatter(adds=True),
    "dynamic_slice": indexing.dynamic_slice, "dynamic_update_slice": indexing.dynamic_update_slice,
    "tile": lambda xp, eqn, x: xp.tile(x, eqn.params["reps"]), "sort": indexing.sort, "top_k": indexing.top_k,
    "pad": indexing.pad, "argmax": indexing.place("argmax"), "argmin": indexing.place("argmin"),
    "reduce_prod": _reduction("prod"), "reduce_and": _all_or_any("min"), "reduce_or": _all_or_any("max"),
}
"""How each primitive of JAX is said with operators."""
