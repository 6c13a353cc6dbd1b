"""Pickles of plain values and arrays, as MXNet's updaters write them: read without running any code.

A pickle is a program for a small machine with a stack.  `loads` runs its own machine, which makes numbers, text, lists,
tuples and dicts, arrays of MXNet and NumPy, and of everything else a `Record` that does nothing.
"""

from __future__ import annotations

import math
import pickletools
import struct
import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ndarray.array import NDArray
from ndarray.csr import CSRNDArray
from ndarray.dtypes import native
from ndarray.errors import FormatError, LimitError, OperatorError, shown
from ndarray.paramsfile import array_from_bytes, array_to_bytes
from ndarray.sparse import RowSparseNDArray

MOST_STEPS = 1_000_000
"""How many steps a program may have; an array takes about 20."""
MOST_LEVELS = 100
"""How deep containers may be nested."""

_ARRAY = "mxnet.ndarray.ndarray NDArray"
_ARRAYS = frozenset({_ARRAY, "mxnet.ndarray.sparse RowSparseNDArray", "mxnet.ndarray.sparse CSRNDArray",
                     "mxnet.numpy.multiarray ndarray"})
_KEYS = (str, int, float, bytes, type(None), np.integer, np.floating)


class Record:
    """An object in a pickle, of a class or function that is only named.

    Attributes
    ----------
    name : str
        Module and name, with a space between.
    args : tuple
        What it was made from.
    state : object
        What its attributes were set to; None where nothing was.
    """

    __slots__ = ("name", "args", "state")

    def __init__(self, name: str, args: tuple = ()) -> None:
        self.name, self.args, self.state = name, args, None

    def __repr__(self) -> str:
        return f"<{self.name}>"


