"""One step of a recurrent layer, and the way back through it, for each kind of cell.

A cell has two functions.  ``step(xp, pre, state, weights, clip)`` takes what the input has given, the state before (a
tuple of arrays, the output first) and the layer's `Weights`, and returns the state after and what the way back needs.
``back(xp, arrived, kept, weights, clip)`` takes the gradients of the state after and returns those of the state before,
of `pre`, and of what the output before has given; and, with a projection, what arrived at the projected output.
"""

from typing import NamedTuple

from ndarray.ops.elementwise import sigmoid_of


class Weights(NamedTuple):
    """The parameters of one layer in one direction.

    Attributes
    ----------
    input, hidden : array, shape (gates · state_size, features), (gates · state_size, output size)
    projection : array, shape (projection_size, state_size), or None
    input_bias, hidden_bias : array, shape (gates · state_size,)
    """

    input: object
    hidden: object
    projection: object
    input_bias: object
    hidden_bias: object


class Clip(NamedTuple):
    """Bounds of an LSTM's memory; `nan` takes what is not a number for the lower one."""

    least: float
    most: float
    nan: bool


def part(xp, x, number, size):
    """Return gate `number` of the columns."""
    return xp.strided_slice(x, (None, number * size), (None, (number + 1) * size), (1, 1))


def _hidden(xp, h, weights):
    return xp.matmul(h, xp.transpose(weights.hidden)) + weights.hidden_bias


class Plain:
    """``h' = f(pre + W h + b)`` for the hyperbolic tangent or the rectifier."""

    gates = 1

    def __init__(self, rectifier):
        self.rectifier = rectifier

    def step(self, xp, pre, state, weights, clip):
        """Return the state after a step, and what the way back needs."""
        z = pre + _hidden(xp, state[0], weights)
        h = xp.maximum(z, xp.zeros_like(z)) if self.rectifier else xp.tanh(z)
        return (h,), (state[0], h)

    def back(self, xp, arrived, kept, weights, clip):
        """Return the gradients of the state before, of `pre` and of what the output before has given."""
        _, h = kept
        dz = xp.where(h > 0, arrived[0], xp.zeros_like(h)) if self.rectifier else arrived[0] * (1 - h * h)
        return (xp.matmul(dz, weights.hidden),), dz, dz, None


class GRU:
    """Gated recurrent unit: reset, update, candidate."""

    gates = 3

    @staticmethod
    def step(xp, pre, state, weights, clip):
        """Return the state after a step, and what the way back needs."""
        h, size = state[0], state[0].shape[1]
        given = _hidden(xp, h, weights)
        both = xp.strided_slice(pre, (None, 0), (None, 2 * size), (1, 1)) \
            + xp.strided_slice(given, (None, 0), (None, 2 * size), (1, 1))
        both = sigmoid_of(xp, both)
        reset, update = part(xp, both, 0, size), part(xp, both, 1, size)
        inner = part(xp, given, 2, size)
        candidate = xp.tanh(part(xp, pre, 2, size) + reset * inner)
        return ((1 - update) * candidate + update * h,), (h, both, inner, candidate)

    @staticmethod
    def back(xp, arrived, kept, weights, clip):
        """Return the gradients of the state before, of `pre` and of what the output before has given."""
        h, both, inner, candidate = kept
        head, size = arrived[0], h.shape[1]
        reset, update = part(xp, both, 0, size), part(xp, both, 1, size)
        d_candidate = head * (1 - update) * (1 - candidate * candidate)
        d_both = xp.concatenate([d_candidate * inner, head * (h - candidate)], axis=1) * (both * (1 - both))
        d_given = xp.concatenate([d_both, d_candidate * reset], axis=1)
        d_h = head * update + xp.matmul(d_given, weights.hidden)
        return (d_h,), xp.concatenate([d_both, d_candidate], axis=1), d_given, None


class LSTM:
    """Long short-term memory: input, forget, candidate, output; the state is the output and the memory."""

    gates = 4

    @staticmethod
    def step(xp, pre, state, weights, clip):
        """Return the state after a step, and what the way back needs."""
        h, memory = state
        size = memory.shape[1]
        z = pre + _hidden(xp, h, weights)
        opened = sigmoid_of(xp, z)
        candidate = xp.tanh(part(xp, z, 2, size))
        raw = part(xp, opened, 1, size) * memory + part(xp, opened, 0, size) * candidate
        after = _clipped(xp, raw, clip)
        bent = xp.tanh(after)
        full = part(xp, opened, 3, size) * bent
        out = full if weights.projection is None else xp.matmul(full, xp.transpose(weights.projection))
        return (out, after), (h, memory, opened, candidate, raw, bent, full)

    @staticmethod
    def back(xp, arrived, kept, weights, clip):
        """Return the gradients of the state before, of `pre` and of what the output before has given."""
        head, d_memory = arrived
        _, memory, opened, candidate, raw, bent, _ = kept
        size = memory.shape[1]
        i, f, o = (part(xp, opened, k, size) for k in (0, 1, 3))
        d_full = head if weights.projection is None else xp.matmul(head, weights.projection)
        d_memory = d_memory + d_full * o * (1 - bent * bent)
        if clip is not None:
            inside = xp.where(raw >= clip.least, xp.ones_like(raw), xp.zeros_like(raw)) * (raw <= clip.most)
            d_memory = d_memory * inside
        d_z = xp.concatenate([d_memory * candidate * (i * (1 - i)), d_memory * memory * (f * (1 - f)),
                              d_memory * i * (1 - candidate * candidate), d_full * bent * (o * (1 - o))], axis=1)
        projected = None if weights.projection is None else head
        return (xp.matmul(d_z, weights.hidden), d_memory * f), d_z, d_z, projected


def _clipped(xp, memory, clip):
    if clip is None:
        return memory
    found = xp.minimum(xp.maximum(memory, xp.full_like(memory, clip.least)), xp.full_like(memory, clip.most))
    return xp.where(memory != memory, xp.full_like(memory, clip.least), found) if clip.nan else found


CELLS = {"rnn_relu": Plain(True), "rnn_tanh": Plain(False), "lstm": LSTM, "gru": GRU}
"""The cell of each mode."""
