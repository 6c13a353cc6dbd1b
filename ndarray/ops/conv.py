"""Convolution and its transpose over one, two or three spatial axes: matrix products with what the windows see."""

from math import prod
from typing import Annotated, Literal

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.ops.windows import Geometry, columns, image_of, rows, spread
from ndarray.params import IMPLIED, Naturals, Positive, Positives
from ndarray.rules import agree_dtype, fit, slot_error
from ndarray.tensortype import TensorType, merge_shapes

KIND = "layer"


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
    stride, dilate, pad = (spread(k, params[k], rank) for k in ("stride", "dilate", "pad"))
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


def _bias_if_asked(params):
    return ("bias",) if params["no_bias"] else ()


@operator(_convolution, absent=_bias_if_asked)
def Convolution(xp, data, weight, bias=None, /, *, kernel: Positives, num_filter: Positive, stride: Positives = (),
                dilate: Positives = (), pad: Naturals = (), num_group: Positive = 1, no_bias: bool = False,
                workspace: int = 1024,
                cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None, cudnn_off: bool = False,
                layout: Annotated[Literal["NCDHW", "NCHW", "NCW"], IMPLIED] | None = None):
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
    geometry = _conv_geometry(data, kernel, stride, dilate, pad)
    out = xp.matmul(_filters(xp, weight, num_group), columns(xp, data, geometry, num_group))
    return _with_bias(xp, xp.reshape(out, (data.shape[0], num_filter, *geometry.sizes)), bias)


@Convolution.gradient
def _(xp, head, output, data, weight, bias, *, kernel, num_group, stride, dilate, pad, **_):
    geometry = _conv_geometry(data, kernel, stride, dilate, pad)
    seen = rows(xp, data, geometry, num_group)
    arrived = _places(xp, head, num_group)
    back = xp.matmul(xp.swapaxes(_filters(xp, weight, num_group), 2, 3), arrived)
    return (image_of(xp, back, data.shape, geometry), _products(xp, _rows(xp, arrived), seen, weight.shape),
            _bias_gradient(xp, head, bias))


def _conv_geometry(data, kernel, stride, dilate, pad):
    rank = len(kernel)
    stride, dilate, pad = spread("stride", stride, rank), spread("dilate", dilate, rank), spread("pad", pad, rank)
    sizes = tuple(map(_conv_size, data.shape[2:], kernel, stride, pad, dilate))
    return Geometry(kernel, stride, dilate, pad, pad, sizes)


