"""Recurrent layers over a whole sequence, as one operator."""

from math import prod
from typing import Annotated, Literal, NamedTuple

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import Many, operator
from ndarray.ops.join import Concat
from ndarray.ops.nn import kept_elements
from ndarray.ops.rnn_cells import CELLS, Clip, Weights
from ndarray.params import Count, Key, Positive, Training, Within
from ndarray.rules import agree_dtype, check_floating, fit, slot_error
from ndarray.rules_shape import cut
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "layer"


class Sizes(NamedTuple):
    """Lengths that follow from the parameters.

    Attributes
    ----------
    gates, units : int
        Rows of a weight matrix are as many gates times as many units.
    out : int
        Length of a layer's output in one direction: the projection, or the units.
    directions, layers : int
    """

    gates: int
    units: int
    out: int
    directions: int
    layers: int

    @classmethod
    def of(cls, params):
        """Return the sizes that parameters of `RNN` give."""
        units = params["state_size"]
        return cls(CELLS[params["mode"]].gates, units, params["projection_size"] or units,
                   2 if params["bidirectional"] else 1, params["num_layers"])

    def shapes(self, features):
        """Return the shapes in the parameters' vector: each layer's and direction's matrices, then all their biases."""
        rows, found = self.gates * self.units, []
        for layer in range(self.layers):
            width = self.directions * self.out if layer else features
            projection = [(self.out, self.units)] if self.out != self.units else []
            found += [[(rows, width), (rows, self.out), *projection] for _ in range(self.directions)]
        return found, [[(rows,), (rows,)] for _ in found]

    def count(self, features):
        """Return the length of the parameters' vector."""
        return sum(prod(shape) for part in self.shapes(features) for group in part for shape in group)


def _rnn(inputs, outputs, params):
    """Sequence, states and parameters follow from the data's shape and the sizes; the data from the others."""
    if params["projection_size"] and params["mode"] != "lstm":
        raise ParamError(f"projection_size={params['projection_size']} is for mode='lstm', not {params['mode']!r}")
    _clip(params["lstm_state_clip_min"], params["lstm_state_clip_max"], params["lstm_state_clip_nan"])
    sizes, names = Sizes.of(params), _names(params)
    types = dict(zip(names, inputs))
    lengths = types.pop("sequence_length", None)
    dtype = agree_dtype([*types.values(), *outputs])
    data, out = types["data"].shape, outputs[0].shape
    for slot, shape in ((0, data), (len(inputs), out)):
        if shape is not None and len(shape) != 3:
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected (steps, batch, "
                                         "features)", slot)
    steps, batch = merge_shapes((data or (None,) * 3)[:2], (out or (None,) * 3)[:2])
    if steps == 0:
        raise slot_error(ShapeError, "`{}` has no steps", 0)
    features = data and data[2]
    for name in ("state", "state_cell"):
        if name in types and types[name].shape is not None:
            wide = sizes.units if name == "state_cell" else sizes.out
            shape = fit(types[name].shape, (sizes.layers * sizes.directions, batch, wide), names.index(name))
            batch = shape[1]
    known = types["parameters"].shape
    if features is None and known is not None and len(known) == 1 and known[0] is not None:
        each = sizes.directions * sizes.gates * sizes.units
        features, rest = divmod(known[0] - sizes.count(0), each)
        if rest or features < 1:
            raise slot_error(ShapeError, f"`{{}}` has {known[0]} elements, which no number of features needs", 1)
    vector = fit(known, (None if features is None else sizes.count(features),), 1)
    tall = sizes.layers * sizes.directions
    shapes = {"data": (steps, batch, features), "parameters": vector, "state": (tall, batch, sizes.out),
              "state_cell": (tall, batch, sizes.units)}
    found = {name: TensorType(shapes[name], dtype) for name in types}
    check_floating([*found.values()])
    if lengths is not None:
        found["sequence_length"] = lengths.merge(TensorType((batch,), lengths.dtype or dtype))
    given = [merge_shapes(out, (steps, batch, sizes.directions * sizes.out)), shapes["state"], shapes["state_cell"]]
    return ([found[name] for name in names],
            [TensorType(merge_shapes(t.shape, shape), dtype) for t, shape in zip(outputs, given)])


def _absent(params):
    """Return the inputs that the parameters leave out."""
    return (*([] if params["mode"] == "lstm" else ["state_cell"]),
            *([] if params["use_sequence_length"] else ["sequence_length"]))


def _names(params):
    absent = _absent(params)
    return [n for n in ("data", "parameters", "state", "state_cell", "sequence_length") if n not in absent]


