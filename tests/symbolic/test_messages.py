"""Messages for mistakes in networks, binds and steps: the node, the value given, what would work."""

import copy
import pickle
import re

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, MXNetError, OperatorError, ParamError, ShapeError, UnknownNameError
from symbolic import optimizers

X = sym.var("x")
IMAGE = {"x": (1, 4, 5, 5)}


def conv(**params):
    return sym.Convolution(X, **{"kernel": (3, 3), "num_filter": 4, "name": "c", **params})


def dense():
    return sym.FullyConnected(sym.var("data"), num_hidden=4, name="fc")


def net():
    return sym.SoftmaxOutput(dense(), name="softmax")


def trainer(**params):
    arrays = {"fc_weight": nd.ones((4, 3)), "fc_bias": nd.ones(4)}
    return optimizers.Trainer(optimizers.step(net(), "sgd"), arrays, data=(2, 3), **params)


MISTAKES = {
    "stride": (lambda: conv(stride=(1, 1, 1)).infer_shape(**IMAGE), ParamError,
               r"c \(Convolution\): stride=\(1, 1, 1\): expected 2, a number for each spatial axis, got 3(.|\n)*"
               "made at test_messages.py"),
    "no stride": (lambda: conv(stride=(0, 0)), ParamError, r"c: stride=\(0, 0\) is not a tuple of integers from 1"),
    "filters": (lambda: conv(num_filter=-4), ParamError, "num_filter=-4 is not an integer from 1"),
    "kernel": (lambda: conv(kernel=(0, 3)), ParamError, r"kernel=\(0, 3\)"),
    "groups": (lambda: conv(num_group=3).infer_shape(**IMAGE), ParamError, "num_group=3 does not divide num_filter, 4"),
    "group channels": (lambda: conv(num_group=4).infer_shape(x=(1, 6, 5, 5)), ParamError,
                       "num_group=4 does not divide the number of channels, 6"),
    "no groups": (lambda: conv(num_group=0), ParamError, "num_group=0"),
    "weight of a convolution": (lambda: conv().infer_shape(**IMAGE, c_weight=(4, 4, 3, 2)), ShapeError,
                                r"`weight` has shape \(4, 4, 3, 2\), expected \(4, 4, 3, 3\)"),
    "pooling": (lambda: sym.Pooling(X, name="p").infer_shape(**IMAGE), ParamError,
                "kernel= is not given; .*global_pool=True"),
    "pooling rank": (lambda: sym.Pooling(X, kernel=(2,), name="p").infer_shape(**IMAGE), ParamError,
                     r"kernel=\(2,\): expected 2, a number for each spatial axis, got 1"),
    "p of a norm": (lambda: sym.Pooling(X, kernel=(2,), pool_type="lp", p_value=0), ParamError, "p_value=0"),
    "units": (lambda: sym.FullyConnected(X, num_hidden=-3), ParamError, "num_hidden=-3 is not an integer from 1"),
    "weight": (lambda: net().infer_shape(data=(2, 3), fc_weight=(4, 5)), ShapeError,
               r"fc \(FullyConnected\): `weight` has shape \(4, 5\), expected \(4, 3\)"),
    "bias": (lambda: net().infer_shape(data=(2, 3), fc_bias=(5,)), ShapeError,
             r"`bias` has shape \(5,\), expected \(4,\)"),
    "gamma": (lambda: sym.LayerNorm(X, name="n").infer_shape(x=(2, 3), n_gamma=(4,)), ShapeError,
              r"`gamma` has shape \(4,\), expected \(3,\)"),
    "axis": (lambda: sym.BatchNorm(X, axis=4, name="n").infer_shape(x=(2, 6)), ShapeError,
             r"n \(BatchNorm\): axis 4 of `data`, which has 2"),
    "table": (lambda: sym.Embedding(X, input_dim=3, output_dim=2, name="e").infer_shape(x=(2,), e_weight=(3, 5)),
              ShapeError, r"`weight` has shape \(3, 5\), expected \(3, 2\)"),
    "parts": (lambda: sym.split(X, num_outputs=10 ** 9), ParamError, "num_outputs=1000000000"),
    "product": (lambda: sym.linalg_gemm2(X, sym.var("w"), name="g").infer_shape(x=(2, 3), w=(2, 3)), ShapeError,
                r"`A` of shape \(2, 3\) and `B` of shape \(2, 3\) do not multiply: 3 is not 2"),
    "upsampling": (lambda: sym.UpSampling(X, scale=2, sample_type="bilinear", name="u").infer_shape(**IMAGE), ParamError,
                   r"u \(UpSampling\): num_filter must be the number of channels"),
    "dropout": (lambda: sym.Dropout(X, p=1.5), ParamError, r"p=1.5 is not a number within \[0, 1\]"),
    "range": (lambda: sym.ftrl_update(*map(sym.var, "wgzn"), lr=0.0), ParamError,
              "lr=0.0 is not a finite number above 0 or an array of one such number$"),
    "range or None": (lambda: sym.adamax_update(*map(sym.var, "wgmu"), lr=1, t=0), ParamError,
                      "t=0 is not a finite number from 1, an array of one such number or None$"),
    "range of each": (lambda: nd.multi_lamb_update(*[nd.ones(1)] * 4, learning_rates=(1,), wds=(0,), step_count=(0,)),
                      ParamError, r"step_count=\(0,\) is not a tuple of finite numbers from 1 or an array with one such "
                      "number for each tensor$"),
    "NaN": (lambda: sym.sgd_update(X, sym.var("g"), lr=1, clip_gradient="nan"), ParamError,
            "clip_gradient=nan is not a number other than NaN$"),
    "key": (lambda: sym.random.uniform(key=1.5), ParamError,
            "key=1.5 is not an integer of 64 bits, an array of one such integer or None$"),
    "element type": (lambda: sym.cast(X, dtype="float99"), ParamError,
                     r"dtype='float99' is not an element type \(known: float32, "),
    "places": (lambda: sym.slice(X, begin=("a",), end=(1,)), ParamError,
               r"begin=\('a',\) is not a tuple with an integer or None for each axis$"),
    "lengths": (lambda: sym.log_softmax(X, use_length=True).infer_shape(x=(2,)), ParamError,
                "use_length=True is for softmax alone"),
    "list for an array": (lambda: nd.exp([1, 2]), OperatorError,
                          r"exp: data must be an NDArray, got \[1, 2\]; make it one: nd.array\(x\)$"),
    "list at forward": (lambda: (X * 2).simple_bind(x=(2,)).forward(x=[1, 2]), BindError,
                        r"forward: 'x' must be .* got \[1, 2\]; make it one: nd.array\(x\)$"),
    "list at bind": (lambda: (X * 2).bind(args=[[1, 2]]), BindError, r"`x` must be .*; make it one: nd.array\(x\)$"),
    "copy of an executor": (lambda: copy.deepcopy((X * 2).simple_bind(x=(2,))), OperatorError,
                            "an Executor is neither copied nor pickled"),
    "pickle of an executor": (lambda: pickle.dumps((X * 2).simple_bind(x=(2,))), OperatorError,
                              "an Executor is neither copied nor pickled"),
    "copy of a trainer": (lambda: copy.deepcopy(trainer(lr=0.1)), OperatorError, "a Trainer is neither copied"),
    "pickle of a graph": (lambda: pickle.dumps((X * 2).graph), OperatorError, "pickle the Symbol"),
    "no schedule": (lambda: optimizers.SGD(lr_scheduler=3), OperatorError,
                    "lr_scheduler must be a function of the number of updates, got 3"),
    "names of indices": (lambda: optimizers.SGD(param_idx2name=3), OperatorError, "param_idx2name must be a dict, got 3"),
    "factors": (lambda: optimizers.SGD().set_lr_mult(3), OperatorError, "args_lr_mult must be a dict, got 3"),
    "dimension": (lambda: net().infer_shape(data=(-2, 3)), ShapeError, r"\(-2, 3\) is not a shape"),
    "array for a symbol": (lambda: X + nd.ones((2, 3)), OperatorError, r"a float32 NDArray of shape \(2, 3\)"),
    "number for a loss": (lambda: sym.gradient(3, "x"), OperatorError, "expected a Symbol, got 3"),
    "missing": (lambda: net().bind(args={"data": nd.ones((2, 3))}), BindError,
                "not given: 'fc_weight', 'fc_bias', 'softmax_label'"),
    "request": (lambda: net().simple_bind(data=(2, 3), grad_req={"fc_wieght": "add"}), UnknownNameError,
                "did you mean 'fc_weight'"),
    "head": (lambda: dense().simple_bind(data=(2, 3)).backward(), BindError, "fc_output is not a loss.*make_loss"),
    "nothing to carry back": (lambda: net().simple_bind(data=(2, 3), grad_req="null").backward(), BindError,
                              "bind with args_grad"),
    "multiplier": (lambda: optimizers.step(sym.make_loss(sym.var("a_weight", lr_mult="nan"))), ParamError,
                   "lr_mult of a_weight must be a finite number, got 'nan'"),
    "parameter of a rule": (lambda: optimizers.rule("sgd", momentun=0.9), OperatorError,
                            "known: clip_gradient, decay_in_gradient, lazy_update, rescale_grad, wd$"),
    "rate": (lambda: trainer(lr=lambda n: float("nan")).step(), ParamError, "the learning rate of update 1 must be finite, got nan"),
    "no rate": (lambda: trainer().step(), OperatorError, "pass lr="),
    "schedule": (lambda: optimizers.CosineScheduler(base_lr="x", max_update=5), ParamError,
                 "base_lr must be a finite number"),
}


