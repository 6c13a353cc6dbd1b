"""The tape: eager calls recorded as a graph, and their gradients, as MXNet's ``autograd`` gives them.

Users also find this module as ``ndarray.autograd``.
"""

from _thread import allocate_lock
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import vocabulary
from ndarray.array import NDArray
from ndarray.atomic import write_arrays
from ndarray.dtypes import is_floating
from ndarray.errors import BindError, DTypeError, NotDifferentiableError, OperatorError, ShapeError, shown
from ndarray.params import Training
from ndarray.tensortype import show_shape
from ndarray.text import counted
from symbolic.autodiff.backward_op import needs_no_head
from symbolic.autodiff.gradient import carried_back
from symbolic.graph.graph import Graph
from symbolic.graph.naming import NameManager
from symbolic.graph.node import Entry, Node
from symbolic.symbol import Symbol
from symbolic.tape import Mark, Step, listen, mark_for, mark_of, state

_REQS = ("write", "add", "null")


class _Enter:
    """What a ``with`` statement calls at its beginning: a scope's lock is taken, without a line of Python."""

    def __get__(self, scope: Any, owner: Any = None) -> Any:
        if scope is None:
            return self
        scope.prepare()
        return scope.lock.__enter__

    def __call__(self, scope: "_Scope") -> None:
        self.__get__(scope)()


class _Exit:
    """What a ``with`` statement calls at its end: the lock is released, whenever an interrupt comes."""

    def __get__(self, scope: Any, owner: Any = None) -> Any:
        return self if scope is None else scope.lock.__exit__

    def __call__(self, scope: "_Scope", *error: object) -> None:
        scope.lock.release()


class _Scope:
    """Set what a thread does within a ``with`` block: None leaves recording, or training, as it is."""

    def __init__(self, recording: bool | None, training: bool | None) -> None:
        self._recording, self._training = recording, training
        self.lock = allocate_lock()

    def prepare(self) -> None:
        """Make the scope known, so that it is open once its lock is taken."""
        if self.lock.locked():
            raise OperatorError("a scope of the tape is entered within itself; make another one for each block")
        state.enter(self._recording, self._training, self.lock)

    if TYPE_CHECKING:
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...
    else:
        __enter__, __exit__ = _Enter(), _Exit()


def record(train_mode: bool = True) -> _Scope:
    """Return a scope in which eager calls are recorded, so that `backward` finds its way.

    Parameters
    ----------
    train_mode : bool, optional
        Whether operators that differ in training, such as dropout, train.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([1, 2])
    >>> x.attach_grad()
    >>> with nd.autograd.record():
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad.tolist()
    [2.0, 4.0]
    """
    return _Scope(True, train_mode)


def pause(train_mode: bool = False) -> _Scope:
    """Return a scope in which eager calls are not recorded: what they give is constant for `backward`.

    Parameters
    ----------
    train_mode : bool, optional
        Whether operators that differ in training train.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([3])
    >>> x.attach_grad()
    >>> with nd.autograd.record():
    ...     with nd.autograd.pause():
    ...         scale = x * 10
    ...     y = scale * x
    >>> y.backward()
    >>> x.grad.tolist()
    [30.0]
    """
    return _Scope(False, train_mode)


def train_mode() -> _Scope:
    """Return a scope in which operators that differ in training train, recorded or not.

    Examples
    --------
    >>> from ndarray import autograd
    >>> with autograd.train_mode():
    ...     autograd.is_training(), autograd.is_recording()
    (True, False)
    """
    return _Scope(None, True)


def predict_mode() -> _Scope:
    """Return a scope in which operators that differ in training predict, recorded or not.

    Examples
    --------
    >>> from ndarray import autograd
    >>> with autograd.record(), autograd.predict_mode():
    ...     autograd.is_training(), autograd.is_recording()
    (False, True)
    """
    return _Scope(None, False)


def is_recording() -> bool:
    """Tell whether eager calls of this thread are recorded.

    Examples
    --------
    >>> from ndarray import autograd
    >>> autograd.is_recording()
    False
    """
    return state.recording


def is_training() -> bool:
    """Tell whether operators that differ in training train in eager calls of this thread.

    Examples
    --------
    >>> from ndarray import autograd
    >>> autograd.is_training()
    False
    """
    return state.frame.training