def _drops(params):
    """Tell whether elements between layers are dropped in this mode."""
    return bool(params["p"]) and params["train"] and params["num_layers"] > 1


def _num_outputs(params):
    return (3 if params["mode"] == "lstm" else 2) if params["state_outputs"] else 1


@operator(_rnn, outputs=_num_outputs, output_suffix=("output", "state_output", "statecell_output"), absent=_absent,
          random=_drops, whole=True)
def RNN(xp, data, parameters, state, state_cell=None, sequence_length=None, /, *,
        state_size: Positive, num_layers: Annotated[int, Within(1, 1000)], bidirectional: bool = False,
        mode: Literal["gru", "lstm", "rnn_relu", "rnn_tanh"], p: Annotated[float, Within(0, 1)] = 0.0,
        state_outputs: bool = False, projection_size: Positive | None = None, lstm_state_clip_min: float | None = None,
        lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False, use_sequence_length: bool = False,
        key: Key | None = None, train: Training = False):
    r"""Recurrent layers over a whole sequence: Elman's, LSTM or GRU, in one direction or both.

    .. math::
       \text{rnn:} \quad & h' = f(W x + b + R h + c) \\
       \text{lstm:} \quad & i, f, o = \sigma(\cdot),\ g = \tanh(\cdot) \text{ of } W x + b + R h + c, \quad
       m' = f m + i g, \quad h' = o \tanh m' \\
       \text{gru:} \quad & r, z = \sigma(W x + b + R h + c), \quad n = \tanh(W x + b + r (R h + c)), \quad
       h' = (1 - z) n + z h

    Parameters
    ----------
    data : array, shape (steps, batch, features), floating
        The sequences :math:`x`.
    parameters : array, shape (n,)
        Of each layer and each direction, :math:`W`, :math:`R` (and the projection), row by row; then of each the biases
        :math:`b` and :math:`c`.  Rows are those of the gates i, f, g, o of an LSTM, r, z, n of a GRU.
    state : array, shape (layers · directions, batch, state_size)
        :math:`h` before the first step; with a projection, of that size.
    state_cell : array, shape (layers · directions, batch, state_size)
        :math:`m` before the first step, only of an LSTM.
    sequence_length : array, shape (batch,)
        How many steps each sequence has, only with `use_sequence_length`; after its end the output is 0 and the state
        stays.
    state_size : int
        Number of units.
    num_layers : int
        Number of layers, from 1 to 1000, each of which reads the outputs of the one before.
    bidirectional : bool, optional
        Let a second layer next to each read the sequence from its end; the outputs are joined.
    mode : {'gru', 'lstm', 'rnn_relu', 'rnn_tanh'}
        The kind of cell.
    p : float, optional
        Probability that an element between two layers is dropped while training, in [0, 1).
    state_outputs : bool, optional
        Return the states after the last step as well.
    projection_size : int, optional
        Length to which an LSTM's output is projected, by a matrix without bias.
    lstm_state_clip_min, lstm_state_clip_max : float, optional
        Bounds of an LSTM's :math:`m`; both or none.
    lstm_state_clip_nan : bool, optional
        With bounds, take the lower one where :math:`m` is NaN.
    use_sequence_length : bool, optional
        Whether sequences have lengths of their own.
    key : int or array of one int, optional
        What decides which elements are dropped, as of `Dropout`.
    train : bool, optional
        Whether the graph is being trained.

    Returns
    -------
    array, shape (steps, batch, directions · state_size), and with `state_outputs` one or two like the states

    Notes
    -----
    Projections are trained, and lengths and bounds heeded, where MXNet can do so on some devices only.  The gradient is
    one operator as well, which computes the steps again, so that a graph does not grow with the sequence.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
    .. [2] Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv:1406.1078.
    .. [3] Sak, Senior and Beaufays, "Long Short-Term Memory Based Recurrent Neural Network Architectures",
       arXiv:1402.1128.
    .. [4] MXNet 1.9.1, operator ``RNN``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weights = nd.array([1, 0.5, 0, 0])
    >>> nd.RNN(nd.ones((3, 1, 1)), weights, nd.zeros((1, 1, 1)), mode="rnn_relu", state_size=1,
    ...        num_layers=1).asnumpy().ravel()
    array([1.  , 1.5 , 1.75], dtype=float32)
    """
    clip = _clip(lstm_state_clip_min, lstm_state_clip_max, lstm_state_clip_nan)
    params = {"state_size": state_size, "num_layers": num_layers, "bidirectional": bidirectional, "mode": mode, "p": p,
              "projection_size": projection_size, "clip": clip, "key": key, "train": train}
    layers = _forward(xp, data, parameters, (state, state_cell), sequence_length, params)
    outputs = (layers[-1].output,)
    if state_outputs:
        ends = [run.end for layer in layers for run in layer.runs]
        outputs += tuple([xp.stack(states, axis=0) for states in zip(*ends)])
    return outputs


