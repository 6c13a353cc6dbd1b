"""Operators that only their file knows: a graph with them can be shown, not run."""

from ndarray.errors import OperatorError, shown
from ndarray.operator import Input, Operator
from ndarray.params import Param


class Strangers:
    """The operators of one file that nobody declares.

    Parameters
    ----------
    document : dict
        The file; whatever in it is not as it should be is passed over.
    """

    def __init__(self, document):
        self._known = {}
        self._outputs = {}
        nodes = document.get("nodes")
        lists = [r.get("inputs") for r in nodes if isinstance(r, dict)] if isinstance(nodes, list) else []
        for entries in (*lists, document.get("heads")):
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, list) and len(entry) > 1 and all(type(n) is int for n in entry[:2]):
                    node, output = entry[:2]
                    self._outputs[node] = max(self._outputs.get(node, 1), output + 1)

    def operator(self, name, number, inputs, names):
        """Return an operator with as many inputs and outputs as node `number` has, and these parameters, as text."""
        key = name, inputs, self._outputs.get(number, 1), names
        if key not in self._known:
            self._known[key] = _operator(*key)
        return self._known[key]


def _operator(name, inputs, outputs, names):
    def compute(xp, *arrays, **params):
        """Nothing is known of this operator but its name."""
        raise OperatorError(f"no operator named {shown(name)}: it can be shown, not run")

    def infer(arrays, results, params):
        return arrays, results

    return Operator(name, (), tuple([Input(f"arg{i}") for i in range(inputs)]),
                    {n: Param(n, str) for n in names}, infer, compute, outputs, pure=False)
