"""Growing images."""

from functools import reduce
from operator import add
from typing import Literal

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import Many, operator
from ndarray.ops.conv import Deconvolution
from ndarray.params import Count, Positive
from ndarray.rules import agree_dtype, slot_error
from ndarray.tensortype import TensorType, merge_shapes

KIND = "layer"


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
        return Deconvolution.infer(inputs, outputs, _bilinear(scale, params["num_filter"]))
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
            if shape is not None and None not in (*size, *shape[2:]) and size[0] // shape[2] != size[1] // shape[3]:
                raise slot_error(ShapeError, f"`{{}}` of shape {shape} does not grow to {size} by one number", k)
        if params["multi_input_mode"] == "sum":
            joined = reduce(merge_shapes, [(c,) for c in channels])[0]
        else:
            joined = None if None in channels else sum(channels)
        batch, = reduce(merge_shapes, [(None if s is None else s[0],) for s in shapes])
        out = merge_shapes(out, (batch, joined, *size))
    return [TensorType(s, dtype) for s in shapes], [TensorType(out, dtype)]


@operator(_upsampling, initial=dict.fromkeys(("arg1", "weight"), '["bilinear", {}]'))
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
