"""What users write, which a type checker accepts; `tests/test_types.py` also runs it."""

from pathlib import Path
from typing import Any

import numpy as np

import ndarray as nd
import symbolic as sym
from ndarray.operator import operator
from ndarray.params import Scalar
from ndarray.rules import same_floating
from symbolic import optimizers


def arrays(folder: Path) -> nd.NDArray:
    weight, grad = nd.array([1.0, -2.0]), nd.ones((2,), dtype="float32")
    new: nd.NDArray = nd.signsgd_update(weight, grad, lr=0.1, out=weight)
    nd.signsgd_update(weight, grad, 0.1, wd=np.float32(0.5))
    nd.signsgd_update(weight, grad, lr=nd.array([0.1]), clip_gradient=1)
    total = (2 * weight + grad / 3 - 1).sum(axis=0, keepdims=True).reshape((-1,))
    total += 1
    mask = (weight > 0) * nd.maximum(weight, 0)
    values: np.ndarray = mask.asnumpy()
    joined = nd.concat(weight, grad, dim=0).astype(np.float64)
    dense: nd.NDArray = nd.FullyConnected(nd.ones((2, 3)), nd.ones((4, 3)), num_hidden=4, no_bias=True)
    dense = nd.FullyConnected(nd.ones((2, 3)), nd.ones((4, 3)), nd.zeros(4), 4)
    with nd.Context("cpu", 1):
        noise = nd.random.normal(0, 1, shape=(2, 3))
    nd.save(folder / "x.params", {"weight": new, "noise": noise, "joined": joined, "dense": dense})
    lines: list[float] = nd.load(folder / "x.params")["weight"].tolist() + values.tolist()
    return nd.array(lines)


def graphs(folder: Path) -> sym.Symbol:
    w, g, lr = sym.var("w", shape=(2, 3)), sym.var("g"), sym.var("lr")
    step: sym.Symbol = sym.signsgd_update(w, g, lr=lr, name="step")
    names: list[str] = step.list_arguments()
    shapes, outputs, states = step.infer_shape(w=(2, 3))
    assert len(names) == len(shapes)

    weight = np.ones((2, 3), "float32")
    executor: sym.Executor = step.bind(args={"w": weight, "g": nd.ones((2, 3)), "lr": np.ones(1, "float32")},
                                       out={"step_output": weight}, engine="eager")
    first: nd.NDArray = executor.forward(is_train=False, lr=0.5)[0]
    seen: dict[str, nd.NDArray] = executor.monitor("step.*")
    executor.forward(g=first)
    print(executor.profile(steps=2).table(), executor.numerics(), executor.memory().peak, seen.keys())

    net = sym.softmax(w.tanh().sum(axis=-1, keepdims=True) ** 2 - 1, name="net")
    inner = net.get_internals()["tanh0_output"]
    assert isinstance(inner.name, str)
    with sym.AttrScope(ctx_group="one"), sym.Prefix("mlp_"):
        both = sym.Group([net, inner * 2])
    both.save(folder / "net.json")
    sym.save_checkpoint(folder / "net", 1, net, {"w": nd.ones((2, 3))})
    return sym.load(folder / "net.json")


def training(folder: Path) -> float:
    score = sym.FullyConnected(sym.var("x"), num_hidden=1, name="score")
    loss = sym.mean(sym.square(score - sym.var("y")), name="loss")
    grad: sym.Symbol = loss.gradient("score_weight")
    assert len(grad) == 1
    step = optimizers.step(loss, "sgd", momentum=0.9, no_decay=optimizers.BIASES_AND_NORMS)
    weights = {"score_weight": nd.ones((1, 3)), "score_bias": nd.zeros(1)}
    rate = optimizers.FactorScheduler(step=10, factor=0.5, base_lr=0.1)
    trainer = optimizers.Trainer(step, weights, lr=rate, x=(8, 3))
    cost, = trainer.step(x=np.ones((8, 3)), y=nd.ones((8, 1)))
    alone = optimizers.update(["w"], "adam", lr=sym.var("lr"))
    sym.print_summary(alone, shape={"w": (2, 3)})
    return float(cost.asscalar())


def declaring() -> None:
    @operator(same_floating, fusible=True)
    def typed_scale(xp: Any, data: Any, /, *, by: Scalar = 2.0) -> Any:
        """Scale each element."""
        return data * by

    assert typed_scale.names == ("data",)
