"""A graph of one node for every operator with array inputs: what the tests of gradients and decomposition go over."""

import numpy as np

import symbolic  # noqa: F401, declares the operators
from ndarray import registry, vocabulary
from ndarray.params import REQUIRED, Scalars
from ndarray.tensortype import UNKNOWN, TensorType
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry, Node
from symbolic.graph.walk import evaluate
from tests.ndarray.samples import SAMPLES, Sample, places, spread


def _networks():
    image = spread(2, 4, 5, 5)
    yield Sample("FullyConnected", (spread(2, 3), spread(4, 3), spread(4)), {"num_hidden": 4})
    yield Sample("FullyConnected", (spread(2, 3, 2), spread(4, 6)), {"num_hidden": 4, "no_bias": True})
    yield Sample("FullyConnected", (spread(2, 3, 2), spread(4, 2), spread(4)), {"num_hidden": 4, "flatten": False})
    for kind in ("leaky", "elu", "selu", "gelu", "rrelu"):
        yield Sample("LeakyReLU", (spread(2, 3),), {"act_type": kind})
    yield Sample("LeakyReLU", (spread(2, 3), spread(3)), {"act_type": "prelu"})
    yield Sample("SoftmaxActivation", (spread(2, 3),))
    yield Sample("SoftmaxActivation", (spread(2, 3, 4),), {"mode": "channel"})
    yield Sample("Embedding", (places(2, 3, below=4), spread(4, 2)), {"input_dim": 4, "output_dim": 2})
    yield Sample("smooth_l1", (spread(2, 3),), {"scalar": 1.3})
    for train in (True, False):
        yield Sample("BatchNorm", (spread(3, 2, 4), spread(2), spread(2), spread(2), spread(2, low=1)),
                     {"train": train, "fix_gamma": False})
    yield Sample("BatchNorm_v1", (spread(3, 2, 4), spread(2), spread(2), spread(2), spread(2, low=1)),
                 {"train": True, "fix_gamma": False, "output_mean_var": True})
    yield Sample("LayerNorm", (spread(3, 4), spread(4), spread(4)))
    yield Sample("InstanceNorm", (spread(3, 2, 4), spread(2), spread(2)))
    yield Sample("GroupNorm", (spread(2, 4, 3), spread(2), spread(2)), {"num_groups": 2, "output_mean_var": True})
    for mode in ("channel", "instance", "spatial"):
        yield Sample("L2Normalization", (spread(2, 3, 4),), {"mode": mode})
    yield Sample("UpSampling", (image,), {"scale": 2, "sample_type": "nearest"})
    yield Sample("UpSampling", (image, spread(2, 4, 10, 10)), {
        "scale": 4, "sample_type": "nearest", "multi_input_mode": "sum"})
    yield Sample("UpSampling", (spread(1, 2, 3, 2), spread(2, 1, 4, 4)), {
        "scale": 2, "sample_type": "bilinear", "num_filter": 2})
    yield Sample("linalg_gemm2", (spread(3, 2, 4), spread(4, 2, 5)), {"axis": 0})
    yield Sample("linalg_gemm", (spread(3, 2, 4), spread(4, 2, 5), spread(3, 2, 5)), {"axis": 0, "beta": 0.7})


def _others():
    yield Sample("_uniform_of_key", (np.array([7]),), {"shape": (2, 3), "dtype": "float64"})
    for name in ("all_finite", "multi_all_finite", "reset_arrays"):
        yield Sample(name, (spread(2, 3),))
    yield Sample("_corrected_momentum", (np.full(1, 0.25, "float32"), np.full(1, 0.5, "float32")), {"momentum": 0.5})
    yield Sample("clip_global_norm", (spread(2, 3), spread(4)), {"max_norm": 0.5})


def _losses():
    label = np.array([0.0, 2.0])
    yield Sample("SoftmaxOutput", (spread(2, 3), label))
    yield Sample("SoftmaxOutput", (spread(2, 3), np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])))
    yield Sample("SoftmaxOutput", (spread(2, 4, 3), places(2, 3, below=4).astype("float64")), {
        "multi_output": True, "normalization": "valid", "use_ignore": True, "ignore_label": 0})
    for name in ("LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput"):
        yield Sample(name, (spread(2, 3), spread(2, 3, seed=1)))
    for linear in (False, True):
        yield Sample("SVMOutput", (spread(2, 3), label), {"use_linear": linear})
    yield Sample("MakeLoss", (spread(2, 3),))
    yield Sample("make_loss", (spread(2, 3),))


