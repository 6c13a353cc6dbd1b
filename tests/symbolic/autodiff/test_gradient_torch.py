"""Values and gradients beside torch.autograd, wherever torch has the same operator."""

import functools
import operator

import numpy as np
import pytest

from ndarray import registry
from ndarray.rules_shape import resolve_shape
from symbolic.autodiff.backward_op import needs_no_head
from symbolic.autodiff.gradient import gradient
from symbolic.graph.node import Entry, Node
from tests.symbolic.cases import CASES, Case

torch = pytest.importorskip("torch")
F = torch.nn.functional

# What torch calls `f(*inputs, **params)`, by the operator's name; inputs are tensors, params complete.
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


@peer("LeakyReLU")
def _(x, gamma=None, *, act_type, slope, lower_bound, upper_bound):
    if act_type == "prelu":
        return F.prelu(x, gamma)
    return {"leaky": lambda: F.leaky_relu(x, slope), "elu": lambda: F.elu(x, slope), "selu": lambda: F.selu(x),
            "gelu": lambda: F.gelu(x), "rrelu": lambda: F.rrelu(x, lower_bound, upper_bound)}[act_type]()


@peer("FullyConnected")
def _(x, w, b=None, *, num_hidden, no_bias, flatten):
    return F.linear(x.flatten(1) if flatten else x, w, b)


@peer("BatchNorm")
def _(x, gamma, beta, mean, var, *, eps, momentum, fix_gamma, train, axis, **_):
    gamma = torch.ones_like(gamma) if fix_gamma else gamma
    if train:
        return F.batch_norm(x, None, None, gamma, beta, True, 0, eps)
    shape = (1, -1, *(1,) * (x.ndim - 2))
    mean, var, gamma, beta = (v.reshape(shape) for v in (mean, var, gamma, beta))
    return (x - mean) / torch.sqrt(var + eps) * gamma + beta


@peer("LayerNorm")
def _(x, gamma, beta, *, axis, eps, output_mean_var):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps)


@peer("L2Normalization")
def _(x, eps, mode):
    axes = {"channel": (1,), "instance": tuple(range(1, x.ndim)), "spatial": tuple(range(2, x.ndim))}[mode]
    return x / torch.sqrt((x * x).sum(axes, keepdim=True) + eps)


@peer("Convolution")
def _(x, w, b=None, *, kernel, stride, dilate, pad, num_group, **_):
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(kernel)]
    return function(x, w, b, stride or 1, pad or 0, dilate or 1, num_group)


@peer("Deconvolution")
def _(x, w, b=None, *, kernel, stride, dilate, pad, adj, num_group, **_):
    function = {1: F.conv_transpose1d, 2: F.conv_transpose2d}[len(kernel)]
    return function(x, w, b, stride or 1, pad or 0, adj or 0, num_group, dilate or 1)


@peer("Pooling")
def _(x, kernel, pool_type, global_pool, pooling_convention, stride, pad, p_value, count_include_pad, **_):
    if global_pool:
        kernel, stride, pad = x.shape[2:], (), ()
    stride, pad, full = stride or 1, pad or (0, 0), pooling_convention == "full"
    if pool_type == "max":
        return F.max_pool2d(x, kernel, stride, pad, ceil_mode=full)
    if pool_type == "lp":
        return F.lp_pool2d(F.pad(x, (pad[1], pad[1], pad[0], pad[0])), p_value or 2, kernel, stride)
    if full:
        pytest.skip("torch leaves out windows that begin beyond the data")
    return F.avg_pool2d(x, kernel, stride, pad, full, count_include_pad is not False, 1 if pool_type == "sum" else None)


