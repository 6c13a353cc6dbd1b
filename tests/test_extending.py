"""The four ways to add to the packages, from outside of them: an operator, a rule, an engine and a pass."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry, vocabulary
from ndarray.operator import operator
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update
from symbolic import engines, optimizers
from symbolic.engines.buffers import commit
from symbolic.engines.program import Program
from symbolic.graph.walk import evaluate


@pytest.fixture(scope="module", autouse=True)
def own_tables():
    """Forget afterwards what is declared here."""
    registry.names()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_by_any_name", dict(registry._by_any_name))
        known = set(registry.names())
        yield
        for name in registry.names().keys() - known:
            for package in (nd, sym):
                vars(package).pop(name, None)  # kept there by the first call


# An operator: one function.  Everything else follows from it.

@pytest.fixture(scope="module")
def toy_shrink(own_tables):
    @operator(same_floating, fusible=True)
    def toy_shrink(xp, data, /, *, by: Scalar = 1.0):
        """Move each element towards zero, and not beyond it."""
        return xp.sign(data) * xp.maximum(xp.abs(data) - by, xp.zeros_like(data))

    return toy_shrink


def test_an_operator_runs_eagerly(toy_shrink):
    x = nd.array([3.0, -0.5, -2.0])
    assert nd.toy_shrink(x, by=0.5).tolist() == [2.5, 0.0, -1.5]
    assert nd.toy_shrink(x, out=x) is x and x.tolist() == [2.0, 0.0, -1.0]
    with pytest.raises(nd.MXNetError, match="no parameter of toy_shrink named 'bye'; did you mean 'by'"):
        nd.toy_shrink(x, bye=0.5)


def test_an_operator_makes_nodes(toy_shrink):
    node = sym.toy_shrink(sym.var("x"), by=sym.var("by"), name="shrunk")
    assert node.list_arguments() == ["x", "by"] and node.list_outputs() == ["shrunk_output"]
    assert node.infer_shape(x=(2, 3)) == ([(2, 3), (1,)], [(2, 3)], [])
    assert sym.load_json(node.tojson()).tojson() == node.tojson()
    assert "toy_shrink" in sym.plot_network(node).dot


def test_an_operator_has_a_gradient_and_a_loop(toy_shrink):
    x = np.linspace(-3, 3, 7).astype("float32")
    node = sym.toy_shrink(sym.var("x"), by=1.5, name="shrunk")
    grad, = sym.gradient(node, "x").eval(x=x)
    assert grad.tolist() == [1, 1, 0, 0, 0, 1, 1]
    results = [node.bind(args={"x": x}, engine=engine).forward()[0].asnumpy() for engine in ("eager", "fused")]
    assert np.array_equal(*results)
    assert "NumPy" not in node.bind(args={"x": x}, engine="fused").debug_str()


# A rule: an operator that updates a `weight` by a `grad`.

@pytest.fixture(scope="module")
def toy_update(own_tables):
    @operator(same_floating, writes=("speed",), fusible=True,
              update=Update(names=("toy",), rate="pace", usual={"drag": 0.5}))
    def heavy_update(xp, weight, grad, speed, slope, /, *, pace: Scalar, drag: Scalar, wd: Scalar = 0.0):
        """Step along a speed that drags, scaled by a slope."""
        speed = drag * speed - pace * slope * (grad + wd * weight)
        return weight + speed, speed

    return heavy_update


def test_a_rule_updates_alone_and_in_a_step(toy_update):
    """The declaration is enough: the state, the further input, the name of the rate, the usual value."""
    alone = optimizers.update(["w"], "toy")
    assert alone.list_arguments() == ["w", "w_grad", "w_slope", "lr"] and alone.list_auxiliary_states() == ["w_speed"]
    loss = sym.make_loss(sym.sum(sym.square(sym.var("w"))), name="cost")
    w = np.array([4.0])
    trainer = optimizers.Trainer(optimizers.step(loss, "toy", ["w"]), {"w": w}, lr=0.125, w_slope=(1,))
    trainer.step(w_slope=np.ones(1))
    trainer.step(w_slope=np.ones(1))
    # The gradient of w² is 2 w: 4 - 0.125 * 8 = 3, then 3 - 0.5 * 1 - 0.125 * 6.
    assert w.tolist() == [1.75]


def test_a_rule_updates_single_arrays(toy_update):
    update, weight = optimizers.Updater("heavy", lr=0.25, drag=0.0), nd.array([1.0])
    update(0, nd.array([2.0]), weight, slope=nd.array([0.5]))
    assert weight.tolist() == [0.75] and update.states[0].keys() == {"speed"}


# An engine: ``compile(graph, buffers)``, which returns a program.

class Doubles:
    """A program that computes in float64 and rounds what it gives: walked node by node."""

    NAME = "doubles"

    def __init__(self, graph, buffers):
        self.graph, self.buffers = graph, buffers

    def __call__(self):
        values = {n: v.astype(np.float64) for n, v in zip(self.graph.variables, self.buffers.values)}
        outputs, written = evaluate(self.graph, values, vocabulary)
        arrays = dict(zip(self.graph.variables, self.buffers.values))
        commit([*self.buffers.outputs, *(arrays[n] for n in written)], [*outputs, *written.values()])

    def describe(self):
        return "engine doubles: in float64"

    def measured(self):
        return None

    def plan(self):
        return None


@pytest.fixture(scope="module")
def doubles():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_registered", {})
        engines.register("doubles", Doubles)
        yield "doubles"


def test_an_engine_runs_graphs(doubles):
    step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.5, name="step")
    w = np.array([1.0, -2.0], "float32")
    arrays = {"w": w, "g": np.ones(2, "float32"), "m": np.zeros(2, "float32"), "lr": np.ones(1, "float32")}
    run = step.bind(args=arrays, out={"step_output": w}, engine=doubles)
    assert isinstance(run._compiled_forward(False).program, Program)
    run.forward(lr=0.25)
    assert w.tolist() == [0.75, -2.25] and run.aux_dict["m"].tolist() == [-0.25, -0.25]
    assert "engine doubles: in float64" in run.debug_str()
    assert len(run.profile(steps=2).rows) == 1 and run.memory().rows
    with pytest.raises(KeyError, match="did you mean 'doubles'"):
        step.bind(args=arrays, engine="doubled")
    with pytest.raises(nd.MXNetError, match="there is an engine named 'doubles' already"):
        engines.register("doubles", Doubles)


def test_an_engine_takes_gradients_and_training(doubles):
    x = np.array([3.0, 1.0], "float32")
    squared = sym.square(sym.var("x"), name="y")
    run = squared.bind(args={"x": x}, args_grad={"x": np.zeros(2, "float32")}, engine=doubles)
    run.forward(is_train=True)
    run.backward(out_grads=np.ones(2, "float32"))
    assert run.grad_dict["x"].tolist() == [6.0, 2.0]


# A pass: a function from graph to graph.

def drop_identities(graph):
    """Return the graph without the nodes that only multiply by one."""
    def rule(node):
        by_one = node.op is not None and node.op.name == "_mul_scalar" and node.complete_params["scalar"] == 1
        return node.inputs if by_one else node.outputs

    return graph.rewrite(rule)


def test_a_pass_rewrites_a_graph():
    x = sym.var("x")
    before = sym.exp(x * 1, name="e") * 2
    after = drop_identities(before.graph)
    assert str(after) == "%e = exp(%x)\n%_mulscalar1 = _mul_scalar(%e, scalar=2)\nreturn %_mulscalar1"
    assert drop_identities(after) is after
    values = np.array([0.0, 1.0])
    assert np.array_equal(*[s.eval(x=values)[0].asnumpy() for s in (before, sym.Symbol(after))])
