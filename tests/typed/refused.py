"""Mistakes that a type checker finds: each line that is marked, and no other.  Nothing here is ever called."""

import numpy as np

import ndarray as nd
import symbolic as sym
from symbolic import optimizers


def arrays(weight: nd.NDArray, grad: nd.NDArray) -> None:
    nd.signsgd_update(weight, grad, lrr=0.1)  # refused: no such parameter
    nd.signsgd_update(weight, grad)  # refused: no rate
    nd.signsgd_update(weight, lr=0.1)  # refused: no gradient
    nd.signsgd_update(weight, np.ones(2), lr=0.1)  # refused: not an NDArray
    nd.signsgd_update(weight, grad, lr="fast")  # refused: not a number
    nd.Activation(weight, act_type="rely")  # refused: no such activation
    nd.FullyConnected(weight, grad, no_bias=True)  # refused: no number of units
    nd.signsgd_updates(weight, grad, lr=0.1)  # refused: no such operator
    weight.summ(axis=0)  # refused: no such method
    weight + "1"  # refused: not a number
    nd.zeros((2, 3), dtype=1.5)  # refused: not an element type
    text: str = weight.asnumpy()  # refused: an array is not text
    print(text)


def graphs(w: sym.Symbol, g: sym.Symbol, weight: nd.NDArray) -> None:
    sym.signsgd_update(w, g, rate=0.1)  # refused: no such parameter
    sym.signsgd_update(w, weight, lr=0.1)  # refused: an array is not a Symbol
    sym.signsgd_update(w, g, lr=weight)  # refused: nor is it here
    sym.concat(w, g, dim="0")  # refused: not an integer
    w += 1  # refused: a Symbol never changes
    w.list_argument()  # refused: no such method
    w[1.5]  # refused: not an index
    step = sym.signsgd_update(w, g, lr=0.1)
    executor = step.bind(args=3)  # refused: not arrays
    executor.forward(w="w")  # refused: not an array
    executor.forwrad()  # refused: no such method
    print(executor.outputs.shape)  # refused: a list has no shape


def training(loss: sym.Symbol) -> None:
    step = optimizers.step(loss, "sgd", momentun={})  # refused: not a number
    optimizers.step("loss", "sgd")  # refused: not a Symbol
    optimizers.Trainer(step)  # refused: no arrays
    optimizers.CosineScheduler(base_lr=0.1)  # refused: no end
    sym.plot_network(loss, shape={"x": 3})  # refused: not a shape
    sym.load(1.5)  # refused: not a file name
