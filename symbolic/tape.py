"""What eager calls leave behind while a thread records: their nodes, and the arrays that went in and came out."""

from collections.abc import Mapping, Sequence
from threading import get_ident, local
from typing import Any

import numpy as np

from ndarray import call as calls
from ndarray import registry
from ndarray.array import NDArray, invoke
from ndarray.errors import NotDifferentiableError, OperatorError, shown
from ndarray.operator import Operator
from ndarray.params import Training
from symbolic.autodiff.backward_op import as_numbers
from symbolic.graph import compose
from symbolic.graph.node import Entry, Node


class Step:
    """One call that was recorded.

    Attributes
    ----------
    node : Node
    inputs, outputs : list of numpy.ndarray or None
        What went in, written inputs as they were before, and what came out; None once a backward pass has freed them.
    sources : list of Mark
        Of the inputs.
    """

    __slots__ = ("node", "inputs", "outputs", "sources")

    def __init__(self, node: Node, inputs: list[np.ndarray], outputs: list[np.ndarray], sources: list["Mark"]) -> None:
        self.node, self.inputs, self.outputs, self.sources = node, inputs, outputs, sources


class Mark:
    """What an array is in the recorded graph: the output of a step, a variable with a gradient, or a constant.

    Attributes
    ----------
    entry : Entry
    step : Step or None
        None for a variable and a constant.
    grad : NDArray or None
    req : str
        What a backward pass does to `grad`: 'write', 'add' or 'null'.
    scope : object
        The scope in which a constant was used; in another one it is a new constant.
    """

    __slots__ = ("entry", "step", "grad", "req", "scope")

    def __init__(self, entry: Entry, step: Step | None = None, grad: NDArray | None = None, req: str = "null",
                 scope: object = None) -> None:
        self.entry, self.step, self.grad, self.req, self.scope = entry, step, grad, req, scope

    @property
    def moving(self) -> bool:
        """Whether a backward pass can go through here."""
        return self.scope is None if self.step is None else self.step.inputs is not None


class Frame:
    """What a thread does within a scope.

    Attributes
    ----------
    recording, training : bool
    scope : object
        Of the outermost scope that records; None where none does.
    lock : lock or None
        Held as long as the scope is open.  To take and to release it are single steps that no interrupt can divide.
        None for what the thread does outside of all scopes.
    """

    __slots__ = ("recording", "training", "scope", "lock")

    def __init__(self, recording: bool, training: bool, scope: object, lock: Any) -> None:
        self.recording, self.training, self.scope, self.lock = recording, training, scope, lock


class _State(local):
    """What a thread does in its innermost open scope, and whether it is inside of a call."""

    inside = False

    def __init__(self) -> None:
        self._frames = [Frame(False, False, None, None)]

    @property
    def frame(self) -> Frame:
        """The innermost open scope; those that have been left are closed here, so that no interrupt can keep them."""
        frames = self._frames
        top = frames[-1]
        if top.lock is None or top.lock.locked():
            return top
        while (lock := frames[-1].lock) is not None and not lock.locked():
            frames.pop()
        listen(frames[-1])
        return frames[-1]

    def enter(self, recording: bool | None, training: bool | None, lock: Any) -> None:
        """Add a scope, which is open as soon as its lock is taken; None leaves recording, or training, as it is."""
        outer = self.frame
        scope = object() if recording and outer.scope is None else outer.scope
        activate()
        self.inside = False
        self._frames.append(Frame(outer.recording if recording is None else recording,
                                  outer.training if training is None else training, scope, lock))

    @property
    def recording(self) -> bool:
        """Whether calls are recorded."""
        return self.frame.recording


state = _State()
"""What this thread does."""

_active: set[int] = set()
"""The threads that record or train.  One that an interrupt has kept from leaving costs others a look, no more."""


def activate() -> None:
    """Let eager calls of this thread come here."""
    _active.add(get_ident())
    calls.tape = _TAPE


def deactivate() -> None:
    """Let eager calls no longer come here once no thread is left."""
    _active.discard(get_ident())
    if not _active:
        calls.tape = None
        if _active:  # Another thread has come in between.
            calls.tape = _TAPE


def listen(frame: Frame) -> None:
    """Let eager calls of this thread come here as long as it records or trains, or is in a scope, which may end."""
    if frame.recording or frame.training or frame.lock is not None:
        activate()
    else:
        deactivate()


def mark_of(x: Any) -> Mark | None:
    """Return what an array is in the recorded graph, None where it is not in it or its step has been freed."""
    mark = getattr(x, "_mark", None)
    return mark if mark is not None and mark.moving else None


def mark_for(x: NDArray) -> Mark:
    """Return what an array is in the recorded graph; one that is not in it becomes a constant."""
    mark = getattr(x, "_mark", None)
    if mark is None or not (mark.moving or mark.step is None and mark.scope is state.frame.scope):
        mark = x._mark = Mark(Entry(Node(None, "constant")), scope=state.frame.scope or object())
    return mark


