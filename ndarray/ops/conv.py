"""Convolution, pooling and their relatives, over one, two or three spatial axes.

All of them are written with strided slices of the padded input, one for each place of the kernel: their gradients
and their export follow from those of slicing, padding and matrix products.
"""

from functools import reduce
from itertools import product
from math import prod
from operator import add
from typing import Literal

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count, Naturals, Positive, Positives
from ndarray.rules import agree_dtype, fit, slot_error
from ndarray.tensortype import TensorType, merge_shapes


def _spread(name, value, rank):
    """Return one number for each spatial axis; an empty tuple stands for the usual one everywhere."""
    if not value:
        return (0 if name in ("pad", "adj") else 1,) * rank
    if len(value) != rank:
        raise ParamError(f"{name}={value} has {len(value)} numbers for {rank} spatial axes")
    return tuple(value)


def _windows(xp, data, kernel, stride, dilate, sizes):
    """Return, for each place of the kernel, what it sees: arrays of shape (batch, channels, *sizes)."""
    found = []
    for place in product(*(range(k) for k in kernel)):
        begin = [p * d for p, d in zip(place, dilate)]
        end = [b + (n - 1) * s + 1 for b, n, s in zip(begin, sizes, stride)]
        found.append(xp.strided_slice(data, (None, None, *begin), (None, None, *end), (1, 1, *stride)))
    return found


def _padded(xp, data, before, after, value=0.0):
    if not any(before) and not any(after):
        return data
    width = ((0, 0), (0, 0), *zip(before, after))
    return xp.pad(data, width, mode="constant", constant_values=value)


def _conv_size(size, kernel, stride, pad, dilate):
    return None if size is None else (size + 2 * pad - dilate * (kernel - 1) - 1) // stride + 1


def _with_rank(shape, rank, slot):
    if shape is not None and len(shape) != rank + 2:
        raise slot_error(ShapeError, f"`{{}}` has shape {shape}, expected {rank + 2} axes: batch, channels, "
                                     f"{rank} spatial", slot)
    return shape or (None,) * (rank + 2)


def _check_groups(groups, filters, channels):
    for what, n in (("num_filter", filters), ("the number of channels", channels or 0)):
        if n % groups:
            raise ParamError(f"num_group={groups} does not divide {what}, {n}")


