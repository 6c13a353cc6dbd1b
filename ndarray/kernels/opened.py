"""Bodies that are more than elementwise arithmetic, opened: what loops cannot compute is a call of one word.

The calls have memory for their results before they run, as loops have: a product of matrices, a sum over an axis or a
copy allocates nothing.  What only looks at memory in another way (`swapaxes`, `strided_slice`) is a view, and no call.
A condition has the flows of both branches, each bound to memory of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ndarray import vocabulary
from ndarray.kernels import machine_code, product
from ndarray.kernels.axes import Reduction, stages
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Call, Flow, Runnable, Sink
from ndarray.kernels.memory import lifetimes, plan
from ndarray.kernels.record import FLOAT32, FLOAT64, Instruction, Recorder, Unfusible, Value, runs_of

LOOPS = "loops compute elements"
MOST_PLACES = (1 << 31) - 1
"""Elements over which loops repeat a shorter array: places are numbers of 32 bits there."""


class WordCall(NamedTuple):
    """A word of the vocabulary on memory that is there.

    Attributes
    ----------
    word : str
    make : callable
        ``make(inputs, results)`` returns a function without arguments that computes results, by number, from inputs.
    views : tuple of callable
        How the word sees each input.
    sure : bool
        Whether it cannot fail.
    node : object
        What it belongs to.
    by : str
        What computes it.
    """

    word: str
    make: Callable[[list[np.ndarray], dict[int, np.ndarray]], Callable[[], object]]
    views: tuple[Callable[[np.ndarray], np.ndarray], ...]
    sure: bool
    node: Any
    by: str = "NumPy"

    def __str__(self):
        return f"{self.word} of %{self.node.name}"

    def scratch(self, parts: Any) -> int:
        """Return how many bytes it needs while it runs."""
        return 0

    def bind(self, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], object]:
        """Return a function that computes the results from the inputs."""
        seen = [view(array) for view, array in zip(self.views, inputs, strict=True)]
        return partial(_quietly, self.make(seen, results))


class Product(NamedTuple):
    """A product of matrices in machine code.

    Attributes
    ----------
    precision : str
    shapes : tuple of tuple of int
        Of the two factors.
    views : tuple of callable
        How it sees them.
    node : object
        What it belongs to.
    sure : bool
    by : str
    """

    precision: str
    shapes: tuple[tuple[int, int], tuple[int, int]]
    views: tuple[Callable[[np.ndarray], np.ndarray], ...]
    node: Any
    by: str = "product"
    sure: bool = True

    def __str__(self):
        return f"matmul in {self.precision} of %{self.node.name}"

    def scratch(self, parts: Any) -> int:
        """Return how many bytes it needs while it runs."""
        (m, k), (_, n) = self.shapes
        return product.scratch(self.precision, m, n, k)

    def bind(self, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], object]:
        """Return a function that computes the product of the inputs."""
        a, b = [view(array) for view, array in zip(self.views, inputs, strict=True)]
        return product.bound(self.precision, a, b, results[0], scratch)


class Branches(NamedTuple):
    """One of two flows, as a condition says, on the inputs of the call that follow the condition.

    Attributes
    ----------
    flows : tuple of (Flow, Flow)
        Their buffers are ``("in", k)`` and ``("out", k)``.
    sure : bool
    node : object
    by : str
    """

    flows: tuple[Flow, Flow]
    sure: bool
    node: Any
    by: str = "NumPy"

    def __str__(self):
        return f"cond of %{self.node.name}"

    def scratch(self, parts: Any) -> int:
        """Return how many bytes a branch needs while it runs."""
        return max([plan(lifetimes(cluster(flow), flow, parts)).bytes for flow in self.flows])

    def bind(self, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], None]:
        """Return a function that runs the branch which the first input chooses."""
        condition, *given = inputs
        arrays = {("in", k): a for k, a in enumerate(given)} | {("out", k): a for k, a in results.items()}
        true, false = (Binding(cluster(flow), flow, arrays, table, block=scratch).steps for flow in self.flows)

        def run() -> None:
            for step in true if condition.item() else false:
                step()

        return run


class View(Value):
    """A value that is a view of another one's memory; as an operand of loops it is copied first.

    Attributes
    ----------
    base : Value
    sees : callable
        Of an array of the base, this view.
    """

    __slots__ = ("base", "sees", "seen")

    def __init__(self, recorder: Recorder, base: Value, sees: Callable[[np.ndarray], np.ndarray], seen: np.ndarray):
        self.recorder, self.base, self.sees, self.seen = recorder, base, sees, seen
        self.dtype, self.shape = base.dtype, seen.shape

    @property
    def id(self) -> int:  # type: ignore[override]
        """The instruction of its copy."""
        return self.recorder.copied(self).id


def _axes(x: Value, axis: Any) -> tuple[int, ...]:
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    return tuple([a % max(x.ndim, 1) for a in axes])


def _quietly(run: Callable[[], object]) -> None:
    with np.errstate(all="ignore"):
        run()


def _same(array: np.ndarray) -> np.ndarray:
    return array


def _seen(operands: Sequence[Value]) -> tuple[list[Value], tuple[Callable[[np.ndarray], np.ndarray], ...]]:
    """Return the values that operands are in memory of, and how each is seen there."""
    return ([x.base if isinstance(x, View) else x for x in operands],
            tuple([x.sees if isinstance(x, View) else _same for x in operands]))


def _through(first: Callable, then: Callable) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: then(first(array))


class OpenedWords(Recorder):
    """A recorder whose words are calls where loops cannot compute them.

    Attributes
    ----------
    calls : list of Call
    node : object
        What is recorded now.
    opens : bool
        Whether it is opened; if not, such words are refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.node: Any = None
        self.opens = False

    def copied(self, view: View) -> Value:
        """Return a view as a value that has memory of its own."""
        return self._once(("copy", view), "copy", _copy, [view], view)

    # Views

    def _view(self, x: Any, word: str, sees: Callable[[np.ndarray], np.ndarray]) -> Value:
        self._open(word)
        base, through = (x.base, _through(x.sees, sees)) if isinstance(x, View) else (x, sees)
        seen = sees(x.seen if isinstance(x, View) else np.empty(x.shape, np.int8))
        return View(self, base, through, seen)

    def swapaxes(self, x: Value, one: int, other: int) -> Value:
        """Return `x` with two axes exchanged."""
        return self._view(x, "swapaxes", lambda a: np.swapaxes(a, one, other))

    def moveaxis(self, x: Value, source: int, destination: int) -> Value:
        """Return `x` with one axis moved."""
        return self._view(x, "moveaxis", lambda a: np.moveaxis(a, source, destination))

    def flip(self, x: Value, axis: int) -> Value:
        """Return `x` from its end to its beginning."""
        return self._view(x, "flip", lambda a: np.flip(a, axis))

    def strided_slice(self, x: Value, begin: Sequence, end: Sequence, step: Sequence) -> Value:
        """Return ``x[begin[0]:end[0]:step[0], …]``."""
        return self._view(x, "strided_slice", lambda a: vocabulary.strided_slice(a, begin, end, step))

    def reshape(self, x: Value, shape: Any) -> Value:
        """Return the same elements under another shape."""
        if isinstance(x, View):
            reshaped = x.seen.reshape(shape)
            if np.may_share_memory(reshaped, x.seen):
                return self._view(x, "reshape", lambda a: a.reshape(reshaped.shape))
        return super().reshape(x, shape)

    # Calls

    def matmul(self, a: Value, b: Value) -> Value:
        """Return the product of two matrices."""
        large = a.ndim == b.ndim == 2 and a.dtype == FLOAT32 and prod(a.shape) * b.shape[1] >= product.WORTH
        if large and product.available("float32"):
            return self._product("float32", a, b)
        return self._word("matmul", np.matmul, [a, b], (*a.shape[:-1], b.shape[-1]))

    def matmul_bfloat16(self, a: Value, b: Value) -> Value:
        """Return the product of two matrices in float32, whose elements are rounded to bfloat16 first."""
        if product.available("bfloat16"):
            return self._product("bfloat16", a, b)
        return self._computed("matmul_bfloat16", vocabulary.matmul_bfloat16, [a, b],
                              [(FLOAT32, (a.shape[0], b.shape[1]))])[0]

    def _product(self, precision: str, a: Value, b: Value) -> Value:
        self._open("matmul")
        bases, views = _seen((a, b))
        what = Product(precision, (a.shape, b.shape), views, self.node)
        return self._add(what, [x.id for x in bases], [(FLOAT32, (a.shape[0], b.shape[1]))])[0]

    def concatenate(self, arrays: Sequence[Value], axis: int = 0) -> Value:
        """Return arrays one after the other."""
        if len(arrays) == 1:
            return arrays[0]
        shape = np.concatenate([np.empty(a.shape, np.int8) for a in arrays], axis).shape
        return self._call("concatenate", lambda given, out: partial(np.concatenate, given, axis, out[0]), arrays,
                          [(arrays[0].dtype, shape)])[0]

    def stack(self, values: Sequence[Value]) -> Value:
        """Return values as one array, with a new axis before theirs."""
        if not self.opens or all(v.shape == () for v in values):
            return super().stack(values)
        return self._call("stack", lambda given, out: partial(np.stack, given, 0, out[0]), values,
                          [(values[0].dtype, (len(values), *values[0].shape))])[0]

    def sum(self, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
        """Return the sum over axes."""
        if not self.opens or set(_axes(x, axis)) == set(range(x.ndim)):
            return super().sum(x, axis, keepdims)
        return self._reduced("sum", lambda a, axes, out: np.sum(a, axes, None, out), x, axis, keepdims)

    def max(self, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
        """Return the largest elements along axes."""
        return self._reduced("max", lambda a, axes, out: np.max(a, axes, out), x, axis, keepdims)

    def binary(self, word: str, a: Any, b: Any) -> Value:
        """Write down a word of two values; rows or columns may be repeated."""
        return super().binary(word, *self._together(a, b))

    def where(self, condition: Any, a: Any, b: Any) -> Value:
        """Return `a` where the condition holds, else `b`; rows or columns may be repeated."""
        return super().where(*self._together(condition, a, b))

    def _logical(self, word: str, a: Any, b: Any) -> Value:
        return super()._logical(word, *self._together(a, b))

    def power(self, a: Any, b: Any) -> Value:
        """Write down a power; of arrays, unless it is a square, it is a call."""
        if not self.opens or not (getattr(a, "shape", ()) or getattr(b, "shape", ())) or isinstance(b, int) and b == 2:
            return super().power(a, b)
        a, b = self._alike(a, b)
        self._computes(a.dtype)
        return self._word("power", np.power, [a, b], np.broadcast_shapes(a.shape, b.shape))

    def __getattr__(self, name: str) -> Any:
        if not self.opens or name not in vocabulary.FUNCTIONS:
            return super().__getattr__(name)

        def word(x: Value) -> Value:
            self._computes(x.dtype)
            return self._word(name, getattr(np, name), [x], x.shape)

        return word

    def eye(self, n: int, dtype: Any = float) -> Value:
        """Return a matrix with ones on its diagonal."""
        return self._call("eye", _eye, [], [(np.dtype(dtype), (n, n))])[0]

    def mean(self, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
        """Return the mean over axes."""
        return self._reduced("mean", lambda a, axes, out: np.mean(a, axes, None, out), x, axis, keepdims)

    def take(self, x: Value, indices: Value, axis: int) -> Value:
        """Return slices at indices along an axis."""
        axis %= x.ndim
        shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1:])
        return self._computed("take", lambda a, i: vocabulary.take(a, i, axis), [x, indices], [(x.dtype, shape)])[0]

    def argsort(self, x: Value, axis: int = -1, kind: str | None = None) -> Value:
        """Return the indices that sort along an axis."""
        return self._computed("argsort", lambda a: np.argsort(a, axis, kind=kind), [x],
                              [(np.dtype(np.intp), x.shape)])[0]

    def qr(self, x: Value) -> tuple[Value, ...]:
        """Return a matrix as a product of orthonormal columns and an upper triangle."""
        rank = min(x.shape)
        return self._computed("qr", vocabulary.qr, [x], [(x.dtype, (x.shape[0], rank)), (x.dtype, (rank, x.shape[1]))])

    def eigh(self, x: Value) -> tuple[Value, ...]:
        """Return the eigenvalues and eigenvectors of a symmetric matrix."""
        return self._computed("eigh", vocabulary.eigh, [x], [(x.dtype, x.shape[:-1]), (x.dtype, x.shape)])

    def cond(self, condition: Any, true_function: Callable, false_function: Callable, *arrays: Value) -> Any:
        """Return the arrays that one of two functions gives for `arrays`; the other function is not computed."""
        if not isinstance(condition, Value):
            return tuple((true_function if condition else false_function)(*arrays))
        self._open("cond")
        condition, captured = self._truth(condition), []
        parts = [self._branch(function, arrays, captured) for function in (true_function, false_function)]
        (true, types, sure), (false, others, also) = parts
        if types != others:
            raise Unfusible("the branches of a condition give other arrays")
        call = Branches((true, false), sure and also, self.node)
        return self._add(call, [condition.id, *captured], types)

    # What they are made of

    def _open(self, word: str) -> None:
        if not self.opens:
            raise Unfusible(f"`{word}` is NumPy's")

    def _word(self, word: str, function: Callable, operands: list[Value], shape: tuple[int, ...]) -> Value:
        """Return what a function gives that takes ``out`` last."""
        self._open(word)
        self._computes(operands[0].dtype)
        return self._once((word, *operands), word, lambda given, out: partial(function, *given, out=out[0]), operands,
                          shape)

    def _once(self, key: Any, word: str, make: Callable, operands: list[Value], like: Any) -> Value:
        """Return the result of a call of one output, of the operands' dtype: the same for the same key."""
        key = tuple([("view", id(k)) if isinstance(k, View) else k.id if isinstance(k, Value) else k for k in key])
        found = self._known.get(key)
        if found is None:
            shape = like.shape if isinstance(like, Value) else like
            found, = self._call(word, make, operands, [(operands[0].dtype, tuple(shape))])
            # A view that is remembered must live: another one could have its number.
            self._known[key] = found
            self._known[key, "views"] = [x for x in operands if isinstance(x, View)]
        return found

    def _together(self, *operands: Any) -> tuple[Any, ...]:
        """Return operands brought to one shape, where one is repeated along some axes of another."""
        shapes = [x.shape for x in operands if isinstance(x, Value) and x.size != 1]
        if not self.opens or len(set(shapes)) < 2:
            return operands
        try:
            full = np.broadcast_shapes(*shapes)
        except ValueError as error:
            raise Unfusible(str(error)) from None
        return tuple([self._repeated(x, full) if isinstance(x, Value) and x.size != 1 else x for x in operands])

    def _repeated(self, x: Value, full: tuple[int, ...]) -> Value:
        """Return a value repeated along some axes."""
        if x.size == prod(full):
            return self.reshape(x, full)
        if prod(full) > MOST_PLACES:
            raise Unfusible(f"{x.shape} is repeated over more than {MOST_PLACES} elements")
        runs, numbers = runs_of(x.shape, full)
        key = "repeat", x.id, full
        if key not in self._known:
            args = (x.id, *(self.number(n, FLOAT64).id for n in numbers))
            self._known[key] = self._append(Instruction("repeat", args, x.dtype, full, runs))
        return self._known[key]

    def _reduced(self, word: str, function: Callable[[np.ndarray, tuple[int, ...], np.ndarray], object], x: Value,
                 axis: Any, keepdims: bool) -> Value:
        """Return what ``function(x, axes, out)`` gives for axes."""
        self._open(word)
        self._computes(x.dtype)
        axes = _axes(x, axis)
        kept = tuple([d for a, d in enumerate(x.shape) if a not in axes])
        shape = tuple([1 if a in axes else d for a, d in enumerate(x.shape)]) if keepdims else kept
        if not machine_code.available() or not x.size:
            make = lambda given, out: partial(function, *given, axes, out[0])
            return self.reshape(self._call(word, make, [x], [(x.dtype, kept)])[0], shape)
        for outer, length, inner in stages(x.shape, axes):
            x, = self._add(Reduction(word, (outer, length, inner), self.node), [x.id], [(x.dtype, (outer, inner))])
        return self.reshape(x, shape)

    def _computed(self, word: str, function: Callable, operands: list[Value], types: Sequence) -> tuple[Value, ...]:
        """Return what a function gives that has no ``out``: it allocates, and may fail."""
        def make(given: list[np.ndarray], out: dict[int, np.ndarray]) -> Callable[[], None]:
            def run() -> None:
                found = function(*given)
                for k, target in out.items():
                    target[...] = found[k] if isinstance(found, tuple) else found

            return run

        return self._call(word, make, operands, types, sure=False)

    def _call(self, word: str, make: Callable, operands: Sequence[Value], types: Sequence, sure: bool = True
              ) -> tuple[Value, ...]:
        """Return the results of a call, of dtypes and shapes."""
        self._open(word)
        if any(dtype not in (FLOAT32, FLOAT64, np.dtype(np.intp)) for dtype, _ in types):
            raise Unfusible(f"`{word}` of {types[0][0]} is NumPy's")
        bases, views = _seen(operands)
        return self._add(WordCall(word, make, views, sure, self.node), [x.id for x in bases], types)

    def _add(self, what: Runnable, inputs: Sequence[int], types: Sequence) -> tuple[Value, ...]:
        number = len(self.calls)
        self.calls.append(Call(what, tuple(inputs), LOOPS))
        return tuple([self.result(number, k, dtype, shape) for k, (dtype, shape) in enumerate(types)])

    def _branch(self, function: Callable, arrays: Sequence[Value], captured: list[int]) -> tuple[Flow, list, bool]:
        """Return a function's flow, the types of what it gives, and whether it cannot fail.

        What it reads of the instructions before becomes an input, whose number is added to `captured`.
        """
        first, first_call, known = len(self.instructions), len(self.calls), dict(self._known)
        try:
            given = list(function(*arrays))
            ends, types = [x.id for x in given], [(x.dtype, x.shape) for x in given]
            made, calls = self.instructions[first:], self.calls[first_call:]
        finally:
            del self.instructions[first:], self.calls[first_call:]
            self._known = known
        flow = _Cut(self.instructions, made, calls, first, first_call, captured).flow(ends)
        return flow, types, all(call.what.sure for call in calls)


class _Cut:
    """Instructions from `first` on, and calls from `first_call` on, as a flow of their own."""

    def __init__(self, before: list[Instruction], made: list[Instruction], calls: list[Call], first: int,
                 first_call: int, captured: list[int]) -> None:
        self._before, self._first, self._captured = before, first, captured
        self._given: list[Instruction] = []
        self._at: dict[int, int] = {}
        reads = [*(a for x in made for a in x.args), *(a for c in calls for a in c.inputs)]
        for a in reads:
            self._read(a)
        self._made, self._calls, self._first_call = made, calls, first_call

    def _read(self, at: int) -> None:
        if at < self._first and at not in self._at:
            if at not in self._captured:
                self._captured.append(at)
            _, _, dtype, shape, _ = self._before[at]
            self._at[at] = len(self._given)
            self._given.append(Instruction("input", (), dtype, shape, ("in", self._captured.index(at))))

    def _moved(self, at: int) -> int:
        return self._at[at] if at < self._first else at - self._first + len(self._given)

    def flow(self, ends: Sequence[int]) -> Flow:
        """Return the flow whose outputs are some instructions."""
        for at in ends:
            self._read(at)
        made = [x._replace(args=tuple(map(self._moved, x.args)),
                           detail=(x.detail[0] - self._first_call, x.detail[1]) if x.word == "result" else x.detail)
                for x in self._made]
        calls = [c._replace(inputs=tuple(map(self._moved, c.inputs))) for c in self._calls]
        return Flow([*self._given, *made], calls,
                    tuple([Sink(("out", k), self._moved(at)) for k, at in enumerate(ends)]))


def _copy(given: list[np.ndarray], out: dict[int, np.ndarray]) -> Callable[[], object]:
    return partial(np.copyto, out[0], *given)


def _eye(given: list[np.ndarray], out: dict[int, np.ndarray]) -> Callable[[], None]:
    whole = out[0]
    diagonal = whole.reshape(-1)[::len(whole) + 1]

    def run() -> None:
        whole.fill(0)
        diagonal.fill(1)

    return run
