"""One eager call of an operator on NumPy arrays: check, compute, write back; all or nothing."""

from __future__ import annotations

import struct
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ndarray import generator, vocabulary
from ndarray.atomic import write_arrays
from ndarray.cached import Bounded
from ndarray.dtypes import native
from ndarray.errors import BindError, DTypeError, ShapeError
from ndarray.params import kind_of
from ndarray.tensortype import UNKNOWN, TensorType, show_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ndarray.operator import Operator

tape: Any = None
"""What notes eager calls while some thread records them (`symbolic.tape.Tape`), else None."""


def autograd() -> Any:
    """Return the module that fills `tape`; it is in the package above this one, and therefore loaded by name."""
    return import_module("symbolic.autograd")


_plans: Bounded = Bounded(4096)
_signatures: Bounded = Bounded(4096)


class CallSignature:
    """What calls have in common that differ in scalars and in the arrays' memory alone.

    Attributes
    ----------
    types : list of TensorType
        Of the outputs.
    positions : tuple of int
        Of the written inputs.
    size : int
        Elements of a typical array; of all arrays where there are many.
    calls : int
        How many there were.
    loops : object
        What `ndarray.kernels.call` has prepared; None before, False where loops cannot compute it.
    """

    __slots__ = ("types", "positions", "size", "calls", "loops")

    def __init__(self, types: Sequence[TensorType], positions: tuple[int, ...], size: int) -> None:
        self.types, self.positions, self.size = types, positions, size
        self.calls, self.loops = 0, None


class CallPlan(NamedTuple):
    """What a call needs in addition to its arrays; equal calls share one.

    Attributes
    ----------
    params : dict
        Complete, the scalars cast to the dtype in which the operator computes.
    signature : CallSignature
    """

    params: dict
    signature: CallSignature


def call(op: Operator, arrays: Sequence[np.ndarray], plan: CallPlan, outs: Sequence[np.ndarray] | None = None) -> Any:
    """Compute an operator on arrays, write its states, and return its outputs.

    Parameters
    ----------
    op : Operator
    arrays : sequence of numpy.ndarray
        In the order of ``op.input_names``.
    plan : CallPlan
        What `plan_of` made of these arrays and the caller's parameters.
    outs : sequence of numpy.ndarray, optional
        Where the outputs go.

    Returns
    -------
    list of numpy.ndarray
        `outs` where they are given; no output shares memory with an input otherwise.

    Raises
    ------
    MXNetError
        Of the kind that fits, before anything is written.
    """
    params, signature = plan
    signature.calls += 1
    if signature.loops is not False and (signature.size >= WORTH_LOOPS or signature.calls > OFTEN and not op.primitive):
        found = _in_loops(op, arrays, plan, outs)
        if found is not None:
            return found
    types, positions = signature.types, signature.positions
    if positions or outs is not None:
        _check_targets(op, arrays, params, positions, outs, types)
    with np.errstate(all="ignore"):
        outputs, written = op.run_ready(vocabulary, arrays, params)
        if outs is None:
            result = [_own(value, arrays) for value in outputs]
        else:
            if "accumulate" in op.rules:
                outputs = [op.rules["accumulate"](new, old, params) for new, old in zip(outputs, outs)]
            # A result may be an input itself, and an earlier write may change it: take copies first.
            outputs = [_own(value, (*arrays, *outs)) for value in outputs] if len(outs) > 1 or written else outputs
        written = [_own(value, arrays) for value in written] if len(written) > 1 or outs else written
        written_to = [arrays[at] for at in positions]
        if outs is None:
            write_arrays(written_to, written)
            return result
        write_arrays([*written_to, *outs], [*written, *outputs])
    return list(outs)