def test_a_graph_is_its_own_copy():
    graph = (X * 2).graph
    assert copy.deepcopy(graph).nodes == copy.copy(graph).nodes == graph.nodes
    assert copy.deepcopy(graph.outputs[0]) == graph.outputs[0]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name):
    make, kind, message = MISTAKES[name]
    with pytest.raises(kind) as caught:
        make()
    assert isinstance(caught.value, MXNetError)
    assert re.search(message, str(caught.value)), caught.value


def test_one_pattern_may_be_a_str():
    assert "fc_bias      1    0" in optimizers.table(net(), "sgd", wd=0.01, no_decay="*_bias").replace("  0\n", "  0")


def test_a_refused_rate_changes_nothing():
    rates = iter([0.1, float("inf")])
    made = trainer(lr=lambda n: next(rates))
    made.step(data=np.ones((2, 3), "f4"), softmax_label=np.zeros(2, "f4"))
    before = made.executor.arg_dict["fc_weight"].asnumpy()
    with pytest.raises(ParamError):
        made.step()
    assert made.num_update == 1
    np.testing.assert_array_equal(made.executor.arg_dict["fc_weight"].asnumpy(), before)


def test_names_are_escaped_wherever_they_are_shown():
    name = "\x1b[31m\nred\u202e"
    net = sym.elemwise_add(sym.var(name), sym.var("y"), name=f"{name}sum")
    executor = net.bind(args={name: np.ones(2), "y": np.ones(2)})
    with pytest.warns(UserWarning) as warned:
        net.infer_shape()
    shown = [str(net), repr(net), str(net.graph), net.debug_str(), repr(executor), executor.debug_str(),
             repr(sym.Group([net, net])), str(warned[0].message)]
    for call in (lambda: net.bind(args={}), lambda: net.infer_shape(**{name: (2,), "y": (3,)}), lambda: net[name],
                 lambda: net.infer_type(**{name: "float32", "y": "float64"}), lambda: executor.forward(**{name: np.ones(3)})):
        with pytest.raises(nd.MXNetError) as error:
            call()
        shown.append("\n".join([str(error.value), *getattr(error.value, "__notes__", ())]))
    for text in shown:
        assert "\x1b" not in text and "\u202e" not in text and "\nred" not in text, text