def set_recording(is_record: bool) -> bool:
    """Let eager calls of this thread be recorded, or no longer; return whether they were.  Scopes do both.

    Examples
    --------
    >>> from ndarray import autograd
    >>> autograd.set_recording(True), autograd.is_recording(), autograd.set_recording(False)
    (False, True, True)
    """
    frame = state.frame
    before, frame.recording = frame.recording, bool(is_record)
    frame.scope = (frame.scope or object()) if frame.recording else None
    listen(frame)
    return before


def set_training(train_mode: bool) -> bool:
    """Let operators that differ in training train, or predict, in this thread; return what they did.

    Examples
    --------
    >>> from ndarray import autograd
    >>> autograd.set_training(True), autograd.is_training(), autograd.set_training(False)
    (False, True, True)
    """
    frame = state.frame
    before, frame.training = frame.training, bool(train_mode)
    listen(frame)
    return before


def mark_variables(variables: NDArray | Sequence[NDArray], gradients: NDArray | Sequence[NDArray],
                   grad_reqs: str | Sequence[str] = "write") -> None:
    """Make arrays variables, whose gradients `backward` puts into other arrays; ``x.attach_grad()`` does it for one.

    Parameters
    ----------
    variables : NDArray or list of NDArray
        Floating; they leave the graph in which they were recorded.
    gradients : NDArray or list of NDArray
        Of the same shapes and dtypes.
    grad_reqs : str or list of str, optional
        For all or each: 'write' the gradient, 'add' it to what is there, or 'null' for none.

    Raises
    ------
    OperatorError, ShapeError, DTypeError, BindError
        Before any array is changed.

    Examples
    --------
    >>> import ndarray as nd
    >>> x, grad = nd.array([3]), nd.array([100])
    >>> nd.autograd.mark_variables(x, grad, "add")
    >>> with nd.autograd.record():
    ...     y = x * x
    >>> y.backward()
    >>> grad.tolist()
    [106.0]
    """
    variables, gradients = _arrays(variables, "variables"), _arrays(gradients, "gradients")
    reqs = [grad_reqs] * len(variables) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(variables) == len(gradients) == len(reqs):
        raise OperatorError(f"mark_variables: got {counted(len(variables), 'variable')}, "
                            f"{counted(len(gradients), 'gradient')} and {len(reqs)} grad_reqs; "
                            "expected as many of each")
    for x, grad, req in zip(variables, gradients, reqs):
        if req not in _REQS:
            raise BindError(f"grad_req must be one of {', '.join(map(repr, _REQS))}, got {shown(req)}")
        if not is_floating(x._data.dtype):
            raise DTypeError(f"a variable has dtype {x._data.dtype}; only floating arrays have gradients")
        _check_like(grad, x._data, "gradient")
    for x, grad, req in zip(variables, gradients, reqs):
        x._mark = Mark(Entry(Node(None, "var")), grad=grad, req=req)


def _arrays(value: Any, what: str) -> list[NDArray]:
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    for x in found:
        if not isinstance(x, NDArray):
            raise OperatorError(f"{what}: expected an NDArray or a list of them, got {shown(x)}")
    return found


def _check_like(x: NDArray, like: np.ndarray, what: str) -> None:
    if x.shape != like.shape:
        raise ShapeError(f"a {what} has shape {show_shape(x.shape)}, expected {show_shape(like.shape)}")
    if x._data.dtype != like.dtype:
        raise DTypeError(f"a {what} has dtype {x._data.dtype}, expected {like.dtype}")


