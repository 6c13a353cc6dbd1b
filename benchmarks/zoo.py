"""Every symbol file of a folder: loaded, inferred, listed, drawn and run, as a table.

``python -m benchmarks.zoo FOLDER [--shape NAME=1,3,224,224] [--no-draw] [--largest 200000000]``

A file whose operators are not registered is kept, shown and drawn; the table names the operators.  Shapes that nobody
gives are guessed: an image for ``data`` where a convolution reads it, else a small array.  The exit code is 1 if any
file fails in a way that is not an error of the family.
"""

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import symbolic as sym
from ndarray.errors import LimitError, MXNetError
from symbolic.cli.files import parse_shape
from symbolic.graph.node import Entry
from symbolic.graph.types import types_of
from symbolic.graph.unregistered import unregistered_nodes
from symbolic.show.summary import summary, tree

COLUMNS = ("file", "nodes", "load", "infer", "summary", "boxes", "draw", "run", "outputs or what is missing")

GUESSES = ((1, 3, 224, 224), (1, 3, 299, 299), (1, 1, 28, 28), (8, 0), (8, 16), (8, 16, 16), (16,), (1,))
"""Shapes of the input that are tried in order."""


def rows(folder: Path, given: dict[str, tuple[int, ...]], draw: bool, largest: int) -> Iterator[tuple[list[str], bool]]:
    """Return the cells of each file's row, and whether only errors of the family occurred."""
    for path in sorted(folder.rglob("*.json")):
        yield row(path, path.relative_to(folder), given, draw, largest)


def row(path: Path, name: Path, given: dict[str, tuple[int, ...]], draw: bool, largest: int) -> tuple[list[str], bool]:
    """Return the cells of one file's row, and whether only errors of the family occurred."""
    remarks, fine = [], True

    def tried(what: str, call: Callable) -> tuple[object, str]:
        nonlocal fine
        start = time.perf_counter()
        try:
            found = call()
        except MXNetError as error:
            remarks.append(f"{what}: {str(error).splitlines()[0][:90]}")
            return None, "refused"
        except Exception as error:
            fine = False
            remarks.append(f"{what}: {type(error).__name__}: {error}"[:120])
            return None, "FAILS"
        return found, f"{time.perf_counter() - start:.2f} s"

    net, load = tried("load", lambda: sym.load(path, unknown="keep"))
    if net is None:
        return [str(name), "", load, "", "", "", "", "", remarks[-1]], fine
    unknown = {n.op.name for n in unregistered_nodes(net.graph)}
    shapes, infer = tried("infer", lambda: shapes_of(net, given))
    _, listed = tried("summary", lambda: (summary(net.graph, shapes), tree(net.graph, shapes)))
    plot, drawn = tried("draw", lambda: picture(net, shapes)) if draw else (None, "")
    ran = ""
    if not unknown:
        outputs, ran = tried("run", lambda: run(net, shapes, largest))
        remarks += [", ".join("×".join(map(str, o.shape)) or "scalar" for o in outputs[:4])] if outputs else []
    else:
        remarks.append("not registered: " + ", ".join(sorted(unknown)))
    boxes = str(len(plot.drawing.boxes)) if plot else ""
    return [str(name), f"{len(net.graph.nodes):,}", load, infer, listed, boxes, drawn, ran, "; ".join(remarks)], fine


def shapes_of(net: sym.Symbol, given: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return shapes from which those of all variables follow, if any guess gives them."""
    known = {k: v for k, v in given.items() if k in net.list_inputs()}
    missing = unsettled(net, known)
    for guess in GUESSES if missing else ():
        if unsettled(net, known | {missing[0]: guess}) == []:
            return known | {missing[0]: guess}
    return known


def unsettled(net: sym.Symbol, shapes: dict[str, tuple[int, ...]]) -> list[str] | None:
    """Return the arguments whose shapes do not follow from some, or None where these contradict each other."""
    try:
        types = types_of(net.graph, shapes)
    except MXNetError:
        return None
    return [n.name for n in net.graph.arguments if (shape := types[Entry(n)].shape) is None or None in shape]


def picture(net: sym.Symbol, shapes: dict[str, tuple[int, ...]]) -> object:
    """Return the plot of a network, laid out."""
    plot = sym.plot_network(net, shape=shapes)
    _ = plot.svg
    return plot


def run(net: sym.Symbol, shapes: dict[str, tuple[int, ...]], largest: int) -> list:
    """Return the outputs of a network on arrays of ones, unless they are too large."""
    arguments, _, states = net.infer_shape_partial(**shapes)
    elements = sum(math.prod(s) for s in (*arguments, *states))
    if elements > largest:
        raise LimitError(f"{elements:,} elements of variables are more than --largest")
    executor = net.simple_bind(grad_req="null", **shapes)
    for array in (executor.arg_dict | executor.aux_dict).values():
        array[:] = np.ones((), array.dtype)
    outputs = executor.forward()
    return [o.asnumpy() for o in outputs]


def main() -> int:
    """Print the table of a folder."""
    parser = argparse.ArgumentParser(description="Load, infer, summarise, draw and run every symbol file of a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", metavar="NAME=1,3,224,224", type=parse_shape, action="append", default=[])
    parser.add_argument("--no-draw", action="store_true")
    parser.add_argument("--largest", type=int, default=200_000_000, help="run nothing with more elements than this")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("  ".join(COLUMNS))
    failed = count = 0
    for cells, fine in rows(options.folder, dict(options.shape), not options.no_draw, options.largest):
        print("  ".join(cells), flush=True)
        count, failed = count + 1, failed + (not fine)
    print(f"{count} files, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
