"""What torch calls the operators that it has, by their names: `f(*inputs, **params)`, of tensors and complete params."""

import functools
import operator

import numpy as np
import pytest

from ndarray.rules_shape import resolve_shape

torch = pytest.importorskip("torch")
F = torch.nn.functional

PEERS = {}


def peer(*names):
    def declare(function):
        PEERS.update(dict.fromkeys(names, function))
        return function

    return declare


def _give_arithmetic():
    words = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "mod": torch.remainder,
             "power": torch.pow, "hypot": torch.hypot, "maximum": torch.maximum, "minimum": torch.minimum}
    scalars = {"add": "_plus", "sub": "_minus"}
    for word, function in words.items():
        for name in (f"elemwise_{word}", f"_{word}", f"broadcast_{word}"):
            PEERS[name] = function
        name = scalars.get(word, f"_{word}")
        PEERS[f"{name}_scalar"] = lambda x, scalar, f=function: f(x, torch.full_like(x, scalar))
        reversed_ = {"_plus": None, "_minus": "_rminus", "_div": "_rdiv", "_mod": "_rmod", "_power": "_rpower"}.get(name)
        if reversed_:
            PEERS[f"{reversed_}_scalar"] = lambda x, scalar, f=function: f(torch.full_like(x, scalar), x)


_give_arithmetic()

for name in ("abs sign negative reciprocal square sqrt rsqrt exp expm1 log log10 log2 log1p sin cos tan arcsin arccos "
             "arctan sinh cosh tanh arcsinh arccosh arctanh erf erfinv sigmoid relu round ceil floor trunc fix").split():
    PEERS[name] = getattr(torch, name)
PEERS |= {
    "rint": torch.round, "gammaln": torch.lgamma, "gamma": lambda x: torch.exp(torch.lgamma(x)),
    "degrees": torch.rad2deg, "radians": torch.deg2rad, "softsign": F.softsign, "_copy": torch.clone,
    "BlockGrad": torch.detach, "zeros_like": lambda x: x * 0, "ones_like": lambda x: x * 0 + 1,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), "rcbrt": lambda x: x ** (-1 / 3),
    "polygamma": lambda x, n: torch.polygamma(n, x),
    "hard_sigmoid": lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0, 1),
    "clip": lambda x, a_min, a_max: torch.clamp(x, a_min, a_max),
    "_contrib_div_sqrt_dim": lambda x: x / x.shape[-1] ** 0.5, "_contrib_quadratic": lambda x, a, b, c: a * x * x + b * x + c,
    "_identity_with_attr_like_rhs": lambda x, like: x.clone(),
    "cumsum": lambda x, axis, dtype: x.reshape(-1).cumsum(0) if axis is None else x.cumsum(axis),
    "batch_take": lambda x, index: torch.gather(x, 1, index.clamp(0, x.shape[1] - 1)[:, None])[:, 0],
    "Cast": lambda x, dtype: x.to(getattr(torch, dtype)), "amp_cast": lambda x, dtype: x.to(getattr(torch, dtype)),
}


def axes_of(x, axis, exclude=False):
    axes = range(x.ndim) if axis in (None, ()) else [a % x.ndim for a in np.atleast_1d(axis)]
    return tuple(a for a in range(x.ndim) if (a in axes) != (exclude and axis not in (None, ())))


def reduction(function):
    def reduce(x, axis, keepdims, exclude, **_):
        found = function(x, axes_of(x, axis, exclude), keepdims)
        return found if found.ndim else found.reshape(1)

    return reduce


PEERS |= {
    "sum": reduction(lambda x, a, k: torch.sum(x, a, keepdim=k)),
    "mean": reduction(lambda x, a, k: torch.mean(x, a, keepdim=k)),
    "nansum": reduction(lambda x, a, k: torch.nansum(x, a, keepdim=k)),
    "max": reduction(lambda x, a, k: torch.amax(x, a, keepdim=k)),
    "min": reduction(lambda x, a, k: torch.amin(x, a, keepdim=k)),
}


@peer("prod", "nanprod")
def _(x, axis, keepdims, exclude):
    axes = axes_of(x, axis, exclude)
    for a in sorted(axes, reverse=True):
        x = torch.prod(x, a, keepdim=keepdims)
    return x if x.ndim else x.reshape(1)


@peer("norm")
def _(x, ord, axis, out_dtype, keepdims):
    found = torch.linalg.vector_norm(x, ord, None if axis in (None, ()) else axis, keepdim=keepdims)
    return found if found.ndim else found.reshape(1)


@peer("broadcast_axis")
def _(x, axis, size):
    axis, size = np.atleast_1d(axis), np.atleast_1d(size)
    return x.expand([dict(zip(axis % x.ndim, size)).get(a, n) for a, n in enumerate(x.shape)])