def _clip(least, most, nan):
    if least is None and most is None:
        return None
    if least is None or most is None or not least <= most:
        raise ParamError(f"lstm_state_clip_min={least} and lstm_state_clip_max={most} are not two bounds in order")
    return Clip(least, most, nan)


class Run(NamedTuple):
    """One layer in one direction over the sequence.

    Attributes
    ----------
    weights : Weights
    kept : list
        For each step, what the way back needs.
    end : tuple of array
        The state after the last step.
    """

    weights: Weights
    kept: list
    end: tuple


class Layer(NamedTuple):
    """What one layer read, gave, and did; `keep` is what was dropped of what it read, or None."""

    input: object
    keep: object
    runs: list
    output: object


def _forward(xp, data, parameters, states, lengths, params):
    """Return each `Layer`."""
    sizes, layers = Sizes.of(params), []
    weights = _weights(xp, parameters, sizes, data.shape[2])
    masks = _masks(xp, data, lengths)
    for number in range(sizes.layers):
        keep = None
        if number and _drops(params):
            keep = kept_elements(xp, data, params["key"] + number, params["p"], ())
            data = data * keep
        runs, found = [], []
        for direction in range(sizes.directions):
            at = number * sizes.directions + direction
            start = tuple([_at(xp, s, at) for s in states if s is not None])
            run, outputs = _run(xp, data, weights[at], start, masks, bool(direction), params)
            runs.append(run)
            found.append(xp.stack(outputs, axis=0))
        output = found[0] if len(found) == 1 else xp.concatenate(found, axis=2)
        layers.append(Layer(data, keep, runs, output))
        data = output
    return layers


def _run(xp, data, weights, state, masks, reverse, params):
    """Return the `Run` of one layer in one direction, and its outputs in the order of the sequence."""
    cell, steps, kept, outputs = CELLS[params["mode"]], data.shape[0], [], []
    given = xp.matmul(_rows(xp, data), xp.transpose(weights.input)) + weights.input_bias
    given = xp.reshape(given, (*data.shape[:2], given.shape[1]))
    for t in _order(steps, reverse):
        after, needed = cell.step(xp, _at(xp, given, t), state, weights, params["clip"])
        if masks is not None:
            outputs.append(xp.where(masks[t], after[0], xp.zeros_like(after[0])))
            after = tuple([xp.where(masks[t], new, old) for new, old in zip(after, state)])
        else:
            outputs.append(after[0])
        state = after
        kept.append(needed)
    return Run(weights, kept, state), outputs[::-1] if reverse else outputs


def _order(steps, reverse):
    return range(steps - 1, -1, -1) if reverse else range(steps)


def _at(xp, x, k):
    """Return ``x[k]``."""
    rest = (None,) * (x.ndim - 1)
    return xp.reshape(xp.strided_slice(x, (k, *rest), (k + 1, *rest), (1,) * x.ndim), x.shape[1:])


def _rows(xp, x):
    """Return all axes but the last as one."""
    return xp.reshape(x, (prod(x.shape[:-1]), x.shape[-1]))


def _masks(xp, data, lengths):
    """Return for each step which sequences still go on, as a column; None where all do."""
    if lengths is None:
        return None
    column = xp.reshape(xp.astype(lengths, data.dtype), (-1, 1))
    return [column > t for t in range(data.shape[0])]


def _weights(xp, parameters, sizes, features):
    """Return the `Weights` of each layer and direction."""
    at, parts = 0, []
    for part in sizes.shapes(features):
        found = []
        for group in part:
            arrays = []
            for shape in group:
                arrays.append(xp.reshape(cut(xp, parameters, 0, at, at + prod(shape)), shape))
                at += prod(shape)
            found.append(arrays)
        parts.append(found)
    return [Weights(*matrices, *[None] * (3 - len(matrices)), *biases) for matrices, biases in zip(*parts)]


