"""Values and gradients beside torch.autograd, wherever torch has the same operator."""

import numpy as np
import pytest

from ndarray import registry
from symbolic.autodiff.backward_op import needs_no_head
from symbolic.autodiff.gradient import gradient
from symbolic.graph.node import Entry, Node
from tests.symbolic.cases import CASES, Case

torch = pytest.importorskip("torch")

from tests.symbolic.autodiff.torch_layers import LOSSES  # noqa: E402
from tests.symbolic.autodiff.torch_peers import PEERS  # noqa: E402

# Whose gradient torch cannot show: what torch has nothing like, or has only as a sum of parts compared above.
ALONE = set("""_mod _unbroadcast _unslice _untake _put_along_axis depth_to_space space_to_depth Dropout SequenceMask
    SequenceLast SequenceReverse _split_v2 fill_element_0index linalg_extracttrian linalg_maketrian
    schedule_free_average clip_global_norm _sum_sq multi_sum_sq _decayed_sum_sq _corrected_momentum
    _move_statistics""".split()) | {
    op.name for op in registry.operators() if "update" in op.name or "lars" in op.name}
# What torch itself computes with a series cut off early.
COARSE = {"polygamma": 1e-8}
# Integers, truth values and stops: nothing to differentiate.
FLAT = set("""one_hot _onehot_encode argsort argmax argmin argmax_channel _histogram ravel_multi_index unravel_index
    shape_array size_array isnan isinf isfinite logical_not all_finite multi_all_finite reset_arrays _uniform_of_key
    _shuffle""".split()) | {op.name for op in registry.operators() if any(w in op.name for w in (
        "_random_", "_sample_", "equal", "greater", "lesser", "logical_"))}


def test_every_operator_is_compared_or_known_to_stand_alone():
    ours = {op.name for op in registry.operators() if op.inputs and op.__module__.startswith("ndarray.")}
    missing = ours - PEERS.keys() - LOSSES.keys() - ALONE - FLAT  # Other tests declare operators of their own.
    assert not missing


def compared():
    for sample in CASES:
        name = registry.get(sample.op).name
        if name in PEERS or name in LOSSES:
            if "use_length" not in sample.params:
                yield sample


@pytest.mark.parametrize("sample", list(compared()), ids=str)
def test_torch_agrees(sample):
    case = Case(sample)
    node = case.graph.outputs[0].node
    params = node.complete_params
    if node.op.name == "LeakyReLU" and params["act_type"] == "rrelu":
        pytest.skip("random while training")
    loose = COARSE.get(node.op.name)
    values = case.run(case.graph)[:len(case.graph.outputs)]
    tensors = [torch.tensor(a, requires_grad=np.asarray(a).dtype == np.float64) for a in case.arrays.values()]
    loss = LOSSES.get(node.op.name)
    if loss is not None and needs_no_head(node.outputs[0]):
        loss(*tensors, **params).backward()
        found = case.run(gradient(case.graph, case.inputs))
        tensors, case.inputs = tensors[:1], case.inputs[:1]
    else:
        function = PEERS[node.op.name]
        outputs = function(*tensors, **params)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        heads = [np.random.default_rng(k).normal(size=v.shape) for k, v in enumerate(values)]
        for value, output in zip(values, outputs, strict=True):
            assert value.shape == tuple(output.shape)
            np.testing.assert_allclose(value, output.detach().numpy(), rtol=loose or 1e-12, atol=1e-14)
        total = sum((torch.tensor(h) * o).sum() for h, o in zip(heads, outputs))
        if total.requires_grad:
            total.backward()
        names = {f"head{k}": h for k, h in enumerate(heads)}
        found = case.run(gradient(case.graph, case.inputs, [Entry(Node(None, n)) for n in names]), **names)
    for tensor, grad in zip(tensors, found):
        if tensor.requires_grad:
            wanted = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
            np.testing.assert_allclose(grad, wanted, rtol=loose or 1e-10, atol=1e-12)
