"""Write small symbol files of many operators, some of them not declared here: run in the folder, with MXNet 1.9.1.

    MXNET_SUBGRAPH_BACKEND=NONE python record.py

Writes a `.json` file for each graph, and `expected.json`: the shapes of its outputs and, unless they are random, not of
an operator that is unknown here, or large, their values where all variables are ones.
"""

import json
import logging
import os
import tempfile

import mxnet as mx
import numpy as np
from mxnet.gluon import nn, rnn

EXPECTED = {}
LARGEST = 64
"""Values of more elements are not kept."""

var, sym, contrib, linalg = mx.sym.var, mx.sym, mx.sym.contrib, mx.sym.linalg


def x(*shape, name="data", dtype="float32"):
    """Return a variable with a declared shape and dtype."""
    return var(name, shape=shape, dtype=dtype)


def write(name, net, values=True, **shapes):
    """Write a graph, and what MXNet infers and computes of it."""
    net.save(f"{name}.json", remove_amp_cast=False)
    arguments, outputs, states = net.infer_shape(**shapes)
    EXPECTED[name] = {"given": shapes, "shapes": [list(shape) for shape in outputs]}
    if values and max(np.prod(shape) for shape in outputs) <= LARGEST:
        types, _, kinds = net.infer_type(**dict.fromkeys(shapes, "float32"))
        ones = lambda names, found, dtypes: {
            n: mx.nd.ones(s, dtype=d) for n, s, d in zip(names, found, dtypes or [None] * len(found))}
        executor = net.bind(mx.cpu(), ones(net.list_arguments(), arguments, types), grad_req="null",
                            aux_states=ones(net.list_auxiliary_states(), states, kinds))
        EXPECTED[name]["values"] = [o.asnumpy().astype(float).ravel().tolist() for o in executor.forward()]


def layers():
    """Networks' operators."""
    image = x(2, 4, 6, 6)
    write("crop", sym.Crop(image, offset=(1, 2), h_w=(3, 3), num_args=1, name="node"))
    write("crop_like", sym.Crop(image, x(2, 4, 3, 2, name="like"), num_args=2, center_crop=True, name="node"))
    write("adaptive_pooling", contrib.AdaptiveAvgPooling2D(image, output_size=(2, 3), name="node"))
    write("lrn", sym.LRN(image, nsize=3, name="node"))
    write("instance_norm", sym.InstanceNorm(image, name="node"))
    write("group_norm", sym.GroupNorm(image, num_groups=2, name="node"))
    write("batch_norm_v1", sym.BatchNorm_v1(image, fix_gamma=False, name="node"))
    write("svm_output", sym.SVMOutput(x(3, 4), name="node"))
    write("div_sqrt_dim", contrib.div_sqrt_dim(x(2, 4), name="node"))
    write("quadratic", contrib.quadratic(x(2, 3), a=1.5, b=-0.5, c=2, name="node"))
    write("attr_like", sym._internal._identity_with_attr_like_rhs(x(2, 3, name="lhs"), x(2, 3, name="rhs"),
                                                                  name="node"))
    for op, function in (("last", sym.SequenceLast), ("reverse", sym.SequenceReverse)):
        write(f"sequence_{op}", function(x(3, 2, 2), var("length"), use_sequence_length=True, name="node"))
    for mode in ("rnn_relu", "rnn_tanh", "lstm", "gru"):
        for both in (False, True):
            net = sym.RNN(x(3, 2, 4), mode=mode, state_size=3, num_layers=2, bidirectional=both, state_outputs=True,
                          p=0.1, name="rnn")
            write(f"{mode}{'_both' * both}", net)


