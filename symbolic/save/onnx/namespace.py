"""An array namespace that writes ONNX: run an operator's body in it, and get the core operators that compute the same.

Words that are given nothing but fixed arrays compute them at once, as NumPy does.
"""

import numpy as np

from ndarray import vocabulary
from ndarray.derived import DerivedWords
from ndarray.errors import LimitError, OperatorError, unknown
from symbolic.save.onnx import arithmetic, elementwise, indexing, reductions, shapes
from symbolic.save.onnx.value import Made, Value, has_value

MEANINGS = {word: function for words in (DerivedWords, arithmetic, indexing, elementwise, shapes, reductions)
            for word, function in vars(words).items() if hasattr(vocabulary, word) and callable(function)}
"""What each word of the vocabulary writes; those that are missing have no counterpart."""

MOST_NODES = 50_000
"""Nodes of a model: more take too long to write, and runtimes longer to load."""

_FEW = 16
"""Elements that are written out even where they are all the same."""


class Words:
    """The namespace `xp` for bodies; `nodes` and `constants` are the model so far.

    Attributes
    ----------
    nodes : list of Made
        In an order in which they can run.
    constants : dict of Value to numpy.ndarray
    """

    def __init__(self):
        self.nodes = []
        self.constants = {}
        self._known = {}
        self._made = {}

    def input(self, type_, name):
        """Return an input of the model."""
        return Value(self, type_.shape, type_.dtype, name)

    def output(self, x, type_, name):
        """Return what a body gave as an output of the model, which has a name of its own."""
        x = self.astype(self.value(x), type_.dtype)
        if x.shape != type_.shape:
            x = self.reshape(x, type_.shape) if x.size == np.prod(type_.shape) else self.broadcast_to(x, type_.shape)
        if x.name or x in self.constants:
            # Not `emit`, which would give the same value for two outputs.
            same = (Value(self, x.shape, x.dtype),)
            self._add(Made("Identity", [x], same, {}))
            x = same[0]
        x.name = name
        return x

    def emit(self, op, inputs, *types, **attrs):
        """Return what a node gives: a value, or a tuple where several `types`, (shape, dtype), are named.

        Nodes with equal content are one.
        """
        inputs = [x if type(x) is Value else self.value(x) for x in inputs]
        key = op, *map(id, inputs), *sorted(attrs.items())
        if key not in self._made:
            self._made[key] = tuple([Value(self, *t) for t in types])
            self._add(Made(op, inputs, self._made[key], attrs))
        outputs = self._made[key]
        return outputs[0] if len(outputs) == 1 else outputs

    def _add(self, node):
        if len(self.nodes) >= MOST_NODES:
            raise LimitError(f"the model would have more than {MOST_NODES:,} nodes, the limit")
        self.nodes.append(node)

    def value(self, x):
        """Return anything that a body may hold as a value of the model."""
        if isinstance(x, Value):
            return x
        x = np.asarray(x)
        one = the_number(x) if x.size > _FEW else None
        if one is not None:
            return self.broadcast_to(self.value(one), x.shape)
        key = (x.dtype.str, x.shape, x.tobytes())
        if key not in self._known:
            self._known[key] = Value(self, x.shape, x.dtype)
            self.constants[self._known[key]] = x
        return self._known[key]

    def together(self, op, inputs, dtype, **attrs):
        """Return what a node gives that broadcasts its inputs; one number means an array full of it."""
        shape = inputs[0].shape
        if all([type(x) is Value and x.shape == shape for x in inputs]):
            return self.emit(op, inputs, (shape, dtype), **attrs)
        shape = np.broadcast_shapes(*[x.shape for x in inputs])
        for i, x in enumerate(inputs):
            others = [y.shape for k, y in enumerate(inputs) if k != i]
            one = None if isinstance(x, Value) else the_number(x)
            if one is not None and np.broadcast_shapes(*others) == shape:
                inputs = [*inputs[:i], one, *inputs[i + 1:]]
        return self.emit(op, inputs, (shape, dtype), **attrs)

    def __getattr__(self, word):
        meant = getattr(vocabulary, word, None)
        if meant is None or word.startswith("_"):
            raise AttributeError(f"xp.{unknown('word', word, MEANINGS)}")
        if not callable(meant) or isinstance(meant, type):
            return meant

        def say(*args, **kwargs):
            if not has_value((args, kwargs)):
                return meant(*args, **kwargs)
            if word not in MEANINGS:
                raise OperatorError(f"{word} has no counterpart among ONNX's core operators")
            return MEANINGS[word](self, *args, **kwargs)

        return say


def the_number(x):
    """Return the one number that fills an array, as an array without axes, or None."""
    if not x.size or (x.size > 1 and any(x.strides) and x.tobytes() != x.reshape(-1)[:1].tobytes() * x.size):
        return None
    return x.reshape(-1)[:1].reshape(())