def _filters(xp, weight, groups):
    """Return the filters as a matrix for each group, (1, groups, filters of a group, what each sees)."""
    return xp.reshape(weight, (1, groups, weight.shape[0] // groups, prod(weight.shape[1:])))


def _places(xp, image, groups):
    """Return an image as a matrix for each instance and group, (batch, groups, channels of a group, places)."""
    batch, channels = image.shape[:2]
    return xp.reshape(image, (batch, groups, channels // groups, prod(image.shape[2:])))


def _products(xp, places, seen, shape):
    """Return the gradient of filters: what arrived at each place times what its window saw, summed over all places."""
    # One product of long rows for each group, rather than one for each instance and a sum.
    return xp.reshape(xp.matmul(places, xp.swapaxes(seen, 1, 2)), shape)


def _rows(xp, x):
    """Return matrices, (batch, groups, …, places), with those of all instances side by side."""
    x = xp.moveaxis(x, 0, 2)
    return xp.reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3]))


def _with_bias(xp, out, bias):
    return out if bias is None else out + xp.reshape(bias, (-1, *(1,) * (out.ndim - 2)))


def _bias_gradient(xp, head, bias):
    return None if bias is None else xp.sum(head, axis=(0, *range(2, head.ndim)))


@operator(_convolution, absent=_bias_if_asked)
def Convolution_v1(xp, data, weight, bias=None, /, *, kernel: Positives, num_filter: Positive, stride: Positives = (),
                   dilate: Positives = (), pad: Naturals = (), num_group: Positive = 1, workspace: int = 1024,
                   no_bias: bool = False, cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None,
                   cudnn_off: bool = False, layout: Annotated[Literal["NCDHW", "NCHW"], IMPLIED] | None = None):
    """First version of `Convolution`, which old files hold: the same.

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
    workspace, cudnn_tune, cudnn_off : optional
        Accepted for MXNet's signature.
    no_bias : bool, optional
        Leave the bias out.
    layout : {'NCDHW', 'NCHW'}, optional
        The order of axes; there is only this one.

    Returns
    -------
    array, shape (batch, num_filter, …)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Convolution_v1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Convolution_v1(nd.ones((1, 1, 3, 3)), nd.ones((1, 1, 2, 2)), nd.zeros(1), kernel=(2, 2),
    ...                   num_filter=1).asnumpy()[0, 0]
    array([[4., 4.],
           [4., 4.]], dtype=float32)
    """
    return Convolution(xp, data, weight, bias, kernel=kernel, num_filter=num_filter, stride=stride, dilate=dilate,
                       pad=pad, num_group=num_group)


Convolution_v1.gradient(Convolution.rules["gradient"])


def _deconv_pads(params, sizes):
    """Return padding and extra size for each spatial axis; ``target_shape`` settles both."""
    kernel = params["kernel"]
    rank = len(kernel)
    stride, dilate = (spread(k, params[k], rank) for k in ("stride", "dilate"))
    if not params["target_shape"]:
        return tuple([spread(k, params[k], rank) for k in ("pad", "adj")])
    target = spread("target_shape", params["target_shape"], rank)
    total = [s * (n - 1) + d * (k - 1) + 1 - t for s, n, d, k, t in zip(stride, sizes, dilate, kernel, target)]
    return tuple((t + 1) // 2 for t in total), tuple(t % 2 for t in total)


def _deconv_size(size, kernel, stride, pad, dilate, adj):
    return None if size is None else stride * (size - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj


def _deconvolution(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    kernel = params["kernel"]
    rank, filters, groups = len(kernel), params["num_filter"], params["num_group"]
    stride, dilate = (spread(k, params[k], rank) for k in ("stride", "dilate"))
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


@operator(_deconvolution, absent=_bias_if_asked)
def Deconvolution(xp, data, weight, bias=None, /, *, kernel: Positives, num_filter: Positive, stride: Positives = (),
                  dilate: Positives = (), pad: Naturals = (), adj: Naturals = (), target_shape: Naturals = (),
                  num_group: Positive = 1, no_bias: bool = True, workspace: int = 512,
                  cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None, cudnn_off: bool = False,
                  layout: Annotated[Literal["NCDHW", "NCHW", "NCW"], IMPLIED] | None = None):
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
    geometry, size = _deconv_geometry(data, kernel, stride, dilate, pad, adj, target_shape)
    seen = xp.matmul(xp.swapaxes(_filters(xp, weight, num_group), 2, 3), _places(xp, data, num_group))
    return _with_bias(xp, image_of(xp, seen, (data.shape[0], num_filter, *size), geometry), bias)


@Deconvolution.gradient
def _(xp, head, output, data, weight, bias, *, kernel, num_group, stride, dilate, pad, adj, target_shape, **_):
    geometry, _ = _deconv_geometry(data, kernel, stride, dilate, pad, adj, target_shape)
    seen = columns(xp, head, geometry, num_group)
    back = xp.matmul(_filters(xp, weight, num_group), seen)
    filters = _products(xp, _rows(xp, _places(xp, data, num_group)), _rows(xp, seen), weight.shape)
    return xp.reshape(back, data.shape), filters, _bias_gradient(xp, head, bias)


def _deconv_geometry(data, kernel, stride, dilate, pad, adj, target_shape):
    """Return the geometry of the convolution that is undone, and the spatial shape of what it saw."""
    rank, sizes = len(kernel), data.shape[2:]
    stride, dilate = spread("stride", stride, rank), spread("dilate", dilate, rank)
    pad, adj = _deconv_pads({"kernel": kernel, "stride": stride, "dilate": dilate, "pad": pad, "adj": adj,
                             "target_shape": target_shape}, sizes)
    geometry = Geometry(kernel, stride, dilate, pad, tuple([p - a for p, a in zip(pad, adj)]), sizes)
    return geometry, tuple(map(_deconv_size, sizes, kernel, stride, pad, dilate, adj))
