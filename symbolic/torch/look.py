"""A look in machine code at what memory torch's tensors have, and at the dictionaries that hold them.

To ask a tensor for its address takes a tenth of a microsecond, and as long again to find out that nothing else about it
has changed; to read both from the object's memory takes a tenth of that.  The layout of these objects is torch's own
business, so it is found by comparing tensors of known content, and must be found exactly once.  Where it is not, or
llvmlite is not installed, each tensor is asked in Python instead.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ndarray.kernels import machine_code
from ndarray.kernels.look import is_plain_cpython, is_tuple_laid_out
from symbolic.torch.look_text import HEAD, Layout, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = 22
"""How many words of a tensor are read."""


class Looks(NamedTuple):
    """Functions of machine code, which keep the interpreter's lock.

    Attributes
    ----------
    tensors : callable
        ``tensors(tuple, records, addresses)``: whether tensors are as in records; writes their addresses.
    holds : callable
        ``holds(dicts, keys, values)``: whether what dictionaries have for keys are these very objects.
    """

    tensors: Any
    holds: Any
    layout: Layout


@cache
def looks() -> Looks | None:
    """Return the looks, None where they do not prove themselves."""
    if not is_plain_cpython() or not machine_code.available():
        return None
    if not is_tuple_laid_out((1.5, "a", None)):
        return None
    try:
        layout = _layout()
    except (AttributeError, RuntimeError, TypeError, ValueError):  # What was asked is not there, or not unique.
        return None
    code = machine_code.code(text_of(layout))
    tensors: Any = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p)(
        code.address("tensors"))
    held: Any = ctypes.PYFUNCTYPE(ctypes.c_int64, *[ctypes.py_object] * 3, ctypes.c_void_p)(code.address("holds"))
    tensors.code = code
    get = ctypes.cast(ctypes.pythonapi.PyDict_GetItemWithError, ctypes.c_void_p)

    def holds(dicts, keys, values):
        return held(dicts, keys, values, get)

    found = Looks(tensors, holds, layout)
    return found if _proves_itself(found) else None


class Records:
    """What tensors were: type, class, axes, dispatch keys, dtype; each once for all that are alike.

    Parameters
    ----------
    tensors : sequence of torch.Tensor
        Dense ones on the CPU.
    layout : Layout

    Attributes
    ----------
    at : ctypes.c_void_p
        For the look.
    """

    def __init__(self, tensors: Sequence[torch.Tensor], layout: Layout) -> None:
        known: dict[tuple, np.ndarray] = {}
        self.words = np.zeros(len(HEAD) + len(tensors), np.int64)
        self.words[:len(HEAD)] = len(tensors), layout.kind
        for k, t in enumerate(tensors, len(HEAD)):
            record = _record(t, layout)
            if record not in known:
                known[record] = np.array(record, np.uint64).view(np.int64)
            self.words[k] = known[record].ctypes.data
        self.at = ctypes.c_void_p(self.words.ctypes.data)
        # What is known by its address must not make way for something else.
        self._kept = list(known.values()), {type(t) for t in tensors}


def _record(t, layout):
    impl = _words(t._cdata, _WORDS)
    dtype = impl[layout.dtype // 4] >> 16 * (layout.dtype % 4) & 0xffff
    bytes_ = t.element_size() // (2 if t.is_complex() else 1)
    # Of another class nothing but its own functions may read, so what it is does not match anything.
    class_ = layout.impl if impl[0] == layout.impl else 0
    return (id(type(t)), class_, t.dim(), impl[layout.keys], dtype, t.element_size(), bytes_ - 1,
            2**64 - 1 if t.numel() else 0, *t.shape, *t.stride())


def _words(at, n):
    return np.frombuffer(ctypes.string_at(at, 8 * n), np.uint64).tolist()


# The layout, found on tensors of known content


def _zeros(*shape, dtype=torch.float32, device="cpu"):
    return torch.zeros(shape, dtype=dtype, device=device)


def _layout():
    """Return the layout of this version of torch.

    Raises
    ------
    AttributeError, RuntimeError, TypeError, ValueError
        If it cannot be found.
    """
    base = _zeros(2000)
    known = [base.as_strided((3, 5, 7), (140, 28, 4), 11), base[17:29], base.as_strided((2, 3), (41, 13), 5),
             _zeros(4, dtype=torch.float64)[1:], _zeros(2, 3).t(), torch.nn.Parameter(_zeros(3, 4))]
    impls = [_words(t._cdata, _WORDS) for t in known]
    stores = [t.untyped_storage() for t in known]
    cells = _places([_words(id(t), 6) for t in known], [t._cdata for t in known])
    storage = _places(impls, [s._cdata for s in stores])
    keys = _places(impls, [torch._C._dispatch_keys(t).raw_repr() for t in known])
    offset = _places(impls[:4], [t.storage_offset() for t in known[:4]])
    deep = known[0]
    axes = [k for k in range(_WORDS - 3) if impls[0][k:k + 4] == [3, *deep.shape]]
    strides = [k for k in range(_WORDS - 2) if impls[0][k:k + 3] == list(deep.stride())]
    (at,), (beyond,) = axes, strides
    memory = [_words(s._cdata, 8) for s in stores]
    kinds = {words[0] for words in memory}
    data = _places([words[:4] for words in memory], [s.data_ptr() for s in stores], first=True)
    return Layout(*cells, *storage, at, beyond - at - 1, *offset, _dtype_place(), *keys, *data, _checked_place(),
                   *kinds, *{impl[0] for impl in impls}, *_places(impls, [id(t) for t in known]), *_gradient_places(at))


def _gradient_places(axes):
    """Return the word of a parameter that plain tensors lack, and the word of the gradient in what it points to."""
    params = [torch.nn.Parameter(_zeros(n)) for n in range(3, 7)]
    for p in params:
        p.grad = torch.zeros_like(p)
    others = [_zeros(n) for n in range(3, 7)]
    impls, plain = ([_words(t._cdata, axes) for t in those] for those in (params, others))
    (at,) = [k for k in range(axes) if not any(words[k] for words in plain) and all(words[k] for words in impls)]
    return at, *_places([_words(words[at], 16) for words in impls], [p.grad._cdata for p in params])


def _places(objects, values, first=False):
    """Return at which word objects have these values: one place, or `first` the first of several."""
    found = [k for k in range(len(objects[0])) if all(words[k] == value for words, value in zip(objects, values))]
    if len(found) != 1 and not (first and found):
        raise ValueError(f"found {len(found)} places, expected 1")
    return found[:1]


_DTYPES = (torch.uint8, torch.int64, torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128,
           torch.bfloat16, torch.bool, torch.int8)


def _dtype_place():
    """Return which 16 bits of a tensor tell its dtype, and nothing else."""
    def halves(t):
        return np.frombuffer(ctypes.string_at(t._cdata, 8 * _WORDS), np.uint16)

    kept = [[_zeros(3, dtype=dtype), _zeros(2, 4, dtype=dtype)] for dtype in _DTYPES]
    found = np.array([[halves(t) for t in pair] for pair in kept])
    same = (found[:, 0] == found[:, 1]).all(0)
    apart = np.array([len(np.unique(column)) == len(_DTYPES) for column in found[:, 0].T])
    small = (found < 256).all((0, 1))
    (at,) = np.flatnonzero(same & apart & small)
    return int(at)


def _checked_place():
    """Return which byte of a storage tells that who writes has to ask first: storages of lazy copies, for instance."""
    plain = [_zeros(n) for n in range(3, 11)]
    lazy = [torch._lazy_clone(t) for t in map(_zeros, range(3, 11))]
    storages = [[t.untyped_storage() for t in tensors] for tensors in (plain, lazy)]
    zero, one = (np.array([np.frombuffer(ctypes.string_at(s._cdata, 72), np.uint8) for s in those])
                 for those in storages)
    (at,) = np.flatnonzero((zero == 0).all(0) & (one == 1).all(0))
    return int(at)


def _proves_itself(found):
    """Tell whether the looks accept what is so, and refuse all else."""
    base = _zeros(3000)
    tensors = (_zeros(4, 5), base[7:19], torch.nn.Parameter(_zeros(2, 3).t()), _zeros(0),
               _zeros(), base.as_strided((2, 1, 2, 1, 3, 2, 2), (512, 9, 128, 3, 32, 8, 2), 40),
               _zeros(3, dtype=torch.complex64), _zeros(5, dtype=torch.bfloat16))
    lazy = _zeros(4, 5)
    others = (_zeros(5, 4), base[7:20], _zeros(3, 2), None, _zeros(1),
              base.as_strided((2, 1, 2, 1, 3, 2, 2), (512, 9, 128, 3, 32, 8, 4), 40),
              torch.view_as_complex(base[:6].view(3, 2)).conj(), _zeros(5, dtype=torch.float16))
    more = (torch._lazy_clone(lazy), _zeros(12, device="meta"), _zeros(3, 2).t(), _zeros(1),
            _zeros(dtype=torch.float64), _zeros(2, 1, 2, 1, 3, 2, 2), _zeros(3).to_sparse(),
            _zeros(5, dtype=torch.bfloat16).to_sparse())
    records, where = Records(tensors, found.layout), np.full(len(tensors), -1, np.int64)

    def accepts(given):
        return bool(found.tensors(given, records.at, where.ctypes.data))

    if not accepts(tensors) or where.tolist() != [t.data_ptr() for t in tensors]:
        return False
    if accepts(tensors[1:]) or any(accepts((*tensors[:k], other, *tensors[k + 1:]))
                                   for k in range(len(tensors)) for other in (others[k], more[k])):
        return False
    a, b = {"x": base, "y": lazy}, {"y": base, "z": 1}
    holds = found.holds
    return bool(holds((a, b), ("y",), (lazy, base)) and holds((a,), ("y", "x"), (lazy, base)) and not (
        holds((a, b), ("y",), (lazy, lazy)) or holds((a,), ("z",), (base,)) or holds((a,), ("y",), (lazy, base))))
