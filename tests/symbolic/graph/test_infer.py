"""Inference: forwards, backwards, conflicts that name their place, and time linear in the graph."""

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import DTypeError, LimitError, ShapeError


def test_one_known_shape_settles_an_update():
    step = sym.sgd_mom_update(lr=0.1, name="s")
    for known in ("s_weight", "s_grad", "s_mom"):
        args, outs, aux = step.infer_shape(**{known: (2, 3)})
        assert args == [(2, 3)] * 2 and outs == aux == [(2, 3)]
    assert step.infer_type(s_mom="float64") == ([np.float64] * 2, [np.float64], [np.float64])


def test_operands_learn_from_each_other_axis_by_axis():
    s = sym.var("a", shape=(2, 0)) + sym.var("b", shape=(0, 3))
    assert s.infer_shape() == ([(2, 3), (2, 3)], [(2, 3)], [])


def test_a_given_shape_goes_before_the_variables_own():
    assert sym.var("a", shape=(2, 2)).infer_shape(a=(3,)) == ([(3,)], [(3,)], [])


def test_what_does_not_follow_is_said():
    s = sym.dot(sym.var("a"), sym.var("b"))
    with pytest.warns(UserWarning, match="Cannot decide shape.*b"):
        assert s.infer_shape(a=(2, 3)) == (None, None, None)
    assert s.infer_shape_partial(a=(2, 3))[0][0] == (2, 3)
    assert s.infer_type() == (None, None, None)
    assert s.infer_type_partial()[0] == [None, None]


def test_shapes_flow_backwards_through_a_chain():
    x = sym.var("x")
    y = x
    for _ in range(50):
        y = sym.exp(y)
    s = y + sym.var("z")
    assert s.infer_shape(z=(4, 5))[0] == [(4, 5), (4, 5)]


def test_a_conflict_names_node_input_and_line():
    w, g = sym.var("w"), sym.var("g")
    step = sym.signsgd_update(w, g, lr=0.1, name="step")
    with pytest.raises(ShapeError) as error:
        step.infer_shape(w=(3,), g=(4,))
    for word in ("step", "signsgd_update", "grad", "(3,)", "(4,)", "test_infer.py:"):
        assert word in str(error.value)
    with pytest.raises(DTypeError, match="grad"):
        step.infer_type(w="float32", g="float64")
    with pytest.raises(DTypeError, match="int32"):
        step.infer_type(w="int32")


def test_a_fed_hyper_parameter_is_one_element():
    step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="step")
    for shape in ((1,), (), (1, 1)):
        assert step.infer_shape(w=(2,), lr=shape)[0][-1] == shape
    with pytest.raises(ShapeError, match="lr"):
        step.infer_shape(w=(2,), lr=(2,))


def test_the_lars_pipeline_infers_from_the_weights_alone():
    w, g = [sym.var(f"w{i}") for i in range(2)], [sym.var(f"g{i}") for i in range(2)]
    rates = sym.multi_lars(sym.var("lrs"), sym.multi_sum_sq(*w), sym.multi_sum_sq(*g), sym.var("wds"), eta=1e-3, eps=1e-8)
    m = [sym.var(f"m{i}") for i in range(2)]
    step = sym.preloaded_multi_sgd_mom_update(w[0], g[0], m[0], w[1], g[1], m[1], rates, sym.var("wds2"))
    args, outs, aux = step.infer_shape(w0=(3, 2), w1=(4,))
    assert dict(zip(step.list_arguments(), args))["lrs"] == (2,)
    assert outs == aux == [(3, 2), (4,)]


def test_the_positional_form():
    s = sym.dot(sym.var("a"), sym.var("b"))
    assert s.infer_shape((2, 3), (3, 4))[1] == [(2, 4)]
    with pytest.raises(ValueError, match="not both"):
        s.infer_shape((2, 3), b=(3, 4))
    with pytest.raises(ShapeError, match="infer_shape: the shape of 'a' must be a tuple, got 3"):
        s.infer_shape(a=3)
    with pytest.raises(ShapeError, match="is not a shape"):
        s.infer_shape(a=(True, 3))
    (shape, *_), _, _ = s.infer_shape(a=(np.int64(2), np.int64(3)), b=[3, 4])
    assert [type(d) for d in shape] == [int, int]


def test_shapes_have_a_limit_of_axes():
    """A chain of nodes could make a shape ever longer."""
    x = sym.var("x")
    for i in range(40):
        x = sym.expand_dims(x, axis=0, name=f"n{i}")
    with pytest.raises(LimitError, match=r"^n31 \(expand_dims\): 33 axes are more than the limit of 32"):
        x.infer_shape(x=(2,))
    with pytest.raises(LimitError, match="^x: 33 axes"):
        sym.exp(sym.var("x", shape=(1,) * 33)).infer_shape()
