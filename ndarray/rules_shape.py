"""Rules of operators that move, join and cut elements, and what their bodies share with them."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

from ndarray.errors import ShapeError
from ndarray.rules import agree_dtype, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.tensortype import Dims


def place_of(axis: int, ndim: int, slot: int = 0) -> int:
    """Return an axis counted from 0.

    Raises
    ------
    ShapeError
        If the array does not have such an axis.

    Examples
    --------
    >>> place_of(-1, 3)
    2
    """
    if not -ndim <= axis < ndim:
        raise slot_error(ShapeError, f"axis {axis} of `{{}}`, which has {ndim}", slot)
    return axis % ndim


def moves(forward: Callable[..., Any], back: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return the rule of an operator on one array whose output's shape follows from the input's.

    Parameters
    ----------
    forward : callable
        ``forward(shape, params)`` gives the output's shape; dimensions may be None in both.
    back : callable, optional
        ``back(out, shape, params)`` gives what the output implies of the input's shape, which is `shape` so far;
        None where it implies nothing.
    """

    def infer(inputs: list[TensorType], outputs: list[TensorType], params: Mapping[str, Any]) -> Any:
        dtype = agree_dtype([inputs[0], outputs[0]])
        shape, out = inputs[0].shape, outputs[0].shape
        if shape is not None:
            out = merge_shapes(forward(shape, params), out)
        if back is not None and out is not None:
            shape = merge_shapes(shape, back(out, shape, params))
            if shape is not None:
                out = merge_shapes(forward(shape, params), out)
        return [TensorType(shape, dtype), *inputs[1:]], [TensorType(out, dtype)]

    return infer


