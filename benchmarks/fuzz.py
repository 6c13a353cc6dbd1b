"""Mutated files: none may crash, hang, tear a state, or raise an error outside of the family.

``python -m benchmarks.fuzz [--files 100000] [--first 0] [--seed 0] [--seconds 10] [--keep WHERE] [FOLDER]``

JSON files (by default those that the tests hold, and one for each operator and its gradient) and ``.params`` files are
cut, changed, repeated and rearranged, as bytes, as documents, in their numbers, shapes, dtypes and texts.  What still
loads is checked, inferred, printed, drawn as DOT, compared with itself and with the file that it was made of, written
again, written as code, and run forwards and back where it is small: a run that fails leaves every array as it was.
Prints what went wrong with the number of the file, which ``--first`` repeats alone (with the same files to mutate),
writes the first file of each kind into the folder ``--keep``, and exits with 1 if anything went wrong.
"""

import argparse
import contextlib
import json
import math
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import ndarray as nd
import symbolic as sym
from benchmarks.mutations import (
    graphs_of_operators,
    mutated_bytes,
    mutated_document,
    mutated_numbers,
    mutated_text,
)
from ndarray.errors import MXNetError
from ndarray.paramsfile import save_to_bytes
from symbolic.graph.types import types_of
from symbolic.graph.unregistered import unregistered_nodes
from symbolic.optimizers.bind import bind_in_place
from symbolic.save.check import find_problems
from symbolic.save.code import to_code
from symbolic.save.json.limits import Limits
from symbolic.show.digraph import to_networkx
from symbolic.show.summary import summary, tree

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
LIMITS = Limits(text=1 << 20, nodes=20_000, edges=100_000, outputs=100_000)
SMALL = 20_000
"""Elements of all values of a graph that is run."""


class Hang(BaseException):
    """One file took too long; nothing catches it on its way."""


class Torn(Exception):
    """A promise other than that of the errors was broken."""


def use_graph(text: str | bytes, origin: sym.Symbol | None, rng: random.Random) -> None:
    """Do with a text all that can be done with it."""
    find_problems(text, LIMITS)
    net = sym.load_json(text, LIMITS, unknown="keep")
    for call in (net.infer_shape_partial, net.infer_type_partial, lambda: summary(net.graph), lambda: tree(net.graph),
                 net.debug_str, lambda: sym.plot_network(net).dot, lambda: to_networkx(net.graph),
                 lambda: str(sym.diff(net, origin or net)), lambda: sym.diff(origin or net, net).plot().dot,
                 lambda: saved_back(net), lambda: written_as_code(net), net.list_auxiliary_states, net.attr_dict,
                 lambda: run(net, rng)):
        with contextlib.suppress(MXNetError):
            call()


def saved_back(net: sym.Symbol) -> None:
    """Write a graph and read it again: nothing differs."""
    text = net.tojson()
    again = sym.load_json(text, unknown="keep")
    if sym.diff(net, again) or again.tojson() != text:
        raise Torn("what was written differs from what was read")


def written_as_code(net: sym.Symbol) -> None:
    """Write a graph as Python, run that and compare."""
    source = to_code(net.graph)
    found: dict[str, Any] = {}
    exec(source, found)
    if sym.diff(net, found["symbol"]):
        raise Torn("the code declares another graph")


def run(net: sym.Symbol, rng: random.Random) -> None:
    """Run a small graph forwards and back, and its updates in place."""
    if unregistered_nodes(net.graph):
        return
    types = types_of(net.graph)
    if not all(t.known for t in types.values()) or sum(math.prod(t.shape) for t in types.values()) > SMALL:
        return
    engine = "fused" if rng.random() < 0.05 else "eager"
    with contextlib.suppress(MXNetError):
        stepped(bind_in_place(net, {}, engine=engine), rng, False)
    stepped(net.simple_bind(engine=engine, grad_req=rng.choice(("write", "null"))), rng, rng.random() < 0.5)


def stepped(executor: Any, rng: random.Random, train: bool) -> None:
    """Run an executor; where it fails, no array has changed."""
    values = np.random.default_rng(rng.randrange(1 << 30))
    arrays = list((executor.arg_dict | executor.aux_dict).values())
    for array in arrays:
        array[:] = (values.random(array.shape) * 2).astype(array.dtype)
    for call in (lambda: executor.forward(is_train=train), executor.backward):
        everything = [*arrays, *executor.outputs, *[g for g in executor.grad_dict.values() if g is not None]]
        before = [array.asnumpy().tobytes() for array in everything]
        try:
            call()
        except MXNetError:
            if before != [array.asnumpy().tobytes() for array in everything]:
                raise Torn("a run failed and arrays have changed") from None
            raise
        if not train:
            break