def loads(data: bytes | bytearray | memoryview) -> Any:
    """Return the value that a pickle holds.

    Parameters
    ----------
    data : bytes
        Of any protocol.

    Returns
    -------
    object
        Of numbers, text, bytes, None, lists, tuples, dicts, NDArray, sparse arrays, numpy.ndarray and `Record`.

    Raises
    ------
    FormatError, LimitError
        If it is not such a pickle, with the byte where it is not.

    Examples
    --------
    >>> import pickle, os
    >>> loads(pickle.dumps({"a": [1, 2.5, None]}))
    {'a': [1, 2.5, None]}
    >>> loads(pickle.dumps(os.system))
    <posix system>
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise OperatorError(f"expected bytes, got {shown(data)}")
    return _Resolver().resolve(_run(bytes(data)))


def dumps(value: Any) -> bytes:
    """Return a pickle of a value, whose arrays are MXNet's: MXNet reads it as it reads its own.

    Parameters
    ----------
    value : object
        Of None, bool, int, float, str, lists, tuples, dicts, NDArray and sparse arrays.

    Raises
    ------
    OperatorError
        If something in it is of another kind.

    Examples
    --------
    >>> import ndarray as nd
    >>> loads(dumps({0: (nd.ones(2), None)}))[0][0].tolist()
    [1.0, 1.0]
    """
    parts = [b"\x80\x04"]
    _write(value, parts, 0)
    return b"".join([*parts, b"."])


# Writing

def _write(value: Any, parts: list[bytes], level: int) -> None:
    if level > MOST_LEVELS:
        raise OperatorError(f"values nested deeper than {MOST_LEVELS} levels cannot be written")
    if value is None or isinstance(value, bool):
        parts.append(b"N" if value is None else b"\x88" if value else b"\x89")
    elif isinstance(value, (int, np.integer)):
        parts.append(_number(int(value)))
    elif isinstance(value, (float, np.floating)):
        parts.append(b"G" + struct.pack(">d", value))
    elif isinstance(value, str):
        encoded = value.encode("utf-8", "surrogatepass")
        parts.append(b"X" + struct.pack("<I", len(encoded)) + encoded)
    elif isinstance(value, (NDArray, RowSparseNDArray, CSRNDArray)):
        raw = array_to_bytes(value)
        parts += [_global(_ARRAY), b"N\x85R}", b"X\x06\0\0\0handle", _global("builtins bytearray"),
                  b"\x8e", struct.pack("<Q", len(raw)), raw, b"\x85Rsb"]
    elif isinstance(value, (tuple, list, dict)):
        opening, closing = {tuple: (b"(", b"t"), list: (b"](", b"e"), dict: (b"}(", b"u")}[
            next(kind for kind in (tuple, list, dict) if isinstance(value, kind))]
        if isinstance(value, dict) and not all(isinstance(key, _KEYS) for key in value):
            raise OperatorError(f"the keys of a dict must be numbers or text, got {shown(list(value))}")
        parts.append(opening)
        for item in ([x for pair in value.items() for x in pair] if isinstance(value, dict) else value):
            _write(item, parts, level + 1)
        parts.append(closing)
    else:
        raise OperatorError(f"expected numbers, text, arrays and containers of them, got {shown(value)}")


def _number(value: int) -> bytes:
    if -2**31 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8b" + struct.pack("<i", len(raw)) + raw


def _global(name: str) -> bytes:
    module, _, own = name.partition(" ")
    return b"c" + module.encode() + b"\n" + own.encode() + b"\n"


# The machine

class _Machine:
    """The stack, the stacks below marks, and what is remembered by number."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        """Return what has been pushed since the last mark, and go back to the stack below it."""
        found, self.stack = self.stack, self.below.pop()
        return found

    def last(self, n: int) -> tuple:
        """Take the last `n` values off the stack."""
        if len(self.stack) < n:
            raise IndexError
        found = tuple(self.stack[len(self.stack) - n:])
        del self.stack[len(self.stack) - n:]
        return found

    def top(self, kind: type) -> Any:
        """Return the value on top of the stack, of a kind."""
        if not isinstance(self.stack[-1], kind):
            raise TypeError
        return self.stack[-1]

    def set_items(self, items: list[Any], new: bool = False) -> None:
        if new:
            self.push({})
        target = self.top(dict)
        if len(items) % 2 or not all(isinstance(key, _KEYS) for key in items[::2]):
            raise TypeError
        target.update(zip(items[::2], items[1::2]))

    def make(self, args: Any) -> None:
        """Replace what is named on top of the stack by a record of what would be made from arguments."""
        named = self.stack.pop()
        if not isinstance(named, Record) or named.args or not isinstance(args, tuple):
            raise TypeError
        self.push(Record(named.name, args))

    def build(self) -> None:
        state = self.stack.pop()
        self.top(Record).state = state


def _named(machine: _Machine, module: Any, name: Any) -> None:
    if not (isinstance(module, str) and isinstance(name, str)):
        raise TypeError
    machine.push(Record(f"{module} {name}"))


_PUSHED = frozenset("INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING "
                    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 "
                    "BYTEARRAY8".split())
_STORED, _RECALLED = frozenset("PUT BINPUT LONG_BINPUT".split()), frozenset("GET BINGET LONG_BINGET".split())
_STEPS: dict[str, Callable[[_Machine], object]] = {
    "PROTO": lambda m: None, "FRAME": lambda m: None, "STOP": lambda m: None,
    "NONE": lambda m: m.push(None), "NEWTRUE": lambda m: m.push(True), "NEWFALSE": lambda m: m.push(False),
    "MARK": lambda m: m.mark(), "POP": lambda m: m.stack.pop() if m.stack else m.since_mark(),
    "POP_MARK": lambda m: m.since_mark(), "DUP": lambda m: m.push(m.stack[-1]),
    "EMPTY_TUPLE": lambda m: m.push(()), "EMPTY_LIST": lambda m: m.push([]), "EMPTY_DICT": lambda m: m.push({}),
    "TUPLE": lambda m: m.push(tuple(m.since_mark())), "LIST": lambda m: m.push(m.since_mark()),
    "TUPLE1": lambda m: m.push(m.last(1)), "TUPLE2": lambda m: m.push(m.last(2)),
    "TUPLE3": lambda m: m.push(m.last(3)),
    "APPEND": lambda m: (lambda item: m.top(list).append(item))(*m.last(1)),
    "APPENDS": lambda m: (lambda items: m.top(list).extend(items))(m.since_mark()),
    "DICT": lambda m: m.set_items(m.since_mark(), new=True),
    "SETITEM": lambda m: m.set_items(list(m.last(2))), "SETITEMS": lambda m: m.set_items(m.since_mark()),
    "STACK_GLOBAL": lambda m: _named(m, *m.last(2)),
    "REDUCE": lambda m: m.make(*m.last(1)), "NEWOBJ": lambda m: m.make(*m.last(1)),
    "NEWOBJ_EX": lambda m: m.make(m.last(2)[0]), "BUILD": lambda m: m.build(),
    "MEMOIZE": lambda m: m.memo.setdefault(len(m.memo), m.stack[-1]),
}


def _run(data: bytes) -> Any:
    """Return what a program leaves on the stack."""
    machine, at = _Machine(), 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in text that are none
            for steps, (code, arg, place) in enumerate(pickletools.genops(data)):
                at = place or 0
                if steps >= MOST_STEPS:
                    raise LimitError(f"byte {at}: the pickle has more than {MOST_STEPS:,} steps")
                _step(machine, code.name, arg)
    except (IndexError, KeyError, TypeError):
        raise FormatError(f"byte {at}: the pickle is damaged, or not one of plain values and arrays") from None
    except (ValueError, AssertionError, OverflowError, struct.error) as error:
        if isinstance(error, LimitError):
            raise
        raise FormatError(f"after byte {at}: not a pickle: {error}") from None
    if len(machine.stack) != 1 or machine.below:
        raise FormatError(f"byte {at}: the pickle leaves {len(machine.stack)} values, expected one")
    return machine.stack[0]


def _step(machine: _Machine, name: str, arg: Any) -> None:
    if name in _PUSHED:
        machine.push(arg)
    elif name in _STORED:
        machine.memo[arg] = machine.stack[-1]
    elif name in _RECALLED:
        machine.push(machine.memo[arg])
    elif name == "GLOBAL":
        _named(machine, *arg.split(" ", 1))
    else:
        _STEPS[name](machine)


# What records stand for

class _Resolver:
    """Makes arrays of the records that stand for them, each container once."""

    def __init__(self) -> None:
        self.done: dict[int, Any] = {}
        self.level = 0

    def resolve(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple, dict, Record)):
            return value
        key = id(value)  # The machine's values live as long as this pass.
        if key not in self.done:
            self.level += 1
            if self.level > MOST_LEVELS:
                raise LimitError(f"the pickle is nested deeper than {MOST_LEVELS} levels, or holds itself")
            self.done[key] = self.made(value)
            self.level -= 1
        return self.done[key]

    def made(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: self.resolve(v) for k, v in value.items()}
        if not isinstance(value, Record):
            return type(value)([self.resolve(x) for x in value])
        args, state = self.resolve(value.args), self.resolve(value.state)
        try:
            if value.name in _ARRAYS and state is not None:
                return array_from_bytes(state["handle"])
            make = _KNOWN.get(value.name.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins"))
            if make is not None:
                return make(args, state)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{shown(value.name)} in the pickle is damaged: {error}") from None
        found = Record(value.name, args)
        found.state = state
        return found


def _bytes(args: tuple, state: Any) -> bytes:
    if args and isinstance(args[0], str):
        return args[0].encode("latin-1")
    return bytes(args[0]) if args and isinstance(args[0], (bytes, bytearray)) else b""


def _dtype(args: tuple, state: Any) -> np.dtype:
    if not isinstance(args[0], str):
        raise TypeError("a dtype is given by its name")
    found = np.dtype(args[0])
    if found.kind not in "biuf":
        raise TypeError(f"dtype {found} is not one of numbers")
    return found.newbyteorder(">") if state and state[1] == ">" else found


def _numbers(raw: Any, dtype: np.dtype, shape: Any, order: Literal["C", "F"]) -> np.ndarray:
    if not isinstance(dtype, np.dtype) or not isinstance(raw, (bytes, bytearray, str)):
        raise TypeError("the elements of an array must be bytes of a dtype")
    raw = raw.encode("latin-1") if isinstance(raw, str) else bytes(raw)
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape) or len(shape) > 32 or (
            math.prod(shape) * dtype.itemsize != len(raw)):
        raise ValueError(f"{len(raw)} bytes are not an array of shape {shown(shape)} and dtype {dtype}")
    return np.frombuffer(raw, dtype).reshape(shape, order=order).astype(native(dtype))


def _whole_array(args: tuple, state: Any) -> np.ndarray:
    _, shape, dtype, fortran, raw = state
    return _numbers(raw, dtype, shape, "F" if fortran else "C")


_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "builtins bytearray": _bytes, "builtins bytes": _bytes, "_codecs encode": _bytes, "numpy dtype": _dtype,
    "numpy.core.multiarray _reconstruct": _whole_array,
    "numpy.core.multiarray scalar": lambda args, state: _numbers(args[1], args[0], (), "C")[()],
    "numpy.core.numeric _frombuffer": lambda args, state: _numbers(
        args[0], args[1], args[2], "F" if args[3] == "F" else "C"),
}