def fill_by_size(out: Dims, shape: Dims | None, params: Any = None) -> Dims | None:
    """Return `shape` with its one unknown dimension, which follows from as many elements as `out` has."""
    if shape is None or shape.count(None) != 1 or None in out:
        return shape
    known, size = math.prod(d for d in shape if d is not None), math.prod(out)
    if not known or size % known:
        return shape
    return tuple(size // known if d is None else d for d in shape)


def resolve_shape(shape: Sequence[int | Any], target: Sequence[int], reverse: bool = False) -> tuple[Any, ...]:
    """Return the shape that MXNet's codes in `target` make of `shape`.

    Parameters
    ----------
    shape : tuple of (int or None)
    target : tuple of int
        -1 follows from the size; 0 copies an axis; -2 copies all that remain; -3 merges two; -4 splits one into the
        next two numbers.
    reverse : bool, optional
        Match from the right.

    Raises
    ------
    ShapeError
        If the sizes differ, or the codes do not fit.

    Examples
    --------
    >>> resolve_shape((2, 3, 4), (0, -3)), resolve_shape((6, 4), (-4, 2, -1, 0))
    ((2, 12), (2, 3, 4))
    >>> resolve_shape((None, 3, 4), (0, -1)), resolve_shape((2, 12), (0, -1, 4, -4), reverse=True)
    ((None, 12), (2, 3, 4))
    """
    groups = _groups(target, reverse)
    if reverse:
        shape = shape[::-1]
    # Codes that copy, merge or split keep the size; numbers and -1 share out the rest.
    result: list[Any] = []
    rest: Any = []
    asked: Any = []
    left: list[Any] = list(shape)
    for code, *parts in groups:
        need = {0: 1, -3: 2, -4: 1}.get(code, 0)
        if len(left) < need:
            raise ShapeError(f"{code} in {target} asks for more axes than {_shown(shape, reverse)} has")
        taken = left[:need]
        left = left[need:]
        if code == 0:
            result += taken
        elif code == -3:
            result.append(_product(taken))
        elif code == -4:
            result += _split(taken[0], parts, target)
        elif code == -2:
            result += left
            left = []
        else:
            result.append(code)
            rest += left[:1]
            left = left[1:]
            asked += [code] * (code != -1)
    rest, asked = _product(rest + left), math.prod(asked)
    fits = True
    if -1 in result:
        fits = rest is None or rest % asked == 0
        result[result.index(-1)] = None if rest is None else rest // asked
    elif None not in shape:
        fits = math.prod(result) == math.prod(shape)
    if not fits:
        raise ShapeError(f"cannot reshape {_shown(shape, reverse)} to {target}"
                         + (f": {math.prod(shape)} elements" if None not in shape else ""))
    return tuple(result[::-1] if reverse else result)


def _groups(target: Sequence[int], reverse: bool) -> list[Any]:
    """Return the codes one by one, each split with its two numbers: those after it, or before it from the right."""
    groups, codes = [], list(target[::-1] if reverse else target)
    if codes.count(-1) - sum(-1 in codes[i + 1:i + 3] for i, c in enumerate(codes) if c == -4) > 1:
        raise ShapeError(f"only one -1 can follow from the size, {target} has more")
    while codes:
        code = codes.pop(0)
        if code < -4:
            raise ShapeError(f"{code} in {target} is not a reshape code; codes are 0 to -4")
        if code == -4 and len(codes) < 2:
            raise ShapeError(f"-4 in {target} has the two numbers to split into "
                             f"{'before it, as codes are matched from the right' if reverse else 'after it'}")
        groups.append((code, codes.pop(0), codes.pop(0)) if code == -4 else (code,))
    return groups


def _split(length: int | None, parts: Sequence[int], target: Sequence[int]) -> list[Any]:
    a, b = parts
    known = b if a == -1 else a
    if known < 1 or min(a, b) < -1:
        raise ShapeError(f"-4 in {target} splits into two positive numbers, one of which may be -1")
    if length is None:
        return [None if a == -1 else a, None if b == -1 else b]
    other = length // known
    found = [other if a == -1 else a, other if b == -1 else b]
    if math.prod(found) != length:
        raise ShapeError(f"-4 in {target} cannot split an axis of length {length} into {a} and {b}")
    return found


def _product(dims: Sequence[int | Any]) -> int | None:
    return None if None in dims else math.prod(dims)


def _shown(shape: Sequence[int | None], reverse: bool) -> str:
    return show_shape(tuple(shape[::-1] if reverse else shape))


def slice_points(shape: Dims, params: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return begin, end and step of every axis, from the tuples ``begin``, ``end`` and ``step`` for the first axes.

    Raises
    ------
    ShapeError
        If there are more points than axes, or a step is 0.
    """
    begin, end, step = params["begin"], params["end"], params["step"]
    if len(begin) != len(end) or len(begin) > len(shape) or (step and len(step) != len(begin)):
        raise slot_error(ShapeError, f"begin={begin}, end={end}, step={step} are not points for the {len(shape)} axes "
                         "of `{}`", 0)
    if 0 in step:
        raise slot_error(ShapeError, f"step={step} does not advance on an axis of `{{}}`", 0)
    whole = len(shape) - len(begin)
    step = step or (1,) * len(begin)
    return ((*begin, *(None,) * whole), (*end, *(None,) * whole),
            (*(1 if s is None else s for s in step), *(1,) * whole))


def sliced_shape(shape: Dims, params: Mapping[str, Any]) -> Dims:
    """Return the shape of the region that ``begin``, ``end`` and ``step`` cut out."""
    return tuple(None if d is None else len(range(*builtins.slice(*point).indices(d)))
                 for d, point in zip(shape, zip(*slice_points(shape, params))))


def on_axis(axis: int, ndim: int, begin: int | None, end: int | None) -> tuple[Any, Any, Any]:
    """Return the begin, end and step of a cut along one axis."""
    at = place_of(axis, ndim)
    return ((*(None,) * at, begin, *(None,) * (ndim - at - 1)), (*(None,) * at, end, *(None,) * (ndim - at - 1)),
            (1,) * ndim)


def cut(xp: Any, x: Any, axis: int, begin: int | None, end: int | None) -> Any:
    """Return ``x[begin:end]`` along one axis, in the vocabulary `xp`."""
    return xp.strided_slice(x, *on_axis(axis, x.ndim, begin, end))


def check_repeats(shape: Dims, target: Dims) -> None:
    """Raise where an array of `shape` does not become `target` by repeating axes of length 1."""
    aligned = (1,) * (len(target) - len(shape)) + shape
    if len(shape) > len(target) or any(d not in (1, None, t) and t is not None for d, t in zip(aligned, target)):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} cannot be repeated to "
                                     f"{show_shape(target)}", 0)