def _in_loops(op: Operator, arrays: Sequence[np.ndarray], plan: CallPlan, outs: Any) -> Any:
    """Return the outputs where loops can compute them, else None."""
    loops, signature = _loops(), plan.signature
    if signature.loops is None and signature.size < WORTH_LOOPS and not loops.machine_code.available():
        signature.loops = False  # type: ignore[assignment]  # NumPy in tiles saves nothing here.
        return None
    return loops.compute(op, arrays, plan, outs, _check_targets)


@cache
def _loops() -> Any:
    from ndarray.kernels import call  # which loads the kernels' room

    return call


WORTH_LOOPS = 1 << 15
"""From how many elements on machine code repays what it takes to make it."""
OFTEN = 500
"""After how many equal calls it does for smaller arrays, too: it saves a call of NumPy for each word of the formula."""


def _own(value: Any, others: Any) -> Any:
    """Return a result as an array that shares no memory."""
    if type(value) is not np.ndarray:
        return np.asarray(value)
    if value.base is None and not any(value is other for other in others):
        return value
    return value.copy() if any(np.may_share_memory(value, other) for other in others) else value


class Repeats:
    """Calls of one operator that machine code has computed: those that come again check little.

    They are known by their first input, once with outputs given and once without.

    Parameters
    ----------
    op : Operator
    wrapper : type
        The class of its inputs and outputs; where one is of another, as of a class of its own kind, nothing is
        remembered.
    """

    __slots__ = ("_op", "_wrapper", "_known")

    MOST_CHANGES = 4
    """How often another call on the same first input takes the place of one that is known."""

    def __init__(self, op: Operator, wrapper: type) -> None:
        self._op, self._wrapper = op, wrapper
        self._known: Bounded = Bounded(4096)

    def again(self, args: tuple, params: Mapping[str, Any], out: Any) -> Any:
        """Return what a call gives that is like one before; None, with nothing done, if it is not.

        Parameters
        ----------
        args : tuple
            As the caller gave them.
        params : dict
            As the caller gave them.
        out : object
            As the caller gave it.
        """
        if not self._known or not args:
            return None
        known = self._known.get(id(args[0]) if out is None else -id(args[0]))
        if known is None:
            return None
        repeat, given, kinds, _ = known
        if len(params) != len(kinds):
            return None
        for name, value in params.items():
            if name not in given:
                return None
            before = given[name]
            if value is not before and not _equal(value, before, kinds[name]):
                return None
        return repeat(args, out) if repeat is not None else None

    def remember(self, inputs: Sequence[Any], params: Mapping[str, Any], outs: Sequence[Any], plan: CallPlan,
                 targets: Sequence[np.ndarray] | None) -> None:
        """Remember a call that loops have computed, if all that it depends on can be compared.

        Parameters
        ----------
        inputs : sequence of NDArray
        params : dict
        outs : sequence of NDArray
        plan : CallPlan
        targets : sequence of numpy.ndarray or None
            None where the outputs are new arrays.
        """
        key = 0 if not inputs else id(inputs[0]) if targets is None else -id(inputs[0])
        changes = self._known[key][3] + 1 if key in self._known else 0
        if not key or changes > self.MOST_CHANGES or self._op.random is not None:
            return
        if set(map(type, (*inputs, *outs))) != {self._wrapper}:
            return
        given = {name: tuple(value) if type(value) is list else value for name, value in params.items()}
        if not all(map(_is_comparable, given.values())):
            return
        repeat = _loops().repeat_of(self._op, (*inputs, *outs), plan, targets)
        if repeat is not None:
            self._known.keep(key, (repeat, given, {n: kind_of(v) for n, v in given.items()}, changes))


def _is_comparable(value: Any) -> bool:
    return all(map(_is_comparable, value)) if type(value) is tuple else value is None or type(value) in _SCALARS


_SCALARS = frozenset({int, float, bool, str})


def _equal(value: Any, before: Any, kind: Any) -> bool:
    """Tell whether a parameter is the same as before."""
    if type(value) is list:
        value = tuple(value)
    if type(value) is not type(before) or value != before:
        return False
    if type(value) is tuple and set(map(type, value)) == {float} == set(map(type, before)):
        return _as_bytes(value) == _as_bytes(before)  # -0.0 is not 0.0
    return kind_of(value) == kind


