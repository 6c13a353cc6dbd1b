"""Composition: names, inputs by position and keyword, missing inputs, fed parameters, substitution."""

import pickle

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import MXNetError, NotImplementedForSymbol, OperatorError, ParamError, UnknownNameError


def test_an_update_composes_by_position_and_by_keyword():
    w, g = sym.var("w"), sym.var("g")
    for step in (sym.signsgd_update(w, g, lr=0.1, name="step"), sym.signsgd_update(grad=g, weight=w, lr=0.1, name="step"),
                 sym.signsgd_update(w, g, 0.1, name="step"), sym.signsgd_update(w, grad=g, lr=0.1, name="step")):
        assert step.list_arguments() == ["w", "g"]
        assert step.list_outputs() == ["step_output"]
        assert step.name == "step"


def test_missing_inputs_become_variables_that_inherit_attributes():
    with sym.AttrScope(ctx_group="dev1"):
        step = sym.signsgd_update(name="step", lr=0.1)
    assert step.list_arguments() == ["step_weight", "step_grad"]
    attrs = step.attr_dict()["step_weight"]
    assert attrs["lr"] == "0.1" and attrs["__ctx_group__"] == "dev1" and attrs["ctx_group"] == "dev1"


def test_only_the_first_input_given_by_keyword():
    step = sym.sgd_mom_update(mom=sym.var("m"), lr=0.1, name="s")
    assert step.list_inputs() == ["s_weight", "s_grad", "m"]
    assert step.list_auxiliary_states() == ["m"]
    assert step.list_arguments() == ["s_weight", "s_grad"]


def test_many_tensors_are_counted():
    arrays = [sym.var(f"a{i}") for i in range(5)]
    total = sym.multi_sum_sq(*arrays, name="t")
    assert total.list_attr() == {"num_arrays": "5"}
    assert sym.multi_sum_sq(num_arrays=2, name="t").list_arguments() == ["t_array_0", "t_array_1"]
    step = sym.multi_sgd_mom_update(lrs=(0.1, 0.2), wds=(0, 0), num_weights=2, name="u")
    assert step.list_arguments() == ["u_weight_0", "u_grad_0", "u_weight_1", "u_grad_1"]
    assert step.list_auxiliary_states() == ["u_mom_0", "u_mom_1"]
    assert step.list_outputs() == ["u_output0", "u_output1"]
    step = sym.preloaded_multi_sgd_mom_update(*[sym.var(n) for n in "abcdefgh"])
    assert step.list_inputs() == list("abcdefgh") and len(step) == 2


@pytest.mark.parametrize("call, words", [
    (lambda w: sym.signsgd_update(w, lrr=0.1), ["lrr", "did you mean 'lr'"]),
    (lambda w: sym.signsgd_update(w), ["lr", "required"]),
    (lambda w: sym.signsgd_update(w, w, w, w, w, w, w, 3), ["signsgd_update"]),
    (lambda w: sym.signsgd_update(w, weight=w, lr=1), ["weight", "twice"]),
    (lambda w: sym.signsgd_update(w, 0.1, lr=1), ["Symbol", "0.1"]),
    (lambda w: sym.signsgd_update(w, grads=w, lr=1), ["grads", "did you mean 'grad'"]),
    (lambda w: sym.multi_sgd_mom_update(w, w, lrs=(1,), wds=(0,)), ["weight, grad, mom"]),
    (lambda w: sym.multi_sum_sq(), ["num_arrays"]),
    (lambda w: w + None, ["None"]),
    (lambda w: w(w, x=w), ["position", "keyword"]),
    (lambda w: w(v=w), ["'v'"]),
    (lambda w: sym.Group([]), ["at least one"]),
    (lambda w: sym.var(3), ["str"]),
    (lambda w: w["nothing"], ["nothing"]),
    (lambda w: w[1.5], ["1.5"]),
])
def test_a_slip_is_named(call, words):
    with pytest.raises(MXNetError) as error:
        call(sym.var("w"))
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "fast", None, [1, 2], True])
def test_a_bad_hyper_parameter_is_refused_when_the_symbol_is_made(bad):
    with pytest.raises(ParamError, match="lr="):
        sym.signsgd_update(lr=bad)