def backward(heads: NDArray | Sequence[NDArray], head_grads: NDArray | Sequence[NDArray | None] | None = None,
             retain_graph: bool = False, train_mode: bool = True) -> None:
    """Compute the gradients of recorded arrays, summed, and put them into those of the variables that they came from.

    Parameters
    ----------
    heads : NDArray or list of NDArray
        Recorded arrays; ``x.backward()`` does it for one.
    head_grads : NDArray, list of (NDArray or None), or None
        What arrives at each head, of its shape; ones when left out.  A loss such as `SoftmaxOutput` needs none.
    retain_graph : bool, optional
        Keep what was recorded, so that it can be gone through again.
    train_mode : bool, optional
        Accepted for MXNet's signature: each operator goes back in the mode in which it ran.

    Raises
    ------
    NotDifferentiableError
        Where a head was not recorded, its graph has been freed, no variable with a gradient leads to it, or an operator
        on the way has no gradient; gradients are as they were.
    ShapeError, DTypeError
        Where what arrives does not fit.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([1, 2])
    >>> x.attach_grad()
    >>> with nd.autograd.record():
    ...     y, z = x * x, x * 3
    >>> nd.autograd.backward([y, z], [None, nd.array([10, 10])])
    >>> x.grad.tolist()
    [32.0, 34.0]
    """
    heads = _arrays(heads, "heads")
    passed = _Pass(heads)
    wanted = [mark for mark in passed.variables if mark.req != "null"]
    if not wanted:
        raise NotDifferentiableError("backward: no variable with a gradient leads to the heads; call attach_grad() "
                                     "before recording")
    found = passed.gradients(heads, _head_grads(heads, head_grads), [mark.entry for mark in wanted])
    new: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for mark, value in zip(wanted, found):
        target = mark.grad._data  # type: ignore[union-attr]
        _, before = new.get(id(target), (target, target))  # Two variables may have one gradient.
        new[id(target)] = target, before + value if mark.req == "add" else value
    write_arrays(*zip(*new.values()))
    if not retain_graph:
        passed.free()


def grad(heads: NDArray | Sequence[NDArray], variables: NDArray | Sequence[NDArray],
         head_grads: NDArray | Sequence[NDArray | None] | None = None, retain_graph: bool | None = None,
         create_graph: bool = False, train_mode: bool = True) -> list[NDArray]:
    """Return the gradients of recorded arrays, summed, with respect to others; the variables' own stay as they are.

    Parameters
    ----------
    heads : NDArray or list of NDArray
        Recorded arrays.
    variables : NDArray or list of NDArray
        Variables, or recorded arrays that lead to the heads.
    head_grads : NDArray, list of (NDArray or None), or None
        As for `backward`.
    retain_graph : bool, optional
        Keep what was recorded; by default as `create_graph`.
    create_graph : bool, optional
        Record the gradients' own computation, for gradients of gradients.
    train_mode : bool, optional
        As for `backward`.

    Returns
    -------
    list of NDArray
        One for each variable.

    Raises
    ------
    NotDifferentiableError, ShapeError, DTypeError
        As `backward` does, and where a variable does not lead to the heads.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([2])
    >>> x.attach_grad()
    >>> with nd.autograd.record():
    ...     y = x * x * x
    ...     slope, = nd.autograd.grad(y, x, create_graph=True)
    >>> slope.backward()
    >>> slope.tolist(), x.grad.tolist()
    ([12.0], [12.0])
    """
    heads, variables = _arrays(heads, "heads"), _arrays(variables, "variables")
    passed = _Pass(heads)
    marks = [mark_of(x) for x in variables]
    for i, mark in enumerate(marks):
        if mark is None or mark.entry not in passed.values:
            raise NotDifferentiableError(f"grad: variable {i} does not lead to the heads, or was not recorded")
    entries = [mark.entry for mark in marks]  # type: ignore[union-attr]
    found = passed.gradients(heads, _head_grads(heads, head_grads), entries, note=create_graph)
    if not (create_graph if retain_graph is None else retain_graph):
        passed.free()
    results = [NDArray(value, x._ctx) for value, x in zip(found, variables)]
    for result, mark in zip(results, passed.noted):
        result._mark = mark
    return results


def _head_grads(heads: Sequence[NDArray], given: Any) -> list[NDArray | None]:
    grads = [None] * len(heads) if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    if len(grads) != len(heads):
        raise OperatorError(f"got {counted(len(grads), 'head gradient')} for {counted(len(heads), 'head')}")
    for head, grad in zip(heads, grads):
        if grad is not None:
            _check_like(_arrays(grad, "head_grads")[0], head._data, "head gradient")
    return grads


