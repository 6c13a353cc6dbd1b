"""What operators that look through windows share: sizes, padding, and images as columns of what each window sees."""

from functools import reduce
from itertools import product
from math import prod
from operator import add
from typing import NamedTuple

from ndarray.errors import ParamError


class Geometry(NamedTuple):
    """How windows are laid over an image, a number for each spatial axis.

    Attributes
    ----------
    kernel, stride, dilate : tuple of int
        Elements of a window, steps between windows, and between the elements of one.
    before, after : tuple of int
        Zeros put on both ends; negative where elements are cut off.
    sizes : tuple of int
        Number of windows.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilate: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    sizes: tuple[int, ...]


def spread(name: str, value: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Return one number for each spatial axis; an empty tuple means the usual one everywhere."""
    if not value:
        return (0 if name in ("pad", "adj") else 1,) * rank
    if len(value) != rank:
        raise ParamError(f"{name}={value}: expected {rank}, a number for each spatial axis, got {len(value)}")
    return tuple(value)


def padded(xp, data, before, after, value=0.0):
    """Return an image with a border around its spatial axes; a negative width cuts."""
    if any(b > 0 for b in (*before, *after)):
        width = ((0, 0), (0, 0), *((max(b, 0), max(a, 0)) for b, a in zip(before, after)))
        data = xp.pad(data, width, mode="constant", constant_values=value)
    if any(b < 0 for b in (*before, *after)):
        begin = (None, None, *(max(-b, 0) for b in before))
        end = (None, None, *(n - max(-a, 0) for n, a in zip(data.shape[2:], after)))
        data = xp.strided_slice(data, begin, end, (1,) * data.ndim)
    return data


def columns(xp, image, geometry, groups=1):
    """Return what the windows see: an array of shape (batch, groups, channels of a group · kernel, windows)."""
    image = padded(xp, image, geometry.before, geometry.after)
    seen = [xp.strided_slice(image, *cut) for cut in _cuts(geometry)]
    seen = seen[0] if len(seen) == 1 else xp.stack(seen, axis=2)
    batch, channels = image.shape[:2]
    return xp.reshape(seen, (batch, groups, channels // groups * prod(geometry.kernel), prod(geometry.sizes)))


def rows(xp, image, geometry, groups=1):
    """Return `columns` with those of all instances side by side: (groups, channels of a group · kernel, windows)."""
    # The image is moved, in memory too, for what the windows see is larger, and moving that takes longest of all.
    image = xp.moveaxis(padded(xp, image, geometry.before, geometry.after), 0, 1)
    channels, batch, *size = image.shape
    image = xp.reshape(xp.reshape(image, (channels, batch * prod(size))), (channels, batch, *size))
    seen = [xp.strided_slice(image, *cut) for cut in _cuts(geometry)]
    seen = seen[0] if len(seen) == 1 else xp.stack(seen, axis=1)
    return xp.reshape(seen, (groups, channels // groups * prod(geometry.kernel), batch * prod(geometry.sizes)))


def image_of(xp, seen, shape, geometry):
    """Return the sum of `columns` over the elements of an image that they come from: the transpose of `columns`.

    Parameters
    ----------
    xp : array namespace
    seen : array, shape (batch, groups, channels of a group · kernel, windows)
    shape : tuple of int
        Shape of the image.
    geometry : Geometry
    """
    batch, channels, *size = shape
    places = prod(geometry.kernel)
    seen = xp.reshape(seen, (batch, channels, places, *geometry.sizes))
    whole = (batch, channels, *(n + b + a for n, b, a in zip(size, geometry.before, geometry.after)))
    rest = (None,) * len(size)

    def part_of(k, cut):
        part = seen
        if places > 1:
            part = xp.strided_slice(seen, (None, None, k, *rest), (None, None, k + 1, *rest), (1,) * seen.ndim)
        part = xp.reshape(part, (batch, channels, *geometry.sizes))
        return part if part.shape == whole else xp.unslice(part, whole, *cut)

    # One after the other: together they would take as much memory as the image, times the elements of a window.
    total = reduce(add, (part_of(k, cut) for k, cut in enumerate(_cuts(geometry))))
    return padded(xp, total, [-b for b in geometry.before], [-a for a in geometry.after])


def _cuts(geometry):
    """Return, for each place of the kernel, the begin, end and step of what it sees."""
    kernel, stride, dilate, _, _, sizes = geometry
    for place in product(*(range(k) for k in kernel)):
        begin = [p * d for p, d in zip(place, dilate)]
        end = [b + (n - 1) * s + 1 if n else b for b, n, s in zip(begin, sizes, stride)]
        yield (None, None, *begin), (None, None, *end), (1, 1, *stride)
