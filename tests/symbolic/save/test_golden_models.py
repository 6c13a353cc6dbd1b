"""Operators of models beside values recorded from MXNet 1.9.1: outputs, states, gradients, and what is inferred.

Gradients are left out of the recording where MXNet's are not those of its outputs: heads at mean and variance are lost,
what ran in prediction is carried back as if it had trained, ``out_grad`` multiplies by the output, smoothing is
forgotten with ``multi_output``, the middle layers' matrices of a plain recurrent net are mistaken, selu's slope is another function's, a negative index of ``gather_nd`` goes astray.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym

FOLDERS = [Path(__file__).parents[2] / "golden" / name for name in ("models", "layers", "operators")]
CASES = [{**case, "folder": folder.name} for folder in FOLDERS
         for case in json.loads((folder / "index.json").read_text(encoding="utf-8"))]
# What models are made of: none of these may lose its recording.
OPERATORS = """FullyConnected Activation LeakyReLU SoftmaxOutput SoftmaxActivation LinearRegressionOutput
    LogisticRegressionOutput MAERegressionOutput MakeLoss make_loss BlockGrad identity softmax_cross_entropy smooth_l1
    Dropout BatchNorm LayerNorm L2Normalization Embedding Convolution Deconvolution Pooling UpSampling Concat SliceChannel split
    SwapAxis Pad tile repeat ElementWiseSum add_n norm topk sort argsort argmax gather_nd scatter_nd SequenceMask
    LRN InstanceNorm GroupNorm BatchNorm_v1 Convolution_v1 Pooling_v1 Crop _contrib_AdaptiveAvgPooling2D SVMOutput RNN _rnn_param_concat
    linalg_gemm linalg_gemm2 linalg_syrk linalg_potrf broadcast_add broadcast_mul broadcast_to broadcast_axis""".split()


@pytest.fixture(scope="module")
def stored():
    rows = {}
    for folder in FOLDERS:
        with np.load(folder / "arrays.npz") as found:
            rows |= {(folder.name, dtype): row for dtype, row in found.items()}

    def reader(case):
        def read(spec):
            dtype, at, shape = spec
            return rows[case["folder"], dtype][at:at + int(np.prod(shape))].reshape(shape)

        return read

    return reader


def label(case):
    shapes = ",".join("x".join(map(str, spec[2])) for spec in case["inputs"].values())
    return f"{case['op']}-{shapes}" + "".join(f"-{k}={v}" for k, v in case["params"].items()) + f"-{case['train']}"


def symbol_of(case):
    params = {k: tuple(v) if isinstance(v, list) else v for k, v in case["params"].items()}
    variables = [sym.var(name) for name in (*case["inputs"], *case["states"])]
    make = sym.symbol.apply_op if case["op"].startswith("_") else getattr(sym, case["op"])
    return make(*([case["op"]] if case["op"].startswith("_") else []), *variables, name="node", **params)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_values_and_gradients(case, stored):
    symbol, stored = symbol_of(case), stored(case)
    args = {name: nd.array(stored(spec), dtype=spec[0]) for name, spec in case["inputs"].items()}
    states = {name: nd.array(stored(spec), dtype=spec[0]) for name, spec in case["states"].items()}
    states |= {name: nd.array([1], dtype="int64") for name in symbol.list_auxiliary_states() if name not in states}
    grads = {name: nd.zeros(spec[2], dtype=spec[0]) for name, spec in case.get("gradients", {}).items()}
    executor = symbol.bind(args=args, aux_states=states, args_grad=grads, grad_req=dict.fromkeys(grads, "write"))
    found = list(zip(executor.forward(is_train=case["train"]), case["outputs"], strict=True))
    found += [(states[name], spec) for name, spec in case["new_states"].items()]
    if grads:
        heads = case["heads"] and [nd.array(stored(spec), dtype=spec[0]) for spec in case["heads"]]
        executor.backward(heads)
        found += [(grads[name], spec) for name, spec in case["gradients"].items()]
    for array, spec in found:
        assert array.asnumpy().dtype == spec[0] and list(array.shape) == spec[2]
        np.testing.assert_allclose(array.asnumpy(), stored(spec), rtol=case["tolerance"], atol=case["tolerance"])


@pytest.mark.parametrize("case", [c for c in CASES if "inferred" in c], ids=label)
def test_all_shapes_follow_from_the_first_where_they_do_in_mxnet(case):
    first, (_, _, shape) = next(iter(case["inputs"].items()))
    found = symbol_of(case).infer_shape(**{first: tuple(shape)})
    assert [[list(s) for s in shapes] for shapes in found] == case["inferred"]


def test_every_operator_of_models_is_recorded():
    assert not set(OPERATORS) - {c["op"] for c in CASES}