def test_a_hyper_parameter_may_be_a_symbol():
    step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="step")
    assert step.list_arguments() == ["w", "g", "lr"]
    args, outs, _ = step.infer_shape(w=(2, 3))
    assert args == [(2, 3), (2, 3), (1,)] and outs == [(2, 3)]
    assert step.infer_type(w="float64")[0] == [np.float64] * 3
    w = np.array([1.0, -2.0])
    run = step.bind(args={"w": w, "g": np.array([0.5, -0.1]), "lr": np.array([0.1])})
    np.testing.assert_array_equal(run.forward()[0].asnumpy(), [0.9, -1.9])
    program = run._program
    np.testing.assert_array_equal(run.forward(lr=np.array([1.0]))[0].asnumpy(), [0.0, -1.0])
    assert run._program is program


def test_rates_of_many_tensors_may_be_symbols_one_by_one_or_as_one():
    w = [np.ones(2, "f4"), np.ones(3, "f4")]
    g = [np.ones(2, "f4"), np.ones(3, "f4")]
    symbols = [sym.var(n) for n in ("w0", "g0", "w1", "g1")]
    arrays = {"w0": w[0], "g0": g[0], "w1": w[1], "g1": g[1]}
    one = sym.multi_sgd_update(*symbols, lrs=(0.5, sym.var("b")), wds=(0, 0))
    a, b = one.eval(**arrays, b=np.array([0.25], "f4"))
    assert a.asnumpy()[0] == 0.5 and b.asnumpy()[0] == 0.75
    whole = sym.multi_sgd_update(*symbols, lrs=sym.var("lrs"), wds=(0, 0))
    assert whole.infer_shape(w0=(2,), w1=(3,))[0][-1] == (2,)
    a, b = whole.eval(**arrays, lrs=np.array([0.5, 0.25], "f4"))
    assert a.asnumpy()[0] == 0.5 and b.asnumpy()[0] == 0.75


def test_automatic_names_follow_mxnet():
    with sym.NameManager():
        x, y = sym.var("x"), sym.var("y")
        names = [s.name for s in (x + y, x + 1, x - 1, 1 - x, x * y, 2 * x, x / 2, 1 / x, x ** 2, 2 ** x, -x, x == y,
                                  x > 1, x % 2, sym.dot(x, y), sym.multi_lars(eta=1, eps=1), sym.Concat(x, y))]
    assert names == ["_plus0", "_plusscalar0", "_minusscalar0", "_rminusscalar0", "_mul0", "_mulscalar0", "_divscalar0",
                     "_rdivscalar0", "_powerscalar0", "_rpower_scalar0", "_mulscalar1", "_equal0", "_greater_scalar0",
                     "_modscalar0", "dot0", "multi_lars0", "concat0"]


def test_a_prefix_goes_before_operators_and_not_before_variables():
    with sym.Prefix("net_"):
        s = sym.dot(sym.var("x"), sym.var("y"))
    assert s.name.startswith("net_dot") and s.list_arguments() == ["x", "y"]


def test_composition_by_call_replaces_variables_on_a_copy():
    inner = sym.var("x") * 2
    outer = sym.exp(sym.var("y"), name="outer")
    joined = outer(y=inner)
    assert joined.list_arguments() == ["x"] and outer.list_arguments() == ["y"]
    assert outer(inner, name="other").name == "other"


def test_group_indexing_iteration_and_internals():
    x = sym.var("x")
    a, b = sym.exp(x, name="a"), sym.log(x, name="b")
    both = sym.Group([a, b])
    assert both.name is None and repr(both) == "<Symbol group [a, b]>" and len(both) == 2
    assert [s.name for s in both] == ["a", "b"]
    assert both["b_output"].name == both[1].name == both[-1].name == "b" and both[0:1].list_outputs() == ["a_output"]
    assert (a + b).get_internals().list_outputs()[:3] == ["x", "a_output", "b_output"]
    assert x.get_children() is None and a.get_children().list_outputs() == ["x"]
    with pytest.raises(IndexError):
        both[2]


def test_two_variables_of_one_name_are_two():
    s = sym.var("x") + sym.var("x")
    assert s.list_arguments() == ["x", "x"]
    with pytest.raises(MXNetError, match="two variables are named 'x'"):
        s.bind(args={"x": np.ones(2)})


def test_what_a_symbol_cannot_do_is_said():
    x = sym.var("x")
    for call in (lambda: bool(x), lambda: x.asnumpy(), lambda: x.wait_to_read()):
        with pytest.raises(NotImplementedForSymbol):
            call()
    assert hasattr(x, "asnumpy") and x.astype("float64").infer_type(x="float32")[1] == [np.float64]
    with pytest.raises(NotImplementedForSymbol):
        x += 1
    with pytest.raises(TypeError):
        hash(x)
    with pytest.raises(AttributeError):
        x.nothing_of_the_kind
    with pytest.raises(OperatorError, match="Symbol"):
        sym.exp(np.ones(2))
    with pytest.raises(UnknownNameError):
        sym.var("w").infer_shape(v=(1,))