def elements():
    """Numbers and places."""
    write("cumsum", sym.cumsum(x(2, 3), axis=1, name="node"))
    write("moments", sym.Group(list(sym.moments(x(2, 3, 2), axes=(0, 2), name="node"))))
    write("batch_take", sym.batch_take(x(3, 4), x(3, name="indices", dtype="int32"), name="node"))
    write("argmax_channel", sym.argmax_channel(x(3, 4), name="node"))
    write("split_v2", sym.split_v2(x(3, 6), (1, 4), axis=1))
    write("split_v2_squeezed", sym.split_v2(x(3, 2), 2, axis=1, squeeze_axis=True))
    write("ravel", sym.ravel_multi_index(x(2, 3), shape=(4, 5), name="node"))
    write("unravel", sym.unravel_index(x(3), shape=(4, 5), name="node"))
    write("histogram", sym.histogram(x(2, 3), bins=4, range=(0, 2)))
    write("khatri_rao", sym.khatri_rao(x(2, 3, name="a"), x(4, 3, name="b"), name="node"))


def matrices():
    """Every operator of linalg."""
    a, b = x(2, 3, 3, name="A"), x(2, 3, 3, name="B")
    for name in ("gemm2", "trmm", "trsm"):
        write(f"linalg_{name}", getattr(linalg, name)(a, b, name="node"))
    write("linalg_gemm", linalg.gemm(a, b, x(2, 3, 3, name="C"), beta=0.5, name="node"))
    for name in ("potri", "sumlogdiag", "syrk", "extractdiag", "extracttrian", "det"):
        write(f"linalg_{name}", getattr(linalg, name)(a, name="node"))
    for name in ("potrf", "gelqf", "syevd", "slogdet", "inverse"):  # ones are singular
        write(f"linalg_{name}", getattr(linalg, name)(a, name="node"), values=False)
    write("linalg_makediag", linalg.makediag(x(2, 3), offset=1, name="node"))
    write("linalg_maketrian", linalg.maketrian(x(2, 6), name="node"))


def draws():
    """Random numbers."""
    for name, params in (("uniform", {"low": 1, "high": 3}), ("normal", {"loc": 1}), ("gamma", {"alpha": 2}),
                         ("exponential", {}), ("poisson", {"lam": 3}), ("negative_binomial", {"k": 2, "p": 0.5}),
                         ("generalized_negative_binomial", {"mu": 2, "alpha": 0.5}), ("randint", {"low": 1, "high": 9})):
        write(f"random_{name}", getattr(sym.random, name)(shape=(2, 3), **params), values=False)
    two = x(2, name="a"), x(2, name="b")
    for name in ("uniform", "normal", "gamma", "negative_binomial", "generalized_negative_binomial"):
        write(f"sample_{name}", getattr(sym, f"sample_{name}")(*two, shape=(3,), name="node"), values=False)
    for name in ("exponential", "poisson"):
        write(f"sample_{name}", getattr(sym, f"sample_{name}")(two[0], shape=(3,), name="node"), values=False)
    write("sample_multinomial", sym.sample_multinomial(x(2, 4), shape=3, get_prob=True, name="node"), values=False)
    write("shuffle", sym.shuffle(x(4, 2), name="node"), values=False)
    write("uniform_like", sym.random.uniform_like(x(2, 3), name="node"), values=False)


class _Custom(mx.operator.CustomOp):
    def forward(self, is_train, req, in_data, out_data, aux):
        """Copy."""
        self.assign(out_data[0], req[0], in_data[0])


@mx.operator.register("mine")
class _CustomProp(mx.operator.CustomOpProp):
    def create_operator(self, ctx, shapes, dtypes):
        """Return the operator."""
        return _Custom()