def use_params(data: bytes) -> None:
    """Load the arrays that bytes hold, and write them again: the same arrays."""
    arrays = nd.load_frombuffer(data)
    written = save_to_bytes(arrays)
    again = nd.load_frombuffer(written)
    if save_to_bytes(again) != written:
        raise Torn("what was written differs from what was read")
    for array in list(again.values() if isinstance(again, dict) else again)[:20]:
        repr(array)
        if math.prod(array.shape) < 1 << 20:
            array.asnumpy()


@cache
def corpus(folder: Path | None) -> tuple[list[bytes], list[dict], list[bytes]]:
    """Return the files that are mutated: graphs as text, graphs as documents, arrays."""
    graphs = [path.read_bytes() for path in sorted((folder or GOLDEN).rglob("*.json"))]
    graphs = [text for text in graphs if b'"nodes"' in text and len(text) < 200_000 and b'"heads"' in text]
    documents = [d for text in graphs if isinstance(d := json.loads(text), dict) and isinstance(d.get("nodes"), list)]
    texts = [json.dumps(d).encode() for d in documents]
    arrays = [path.read_bytes() for path in sorted((folder or GOLDEN).rglob("*.params"))]
    if folder is None:
        documents += 3 * documents + list(graphs_of_operators())
    return texts, documents, [a for a in arrays if len(a) < 20_000]


def case(folder: Path | None, seed: int, number: int) -> tuple[str, Callable, str | bytes]:
    """Return a mutated file: its kind, what to call, and the file."""
    rng = random.Random(f"{seed}:{number}")
    texts, documents, arrays = corpus(folder)
    kind = rng.random()
    if kind < 0.12:
        data = mutated_bytes(rng.choice(texts), rng)
        return "bytes of a graph", lambda given: use_graph(given, None, rng), data
    if kind < 0.2:
        return "text", lambda given: use_graph(given, None, rng), mutated_text(rng.choice(texts), rng)
    if kind < 0.7 or not arrays:
        document = rng.choice(documents)
        mutated = mutated_document(document, rng)
        return "document", lambda given: use_graph(given, original(json.dumps(document)), rng), mutated
    if kind < 0.85:
        return "arrays", use_params, mutated_bytes(rng.choice(arrays), rng)
    return "numbers of arrays", use_params, mutated_numbers(rng.choice(arrays), rng)


@cache
def original(text: str) -> sym.Symbol | None:
    """Return the graph that a file held before it was mutated."""
    try:
        return sym.load_json(text, unknown="keep")
    except MXNetError:
        return None


def failures(folder: Path | None, seed: int, numbers: range, seconds: float
             ) -> Iterator[tuple[int, str, str, float, str | bytes]]:
    """Return of each file: its number, what failed or nothing, the message, how long it took, and the file."""
    def interrupt(number: int, frame: object) -> None:
        raise Hang

    signal.signal(signal.SIGPROF, interrupt)
    signal.signal(signal.SIGALRM, interrupt)  # for what hangs without computing
    for number in numbers:
        name, use, given = case(folder, seed, number)
        began, what, message = time.process_time(), "", ""
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, 60 * seconds)
        try:
            use(given)
        except MXNetError:
            what = "refused"
        except (Exception, Hang) as error:
            what, message = f"{name}: {type(error).__name__} at {_place(error)}", str(error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        yield number, what, message, time.process_time() - began, given


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None and frame.tb_next.tb_frame.f_code.co_name != "interrupt":
        frame = frame.tb_next
    return "" if frame is None else f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"


def main() -> int:
    """Try mutated files and print what goes wrong."""
    parser = argparse.ArgumentParser(description="Try mutated files: errors are of the family, and nothing hangs.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10, help="longer than this for one file is a hang")
    parser.add_argument("--keep", type=Path, help="a folder for files that failed")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    failed: dict[str, list] = {}
    refused, longest, start = 0, 0.0, time.perf_counter()
    numbers = range(options.first, options.first + options.files)
    for number, what, message, took, given in failures(options.folder, options.seed, numbers, options.seconds):
        longest = max(longest, took)
        if what == "refused":
            refused += 1
        elif what:
            if what not in failed:
                print(f"{what}, file {number} of seed {options.seed}: {message[:200]!r}\n    {given[:300]!r}",
                      flush=True)
                if options.keep:
                    options.keep.mkdir(exist_ok=True)
                    path = options.keep / f"{options.seed}-{number}-{what.partition(':')[0].replace(' ', '_')}"
                    path.write_bytes(given.encode() if isinstance(given, str) else given)
            failed.setdefault(what, []).append(number)
        if (number + 1 - options.first) % 1000 == 0:
            print(f"... {number + 1:,} after {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    for what, found in failed.items():
        print(f"{what}: {len(found)} times, {found[:10]}")
    print(f"{options.files:,} files in {time.perf_counter() - start:.0f} s: {refused:,} refused, {len(failed)} kinds "
          f"of failures, {longest:.1f} s the longest")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