@peer("UpSampling")
def _(*xs, scale, num_filter, sample_type, multi_input_mode, **_):
    if sample_type == "bilinear":
        return F.conv_transpose2d(xs[0], xs[1], None, scale, scale // 2, 0, num_filter)
    grown = [F.interpolate(x, scale_factor=xs[0].shape[2] * scale // x.shape[2], mode="nearest") for x in xs]
    return sum(grown[1:], grown[0]) if multi_input_mode == "sum" else torch.cat(grown, 1)


# Operators that give the gradient of a loss which they do not compute: torch computes the loss.

LOSSES = {
    "LinearRegressionOutput": lambda x, label, grad_scale: ((x - label) ** 2).sum() / 2 / x[0].numel(),
    "MAERegressionOutput": lambda x, label, grad_scale: (x - label).abs().sum() / x[0].numel(),
    "LogisticRegressionOutput": lambda x, label, grad_scale: F.binary_cross_entropy_with_logits(
        x, label, reduction="sum") / x[0].numel(),
    "MakeLoss": lambda x, **_: x.sum(), "make_loss": lambda x: x.sum(),
}


def softmax_loss(x, label, *, use_ignore, ignore_label, normalization, **_):
    if label.shape == x.shape:
        return F.cross_entropy(x, label, reduction="sum")
    return F.cross_entropy(x, label.long(), reduction="mean" if normalization == "valid" else "sum",
                           ignore_index=int(ignore_label) if use_ignore else -100)


LOSSES["SoftmaxOutput"] = softmax_loss

# Whose gradient torch cannot show: what torch has nothing like, or has only as a sum of parts compared above.
ALONE = set("""_mod _unbroadcast _unslice _untake _put_along_axis depth_to_space space_to_depth Dropout SequenceMask
    SequenceLast SequenceReverse _split_v2 fill_element_0index linalg_extracttrian linalg_maketrian
    clip_global_norm _sum_sq multi_sum_sq""".split()) | {
    op.name for op in registry.operators() if "update" in op.name or "lars" in op.name}
# What torch itself computes with a series cut off early.
COARSE = {"polygamma": 1e-8}
# Integers, truth values and stops: nothing to differentiate.
FLAT = set("""one_hot _onehot_encode argsort argmax argmin argmax_channel _histogram ravel_multi_index unravel_index
    shape_array size_array isnan isinf isfinite logical_not all_finite multi_all_finite reset_arrays _uniform_of_key
    _shuffle""".split()) | {op.name for op in registry.operators() if any(w in op.name for w in (
        "_random_", "_sample_", "equal", "greater", "lesser", "logical_"))}


def test_every_operator_is_compared_or_known_to_stand_alone():
    missing = {op.name for op in registry.operators() if op.inputs} - PEERS.keys() - LOSSES.keys() - ALONE - FLAT
    assert not missing


def compared():
    for sample in CASES:
        name = registry.get(sample.op).name
        if name in PEERS or name in LOSSES:
            if "use_length" not in sample.params:
                yield sample


@pytest.mark.parametrize("sample", list(compared()), ids=str)
def test_torch_agrees(sample):
    case = Case(sample)
    node = case.graph.outputs[0].node
    params = node.complete_params
    if node.op.name == "LeakyReLU" and params["act_type"] == "rrelu":
        pytest.skip("random while training")
    loose = COARSE.get(node.op.name)
    values = case.run(case.graph)[:len(case.graph.outputs)]
    tensors = [torch.tensor(a, requires_grad=np.asarray(a).dtype == np.float64) for a in case.arrays.values()]
    loss = LOSSES.get(node.op.name)
    if loss is not None and needs_no_head(node.outputs[0]):
        loss(*tensors, **params).backward()
        found = case.run(gradient(case.graph, case.inputs))
        tensors, case.inputs = tensors[:1], case.inputs[:1]
    else:
        function = PEERS[node.op.name]
        outputs = function(*tensors, **params)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        heads = [np.random.default_rng(k).normal(size=v.shape) for k, v in enumerate(values)]
        for value, output in zip(values, outputs, strict=True):
            assert value.shape == tuple(output.shape)
            np.testing.assert_allclose(value, output.detach().numpy(), rtol=loose or 1e-12, atol=1e-14)
        total = sum((torch.tensor(h) * o).sum() for h, o in zip(heads, outputs))
        if total.requires_grad:
            total.backward()
        names = {f"head{k}": h for k, h in enumerate(heads)}
        found = case.run(gradient(case.graph, case.inputs, [Entry(Node(None, n)) for n in names]), **names)
    for tensor, grad in zip(tensors, found):
        if tensor.requires_grad:
            wanted = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
            np.testing.assert_allclose(grad, wanted, rtol=loose or 1e-10, atol=1e-12)