def unknown():
    """Operators that are kept without their meaning, between others that are known."""
    image, boxes = x(1, 4, 8, 8), x(2, 5, name="rois")
    after = lambda net: sym.relu(net, name="after")
    write("box_nms", after(contrib.box_nms(x(1, 5, 6), overlap_thresh=0.6, topk=3, name="node")), values=False)
    write("roi_align", after(contrib.ROIAlign(image, boxes, pooled_size=(2, 2), spatial_scale=0.5, name="node")),
          values=False)
    write("roi_pooling", after(sym.ROIPooling(image, boxes, pooled_size=(2, 2), spatial_scale=0.5, name="node")),
          values=False)
    priors = contrib.MultiBoxPrior(image, sizes=(0.5, 0.25), ratios=(1, 2), name="priors")
    write("multi_box_prior", priors, values=False)
    scores = x(1, 3, 192, name="scores")
    write("multi_box_target", sym.Group(list(contrib.MultiBoxTarget(
        priors, x(1, 2, 5, name="label"), scores, name="node"))), values=False)
    write("multi_box_detection", contrib.MultiBoxDetection(
        sym.softmax(scores, axis=1, name="softmax"), x(1, 768, name="moves"), priors, name="node"), values=False)
    write("correlation", sym.Correlation(image, x(1, 4, 8, 8, name="other"), kernel_size=1, max_displacement=2,
                                         name="node"), values=False)
    write("ctc_loss", sym.make_loss(sym.CTCLoss(x(5, 2, 4), x(2, 3, name="label"), name="node"), name="cost"),
          values=False)
    write("spatial_transformer", after(sym.SpatialTransformer(
        image, x(1, 6, name="loc"), target_shape=(4, 4), transform_type="affine", sampler_type="bilinear",
        name="node")), values=False)
    quantized = contrib.quantize(x(2, 3), x(1, name="least"), x(1, name="most"), out_type="uint8", name="quantize")
    write("quantized", contrib.dequantize(quantized[0], quantized[1], quantized[2], name="back"), values=False)
    write("custom", after(sym.Custom(x(2, 3), op_type="mine", name="node")), values=False)


def networks():
    """What Gluon exports, and files of earlier versions."""
    with mx.name.Prefix(""), tempfile.TemporaryDirectory() as folder:
        net = nn.HybridSequential(prefix="net_")
        with net.name_scope():
            net.add(nn.Conv2D(4, 3, activation="relu"), nn.BatchNorm(), nn.MaxPool2D(), nn.Flatten(),
                    nn.Dense(5, activation="tanh"), nn.Dropout(0.3), nn.LayerNorm(), nn.PReLU(), nn.Dense(2))
        exported(net, (1, 3, 8, 8), "gluon_conv", folder)
        net = nn.HybridSequential(prefix="words_")
        with net.name_scope():
            net.add(nn.Embedding(10, 4), rnn.LSTM(3, num_layers=2, bidirectional=True, layout="NTC"), nn.Dense(2))
        exported(net, (2, 5), "gluon_recurrent", folder)
    text = sym.SoftmaxOutput(sym.FullyConnected(sym.Activation(sym.FullyConnected(
        var("data", lr_mult=2), num_hidden=4, name="fc1"), act_type="relu", name="act"), num_hidden=2, name="fc2"),
        name="softmax")
    write("mlp", text, data=(3, 4))
    document = json.loads(text.tojson())
    del document["attrs"], document["node_row_ptr"]
    for node in document["nodes"]:
        if "attrs" in node:
            node["attr"] = {("lr_mult" if k == "__lr_mult__" else k): v for k, v in node.pop("attrs").items()}
    older("mlp_0_9", document, "mlp")
    for node in document["nodes"]:
        node["param"] = node.pop("attr", {}) if node["op"] != "null" else {}
        node["inputs"] = [[at, number] for at, number, _ in node["inputs"]]
        node["backward_source_id"] = -1
    document["heads"] = [[at, number] for at, number, _ in document["heads"]]
    older("mlp_0_8", document, "mlp")


def exported(net, shape, name, folder):
    """Write what a block of Gluon exports."""
    net.initialize()
    net.hybridize()
    net(mx.nd.ones(shape))
    net.export(os.path.join(folder, name))
    write(name, sym.load(os.path.join(folder, f"{name}-symbol.json")), data=shape)


def older(name, document, same_as):
    """Write a document that MXNet reads as it reads another."""
    with open(f"{name}.json", "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
    assert sym.load(f"{name}.json").infer_shape(data=(3, 4)) == sym.load(f"{same_as}.json").infer_shape(data=(3, 4))
    EXPECTED[name] = EXPECTED[same_as]


if __name__ == "__main__":
    logging.disable()
    for make in (layers, elements, matrices, draws, unknown, networks):
        make()
    with open("expected.json", "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in EXPECTED.items()) + "\n}\n")
    print(len(EXPECTED), "files")
