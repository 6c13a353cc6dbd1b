"""The quick start of the README: one operator eagerly, then as a graph that is composed, inferred, run and saved."""

import numpy as np

import ndarray as nd
import symbolic as sym

# Eagerly: arrays in, array out; `out=` updates in place.
weight, grad = nd.array([1.0, -2.0, 3.0]), nd.array([0.5, -0.1, 0.0])
print(nd.signsgd_update(weight, grad, lr=0.25).asnumpy())  # [ 0.75 -1.75  3.  ]

# Symbolically: a graph of named nodes.  The learning rate is a Symbol: a schedule feeds it while the graph runs.
w, g, lr = sym.var("w"), sym.var("g"), sym.var("lr")
step = sym.signsgd_update(w, g, lr=lr, name="step")
print(step.list_arguments(), step.list_outputs())  # ['w', 'g', 'lr'] ['step_output']
print(step.infer_shape(w=(2, 3)))  # g follows from w; lr is one element

# Bound to arrays, which are used in place, without copying; the output goes into the weight itself.
arrays = {"w": np.array([1.0, -2.0, 3.0]), "g": np.array([0.5, -0.1, 0.0]), "lr": np.array([0.25])}
executor = step.bind(args=arrays, out={"step_output": arrays["w"]})
for rate in (0.5, 0.25):
    executor.forward(lr=rate)
print(arrays["w"])  # [ 0.25 -1.25  3.  ]

# Saved as MXNet writes graphs, and read back.
assert sym.load_json(step.tojson()).list_arguments() == ["w", "g", "lr"]
