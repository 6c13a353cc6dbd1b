"""The operators that gradients are made of: ``_backward_X`` carries heads back through one node of operator X.

Each follows from the declaration of X: its gradient rule, or its body traced and differentiated word by word.  As a
node of its own it composes before shapes are known, and a graph shows one node for each that it differentiates.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ndarray import registry
from ndarray.cached import Bounded
from ndarray.dtypes import is_floating
from ndarray.errors import DTypeError, NotDifferentiableError, ParamError, ShapeError
from ndarray.operator import Operator
from ndarray.params import Fed, Ints, Param, fed_names, fill_fed, is_array, shift_fed
from ndarray.tensortype import TensorType
from ndarray.widening import has_narrow, in_float32
from symbolic.autodiff.reverse import pull_back
from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.graph.walk import evaluate

Params: TypeAlias = Mapping[str, Any]

@dataclass(frozen=True, eq=False, repr=False)
class Backward(Operator):
    """The gradient of an operator, as an operator.

    Its inputs are the heads that arrive, then the outputs and inputs of the differentiated node; what fed that node's
    parameters are inputs too, and the parameters hold their places as `ndarray.params.Fed`.

    Attributes
    ----------
    of : Operator
    heads : str
        The parameter that holds the numbers of the outputs at which heads arrive.
    wrt : str
        The parameter that holds the positions of the inputs whose gradients are given.
    """

    of: Operator | Any = None
    heads: str = "heads"
    wrt: str = "wrt"

    def fed(self, params: Params) -> list[Fed]:
        """Return nothing: here, what is fed is an input like any other."""
        return []

    def input_names(self, params: Params) -> tuple[str, ...]:
        """Return the names of heads, outputs and inputs."""
        outputs = range(self.of.num_outputs(params))
        many = len(outputs) > 1
        names = (*(f"head{i if many else ''}" for i in params[self.heads]),
                 *(f"output{i if many else ''}" for i in outputs), *self.of.input_names(params))
        return (*names, *(name for _, name in sorted(fed_names(params).items())))

    def num_outputs(self, params: Params) -> int:
        """Return how many gradients are asked for."""
        return len(params[self.wrt])

    def written(self, params: Params) -> tuple[int, ...]:
        """Return nothing: a gradient changes no state."""
        return ()

    def output_ending(self, index: int, params: Params) -> str:
        """Return the name of the input whose gradient an output is."""
        return self.input_names(params)[self.first_input(params) + params[self.wrt][index]]

    def first_input(self, params: Params) -> int:
        """Return where the inputs of the differentiated node begin."""
        return len(params[self.heads]) + self.of.num_outputs(params)

    def fits(self, params: Params) -> bool:
        """Tell whether `heads` and `wrt` name outputs and inputs that the differentiated node has, each once."""
        heads, wrt = params[self.heads], params[self.wrt]
        return (len(set(heads)) == len(heads) and set(heads) <= set(range(self.of.num_outputs(params)))
                and len(set(wrt)) == len(wrt) > 0 and set(wrt) <= set(range(len(self.of.input_names(params))
                                                                           + len(self.of.fed(params))))
                and (not isinstance(self.of, Backward) or self.of.fits(params)))

    def parts(self, arrays: Sequence[Any], params: Params
              ) -> tuple[dict[int, Any], Sequence[Any], Sequence[Any], Sequence[Any]]:
        """Return the heads by output number, the outputs, the inputs and what is fed, from all of them."""
        k, start = len(params[self.heads]), self.first_input(params)
        end = start + len(self.of.input_names(params))
        return dict(zip(params[self.heads], arrays)), arrays[k:start], arrays[start:end], arrays[end:]

    def inner_params(self, params: Params, arrays: Sequence[Any]) -> dict[str, Any]:
        """Return the parameters of the differentiated node, fed with arrays."""
        inner = {k: v for k, v in params.items() if k in self.of.params}
        if isinstance(self.of, Backward):
            return {k: shift_fed(v, -self.first_input(params)) for k, v in inner.items()}
        return {k: fill_fed(v, arrays) for k, v in inner.items()}

    def run(self, xp: Any, arrays: Sequence[Any], params: Params) -> tuple[tuple[Any, ...], tuple[()]]:
        """Compute the gradients in the namespace `xp`; see `Operator.run`."""
        if has_narrow(arrays):
            return in_float32(self, self.run, xp, arrays, params)
        heads, outputs, inputs, fed = self.parts(arrays, params)
        wrt = params[self.wrt]
        if "gradient" in self.of.rules and max(wrt) < len(inputs):
            filled = self.inner_params(params, arrays)
            grads = apply_rule(self.of, xp, heads, outputs, inputs, self.of.scalars_as(xp, inputs, filled))
            return tuple([xp.zeros_like(arrays[self.first_input(params) + at]) if grads[at] is None else grads[at]
                          for at in wrt]), ()
        types = tuple([TensorType(tuple(a.shape), a.dtype) for a in arrays])
        graph, variables = _derived(self, _frozen(params), types)
        return evaluate(graph, dict(zip(variables, arrays)), xp)[0], ()


def backward_of(op: Operator) -> Backward:
    """Return the operator ``_backward_X`` of the operator X."""

    def infer(inputs: Sequence[TensorType], outputs: Sequence[TensorType], params: Params
              ) -> tuple[list[TensorType], list[TensorType]]:
        heads, outs, _, _ = this.parts(list(range(len(inputs))), params)
        inputs, outputs = list(inputs), list(outputs)
        for i, a in heads.items():
            inputs[a] = inputs[outs[i]] = inputs[a].merge(inputs[outs[i]])
        for k, at in enumerate(params[this.wrt]):
            at += this.first_input(params)
            inputs[at] = outputs[k] = inputs[at].merge(outputs[k])
        _infer_differentiated(this, inputs, params)
        for i, a in heads.items():
            inputs[a] = inputs[a].merge(inputs[outs[i]])
        for k, at in enumerate(params[this.wrt]):
            outputs[k] = outputs[k].merge(inputs[this.first_input(params) + at])
        return inputs, outputs

    def compute(xp: Any, /, **params: Any) -> Any:
        raise NotImplementedError

    compute.__name__ = compute.__qualname__ = f"_backward_{op.name}"
    compute.__doc__ = f"The gradient of `{op.name}`."
    depth = sum(p.startswith("wrt") for p in op.params)
    heads, wrt = (f"{word}{depth + 1}" if depth else word for word in ("heads", "wrt"))
    params = {**op.params, heads: Param(heads, Ints, ()), wrt: Param(wrt, Ints)}
    this = Backward(name=f"_backward_{op.name}", aliases=(), inputs=(), params=params, infer=infer, compute=compute,
                    outputs=op.num_outputs, scalar_dtype=op.scalar_dtype, random=op.random, output_suffix="",
                    kind="gradient", of=op, heads=heads, wrt=wrt)
    return this


registry.derive("_backward_", backward_of)


def _infer_differentiated(this: Backward, inputs: list[TensorType], params: Params) -> None:
    """Learn, in place, from the operator that is differentiated: a file may pass values that are not of its node."""
    _, outs, ins, _ = this.parts(list(range(len(inputs))), params)
    inner = {k: v for k, v in params.items() if k in this.of.params}
    try:
        found = this.of.infer([inputs[at] for at in ins], [inputs[at] for at in outs], inner)
    except (ShapeError, DTypeError, ParamError) as error:
        if hasattr(error, "slots"):
            error.slots = tuple([(*ins, *outs)[slot] for slot in error.slots])
        raise
    for at, type_ in zip((*ins, *outs), (*found[0], *found[1])):
        inputs[at] = type_


def apply_rule(op: Operator, xp: Any, heads: Mapping[int, Any], outputs: Sequence[Any], inputs: Sequence[Any],
               params: Params) -> list[Any]:
    """Return what an operator's gradient rule gives for each input, None where nothing flows.

    Parameters
    ----------
    op : Operator
    xp : array namespace
    heads : dict of int to array
        What arrives, by output number; the others count as zeros.
    outputs, inputs : sequence of array
    params : dict
        Complete, the scalars as values of `xp`.
    """
    arrived = tuple([heads[i] if heads.get(i) is not None else xp.zeros_like(y) for i, y in enumerate(outputs)])
    packed = op.pack(inputs, params)
    given = (arrived[0], outputs[0]) if op.outputs == 1 else (arrived, tuple(outputs))
    found = op.rules["gradient"](xp, *given, *packed, **params)
    if op.many:
        width = len(op.many)
        found = [v for each in zip(*found[:width]) for v in each] + list(found[width:])
    elif len(inputs) < len(op.inputs):
        found = [g for x, g in zip(packed, found) if x is not None]
    return [None if not is_floating(x.dtype) else g for x, g in zip(inputs, found, strict=True)]


def flat_inputs(node: Node) -> tuple[int, ...]:
    """Return the positions of a node's inputs to which no gradient flows, whatever their values."""
    op, params = node.op, node.complete_params
    flat = (op.of if isinstance(op, Backward) else op).rules.get("flat", ())
    if not flat or isinstance(op, Backward):
        return ()
    flat = flat(params) if callable(flat) else flat
    return tuple([k for k, name in enumerate(op.input_names(params)) if name in flat])