@RNN.gradient(flat=("sequence_length",))
def _(xp, heads, outputs, data, parameters, state, state_cell, sequence_length, *, lstm_state_clip_min,
      lstm_state_clip_max, lstm_state_clip_nan, **params):
    params["clip"] = _clip(lstm_state_clip_min, lstm_state_clip_max, lstm_state_clip_nan)
    layers = _forward(xp, data, parameters, (state, state_cell), sequence_length, params)
    masks, sizes = _masks(xp, data, sequence_length), Sizes.of(params)
    head, matrices, biases, starts = heads[0], [], [], []
    for number in reversed(range(sizes.layers)):
        layer, below = layers[number], None
        for direction in reversed(range(sizes.directions)):
            at = number * sizes.directions + direction
            arrived = cut(xp, head, 2, direction * sizes.out, (direction + 1) * sizes.out)
            end = tuple([_at(xp, h, at) for h in heads[1:]]) or tuple([xp.zeros_like(e) for e in layer.runs[0].end])
            d_input, start, grads = _run_back(xp, layer.input, layer.runs[direction], arrived, end, masks,
                                              bool(direction), params)
            below = d_input if below is None else below + d_input
            starts.append(start)
            matrices.append(grads[:-2])
            biases.append(grads[-2:])
        head = below if layer.keep is None else below * layer.keep
    flat = [xp.reshape(g, (prod(g.shape),)) for part in (matrices, biases) for grads in reversed(part) for g in grads]
    states = [xp.stack(found, axis=0) for found in zip(*reversed(starts))]
    return head, xp.concatenate(flat, axis=0), *states, *[None] * (3 - len(states))


def _run_back(xp, data, run, arrived, d_state, masks, reverse, params):
    """Return the gradients of one layer's input, of its first state and of its parameters, in the vector's order.

    Parameters
    ----------
    xp : array namespace
    data : array, shape (steps, batch, features)
    run : Run
    arrived : array, shape (steps, batch, out)
        At the outputs.
    d_state : tuple of array
        At the last state.
    masks, reverse, params
        As of `_run`.
    """
    cell, steps = CELLS[params["mode"]], data.shape[0]
    weights, found = run.weights, []
    for k, t in reversed([*enumerate(_order(steps, reverse))]):
        here, stays = (_at(xp, arrived, t) + d_state[0], *d_state[1:]), None
        if masks is not None:
            here, stays = zip(*[(xp.where(masks[t], h, xp.zeros_like(h)), xp.where(masks[t], xp.zeros_like(d), d))
                                for h, d in zip(here, d_state)])
        d_state, d_given, d_hidden, projected = cell.back(xp, here, run.kept[k], weights, params["clip"])
        if stays is not None:
            d_state = tuple([d + s for d, s in zip(d_state, stays)])
        found.append((d_given, d_hidden, run.kept[k][0], projected, run.kept[k][-1]))
    in_order = found if reverse else found[::-1]
    d_given, d_hidden, before = (_rows(xp, xp.stack(values, axis=0)) for values in list(zip(*in_order))[:3])
    d_input = xp.reshape(xp.matmul(d_given, weights.input), data.shape)
    grads = [_product(xp, d_given, _rows(xp, data)), _product(xp, d_hidden, before)]
    if weights.projection is not None:
        projected, full = (_rows(xp, xp.stack(values, axis=0)) for values in list(zip(*in_order))[3:])
        grads.append(_product(xp, projected, full))
    return d_input, d_state, [*grads, xp.sum(d_given, axis=0), xp.sum(d_hidden, axis=0)]


def _product(xp, arrived, rows):
    return xp.matmul(xp.transpose(arrived), rows)


def _parameters(inputs, outputs, params):
    """As of `Concat`; parts of unknown length, the first matrices of both directions, share what is left evenly."""
    inputs, outputs = Concat.infer(inputs, outputs, params)
    total = outputs[0].shape
    if total is not None and len(total) == 1 and total[0] is not None:
        unknown = [k for k, t in enumerate(inputs) if t.shape == (None,)]
        rest = total[0] - sum(t.shape[0] for k, t in enumerate(inputs) if k not in unknown)
        if unknown and rest >= 0 and rest % len(unknown) == 0:
            for k in unknown:
                inputs[k] = TensorType((rest // len(unknown),), inputs[k].dtype)
    return inputs, outputs


@operator(_parameters)
def _rnn_param_concat(xp, arg: Many("{name}{i}"), /, *, dim: int = 1, num_args: Count = None):
    """Arrays joined along an axis: the parameters of recurrent layers as the vector that `RNN` takes.

    Parameters
    ----------
    arg : array, one or more
        Their shapes agree but for the axis.
    dim : int, optional
        The axis.
    num_args : int, optional
        Number of arrays; follows from them.

    Returns
    -------
    array

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_rnn_param_concat``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._rnn_param_concat(nd.ones(6), nd.zeros(2), dim=0).shape
    (8,)
    """
    return Concat(xp, arg, dim=dim, num_args=num_args)