def _convolution(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    kernel = params["kernel"]
    rank, filters, groups = len(kernel), params["num_filter"], params["num_group"]
    stride, dilate, pad = (_spread(k, params[k], rank) for k in ("stride", "dilate", "pad"))
    data = _with_rank(inputs[0].shape, rank, 0)
    out = _with_rank(outputs[0].shape, rank, len(inputs))
    channels = data[1]
    _check_groups(groups, filters, channels)
    weight = fit(inputs[1].shape, (filters, None if channels is None else channels // groups, *kernel), 1)
    if channels is None and weight[1] is not None:
        channels = weight[1] * groups
    sizes = tuple(map(_conv_size, data[2:], kernel, stride, pad, dilate))
    if any(n is not None and n < 1 for n in sizes):
        raise slot_error(ShapeError, f"`{{}}` of shape {data} is smaller than the kernel {kernel}", 0)
    batch = merge_shapes(data[:1], out[:1])
    shapes = [(*batch, channels, *data[2:]), weight, *(fit(t.shape, (filters,), 2) for t in inputs[2:])]
    if inputs[0].shape is None:
        shapes[0] = None if channels is None and batch == (None,) else shapes[0]
    return [TensorType(s, dtype) for s in shapes], [TensorType(merge_shapes(out, (*batch, filters, *sizes)), dtype)]


def _bias_if_wanted(params):
    return ("bias",) if params["no_bias"] else ()


@operator(_convolution, absent=_bias_if_wanted)
def Convolution(xp, data, weight, bias=None, /, *, kernel: Positives, num_filter: Positive, stride: Positives = (),
                dilate: Positives = (), pad: Naturals = (), num_group: Positive = 1, no_bias: bool = False,
                workspace: int = 1024,
                cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None, cudnn_off: bool = False,
                layout: Literal["NCDHW", "NCHW", "NCW"] | None = None):
    """Convolution (cross-correlation) over one, two or three spatial axes.

    Parameters
    ----------
    data : array, shape (batch, channels, …)
        Input.
    weight : array, shape (num_filter, channels / num_group) + `kernel`
        The filters.
    bias : array, shape (num_filter,)
        Added to each filter's output; left out with `no_bias`.
    kernel : tuple of int
        Size of the filters.
    num_filter : int
        Number of filters.
    stride, dilate, pad : tuple of int, optional
        Step, spacing of the filter's elements, and zeros put on both sides, for each spatial axis.
    num_group : int, optional
        Groups of channels, each seen by its own share of the filters.
    no_bias : bool, optional
        Leave the bias out.
    workspace, cudnn_tune, cudnn_off : optional
        Accepted for MXNet's signature.
    layout : {'NCDHW', 'NCHW', 'NCW'}, optional
        The order of axes; there is only this one.

    Returns
    -------
    array, shape (batch, num_filter, …)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Convolution``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Convolution(nd.ones((1, 1, 3, 3)), nd.ones((1, 1, 2, 2)), nd.zeros(1), kernel=(2, 2),
    ...                num_filter=1).asnumpy()[0, 0]
    array([[4., 4.],
           [4., 4.]], dtype=float32)
    """
    rank = len(kernel)
    stride, dilate, pad = _spread("stride", stride, rank), _spread("dilate", dilate, rank), _spread("pad", pad, rank)
    batch, channels = data.shape[:2]
    sizes = tuple(map(_conv_size, data.shape[2:], kernel, stride, pad, dilate))
    seen = _windows(xp, _padded(xp, data, pad, pad), kernel, stride, dilate, sizes)
    # One matrix product for each group: (filters, channels · kernel) with (channels · kernel, batch · places).
    columns = xp.reshape(xp.stack(seen, axis=2), (batch, num_group, channels // num_group * prod(kernel), prod(sizes)))
    filters = xp.reshape(weight, (1, num_group, num_filter // num_group, channels // num_group * prod(kernel)))
    out = xp.reshape(xp.matmul(filters, columns), (batch, num_filter, *sizes))
    return out if bias is None else out + xp.reshape(bias, (num_filter, *(1,) * rank))


def _deconv_pads(params, sizes):
    """Return padding and extra size for each spatial axis; ``target_shape`` settles both."""
    kernel = params["kernel"]
    rank = len(kernel)
    stride, dilate = (_spread(k, params[k], rank) for k in ("stride", "dilate"))
    if not params["target_shape"]:
        return tuple([_spread(k, params[k], rank) for k in ("pad", "adj")])
    target = _spread("target_shape", params["target_shape"], rank)
    total = [s * (n - 1) + d * (k - 1) + 1 - t for s, n, d, k, t in zip(stride, sizes, dilate, kernel, target)]
    return tuple((t + 1) // 2 for t in total), tuple(t % 2 for t in total)


def _deconv_size(size, kernel, stride, pad, dilate, adj):
    return None if size is None else stride * (size - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj


def _deconvolution(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    kernel = params["kernel"]
    rank, filters, groups = len(kernel), params["num_filter"], params["num_group"]
    stride, dilate = (_spread(k, params[k], rank) for k in ("stride", "dilate"))
    data = _with_rank(inputs[0].shape, rank, 0)
    out = _with_rank(outputs[0].shape, rank, len(inputs))
    _check_groups(groups, filters, data[1])
    weight = fit(inputs[1].shape, (data[1], filters // groups, *kernel), 1)
    batch = merge_shapes(data[:1], out[:1])
    sizes = (None,) * rank
    if None not in data[2:]:
        pad, adj = _deconv_pads(params, data[2:])
        sizes = tuple(map(_deconv_size, data[2:], kernel, stride, pad, dilate, adj))
    shapes = [(*batch, weight[0], *data[2:]), weight, *(fit(t.shape, (filters,), 2) for t in inputs[2:])]
    return [TensorType(s, dtype) for s in shapes], [TensorType(merge_shapes(out, (*batch, filters, *sizes)), dtype)]


@operator(_deconvolution, absent=_bias_if_wanted)
def Deconvolution(xp, data, weight, bias=None, /, *, kernel: Positives, num_filter: Positive, stride: Positives = (),
                  dilate: Positives = (), pad: Naturals = (), adj: Naturals = (), target_shape: Naturals = (),
                  num_group: Positive = 1, no_bias: bool = True, workspace: int = 512,
                  cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None, cudnn_off: bool = False,
                  layout: Literal["NCDHW", "NCHW", "NCW"] | None = None):
    """Transposed convolution: what `Convolution`'s gradient does to its input.

    Parameters
    ----------
    data : array, shape (batch, channels, …)
        Input.
    weight : array, shape (channels, num_filter / num_group) + `kernel`
        The filters.
    bias : array, shape (num_filter,)
        Added to each filter's output; left out with `no_bias`.
    kernel : tuple of int
        Size of the filters.
    num_filter : int
        Number of filters.
    stride, dilate, pad : tuple of int, optional
        As of the convolution that this one undoes.
    adj : tuple of int, optional
        Elements added at the end of each spatial axis of the output.
    target_shape : tuple of int, optional
        Spatial shape of the output; settles `pad` and `adj`.
    num_group : int, optional
        Groups of channels.
    no_bias : bool, optional
        Leave the bias out.
    workspace, cudnn_tune, cudnn_off : optional
        Accepted for MXNet's signature.
    layout : {'NCDHW', 'NCHW', 'NCW'}, optional
        The order of axes; there is only this one.

    Returns
    -------
    array, shape (batch, num_filter, …)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Deconvolution``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Deconvolution(nd.ones((1, 1, 2)), nd.ones((1, 1, 2)), kernel=(2,), num_filter=1).asnumpy()[0, 0]
    array([1., 2., 1.], dtype=float32)
    """
    rank = len(kernel)
    params = {"kernel": kernel, "stride": stride, "dilate": dilate, "pad": pad, "adj": adj,
              "target_shape": target_shape}
    pad, adj = _deconv_pads(params, data.shape[2:])
    stride, dilate = _spread("stride", stride, rank), _spread("dilate", dilate, rank)
    spread = _stretched(xp, data, stride)
    # A convolution with the flipped filters over the stretched, fully padded input.
    reach = [d * (k - 1) for d, k in zip(dilate, kernel)]
    before = [r - p for r, p in zip(reach, pad)]
    after = [r - p + a for r, p, a in zip(reach, pad, adj)]
    spread = _cropped(xp, _padded(xp, spread, [max(b, 0) for b in before], [max(a, 0) for a in after]), before, after)
    channels = data.shape[1]
    per_group = num_filter // num_group
    flipped = xp.flip(weight, axis=tuple(range(2, rank + 2)))
    flipped = xp.reshape(flipped, (num_group, channels // num_group, per_group, *kernel))
    flipped = xp.reshape(xp.swapaxes(flipped, 1, 2), (num_filter, channels // num_group, *kernel))
    return Convolution(xp, spread, flipped, bias, kernel=kernel, num_filter=num_filter, stride=(1,) * rank,
                       dilate=dilate, pad=(0,) * rank, num_group=num_group, no_bias=bias is None)


def _stretched(xp, data, stride):
    """Put ``stride - 1`` zeros between neighbours along each spatial axis."""
    for axis, step in enumerate(stride, 2):
        if step > 1:
            parts = [xp.expand_dims(data, axis + 1)]
            parts += [xp.zeros_like(parts[0])] * (step - 1)
            joined = xp.concatenate(parts, axis=axis + 1)
            shape = list(data.shape)
            shape[axis] *= step
            joined = xp.reshape(joined, tuple(shape))
            end = [None] * data.ndim
            end[axis] = shape[axis] - step + 1
            data = xp.strided_slice(joined, (None,) * data.ndim, tuple(end), (1,) * data.ndim)
    return data


def _cropped(xp, data, before, after):
    """Take away what negative padding asks for."""
    if min(*before, *after, 0) == 0:
        return data
    begin = [None, None, *(max(-b, 0) for b in before)]
    end = [None, None, *(n - max(-a, 0) for n, a in zip(data.shape[2:], after))]
    return xp.strided_slice(data, tuple(begin), tuple(end), (1,) * data.ndim)


def _pool_geometry(shape, params):
    """Return kernel, stride, padding before and after, and output size, for each spatial axis."""
    spatial = shape[2:]
    rank = len(spatial)
    if params["global_pool"]:
        return spatial, (1,) * rank, (0,) * rank, (0,) * rank, (1,) * rank
    if not params["kernel"]:
        raise ParamError("kernel= is not given; or take everything as one window with global_pool=True")
    kernel, stride, pad = (_spread(k, params[k], rank) for k in ("kernel", "stride", "pad"))
    convention = params["pooling_convention"]
    before, after, sizes = [], [], []
    for n, k, s, p in zip(spatial, kernel, stride, pad):
        if convention == "same":
            size = -(-n // s)
            total = max((size - 1) * s + k - n, 0)
            before.append(total // 2)
        else:
            span = n + 2 * p - k
            size = (-(-span // s) if convention == "full" else span // s) + 1
            before.append(p)
        after.append(max((size - 1) * s + k - n - before[-1], 0))
        sizes.append(size)
    return kernel, stride, tuple(before), tuple(after), tuple(sizes)


def _pooling(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    data, out = inputs[0].shape, outputs[0].shape
    if data is not None and None not in data[2:]:
        sizes = _pool_geometry(data, params)[-1]
        if any(n < 1 for n in sizes):
            raise slot_error(ShapeError, f"`{{}}` of shape {data} is smaller than the kernel {params['kernel']}", 0)
        out = merge_shapes(out, (*data[:2], *sizes))
        data = (*out[:2], *data[2:])
    return [TensorType(data, dtype)], [TensorType(out, dtype)]


@operator(_pooling)
def Pooling(xp, data, /, *, kernel: Positives = (), pool_type: Literal["avg", "lp", "max", "sum"] = "max",
            global_pool: bool = False, cudnn_off: bool = False,
            pooling_convention: Literal["full", "same", "valid"] = "valid", stride: Positives = (),
            pad: Naturals = (), p_value: Positive = 2, count_include_pad: bool = True,
            layout: Literal["NCDHW", "NCHW", "NCW"] | None = None):
    """Maximum, mean, sum or p-norm of each window.

    Parameters
    ----------
    data : array, shape (batch, channels, …)
        Input.
    kernel : tuple of int, optional
        Size of the window.
    pool_type : {'avg', 'lp', 'max', 'sum'}, optional
        What is taken of a window.
    global_pool : bool, optional
        One window over everything.
    cudnn_off : bool, optional
        Accepted for MXNet's signature.
    pooling_convention : {'full', 'same', 'valid'}, optional
        Whether a window may reach over the end: rounding up, as many windows as ``size / stride``, or rounding down.
    stride, pad : tuple of int, optional
        Step, and padding on both sides, for each spatial axis.
    p_value : int, optional
        The p of the p-norm.
    count_include_pad : bool, optional
        Whether padding counts in a mean; what lies beyond it in windows of ``'full'`` does not.
    layout : {'NCDHW', 'NCHW', 'NCW'}, optional
        The order of axes; there is only this one.

    Returns
    -------
    array, shape (batch, channels, …)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Pooling``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Pooling(nd.array([[[1, 3, 2, 4]]]), kernel=(2,), stride=(2,)).asnumpy()
    array([[[3., 4.]]], dtype=float32)
    """
    params = {"kernel": kernel, "stride": stride, "pad": pad, "global_pool": global_pool,
              "pooling_convention": pooling_convention}
    kernel, stride, before, after, sizes = _pool_geometry(data.shape, params)
    ones, none = (1,) * len(kernel), (0,) * len(kernel)

    def seen(x, before=before, after=after, value=0.0):
        return xp.stack(_windows(xp, _padded(xp, x, before, after, value), kernel, stride, ones, sizes), axis=0)

    if pool_type == "max":
        return xp.max(seen(data, value=-float("inf")), axis=0)
    if pool_type == "lp":
        powers = xp.sum(seen(xp.abs(data) ** p_value), axis=0)
        # A root is infinitely steep at 0; there, the gradient is 0 as that of a norm.
        some = powers > 0
        safe = xp.where(some, powers, xp.ones_like(powers))
        return xp.where(some, xp.sqrt(safe) if p_value == 2 else safe ** (1 / p_value), powers)
    total = xp.sum(seen(data), axis=0)
    if pool_type == "sum":
        return total
    # Padding may count; what a window of the convention 'full' sees beyond it never does.
    beyond = tuple([max(a - p, 0) if pooling_convention == "full" else 0 for a, p in zip(after, before)])
    if not any(beyond if count_include_pad else (*before, *after)):
        return total / prod(kernel)
    counts = xp.ones_like(data)
    if count_include_pad:
        inner = tuple([a - b for a, b in zip(after, beyond)])
        counts, before, after = _padded(xp, counts, before, inner, 1.0), none, beyond
    counts = xp.sum(seen(counts, before, after), axis=0)
    return total / xp.maximum(counts, xp.ones_like(counts))


def _bilinear_names(params):
    return ("data", "weight") if params.get("sample_type") == "bilinear" else None


def _bilinear(scale, filters):
    """Return the parameters of the deconvolution that grows each channel by its own filter."""
    if filters < 1:
        raise ParamError(f"num_filter must be the number of channels for sample_type='bilinear', got {filters}")
    return {"kernel": (2 * scale - scale % 2,) * 2, "stride": (scale,) * 2, "pad": (scale // 2,) * 2, "dilate": (),
            "adj": (), "target_shape": (), "num_filter": filters, "num_group": filters, "no_bias": True}


def _upsampling(inputs, outputs, params):
    scale = params["scale"]
    if params["sample_type"] == "bilinear":
        return _deconvolution(inputs, outputs, _bilinear(scale, params["num_filter"]))
    dtype = agree_dtype(inputs + outputs)
    shapes, out = [t.shape for t in inputs], outputs[0].shape
    for k, shape in enumerate(shapes):
        if shape is not None and len(shape) != 4:
            raise slot_error(ShapeError, f"`{{}}` has shape {shape}, expected (batch, channels, height, width)", k)
    if shapes[0] is not None:
        channels = [None if s is None else s[1] for s in shapes]
        size = tuple(None if n is None else n * scale for n in shapes[0][2:])
        for k, shape in enumerate(shapes):
            if shape is not None and any(None not in (a, n) and (n < 1 or a % n) for a, n in zip(size, shape[2:])):
                raise slot_error(ShapeError, f"`{{}}` of shape {shape} does not grow to {size} by whole numbers", k)
        if params["multi_input_mode"] == "sum":
            joined = reduce(merge_shapes, [(c,) for c in channels])[0]
        else:
            joined = None if None in channels else sum(channels)
        out = merge_shapes(out, (shapes[0][0], joined, *size))
    return [TensorType(s, dtype) for s in shapes], [TensorType(out, dtype)]


@operator(_upsampling)
def UpSampling(xp, arg: Many("{name}{i}", _bilinear_names), /, *, scale: Positive, num_filter: int = 0,
               sample_type: Literal["bilinear", "nearest"],
               multi_input_mode: Literal["concat", "sum"] = "concat", num_args: Count = None, workspace: int = 512):
    """Grow images along both spatial axes, and join the channels of several.

    Parameters
    ----------
    arg : array, shape (batch, channels, height, width), one or more
        Inputs; all grow to the size that the first one gets.  With ``'bilinear'``, `data` and `weight`.
    scale : int
        By how much the first input grows along each axis.
    num_filter : int, optional
        With ``'bilinear'``, the number of channels.
    sample_type : {'bilinear', 'nearest'}
        Repeat each element; or lay the filter `weight` of its channel, of shape ``(channels, 1, kernel, kernel)`` with
        ``kernel = 2 * scale - scale % 2``, over each element, as `Deconvolution` does.
    multi_input_mode : {'concat', 'sum'}, optional
        Join several inputs along their channels, or add them up.
    num_args : int, optional
        Number of inputs; follows from them.
    workspace : int, optional
        Accepted for MXNet's signature.

    Returns
    -------
    array, shape (batch, sum of channels, scale * height, scale * width)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``UpSampling``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.UpSampling(nd.array([[[[1, 2]]]]), scale=2, sample_type="nearest").asnumpy()[0, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]], dtype=float32)
    """
    if sample_type == "bilinear":
        return Deconvolution(xp, *arg, **_bilinear(scale, num_filter))
    height = arg[0].shape[2] * scale
    grown = []
    for x in arg:
        times = height // x.shape[2]
        grown.append(xp.repeat(xp.repeat(x, times, axis=2), times, axis=3))
    if multi_input_mode == "sum":
        return reduce(add, grown)
    return grown[0] if len(grown) == 1 else xp.concatenate(grown, axis=1)