def needs_no_head(entry: Entry) -> bool:
    """Tell whether a node ends a network, so that its gradient needs no head."""
    op = entry.node.op
    return op is not None and op.loss_head and not entry.node.complete_params.get("out_grad")


def check_differentiable(node: Node) -> None:
    """Raise where a node is a primitive without a gradient rule."""
    if node.op.primitive and "gradient" not in node.op.rules:
        raise NotDifferentiableError(f"{node.shown_name} ({node.op.name}) has no gradient")


def differentiate(trace: Trace, graph: Graph, types: Callable[[Entry], Traced], heads: Mapping[Entry, list[Traced]],
                  wrt: Sequence[Entry]) -> dict[Entry, Traced]:
    """Return the gradients of traced `wrt`, by the rules of the primitives in a traced graph.

    Parameters
    ----------
    trace : Trace
    graph : Graph
        Of primitives.
    types : callable
        ``types(entry)`` gives an entry as a traced value.
    heads : dict of Entry to list of Traced
    wrt : sequence of Entry
    """

    def through(node: Node, arrived: dict[int, Traced | None], positions: tuple[int, ...]) -> list[Any]:
        check_differentiable(node)
        params = node.op.scalars_as(trace, [types(e) for e in node.inputs], node.complete_params)
        found = apply_rule(node.op, trace.within(node, f"{node.name}_grad"), arrived, [types(e) for e in node.outputs],
                           [types(e) for e in node.inputs], params)
        return [found[at] for at in positions]

    def add(entry: Entry, values: list[Any]) -> Any:
        return functools.reduce(lambda a, b: a + b, values)

    return pull_back(graph, heads, wrt, flat_inputs, through, add)