@peer("broadcast_like")
def _(x, other, lhs_axes, rhs_axes):
    if not lhs_axes:
        return x.expand(other.shape)
    taken = {a % x.ndim: other.shape[b] for a, b in zip(lhs_axes, rhs_axes)}
    return x.expand([taken.get(a, n) for a, n in enumerate(x.shape)])


@peer("squeeze")
def _(x, axis):
    found = x.squeeze() if axis in (None, ()) else x.squeeze(axis)
    return found if found.ndim else found.reshape(1)


PEERS |= {
    "reshape": lambda x, shape, reverse, **_: x.reshape(resolve_shape(tuple(x.shape), shape, reverse)),
    "Flatten": lambda x: x.flatten(1),
    "reshape_like": lambda x, other, **axes: x.reshape(other.shape) if axes["lhs_begin"] is None else x.reshape(
        *x.shape[:axes["lhs_begin"]], *other.shape[axes["rhs_begin"]:], *x.shape[axes["lhs_end"]:]),
    "broadcast_to": lambda x, shape: x.expand([n or m for n, m in zip(shape, x.shape)]),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "transpose": lambda x, axes: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "SwapAxis": lambda x, dim1, dim2: x.swapaxes(dim1, dim2),
    "diag": lambda x, k, axis1, axis2: torch.diag(x, k) if x.ndim < 3 else torch.diagonal(x, k, axis1, axis2),
    "Concat": lambda *xs, dim, num_args: torch.cat(xs, dim),
    "_rnn_param_concat": lambda *xs, dim, num_args: torch.cat([x.flatten() for x in xs], dim),
    "stack": lambda *xs, axis, num_args: torch.stack(xs, axis),
    "add_n": lambda *xs, num_args: functools.reduce(operator.add, xs),
    "tile": lambda x, reps: torch.tile(x, reps),
    "repeat": lambda x, repeats, axis: torch.repeat_interleave(x, repeats, axis),
    "reverse": lambda x, axis: torch.flip(x, axis),
}


@peer("SliceChannel")
def _(x, num_outputs, axis, squeeze_axis):
    parts = torch.tensor_split(x, num_outputs, axis)
    return tuple(p.squeeze(axis) for p in parts) if squeeze_axis else parts


@peer("Pad")
def _(x, mode, pad_width, constant_value):
    pairs = list(zip(pad_width[::2], pad_width[1::2]))[::-1]
    if mode == "constant":
        return F.pad(x, [n for pair in pairs for n in pair], value=constant_value)
    modes = {"edge": "replicate", "reflect": "reflect"}
    while len(pairs) > 1 and pairs[-1] == (0, 0):
        pairs.pop()
    lead = x.reshape((1,) * max(len(pairs) + 1 - x.ndim, 0) + x.shape)
    lead = lead[None] if lead.ndim < len(pairs) + 2 else lead
    return F.pad(lead, [n for pair in pairs for n in pair], mode=modes[mode]).reshape(
        [n + sum(p) for n, p in zip(x.shape, [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1])])


@peer("slice")
def _(x, begin, end, step):
    for axis, (b, e, s) in enumerate(zip(begin, end, step or (None,) * len(begin))):
        x = torch.index_select(x, axis, torch.tensor(range(x.shape[axis])[slice(b, e, s)]))
    return x


@peer("slice_axis")
def _(x, axis, begin, end):
    return torch.index_select(x, axis, torch.arange(x.shape[axis])[slice(begin, end)])


@peer("slice_like")
def _(x, other, axes):
    for axis in axes or range(x.ndim):
        x = x.narrow(axis, 0, other.shape[axis])
    return x


@peer("take")
def _(x, index, axis, mode):
    n = x.shape[axis]
    index = index.long() % n if mode == "wrap" else index.long().clamp(0, n - 1)
    return torch.index_select(x, axis, index.reshape(-1)).reshape(x.shape[:axis] + index.shape + x.shape[axis + 1:])


@peer("pick")
def _(x, index, axis, keepdims, mode):
    n = x.shape[axis]
    index = index.long() % n if mode == "wrap" else index.long().clamp(0, n - 1)
    index = index if index.ndim == x.ndim else index.unsqueeze(axis)
    found = torch.gather(x, axis, index)
    return found if keepdims else found.squeeze(axis)


