"""What torch calls the operators of networks: layers, pooling, normalisation, recurrence and losses."""

import pytest

from tests.symbolic.autodiff.torch_peers import PEERS, peer

torch = pytest.importorskip("torch")
F = torch.nn.functional


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


@peer("BatchNorm_v1")
def _(x, *more, output_mean_var, **params):
    found = PEERS["BatchNorm"](x, *more, axis=1, **params)
    axes = (0, *range(2, x.ndim))
    return (found, *torch.var_mean(x, axes, correction=0)[::-1]) if output_mean_var else found


@peer("InstanceNorm")
def _(x, gamma, beta, *, eps):
    return F.instance_norm(x, weight=gamma, bias=beta, eps=eps)


@peer("GroupNorm")
def _(x, gamma, beta, *, num_groups, eps, output_mean_var):
    # torch's scale is one for each channel.
    each = x.shape[1] // num_groups
    found = F.group_norm(x, num_groups, gamma.repeat_interleave(each), beta.repeat_interleave(each), eps)
    var, mean = torch.var_mean(x.reshape(x.shape[0], num_groups, -1), -1, correction=0)
    return (found, mean, torch.sqrt(var + eps)) if output_mean_var else found


@peer("LRN")
def _(x, alpha, beta, knorm, nsize):
    odd = nsize - (nsize + 1) % 2  # torch's window of an even number is not in the middle.
    return F.local_response_norm(x, odd, alpha * odd / nsize, beta, knorm)


@peer("Convolution", "Convolution_v1")
def _(x, w, b=None, *, kernel, stride, dilate, pad, num_group, **_):
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(kernel)]
    return function(x, w, b, stride or 1, pad or 0, dilate or 1, num_group)


@peer("Deconvolution")
def _(x, w, b=None, *, kernel, stride, dilate, pad, adj, target_shape, num_group, **_):
    function = {1: F.conv_transpose1d, 2: F.conv_transpose2d}[len(kernel)]
    if not target_shape:
        return function(x, w, b, stride or 1, pad or 0, adj or 0, num_group, dilate or 1)
    whole = function(x, w, None, stride or 1, 0, 0, num_group, dilate or 1)
    extra = [n - t for n, t in zip(whole.shape[2:], target_shape)]  # The larger half is cut off at the beginning.
    cut = F.pad(whole, [n for e in reversed(extra) for n in (-((e + 1) // 2), -(e // 2))])
    return cut if b is None else cut + b.reshape(-1, *(1,) * len(kernel))


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


@peer("Pooling_v1")
def _(x, *, kernel, pool_type, global_pool, pooling_convention, stride, pad):
    if global_pool:
        kernel, stride, pad = x.shape[2:], (), ()
    full = pooling_convention == "full"
    x = F.pad(x, [n for p in reversed(pad) for n in (p, p)])  # Zeros count, in a maximum, too.
    if pool_type == "max":
        return F.max_pool2d(x, kernel, stride or 1, 0, ceil_mode=full)
    beyond = [-(n - k) % s if full else 0 for n, k, s in zip(x.shape[2:], kernel, stride or (1, 1))]
    x = F.pad(x, [n for k in reversed(beyond) for n in (0, k)])
    return F.avg_pool2d(x, kernel, stride or 1, divisor_override=1 if pool_type == "sum" else None)


@peer("_contrib_AdaptiveAvgPooling2D")
def _(x, *, output_size):
    return F.adaptive_avg_pool2d(x, output_size or 1)


@peer("RNN")
def _(x, vector, *states, state_size, num_layers, bidirectional, mode, p, state_outputs, projection_size, train,
      use_sequence_length, lstm_state_clip_min, **_):
    if lstm_state_clip_min is not None:
        pytest.skip("torch has no bounds of states")
    if p and train:
        pytest.skip("random while training")
    kind, more = {"lstm": (torch.nn.LSTM, {"proj_size": projection_size or 0}), "gru": (torch.nn.GRU, {})}.get(
        mode, (torch.nn.RNN, {"nonlinearity": mode.removeprefix("rnn_")}))
    net = kind(x.shape[2], state_size, num_layers, bidirectional=bidirectional, dtype=x.dtype, **more)
    # Here all matrices come before all biases.
    order = sorted(net.named_parameters(), key=lambda named: named[0].startswith("bias"))
    parts = vector.split([w.numel() for _, w in order])
    weights = {name: part.reshape(w.shape) for (name, w), part in zip(order, parts)}
    lengths = states[-1].long() if use_sequence_length else None
    states = states[:2 if mode == "lstm" else 1]
    packed = x if lengths is None else torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    out, ends = torch.func.functional_call(net, weights, (packed, states if mode == "lstm" else states[0]))
    if lengths is not None:
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, total_length=len(x))
    return (out, *(ends if mode == "lstm" else (ends,))) if state_outputs else out


@peer("UpSampling")
def _(*xs, scale, num_filter, sample_type, multi_input_mode, **_):
    if sample_type == "bilinear":
        return F.conv_transpose2d(xs[0], xs[1], None, scale, scale // 2, 0, num_filter)
    grown = [F.interpolate(x, scale_factor=xs[0].shape[2] * scale // x.shape[2], mode="nearest") for x in xs]
    return sum(grown[1:], grown[0]) if multi_input_mode == "sum" else torch.cat(grown, 1)


# By the operator's name, the loss whose gradient the operator gives and which it does not compute.
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


def hinges(x, label, *, margin, regularization_coefficient, use_linear):
    """One against all: torch's multi-class losses compare classes with each other."""
    missing = F.relu(margin - (2 * F.one_hot(label.long(), x.shape[-1]) - 1) * x)
    return regularization_coefficient * (missing if use_linear else missing ** 2).sum()


LOSSES |= {"SoftmaxOutput": softmax_loss, "SVMOutput": hinges}