_cache: Bounded = Bounded(1024)


def _derived(op: Backward, params: tuple[tuple[str, Any], ...], types: tuple[TensorType, ...]
             ) -> tuple[Graph, list[Node]]:
    """Return the graph of primitives that computes a `Backward` operator without a rule, and its variables."""
    key = (op, params, types)
    found = _cache.get(key)
    return found if found is not None else _cache.keep(key, _derive(op, dict(params), types))


def _derive(op: Backward, params: Params, types: tuple[TensorType, ...]) -> tuple[Graph, list[Node]]:
    trace = Trace()
    names = op.input_names(params)
    arrays = [trace.variable(name, t) for name, t in zip(names, types)]
    heads, outputs, inputs, fed = op.parts(arrays, params)
    filled = op.inner_params(params, arrays)
    computed, _ = op.of.run(trace, inputs, filled)
    computed = [trace.traced(y, given.dtype) for y, given in zip(computed, outputs)]
    # What the node has computed already replaces what its body would compute again.
    known = {y.entry: given for y, given in zip(computed, outputs)} | {x.entry: x for x in arrays}
    arrived = {}
    for i, head in heads.items():
        entry = computed[i].entry
        arrived.setdefault(entry, []).append(head)
    asked = [arrays[op.first_input(params) + at] for at in params[op.wrt]]

    def value(entry: Entry) -> Traced:
        return known[entry] if entry in known else Traced(trace, entry, trace.types[entry])

    graph = Graph([y.entry for y in computed])
    found = differentiate(trace, graph, value, arrived, [x.entry for x in asked])
    grads: list[Any] = [found.get(x.entry) if is_floating(x.dtype) else None for x in asked]
    grads = [trace.zeros_like(x) if g is None else trace.astype(g, x.dtype) for x, g in zip(asked, grads)]
    return Graph([g.entry for g in grads]), [x.entry.node for x in arrays]


def _frozen(params: Params) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(params.items()))


def as_numbers(value: Any) -> Any:
    """Return a parameter's value with Python's numbers in place of arrays."""
    if is_array(value):
        return tuple(value.tolist()) if value.ndim else value.item()
    if isinstance(value, tuple) and any(is_array(v) for v in value):
        return tuple([as_numbers(v) for v in value])
    return value