@peer("Crop")
def _(x, like=None, *, offset, h_w, center_crop, **_):
    size = h_w if like is None else like.shape[2:]
    begin = [(n - k) // 2 for n, k in zip(x.shape[2:], size)] if center_crop else offset
    for axis, (b, k) in enumerate(zip(begin, size), 2):
        x = x.narrow(axis, b, k)
    return x


PEERS |= {
    "gather_nd": lambda x, index: x[tuple(index.long())],
    "scatter_nd": lambda x, index, shape: torch.zeros(shape, dtype=x.dtype).index_put(tuple(index.long()), x, True),
    "sort": lambda x, axis, is_ascend: torch.sort(x.reshape(-1) if axis is None else x, 0 if axis is None else axis,
                                                  descending=not is_ascend)[0],
    "where": lambda c, x, y: torch.where(c.reshape(c.shape + (1,) * (x.ndim - c.ndim)) != 0, x, y),
    "_take_along_axis": lambda x, index, axis: torch.gather(x, axis, index),
}


@peer("moments")
def _(x, axes, keepdims):
    found = torch.var_mean(x, axes or tuple(range(x.ndim)), correction=0, keepdim=keepdims)[::-1]
    return tuple(v if v.ndim else v.reshape(1) for v in found)


@peer("topk")
def _(x, axis, k, ret_typ, is_ascend, dtype):
    if ret_typ != "value":
        pytest.skip("torch's places have another dtype")
    return torch.topk(x.reshape(-1) if axis is None else x, k, 0 if axis is None else axis, largest=not is_ascend)[0]


def turned(x, yes):
    return x.mT if yes else x


@peer("dot")
def _(a, b, transpose_a, transpose_b, **_):
    a = a.movedim(0, -1) if transpose_a and a.ndim > 1 else a
    b = b.movedim(-1, 0) if transpose_b and b.ndim > 1 else b
    found = torch.tensordot(a, b, 1)
    return found if found.ndim else found.reshape(1)


def triangle(a, lower, transpose):
    return turned(a.tril() if lower else a.triu(), transpose)


def lq(a):
    q, r = torch.linalg.qr(a.mT)
    return q.mT, r.mT


def eigen(a):
    values, vectors = torch.linalg.eigh(a)
    rows = vectors.mT
    return rows * torch.sign(torch.gather(rows, -1, rows.abs().argmax(-1, keepdim=True))), values


@peer("khatri_rao")
def _(*matrices, num_args):
    product = matrices[0]
    for x in matrices[1:]:
        product = torch.einsum("ik,jk->ijk", product, x).reshape(-1, x.shape[1])
    return product


@peer("linalg_gemm", "linalg_gemm2", "batch_dot")
def _(a, b, c=0.0, *, transpose_a, transpose_b, alpha=1.0, beta=1.0, axis=-2, **_):
    a, b = (x.swapaxes(axis, -2) for x in (a, b))
    return (alpha * turned(a, transpose_a) @ turned(b, transpose_b)).swapaxes(axis, -2) + beta * c


PEERS |= {
    "_matmul": torch.matmul,
    "linalg_syrk": lambda a, transpose, alpha: alpha * (a.mT @ a if transpose else a @ a.mT),
    "linalg_inverse": torch.linalg.inv,
    "linalg_potrf": torch.linalg.cholesky,
    "linalg_trmm": lambda a, b, transpose, rightside, lower, alpha: alpha * (
        b @ triangle(a, lower, transpose) if rightside else triangle(a, lower, transpose) @ b),
    "linalg_trsm": lambda a, b, transpose, rightside, lower, alpha: torch.linalg.solve_triangular(
        triangle(a, lower, transpose), alpha * b, upper=lower == transpose, left=not rightside),
    "linalg_potri": lambda a: torch.linalg.inv(a.tril() @ a.tril().mT),
    "linalg_sumlogdiag": lambda a: a.diagonal(0, -2, -1).log().sum(-1),
    "linalg_extractdiag": lambda a, offset: a.diagonal(offset, -2, -1),
    "linalg_makediag": lambda a, offset: torch.diag_embed(a, offset),
    "linalg_gelqf": lambda a: lq(a),
    "_linalg_syevd": lambda a: eigen(a),
    "linalg_det": lambda a: torch.atleast_1d(torch.linalg.det(a)),
    "linalg_slogdet": lambda a: tuple(map(torch.atleast_1d, torch.linalg.slogdet(a))),
    "softmax": lambda x, axis, temperature, **_: F.softmax(x / (temperature or 1), axis),
    "softmin": lambda x, axis, temperature, **_: F.softmin(x / (temperature or 1), axis),
    "log_softmax": lambda x, axis, temperature, **_: F.log_softmax(x / (temperature or 1), axis),
    "Activation": lambda x, act_type: {"softrelu": F.softplus}.get(act_type, getattr(F, act_type, None))(x),
    "SoftmaxActivation": lambda x, mode: F.softmax(x, 1 if mode == "channel" else -1),
    "smooth_l1": lambda x, scalar: F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none", beta=1 / scalar ** 2),
    "softmax_cross_entropy": lambda x, label: F.cross_entropy(x, label.long(), reduction="sum").reshape(1),
    "Embedding": lambda index, w, **_: F.embedding(index.long(), w),
    "MakeLoss": lambda x, **_: x.clone(), "make_loss": lambda x: x.clone(),
}
