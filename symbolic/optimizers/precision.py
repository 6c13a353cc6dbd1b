"""A kind of precision given to the updates of a step that is made already."""

from ndarray import registry
from ndarray.errors import OperatorError
from ndarray.ops.precision import STATES
from ndarray.params import shift_fed
from symbolic.graph.node import Entry, Node
from symbolic.optimizers.rules import precise
from symbolic.symbol import Symbol


def with_precision(step: Symbol, precision: str) -> Symbol:
    """Return a step whose updates keep small steps of 16-bit weights.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` or `update` make it.
    precision : {'master', 'stochastic', 'kahan'}
        See `symbolic.optimizers.rule`.

    Returns
    -------
    Symbol
        Each update reads and writes one more state of each tensor, named ``<parameter>_weight32``,
        ``<parameter>_key`` or ``<parameter>_compensation``.

    Raises
    ------
    ParamError
        If the kind of precision is unknown.
    OperatorError
        If an update has a float32 copy of its weights already, or the step has no update.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.optimizers.update(["w"], "sgd", momentum=0.9)
    >>> with_precision(step, "master").list_auxiliary_states()
    ['w_mom', 'w_weight32']
    """
    precise(registry.get("sgd_update"), precision)
    found = 0

    def rule(node):
        nonlocal found
        if node.op is None or not node.op.update or "__updates__" not in dict(node.attrs):
            return node.outputs
        found += 1
        return _precise_node(node, precision).outputs

    made = Symbol(step.graph.rewrite(rule))
    if not found:
        raise OperatorError(f"precision={precision!r} is for the updates of a step, which has none")
    return made


def _precise_node(node: Node, precision: str) -> Node:
    """Return the update of a node with the state that its kind of precision adds."""
    op = precise(node.op, precision)
    fed = len(node.op.fed(node.complete_params))
    arrays = node.inputs[:len(node.inputs) - fed]
    n = node.complete_params[node.op.count] if node.op.many else 1
    width = len(node.op.many) or len(arrays)
    groups = [arrays[k * width:(k + 1) * width] for k in range(n)]
    own = [Entry(Node(None, f"{group[0].node.name}_{STATES[precision]}")) for group in groups]
    inputs = [entry for group, state in zip(groups, own) for entry in (*group, state)] + [*arrays[n * width:]]
    params = tuple([(name, shift_fed(value, n)) for name, value in node.params])
    return node.replace(op=op, inputs=(*inputs, *node.inputs[len(arrays):]), params=params)