def test_fluent_methods_are_the_operators():
    x = sym.var("x")
    assert x.sum(axis=1, name="s").list_attr()["axis"] in ("1", "(1,)")
    assert x.reshape(shape=(2, -1)).eval(x=np.ones((4, 1)))[0].shape == (2, 2)
    assert "sum" in dir(sym)


def test_attributes():
    with sym.AttrScope(lr_mult="2"):
        v = sym.var("v", attr={"wd_mult": "0"}, shape=(2, 0), dtype="float16")
    assert v.attr("lr_mult") == v.attr("__lr_mult__") == "2" and v.attr("nothing") is None
    assert v.list_attr()["__shape__"] == "(2, 0)" and v.list_attr()["__dtype__"] == "2"
    with pytest.raises(ParamError):
        sym.AttrScope(x=1)
    with pytest.raises(ParamError):
        sym.var("v", lr=3)
    with pytest.raises(ParamError):
        v._set_attr(fc1_lr_mult="2")
    v._set_attr(lr_mult="3")
    assert v.attr("lr_mult") == "3"


def test_arithmetic_with_numpy_numbers_makes_nodes():
    x = sym.var("x")
    for s in (np.float32(2) * x, x * np.float32(2), np.int64(2) * x):
        assert isinstance(s, sym.Symbol) and s.list_attr()["scalar"] in ("2.0", "2")


def test_where_a_node_was_made_is_known():
    node = sym.exp(sym.var("x")).graph.outputs[0].node
    assert node.location.startswith("test_compose.py:")


def test_copies_are_equal_text():
    import copy
    s = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="step")
    for other in (copy.copy(s), copy.deepcopy(s), pickle.loads(pickle.dumps(s))):
        assert str(other.graph) == str(s.graph) and other.list_arguments() == s.list_arguments()


def test_executor_arrays_are_the_callers():
    w = nd.array([1.0, 2.0])
    s = sym.var("w") * 2
    run = s.bind(args={"w": w})
    assert run.arg_dict["w"] is w
    w[:] = 5
    assert run.forward()[0].asnumpy().tolist() == [10, 10]


@pytest.mark.parametrize("key", [2, -3, slice(2, 5), slice(1, 1)], ids=str)
def test_outputs_that_are_not_there(key):
    pair = sym.Group([sym.var("a"), sym.var("b")])
    with pytest.raises(IndexError, match="of 2"):
        pair[key]
    with pytest.raises(MXNetError):
        pair[key]


def test_attributes_may_be_keywords_of_any_operator():
    x = sym.var("x")
    net = sym.FullyConnected(x, num_hidden=2, name="fc", lr_mult="2", wd_mult=0, __stage__="3")
    attrs = net.attr_dict()
    assert {k: attrs["fc"][k] for k in ("__lr_mult__", "lr_mult", "__wd_mult__", "__stage__")} == {
        "__lr_mult__": "2", "lr_mult": "2", "__wd_mult__": "0", "__stage__": "3"}
    assert attrs["fc_weight"]["__lr_mult__"] == "2" and sym.load_json(net.tojson()).attr_dict() == attrs
    assert sym.exp(x, ctx_group="dev1").attr("ctx_group") == "dev1"
    assert sym.add_n(x, x, lr_mult=2).attr("__lr_mult__") == "2"
    assert x.exp(mirror_stage=1, attr={"ctx_group": "dev2"}).list_attr() == {
        "__mirror_stage__": "1", "mirror_stage": "1", "__ctx_group__": "dev2", "ctx_group": "dev2"}
    with pytest.raises(OperatorError, match="no parameter of exp named 'lr_mul'"):
        sym.exp(x, lr_mul=2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_values(value):
    from symbolic.save.code import to_code

    x = sym.var("x")
    net = sym.Group([x * value, value - x, sym.maximum(x, value), sym.clip(x, -np.inf, value), x < value])
    data = np.array([-1.0, 2.0])
    with np.errstate(all="ignore"):
        expected = [data * value, value - data, np.maximum(data, value), np.where(data > value, value, data),
                    data < value]
    names = {"sym": sym}
    exec(to_code(net.graph), names)
    for graph in (net, sym.load_json(net.tojson())):
        for engine in ("eager", "fused"):
            for got, wanted in zip(graph.bind(args={"x": data}, engine=engine).forward(), expected):
                np.testing.assert_array_equal(got.asnumpy(), wanted)