def _as_bytes(numbers: Sequence[float]) -> bytes:
    return struct.pack(f"{len(numbers)}d", *numbers)


class _Numbers:
    """The last `CallPlan` of calls that differ in the arrays' memory and in numbers alone.

    A number that a schedule changes with every call is checked and cast; nothing else is made again.
    """

    __slots__ = ("params", "cast", "signature", "single", "last")

    def __init__(self, op: Operator, arrays: Sequence[np.ndarray], numbers: Mapping[str, Any], plan: CallPlan) -> None:
        self.params = [op.params[name] for name in numbers]
        self.cast = op.dtype_of_scalars(arrays, plan.params).type
        self.signature = plan.signature
        self.single = not op.scalar_tuples
        self.last = [*numbers.values()], plan

    def plan(self, op: Operator, values: list[Any]) -> CallPlan | None:
        """Return the plan for these numbers, None where the long way must be gone."""
        before, plan = self.last
        if self.single and values == before and 0 not in values:  # A zero may have another sign.
            return plan
        params = dict(plan.params)
        for param, value, old in zip(self.params, values, before):
            if type(value) is tuple:
                if not -_SMALL < min(value) <= max(value) < _SMALL:
                    return None
                param.parse(value, op.name)
                params[param.name] = tuple(map(self.cast, value))
            elif value != old or not value:
                if not -_SMALL < value < _SMALL:
                    return None
                param.parse(value, op.name)
                params[param.name] = self.cast(value)
        made = CallPlan(params, self.signature)
        self.last = values, made
        return made


_SMALL = 6e4
"""Numbers below are finite in every dtype."""


def plan_of(op: Operator, arrays: Sequence[np.ndarray], given: Mapping[str, Any]) -> CallPlan:
    """Return the `CallPlan` of a call; one with the same types, and parameters that are not numbers, is made once.

    Raises
    ------
    OperatorError, ParamError, ShapeError, DTypeError
    """
    key: Any = [op]
    numbers, changing = {}, op.numbers
    for name, value in given.items():
        if name in changing:
            kind = type(value)
            if kind is float or kind is int:
                key.append(name)
                numbers[name] = value
                continue
            if kind is tuple and value and set(map(type, value)) == {float}:
                key += name, len(value)
                numbers[name] = value
                continue
        key += name, value, kind_of(value)
    for a in arrays:
        key += (a.shape, a.dtype)
    try:
        key = tuple(key)
        found = _plans[key].plan(op, [*numbers.values()])
        if found is not None:
            return found
    except KeyError:
        pass
    except TypeError:
        key = None  # An array among the parameters: its contents may change.
    params = op.parse(given)
    if op.many:
        params[op.count] = op.count_from(len(arrays), params)
    params = op.complete(params)
    signature = _signature_of(op, arrays, params)
    with np.errstate(all="ignore"):
        plan = CallPlan(dict(op.scalars_as(vocabulary, arrays, params)), signature)
    if key is not None:
        _plans.keep(key, _Numbers(op, arrays, numbers, plan))
    return plan