@pytest.mark.parametrize("make", [
    lambda: sym.multi_sgd_update(sym.var("w"), sym.var("g"), lrs=(0.1,), wds=(0,), num_weights=10**9),
    lambda: sym.multi_sum_sq(num_arrays=10**9), lambda: sym.split(sym.var("x"), num_outputs=10**9),
    lambda: sym.add_n(sym.var("x"), num_args=10**9)])
def test_counts_beyond_all_measure_are_refused_at_once(make):
    with pytest.raises(nd.MXNetError, match="1,?000,?000"):
        make()


def _nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("call", [
    lambda deep: sym.var("x", shape=deep), lambda deep: sym.var("x", dtype=deep), lambda deep: nd.array([1], dtype=deep),
    lambda deep: nd.ones(1).reshape(deep), lambda deep: nd.ones(1)[deep], lambda deep: nd.array(deep),
    lambda deep: nd.ones(1)[[1, deep]], lambda deep: nd.ones(1)[[None]], lambda deep: sym.var("x", shape="abc"),
    lambda deep: sym.var("x", shape=2.5), lambda deep: nd.ones(1).reshape("ab"), lambda deep: nd.zeros(deep),
])
@pytest.mark.filterwarnings("ignore")
def test_what_is_nested_too_deep_or_is_no_shape_is_refused_in_words(call):
    with pytest.raises(MXNetError):
        call(_nested(1000))
