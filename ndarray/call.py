"""One eager call of an operator on NumPy arrays: check, compute, write back; all or nothing."""

import numpy as np

from ndarray import vocabulary
from ndarray.errors import BindError, DTypeError, ShapeError
from ndarray.tensortype import UNKNOWN, TensorType, show_shape

_CHECKED_AT_MOST = 4096
_checked = {}


def call(op, arrays, given, outs=None):
    """Compute an operator on arrays, write its states, and return its outputs.

    Parameters
    ----------
    op : Operator
    arrays : sequence of numpy.ndarray
        In the order of ``op.input_names``.
    given : dict
        Parameters as the caller wrote them.
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
    params = op.parse(given)
    if op.many:
        params[op.count] = op.count_from(len(arrays), params)
    params = op.complete(params)
    types = _output_types(op, arrays, params)
    positions = op.written(params) if op.writes else ()
    if positions or outs is not None:
        _check_targets(op, arrays, params, positions, outs, types)
    with np.errstate(all="ignore"):
        outputs, written = op.run(vocabulary, arrays, params)
        if outs is None:
            result = [_own(value, arrays) for value in outputs]
        else:
            if "accumulate" in op.rules:
                outputs = [op.rules["accumulate"](new, old, params) for new, old in zip(outputs, outs)]
            # A result may be an input itself, and an earlier write may change it: take copies first.
            outputs = [_own(value, (*arrays, *outs)) for value in outputs] if len(outs) > 1 or written else outputs
        written = [_own(value, arrays) for value in written] if len(written) > 1 or outs else written
        for at, value in zip(positions, written):
            arrays[at][...] = value
        if outs is None:
            return result
        for target, value in zip(outs, outputs):
            target[...] = value
    return list(outs)


def _own(value, others):
    """Return a result as an array whose memory nobody else has."""
    if type(value) is not np.ndarray:
        return np.asarray(value)
    if value.base is None and not any(value is other for other in others):
        return value
    return value.copy() if any(np.may_share_memory(value, other) for other in others) else value


def _output_types(op, arrays, params):
    """Return the types of the outputs; equal calls are checked once."""
    # Of hyper-parameters only their number matters to types, so that a schedule meets one entry.
    static = [len(v) if name in op.scalar_tuples and v is not None else v
              for name, v in params.items() if name not in op.scalars]
    key = (op, *[(a.shape, a.dtype) for a in arrays], *static)
    try:
        return _checked[key]
    except KeyError:
        pass
    inputs = [TensorType(a.shape, a.dtype.newbyteorder("=")) for a in arrays]
    _, outputs = op.infer_types(inputs, [UNKNOWN] * op.num_outputs(params), params)
    if len(_checked) >= _CHECKED_AT_MOST:
        _checked.clear()
    _checked[key] = outputs
    return outputs


def _check_targets(op, arrays, params, positions, outs, types):
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
    for i, (name, target) in enumerate(targets):
        check_writable(target, f"{op.name}: {name}")
        for other, memory in targets[:i]:
            if target.size and memory.size and np.may_share_memory(target, memory):
                raise BindError(f"{op.name}: {other} and {name} share memory, and both are written")


def check_writable(data, name):
    """Raise where an array cannot be written in place.

    Raises
    ------
    BindError
        If it is read-only, byte-swapped, or a broadcast view whose elements overlap.
    """
    if not data.flags.writeable:
        overlap = any(s == 0 and d > 1 for s, d in zip(data.strides, data.shape))
        raise BindError(f"{name} is written, but its array is " + (
            "a broadcast view whose elements overlap" if overlap else "read-only") + "; pass a copy")
    if not data.dtype.isnative:
        raise BindError(f"{name} is written, but its array is byte-swapped; convert it first")
    if any(s == 0 and d > 1 for s, d in zip(data.strides, data.shape)):
        raise BindError(f"{name} is written, but its elements overlap in memory; pass a copy")