def _edges():
    """Arrays without elements, of one element, and without axes, under broadcasting."""
    for a, b in (((0, 3), (1, 3)), ((2, 1), (1, 0)), ((), (2, 3)), ((1,), ()), ((4, 1, 3), (2, 1))):
        for name in ("add", "sub", "mul", "div", "power", "maximum", "hypot"):
            yield Sample(f"broadcast_{name}", (spread(*a, low=0.5, high=3), spread(*b, low=0.6, high=3.2, seed=1)))
    empty = spread(0, 3)
    for name in ("exp", "relu", "sum", "mean", "softmax", "_copy"):
        yield Sample(name, (empty,))
    yield Sample("reshape", (empty,), {"shape": (3, -1)})
    yield Sample("transpose", (empty,))
    yield Sample("Concat", (empty, spread(2, 3)), {"dim": 0})
    yield Sample("dot", (spread(2, 0), spread(0, 3)))


def _updates(sampled):
    """One case of every operator that has none yet: shapes that follow from a weight's, required numbers 0.1."""
    for op in registry.operators():
        if op.name in sampled or not op.inputs:
            continue
        params = {p.name: ((1, 2) if p.name == "step_count" else (0.1, 0.2)) if p.type is Scalars else 2 if p.name == "t"
                  else 0.1 for p in op.params.values() if p.type is Scalars or p.default is REQUIRED}
        if op.many:
            params[op.count] = 2
        complete = op.complete(op.parse(params))
        names = op.input_names(complete)
        types = [TensorType((2, 3), np.dtype("float64")) if k == 0 or name.startswith("weight_") else UNKNOWN
                 for k, name in enumerate(names)]
        if op.name in ("multi_lars", "multi_sum_sq"):
            types[0] = TensorType((2, 3), np.dtype("float32"))
        for _ in range(2):
            types, _outputs = op.infer_types(types, [UNKNOWN] * op.num_outputs(complete), complete)
        arrays = [spread(*(t.shape or (2, 3)), low=0.3, seed=k).astype(t.dtype or "float32") for k, t in enumerate(types)]
        if op.name in ("rmspropalex_update", "rmsprop_centered_update"):
            arrays[2] += 8  # the mean of squares is above the square of the mean
        yield Sample(op.name, tuple(arrays), params)


CASES = [*SAMPLES, *_networks(), *_others(), *_losses(), *_edges()]
CASES += _updates({registry.get(s.op).name for s in CASES})


class Case:
    """A sample as a graph of one node, with what follows from it.

    Attributes
    ----------
    graph : Graph
    arrays : dict of str to numpy.ndarray
    types : dict of Entry to TensorType
    inputs : list of Entry
    """

    def __init__(self, sample, dtype="float64"):
        op = registry.get(sample.op)
        params = op.parse(sample.params)
        if op.many:
            params[op.count] = op.count_from(len(sample.arrays), params)
        self.inputs = [Entry(Node(None, name)) for name in op.input_names(op.complete(params))]
        self.graph = Graph(Node(op, "node", tuple(self.inputs), tuple(sorted(params.items()))).outputs)
        self.arrays = {e.node.name: np.asarray(a, dtype) if a.dtype == np.float64 else a
                       for e, a in zip(self.inputs, sample.arrays)}
        self._widen()
        self.known = {name: TensorType(a.shape, a.dtype) for name, a in self.arrays.items()}
        self.types = infer(self.graph, self.known)

    def _widen(self):
        """Give states the dtype that the other inputs settle, which may be a wider one."""
        states = {n.name for n in self.graph.written}
        settled = infer(self.graph, {name: TensorType(a.shape, a.dtype) for name, a in self.arrays.items()
                                     if name not in states})
        for e in self.inputs:
            name, dtype = e.node.name, settled[e].dtype
            if name in states and dtype is not None and self.arrays[name].dtype.kind == dtype.kind == "f":
                self.arrays[name] = self.arrays[name].astype(dtype)

    def run(self, graph, **changed):
        """Return the outputs of a graph over the same variables, and the new values of its states, in order."""
        arrays = self.arrays | changed
        with np.errstate(all="ignore"):
            outputs, written = evaluate(graph, {n: arrays[n.name] for n in graph.variables}, vocabulary)
        return [np.asarray(v) for v in (*outputs, *(written[n] for n in graph.written))]
