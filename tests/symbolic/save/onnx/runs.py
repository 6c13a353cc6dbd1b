"""Graphs run by onnxruntime: what the tests of ONNX models share."""

import numpy as np
import pytest

from ndarray import vocabulary
from symbolic.graph.walk import evaluate
from symbolic.save.onnx.model import to_onnx

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

_NO_LOG = 4


class Runtime:
    """A model that onnxruntime runs, after onnx's checker has found nothing.

    Parameters
    ----------
    model : onnx.ModelProto
    """

    def __init__(self, model):
        onnx.checker.check_model(model, full_check=True)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = _NO_LOG, 1
        self.model = model
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]

    def __call__(self, arrays):
        """Return the outputs, new states last, for arrays by name."""
        return self.session.run(None, {name: arrays[name] for name in self.inputs})


def runtime(graph, types):
    """Return a graph as a model that runs."""
    return Runtime(to_onnx(graph, types))


def eager(graph, arrays):
    """Return the outputs and the new states of a graph as the eager operators compute them."""
    with np.errstate(all="ignore"):
        outputs, written = evaluate(graph, {n: arrays[n.name] for n in graph.variables}, vocabulary)
    return [np.asarray(v) for v in (*outputs, *(written[n] for n in graph.written))]


def assert_close(got, expected, ulps, signs=True):
    """Compare what two engines give: same types, NaN and infinities in the same places, the rest within roundings.

    Parameters
    ----------
    got, expected : numpy.ndarray
    ulps : float
        Allowed difference in units of the last place of the element; 0 asks for the same bits.
    signs : bool, optional
        Whether zeros must have the same sign then.
    """
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind != "f" or not ulps:
        np.testing.assert_array_equal(got, expected)
        numbers = ~np.isnan(expected) & (signs | (expected != 0))
        np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite])
    error = np.abs(got[finite].astype(np.float64) - expected[finite].astype(np.float64))
    allowed = ulps * np.spacing(np.abs(expected[finite])).astype(np.float64)
    assert (error <= allowed).all(), f"{(error / allowed * ulps).max():.3g} units in the last place, {ulps} allowed"