def with_key(op: Operator, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters of a call, with a key that is drawn now where it needs one and none is given."""
    if params.get(op.key) is None and op.draws(op.complete(op.parse(params))):
        return {**params, op.key: generator.keys(1).reshape(())}
    return params


def _signature_of(op: Operator, arrays: Sequence[np.ndarray], params: Mapping[str, Any]) -> CallSignature:
    """Return the `CallSignature` of a call with complete parameters; types are inferred once for all of it.

    Raises
    ------
    ShapeError, DTypeError
    """
    key: Any = [op]
    for a in arrays:
        key += (a.shape, a.dtype)
    for name, value in params.items():
        # Of a scalar only counts whether it is there, of a tuple of them how many there are.
        if name in op.scalars or name == op.key:
            key.append(value is None)
        elif name in op.scalar_tuples:
            key.append(None if value is None else len(value))
        else:
            key += value, kind_of(value)
    signature = _signatures.get(key := tuple(key))
    if signature is None:
        size = sum([a.size for a in arrays]) if op.many else arrays[0].size if arrays else 0
        signature = _signatures.keep(key, CallSignature(infer_outputs(op, arrays, params), op.written(params), size))
    return signature


def infer_outputs(op: Operator, arrays: Sequence[np.ndarray], params: Mapping[str, Any]) -> list[TensorType]:
    """Return the types of the outputs for these arrays and complete parameters; raise where they do not fit."""
    if op.absent is not None:
        op.check_number(len(arrays), params)
    inputs = [TensorType(a.shape, native(a.dtype)) for a in arrays]
    return op.infer_types(inputs, [UNKNOWN] * op.num_outputs(params), params)[1]


def _check_targets(op: Operator, arrays: Sequence[np.ndarray], params: Mapping[str, Any], positions: tuple[int, ...],
                   outs: Any, types: Sequence[TensorType]) -> None:
    """Raise where what is to be written cannot be."""
    names = op.input_names(params) if positions else ()
    targets = [(names[at], arrays[at]) for at in positions]
    if outs is not None:
        for i, (target, type_) in enumerate(zip(outs, types)):
            label = "out" if len(outs) == 1 else f"out[{i}]"
            if type_.shape is not None and target.shape != type_.shape:
                raise ShapeError(f"{op.name}: {label} has shape {show_shape(target.shape)}, "
                                 f"expected {show_shape(type_.shape)}")
            if type_.dtype is not None and target.dtype != type_.dtype:
                raise DTypeError(f"{op.name}: {label} has dtype {target.dtype}, expected {type_.dtype}")
            targets.append((label, target))
    for name, target in targets:
        check_writable(target, f"{op.name}: {name}")
    shared = first_shared(targets)
    if shared is not None:
        raise BindError(f"{op.name}: {shared[0]} and {shared[1]} share memory, and both are written")


def first_shared(named: Any) -> Any:
    """Return the names of two arrays whose bounds in memory meet, None where there are none.

    Parameters
    ----------
    named : list of (str, numpy.ndarray)
    """
    if len(named) <= _FEW:
        for i, (name, a) in enumerate(named):
            for other, b in named[:i]:
                if a.size and b.size and np.may_share_memory(a, b):
                    return other, name
        return None
    # Pairs grow with the square of the number of tensors; neighbours in memory do not.
    bounds = sorted([(*_bounds(a), i) for i, (_, a) in enumerate(named) if a.size])
    for (_, end, i), (start, _, k) in zip(bounds, bounds[1:]):
        if start < end:
            return named[min(i, k)][0], named[max(i, k)][0]
    return None


def _bounds(array: np.ndarray) -> tuple[int, int]:
    if array.flags.c_contiguous:  # nearly always; this takes a third of the time of `byte_bounds`
        start = array.__array_interface__["data"][0]
        return start, start + array.nbytes
    return byte_bounds(array)


_FEW = 6


def check_writable(data: np.ndarray, name: str) -> None:
    """Raise where an array cannot be written in place.

    Raises
    ------
    BindError
        If it is read-only, byte-swapped, or a broadcast view whose elements overlap.
    """
    if not data.flags.writeable:
        overlap = data.size and any(s == 0 and d > 1 for s, d in zip(data.strides, data.shape))
        raise BindError(f"{name} is written, but its array is " + (
            "a broadcast view whose elements overlap" if overlap else "read-only") + "; pass a copy")
    if not data.dtype.isnative:
        raise BindError(f"{name} is written, but its array is byte-swapped; convert it first")
    if data.size and any(s == 0 and d > 1 for s, d in zip(data.strides, data.shape)):
        raise BindError(f"{name} is written, but its elements overlap in memory; pass a copy")