class _Pass:
    """What a backward pass goes through.

    Attributes
    ----------
    steps : list of Step
    variables : list of Mark
    values : dict of Entry to numpy.ndarray
        Of every entry that leads to the heads.
    noted : list of Mark
        Of the gradients, where their computation was recorded.
    """

    def __init__(self, heads: Sequence[NDArray]) -> None:
        self.steps: list[Step] = []
        self.marks: dict[Entry, Mark] = {}
        self.values: dict[Entry, np.ndarray] = {}
        self.noted: list[Mark] = []
        for i, x in enumerate(heads):
            mark = mark_of(x)
            if mark is None:
                raise NotDifferentiableError(
                    f"head {i} is not in a recorded graph: compute it from variables within record(); to go through "
                    "one graph twice, pass retain_graph=True to the first pass")
            self.marks[mark.entry], self.values[mark.entry] = mark, x._data
        seen, waiting = set(), [*self.marks.values()]
        while waiting:
            step = waiting.pop().step
            if step is None or id(step) in seen:
                continue
            if step.inputs is None or step.outputs is None:
                raise NotDifferentiableError("a part of the recorded graph has been freed by an earlier backward pass; "
                                             "pass retain_graph=True to it")
            seen.add(id(step))
            self.steps.append(step)
            self.values |= zip(step.node.outputs, step.outputs)
            self.values |= zip(step.node.inputs, step.inputs)
            self.marks |= {mark.entry: mark for mark in step.sources}
            waiting += step.sources
        self.variables = [mark for mark in self.marks.values() if mark.grad is not None]

    def gradients(self, heads: Sequence[NDArray], head_grads: Sequence[NDArray | None], wrt: Sequence[Entry],
                  note: bool = False) -> list[np.ndarray]:
        """Return the gradients at entries `wrt`, in memory of their own, computed node by node; `note` records it."""
        arrived: dict[Entry, list[Entry]] = {}
        values, entries = dict(self.values), [mark_for(x).entry for x in heads]
        for entry, given in zip(entries, head_grads):
            arrived.setdefault(entry, [])
            if given is None and needs_no_head(entry):
                continue
            mark = mark_for(given) if note and given is not None else Mark(Entry(Node(None, "head")))
            self.marks[mark.entry] = mark
            values[mark.entry] = np.ones_like(values[entry]) if given is None else given._data
            arrived[entry].append(mark.entry)
        back = Graph(carried_back(Graph(entries), arrived, wrt))
        last_uses = back.last_uses
        with np.errstate(all="ignore"):
            for node in back.nodes:
                if node.op is not None and node.outputs[0] not in values:
                    inputs = [values[e] for e in node.inputs]
                    outputs = [np.asarray(y) for y in node.op.run(vocabulary, inputs, node.complete_params)[0]]
                    values.update(zip(node.outputs, outputs))
                    if note:
                        step = Step(node, inputs, outputs, [self.marks[e] for e in node.inputs])
                        self.marks |= {e: Mark(e, step) for e in node.outputs}
                for entry in last_uses.get(node, ()):
                    values.pop(entry, None)
        if note:
            self.noted = [self.marks[e] for e in back.outputs]
            return [values[e] for e in back.outputs]
        return [np.array(values[e]) for e in back.outputs]

    def free(self) -> None:
        """Free the recorded arrays."""
        for step in self.steps:
            step.inputs = step.outputs = None  # type: ignore[assignment]


def get_symbol(x: NDArray) -> Symbol:
    """Return the recorded graph of an array as a Symbol: it can be drawn, saved and bound.

    Variables are named ``var0``, ``var1`` …, constants ``constant0`` …, nodes after their operators.

    Raises
    ------
    NotDifferentiableError
        If the array was not recorded.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([1, 2])
    >>> x.attach_grad()
    >>> with nd.autograd.record():
    ...     y = nd.sin(x) * x
    >>> print(nd.autograd.get_symbol(y).graph)
    %sin0 = sin(%var0)
    %broadcast_mul0 = broadcast_mul(%sin0, %var0)
    return %broadcast_mul0
    """
    if not isinstance(x, NDArray):
        raise OperatorError(f"get_symbol: expected an NDArray, got {shown(x)}")
    mark = getattr(x, "_mark", None)
    if mark is None:
        raise NotDifferentiableError("get_symbol: the array was not recorded")
    names = NameManager()

    def named(node: Node) -> tuple[Entry, ...]:
        # Whether it trains is not part of a graph but of an executor.
        params = tuple([(k, v) for k, v in node.params if node.op.params[k].type is not Training])
        return node.replace(name=names.get(None, node.op.hint if node.op else node.name), params=params).outputs

    return Symbol(Graph([mark.entry]).rewrite(named))