class Tape:
    """What `ndarray.call.tape` is while some thread records, or trains."""

    def call(self, op: Operator, inputs: Sequence[Any], params: Mapping[str, Any], out: Any) -> Any:
        """Return what `ndarray.array.invoke` gives for a call of a thread that records or trains, noted; else None."""
        frame = state.frame
        if not (frame.recording or frame.training):
            listen(frame)  # An interrupt may have kept the scope from doing so.
            return None
        if state.inside:
            return None
        if frame.training:
            params = {**params, **{p.name: True for p in op.params.values() if p.type is Training}}
        if op.random is not None:
            params = calls.with_key(op, params)  # the node remembers what was drawn
        recorded = frame.recording and any([mark_of(x) is not None for x in inputs])
        kept = [x._data for x in inputs] if recorded else []
        for x in () if out is None else out if isinstance(out, (list, tuple)) else (out,):
            self.check_write(x)
            if any(np.may_share_memory(x._data, data) for data in kept):
                raise OperatorError(f"{op.name}: an input is written while recording, and its old value would be lost; "
                                    "write elsewhere, or outside of record()")
        if recorded and op.writes:
            given = op.parse(params)
            if op.many:
                given[op.count] = op.count_from(len(inputs), given)
            for at in op.written(op.complete(given)):
                kept[at] = kept[at].copy()
        state.inside = True
        try:
            result = invoke(op, inputs, params, out)
        finally:
            state.inside = False
        if recorded:
            self._note(op, params, inputs, kept, result if isinstance(result, (list, tuple)) else [result])
        return result

    def _note(self, op: Operator, params: Mapping[str, Any], inputs: Sequence[NDArray], kept: list[np.ndarray],
              results: Sequence[NDArray]) -> None:
        sources = [mark_for(x) for x in inputs]
        numbers = {k: as_numbers(v) for k, v in params.items()}
        node = compose.apply(op, [m.entry for m in sources], None, numbers, op.hint)
        step = Step(node, kept, [r._data for r in results], sources)
        for entry, result in zip(node.outputs, results):
            result._mark = Mark(entry, step)

    def note(self, result: NDArray, op_name: str, x: NDArray, params: Mapping[str, Any] = {}) -> NDArray:
        """Return `result`, noted as what an operator gives for `x`, where that is in the graph."""
        if state.recording and not state.inside and mark_of(x) is not None:
            self._note(registry.get(op_name), params, [x], [x._data], [result])
        return result

    def check_write(self, x: Any) -> None:
        """Raise where a thread that records would change an array of the graph."""
        mark = getattr(x, "_mark", None)
        if state.recording and not state.inside and mark is not None and (
                mark.moving or mark.scope is state.frame.scope):
            raise OperatorError("an array in the recorded graph cannot be written while recording; write it outside of "
                                "record() or within pause()")

    def check_assignment(self, x: NDArray, key: tuple[Any, ...], value: Any) -> None:
        """Raise where ``x[key] = value`` cannot be recorded."""
        self.check_write(x)
        if state.recording and not state.inside and not _is_whole(key) and mark_of(value) is not None:
            raise NotDifferentiableError("an array of the recorded graph is assigned to a part of another one, which "
                                         "is not differentiable here; join arrays with concat, stack or where")

    def note_assignment(self, x: NDArray, value: NDArray) -> None:
        """Note that all of `x` was replaced by `value`, repeated and cast as needed."""
        if not state.recording or state.inside or mark_of(value) is None:
            return
        at = value
        if value.dtype != x.dtype:
            at = NDArray(value._data.astype(x._data.dtype), x._ctx)
            self.note(at, "Cast", value, {"dtype": x._data.dtype.name})
        if value.shape != x.shape:
            self.note(x, "broadcast_to", at, {"shape": x.shape})
        else:
            self.note(x, "_copy", at)

    def note_index(self, result: NDArray, x: NDArray, key: tuple[Any, ...]) -> None:
        """Note that `result` is ``x[key]``, as a slice and a reshape, or as a choice along one axis."""
        if not state.recording or state.inside or mark_of(x) is None:
            return
        arrays = [part for part in key if isinstance(part, np.ndarray)]
        parts = _per_axis(key, x.ndim)
        if not arrays:
            points = [_points(part, n) for part, n in zip(parts, x.shape)]
            begin, end, step = zip(*points) if points else ((), (), ())
            cut = NDArray(x._data[tuple(map(slice, begin, end, step))], x._ctx)
            self.note(cut, "slice", x, {"begin": begin, "end": end, "step": step})
            self.note(result, "reshape", cut, {"shape": result.shape})
        elif len(arrays) == 1 and all(part is not None for part in key) and all(
                isinstance(part, np.ndarray) or _is_whole((part,)) for part in parts):
            axis = next(i for i, part in enumerate(parts) if isinstance(part, np.ndarray))
            index = NDArray(arrays[0] % max(x.shape[axis], 1), x._ctx)
            self._note(registry.get("take"), {"axis": axis}, [x, index], [x._data, index._data], [result])
        else:
            raise NotDifferentiableError(f"index {shown(key)} of an array in the recorded graph is not differentiable "
                                         "here; use take or gather_nd")


_TAPE = Tape()


def _is_whole(key: Sequence[Any]) -> bool:
    whole = slice(None), slice(None, None, 1)
    return all(part is Ellipsis or isinstance(part, slice) and part in whole for part in key)


def _per_axis(key: Sequence[Any], ndim: int) -> list[Any]:
    """Return what a key selects of each axis."""
    parts = [part for part in key if part is not None]
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    rest = parts[at + 1:]
    return [*parts[:at], *[slice(None)] * (ndim - at - len(rest)), *rest]


def _points(part: Any, n: int) -> tuple[int | None, int | None, int]:
    """Return begin, end and step of an axis of length `n`."""
    if isinstance(part, int):
        return part % n, part % n + 1, 1
    begin, end, step = part.indices(n)
    return (None if step < 0 and begin < 0 else begin), (None if step < 0 and end < 0 else end), step
