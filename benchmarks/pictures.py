"""What a picture costs: seconds to merge, to lay out and to write it, from a hundred nodes to fifty thousand.

Run with ``python -m benchmarks.pictures [most nodes]``.  ``many tensors`` is a LAMB step over more and more tensors,
which is merged to ten boxes; ``deep`` a chain, ``tangle`` a graph of random sums, in both of which nothing repeats.
Starting the layout program is paid once, and printed above the table.  Graphs that are too large are refused, which
takes time, too.
"""

import random
import warnings
from time import perf_counter

import symbolic as sym
from benchmarks.arguments import number
from ndarray.errors import LimitError
from symbolic.show.dot import to_dot
from symbolic.show.drawing import draw
from symbolic.show.graphviz import to_svg
from symbolic.show.mermaid import to_mermaid
from symbolic.show.svg import to_picture

STAGES = ("collapse", "DOT", "layout", "SVG", "Mermaid", "total")


def many_tensors(nodes):
    """Return a LAMB step over as many tensors as make up `nodes` nodes."""
    lr, t, steps = sym.var("lr"), sym.var("t"), []
    for i in range(nodes // 8):
        w, g, m, v = (sym.var(f"layer{i}_{x}") for x in ("weight", "grad", "mean", "var"))
        direction = sym.lamb_update_phase1(w, g, m, v, t=t, wd=0.01, name=f"layer{i}_direction")
        steps.append(sym.lamb_update_phase2(w, direction, sym.norm(w, name=f"layer{i}_r1"),
                                            sym.norm(direction, name=f"layer{i}_r2"), lr=lr, name=f"layer{i}_step"))
    return sym.Group(steps)


def deep(nodes):
    """Return a chain of layers with a weight each."""
    x = sym.var("x", shape=(2,))
    for i in range(nodes // 3):
        x = sym.tanh(sym.elemwise_mul(x, sym.var(f"layer{i}_weight"), name=f"layer{i}"), name=f"tanh{i}")
    return x


def tangle(nodes):
    """Return a graph of random sums of nearby nodes."""
    chance, values = random.Random(0), [sym.var(f"x{i}", shape=(2,)) for i in range(12)]
    for i in range(nodes - 12):
        values.append(sym.elemwise_add(chance.choice(values[-12:]), chance.choice(values[-12:]), name=f"sum{i}"))
    return sym.Group(values[-12:])


def measure(symbol):
    """Return the number of boxes, None where the graph is refused, and the seconds of each of `STAGES`."""
    graph = symbol.graph
    len(graph.nodes)
    clock = [perf_counter()]

    def lap(result):
        clock.append(perf_counter())
        return result

    try:
        drawing = lap(draw(graph))
    except LimitError:
        return None, [perf_counter() - clock[0]]
    placed = lap(to_svg(lap(to_dot(drawing, legend=False))))
    lap(to_picture(drawing, placed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of more than Mermaid draws
        lap(to_mermaid(drawing))
    return len(drawing.boxes), [b - a for a, b in zip(clock, clock[1:])] + [clock[-1] - clock[0]]


def main(most):
    """Print the table."""
    start = perf_counter()
    to_svg("digraph { a -> b }")
    print(f"start of the layout: {perf_counter() - start:.2f} s")
    print(f"{'graph':14}{'nodes':>8}{'boxes':>9}" + "".join(f"{stage:>10}" for stage in STAGES) + "   seconds")
    for make in (many_tensors, deep, tangle):
        for nodes in (100, 500, 1000, 2000, 5000, 25_000):
            if nodes <= most:
                symbol = make(nodes)
                boxes, times = measure(symbol)
                print(f"{make.__name__.replace('_', ' '):14}{len(symbol.graph.nodes):8}{boxes or 'refused':>9}"
                      + "".join(f"{time:10.3f}" for time in times), flush=True)


if __name__ == "__main__":
    main(number(__doc__, "MOST", 25_000))
