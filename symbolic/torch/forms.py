"""An update rule on one tensor, twice: its numbers, computed by the host at every step, and its loops, recorded once.

Both follow `Rule.apply`, so what a rule does is written in one place.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ndarray import registry
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.opened import OpenedWords
from ndarray.kernels.record import Recorder, Unfusible, Value
from ndarray.operator import Operator
from ndarray.ops.precision import Precise
from ndarray.tensortype import TensorType
from ndarray.widening import is_short
from symbolic.optimizers.forms import Tensor
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.rates import Amounts
from symbolic.optimizers.rules import Rule
from symbolic.torch.host import Fed

FLOAT32 = np.dtype("float32")


class Numbers:
    """The form of a rule that only collects its numbers and what decides its code.

    Attributes
    ----------
    values : list of float
        In the order in which the rule uses them.
    choices : list
        Operators and parameters that are not numbers: equal choices are equal code.
    """

    def __init__(self) -> None:
        self.values: list[float] = []
        self.choices: list[Any] = []

    def constant(self, values: Sequence[float], name: str) -> None:
        """Note the elements of a vector."""
        self.values += values
        self.choices.append(len(values))

    def call(self, op_name: str, *inputs: Any, name: str | None = None, **params: Any) -> None:
        """Note the parameters of an operator."""
        self.take(op_name, params)

    def update(self, op_name: str, inputs: Sequence[Any], tensors: Sequence[Tensor], name: str,
               **params: Any) -> list[None]:
        """Note the parameters of the update."""
        self.take(op_name, params)
        return [None]

    def take(self, op_name: str, params: Mapping[str, Any]) -> tuple[Operator, dict[str, Any]]:
        """Note parameters; return the operator, and its parameters with `Fed` in place of numbers."""
        op = registry.get(op_name)
        complete = op.complete(op.parse(params), op_name)
        for name in op.scalars:
            if complete[name] is not None:
                complete[name] = self._next(complete[name])
        for name in op.scalar_tuples:
            complete[name] = tuple([self._next(v) for v in complete[name]])
        self.choices.append((op, tuple([(k, v) for k, v in complete.items() if not _is_fed(v)])))
        return op, complete

    def _next(self, value):
        self.values.append(float(value))
        return Fed(len(self.values) - 1)


def _is_fed(value):
    return isinstance(value, Fed) or (isinstance(value, tuple) and bool(value) and isinstance(value[0], Fed))


class Recording(Numbers):
    """The form of a rule that records loops.

    Parameters
    ----------
    xp : Recorder
    """

    def __init__(self, xp: Recorder) -> None:
        super().__init__()
        self.xp = xp
        self.results: dict[str, Value] = {}

    def constant(self, values: Sequence[float], name: str) -> Any:
        """Return a float32 vector of numbers that are read when the loops run."""
        numbers = [self.xp.number(self._next(v), FLOAT32) for v in values]
        return self.xp.reshape(numbers[0], (1,)) if len(numbers) == 1 else self.xp.stack(tuple(numbers))

    def call(self, op_name: str, *inputs: Any, name: str | None = None, **params: Any) -> Any:
        """Return what an operator gives."""
        outputs, _ = self._run(op_name, inputs, params)
        return outputs[0] if len(outputs) == 1 else outputs

    def update(self, op_name: str, inputs: Sequence[Any], tensors: Sequence[Tensor], name: str,
               **params: Any) -> list[Any]:
        """Return the new value of the tensor; its new states are in `results`."""
        op = registry.get(op_name)
        (new,), written = self._run(op_name, inputs, params)
        names = (*op.many, *(name for name in op.names if name not in op.many))
        complete = {op.count: 1} if op.count else {}
        positions = op.written({**op.defaults, **params, **complete})
        self.results |= {names[at]: value for at, value in zip(positions, written, strict=True)}
        self.results["weight"] = new
        return [new]

    def _run(self, op_name, inputs, params):
        op, complete = self.take(op_name, params)
        if op.count:
            complete[op.count] = op.count_from(len(inputs), complete)
        return op.run(self.xp, inputs, complete)


class Settings(NamedTuple):
    """What decides the code of a tensor besides its rule.

    Attributes
    ----------
    maximize : bool
        Whether the gradient is negated.
    scaled : bool
        Whether it is multiplied by a number, the last of the values.
    plain : bool
        Whether a layer-wise rule leaves the tensor its plain rate.
    singles : frozenset of str
        States of one element that are float32, whatever the weight is.
    """

    maximize: bool = False
    scaled: bool = False
    plain: bool = False
    singles: frozenset[str] = frozenset()


def numbers_of(rule: Rule | LayerwiseRule, lr: float, wd: float, t: float, settings: Settings) -> Numbers:
    """Return the numbers of one tensor's update.

    Parameters
    ----------
    rule : Rule or LayerwiseRule
    lr, wd : float
        Rate and decay of the tensor.
    t : float
        Number of its update, from 1.
    settings : Settings
    """
    form = Numbers()
    _apply(rule, form, dict.fromkeys(("weight", "grad", *rule.more_inputs)), lr, wd, t, settings)
    form.choices.append((type(rule), settings))
    return form


def state_types(rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...],
                singles: Iterable[str] = ()) -> dict[str, TensorType]:
    """Return the types of what a rule reads of a tensor besides weight and gradient.

    Parameters
    ----------
    rule : Rule or LayerwiseRule
    dtype : numpy.dtype
        Of the weight.
    shape : tuple of int
    singles : iterable of str, optional
        See `Settings`.
    """
    op = rule.op
    params = {**op.defaults, **({op.count: 1} if op.count else {})}
    weight = TensorType(shape, dtype)
    given = {"weight": weight, "grad": weight, **dict.fromkeys(singles, TensorType((), FLOAT32))}
    names = op.names if not op.many else (*op.many, *(n for n in op.names if n not in op.many))
    inputs, _ = op.infer_types([given.get(name, TensorType(None, None)) for name in names], [weight], params)
    found = dict(zip(names, inputs))
    return {name: found[name] for name in rule.more_inputs}


def record(rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...], types: Mapping[str, TensorType],
           settings: Settings) -> Flow | None:
    """Return the flow of one tensor's update, None where its body cannot be recorded.

    Its buffers are 0, the weight, 1, the gradient, and the rule's further inputs in order.
    """
    xp = OpenedWords()
    xp.opens, xp.node = True, rule.op
    alike = TensorType(shape, dtype)
    known = {"weight": alike, "grad": alike, **types}
    stored = {name: xp.input(k, type_.dtype, type_.shape) for k, (name, type_) in enumerate(known.items())}
    form = Recording(xp)
    try:
        # A kind of precision widens and rounds by itself what it is given as it is stored; gradients are scaled first.
        precise = isinstance(rule.op, Precise)
        inputs = {name: xp.astype(x, FLOAT32) if is_short(x.dtype) and not (precise and name != "grad") else x
                  for name, x in stored.items()}
        grad = -inputs["grad"] if settings.maximize else inputs["grad"]
        if settings.scaled:
            grad = grad * xp.as_scalar(Fed(-1), grad.dtype)
        _apply(rule, form, {**inputs, "grad": grad}, 1e-3, 0.0, 1.0, settings)
        columns = {name: k for k, name in enumerate(known)}
        sinks = tuple([Sink(columns[name], _as(xp, value, stored[name]).id) for name, value in form.results.items()])
    except (Unfusible, TypeError, AttributeError):
        return None
    return Flow(xp.instructions, xp.calls, sinks)


def _as(xp, value, like):
    """Return a result as it is stored: what is stored in 16 bits was computed in float32, and is rounded here alone."""
    if is_short(like.dtype):
        value = xp.astype(value, like.dtype)
    if value.dtype != like.dtype:
        raise Unfusible(f"the body gives {value.dtype} for {like.dtype}")
    return xp.reshape(value, like.shape)


def _apply(rule, form, inputs, lr, wd, t, settings):
    one = [1.0]
    counts = Amounts(t, one) if rule.counts else None
    rule.apply(form, [Tensor("weight", inputs)], Amounts(lr, one), Amounts(wd, one), counts,
               frozenset(["weight"]) if settings.plain else frozenset())
