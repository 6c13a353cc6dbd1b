"""Updates of weights in 16 bits that lose nothing of small steps, derived from any update.

``_master_X`` is the update X on a float32 copy of the weight, ``_stochastic_X`` rounds what it stores at random and is
right on average, ``_kahan_X`` keeps what rounding took from the weight and adds it at the next step.  Each computes in
float32 and writes weight and states in one pass, and so does ``_once_X``, which rounds to nearest: for bfloat16 it is
X, for float16, of which X rounds every operation, it is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ndarray import dtypes, registry
from ndarray.dtypes import DEFAULT, FLOAT64
from ndarray.errors import DTypeError, OperatorError, ShapeError
from ndarray.operator import Input, Many, Operator
from ndarray.ops.optimizer_common import elements
from ndarray.rules import agree, check_floating, slot_error
from ndarray.tensortype import TensorType
from ndarray.widening import is_short

STATES: dict[str, str] = {"master": "weight32", "stochastic": "key", "kahan": "compensation"}
"""The state that each kind of precision adds to a tensor's: a float32 copy, a random key, what rounding took."""


@dataclass(frozen=True, eq=False, repr=False)
class Precise(Operator):
    """An update of 16-bit weights, derived from another.

    Attributes
    ----------
    of : Operator
    precision : str
        ``master``, ``stochastic``, ``kahan`` or ``once``.
    """

    of: Operator | Any = None
    precision: str = ""

    def groups(self, flat: Sequence[Any]) -> tuple[list[Sequence[Any]], Sequence[Any]]:
        """Return the inputs of each tensor, the added state last if there is one, and those that there is one of."""
        if not self.many:
            return [flat], ()
        width = len(self.many)
        n = (len(flat) - len(self.inputs) + width) // width
        return [flat[k * width:(k + 1) * width] for k in range(n)], flat[n * width:]

    def scalars_as(self, xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `params` with each scalar in float32 or wider; see `Operator.scalars_as`."""
        return super().scalars_as(xp, [TensorType(None, DEFAULT if is_short(a.dtype) else a.dtype) for a in arrays],
                                  params)

    def run_ready(self, xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> tuple[Any, Any]:
        """Compute in float32, and store as the kind of precision has it; see `Operator.run_ready`."""
        groups, single = self.groups(arrays)
        wide = [self._wide(xp, group) for group in groups]
        given = [x for group in wide for x in group] + [_wide(xp, x) for x in single]
        outputs, written = self.of.run_ready(xp, given, params)
        store = [self._storing(xp, group) for group in groups]
        positions, width = self.written(params), len(groups[0])
        states = [store[at // width](value, arrays[at].dtype, at % width) if at < len(groups) * width else value
                  for at, value in zip(positions, written)]
        found = [keep(value, group[0].dtype, 0) for keep, value, group in zip(store, outputs, groups)]
        kept = zip(groups, outputs, found) if self.precision in STATES else ()
        return tuple(found), (*states, *(self._kept(xp, *each) for each in kept))

    def _wide(self, xp, group):
        """Return what the update reads of a tensor: all in float32, with the weight as it is known best."""
        if self.precision == "once":
            return [_wide(xp, x) for x in group]
        weight, *others, own = group
        others = [_wide(xp, x) for x in others]
        if self.precision == "master":
            return [own, *others]
        weight = _wide(xp, weight)
        return [weight + _wide(xp, own) if self.precision == "kahan" else weight, *others]

    def _storing(self, xp, group):
        """Return ``store(value, dtype, number)``; `number` distinguishes the arrays of a tensor."""
        if self.precision != "stochastic":
            return lambda value, dtype, number: xp.astype(value, dtype)
        key = xp.as_scalar(group[-1], FLOAT64)

        def store(value, dtype, number):
            if dtypes.is_narrow(dtype):
                return xp.round_stochastic(value, key, number)
            return xp.astype(value, dtype)

        return store

    def _kept(self, xp, group, new, stored):
        """Return the new value of the added state."""
        own = group[-1]
        if self.precision == "master":
            return new
        if self.precision == "stochastic":
            return own + 1
        return xp.astype(new - _wide(xp, stored), own.dtype)


def _wide(xp, x):
    return xp.astype(x, DEFAULT) if is_short(x.dtype) else x


def precise(precision: str) -> Callable[[Operator], Operator]:
    """Return what makes the update of a kind of precision from another update.

    Raises
    ------
    OperatorError
        If the operator is not an update of weights, has a float32 copy of them already, or an input named like the
        state.
    """
    def make(op):
        if not op.update or "weight" not in op.names or isinstance(op, Precise):
            raise OperatorError(f"precision={precision!r} is for updates of weights; {op.name} is not one")
        if "weight32" in op.names:
            raise OperatorError(f"{op.name} has a float32 copy of the weight already; take the rule without it")
        own, inputs = STATES.get(precision), list(op.inputs)
        if own in op.names:
            raise OperatorError(f"precision={precision!r} adds a state named {own}, and {op.name} has one already")
        if own is not None:
            inputs.insert(len(op.many) or len(inputs), Input(own, Many() if op.many else None))
        update = op.update._replace(copies=(*op.update.copies, "weight32"), keys=(*op.update.keys, "key"))
        made = Precise(
            name=f"_{precision}_{op.name}", aliases=(), inputs=tuple(inputs), params=op.params,
            infer=lambda *types: _infer(made, *types), compute=_body(op, precision), outputs=op.outputs,
            writes=(*op.writes, own) if own else op.writes,
            scalar_dtype=op.scalar_dtype, fusible=op.fusible and own != "key",
            output_suffix=op.output_suffix, numbered=op.numbered, declared_update=update, kind=op.kind, of=op,
            precision=precision)
        return made

    return make


def _body(op, precision):
    def compute(xp, /, **params):
        raise NotImplementedError

    compute.__name__ = compute.__qualname__ = f"_{precision}_{op.name}"
    compute.__doc__ = f"The update `{op.name}` of weights in 16 bits, with precision={precision!r}."
    return compute


def _infer(op, inputs, outputs, params):
    """Infer the types of a derived update from those of the update without it."""
    if op.precision not in STATES:
        return op.of.infer(inputs, outputs, params)
    groups, single = op.groups(inputs)
    width = len(groups[0]) if groups else 0
    master = op.precision == "master"
    own = [_own_type(op, k, width, group, outputs[k]) for k, group in enumerate(groups)]
    given = [[TensorType(t.shape, DEFAULT) if master and i < 2 else t for i, t in enumerate(group[:-1])]
             for group in groups]
    targets = [TensorType(t.shape, DEFAULT) if master else t for t in outputs]
    try:
        found, targets = op.of.infer([*(t for group in given for t in group), *single], targets, params)
    except (DTypeError, ShapeError) as error:
        error.slots = tuple([_slot(s, width, len(groups), len(inputs)) for s in getattr(error, "slots", ())])
        raise
    made = []
    for k, group in enumerate(groups):
        types = list(found[k * (width - 1):(k + 1) * (width - 1)])
        shape = types[0].shape
        if master:
            dtype = agree([TensorType(None, t.dtype) for t in (group[0], group[1], outputs[k])]).dtype
            types[:2] = [TensorType(t.shape, dtype) for t in types[:2]]
            targets[k] = TensorType(targets[k].shape, dtype)
            made += [*types, TensorType(shape, DEFAULT)]
        else:
            made += [*types, types[0] if op.precision == "kahan" else own[k]]
    return [*made, *found[len(groups) * (width - 1):]], targets


def _own_type(op, k, width, group, output):
    """Return the type of the added state; raise where the weight's dtype has no use for it."""
    at = k * width + width - 1
    dtype = group[0].dtype or output.dtype
    check_floating([TensorType(None, dtype)])
    if op.precision == "master":
        if dtype == FLOAT64 and dtype is not None:
            raise slot_error(DTypeError, "`{}` is float64, which a float32 copy would shorten", k * width)
        return group[-1].merge(TensorType(None, DEFAULT))
    if dtype is not None and dtype.name == "float16":
        raise slot_error(DTypeError, f"`{{}}` is float16; precision={op.precision!r} is for bfloat16, "
                         "'master' for both", k * width)
    return elements(group[-1], 1, at, FLOAT64) if op.precision == "stochastic" else group[-1]


def _slot(slot, width, n, inputs):
    """Return the place of a type among ours from that among the update's without precision."""
    tensors = n * (width - 1)
    if slot < tensors:
        return slot // (width - 1) * width + slot % (width - 1)
    return slot + n


for _precision in (*STATES, "once"):
    registry.derive(f"_{_precision}_", precise(_precision))
