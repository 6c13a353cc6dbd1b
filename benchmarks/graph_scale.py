"""What a node costs to compose, differentiate, infer, save, load, bind and run: the columns stay level.

Run with ``python -m benchmarks.graph_scale [most nodes]``, by default from 10² to 10⁵.  The graph is a
chain of layers, each of four nodes: a weight, a product, a tanh, and an update of the weight.  What is differentiated
is the chain, with respect to its input, which the gradient reaches through every layer.
"""

from time import perf_counter

import numpy as np

import symbolic as sym
from benchmarks.arguments import number

STAGES = ("compose", "gradient", "infer", "to JSON", "from JSON", "bind", "forward")


def compose(nodes):
    """Return a graph of about `nodes` nodes, variables included."""
    x = sym.var("x", shape=(2,))
    outputs = []
    for i in range(nodes // 4):
        weight = sym.var(f"layer{i}_weight")
        x = sym.tanh(x * weight, name=f"layer{i}")
        outputs.append(sym.signsgd_update(weight, x, lr=0.1, name=f"layer{i}_step"))
    return sym.Group([*outputs, x * 1])


def measure(nodes):
    """Return the number of nodes, and the microseconds a node costs in each of `STAGES`."""
    clock = [perf_counter()]

    def lap(result):
        clock.append(perf_counter())
        return result

    symbol = lap(compose(nodes))
    lap(symbol[-1].gradient("x").graph.nodes)
    lap(symbol.infer_shape())
    text = lap(symbol.tojson())
    lap(sym.load_json(text))
    arrays = {name: np.ones(2, "float32") for name in symbol.list_arguments()}
    clock[-1] = perf_counter()
    executor = lap(symbol.bind(args=arrays))
    lap(executor.forward())
    count = len(symbol.graph.nodes)
    return count, [1e6 * (b - a) / count for a, b in zip(clock, clock[1:])]


def main(most):
    """Print the table: for each size the least of several rounds."""
    measure(100)
    print(f"{'nodes':>8}" + "".join(f"{stage:>11}" for stage in STAGES) + "   µs per node")
    size = 100
    while size <= most:
        rounds = [measure(size) for _ in range(3 if size > 10_000 else 7)]
        least = [min(column) for column in zip(*(times for _, times in rounds))]
        print(f"{rounds[0][0]:8}" + "".join(f"{time:11.2f}" for time in least), flush=True)
        size *= 10


if __name__ == "__main__":
    main(number(__doc__, "MOST", 100_000))
