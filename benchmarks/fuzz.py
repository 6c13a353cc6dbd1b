"""Mutated files: none may crash, hang, or raise an error outside of the family.

``python -m benchmarks.fuzz [--files 100000] [--seed 0] [--seconds 10] [FOLDER]``

JSON files (by default those that the tests hold) and ``.params`` files are cut, changed, repeated and rearranged, as
bytes and as documents; what still loads is inferred, printed, compared with itself, drawn as DOT and written again.
Prints what went wrong, with the seed that repeats it, and exits with 1 if anything did.
"""

import argparse
import json
import random
import sys
import time
import warnings
from pathlib import Path

import ndarray as nd
import symbolic as sym
from ndarray.errors import MXNetError
from symbolic.save.check import find_problems
from symbolic.save.json.limits import Limits
from symbolic.show.summary import summary, tree

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
LIMITS = Limits(text=1 << 20, nodes=20_000, edges=100_000, outputs=100_000)

ODD = [None, True, -1, 0, 1, 2, 10**9, 10**30, 0.5, 1e308, "", "x", "null", "%0", "(1, 2)", "[", "None", "nan",
       "\ud800", "\x00", "9" * 40, [], {}, [[]], [0, 0, 0], [10**9, 0, 0]]
"""Values that a file should not hold where they are put."""

PARAMS = ["()", "(0,)", "(-1,)", "(1000000000, 1000000000)", "1000000000", "-5", "1e400", "inf", "True", "None", "%1",
          "((1,))"]


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes that differ in a few places."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, length = rng.randrange(len(found) + 1), rng.choice((1, 1, 4, 8, 64))
        kind = rng.randrange(5)
        if kind == 0:
            found[at:at + length] = rng.randbytes(length)
        elif kind == 1:
            del found[at:at + length]
        elif kind == 2:
            found[at:at] = found[at:at + length]
        elif kind == 3:
            del found[at:]
        elif at < len(found):
            found[at] = rng.choice((0, 0xFF, 0x80, found[at] ^ 1 << rng.randrange(8)))
    return bytes(found)


def mutated_document(document: dict, rng: random.Random) -> str:
    """Return the JSON of a graph in which a few values were changed, moved or removed."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 2, 4))):
        nodes = document.get("nodes")
        node = rng.choice(nodes) if isinstance(nodes, list) and nodes else None
        if not isinstance(node, dict) or rng.random() < 0.15:
            document[rng.choice(["nodes", "heads", "arg_nodes", "attrs", "node_row_ptr"])] = rng.choice(ODD)
            continue
        kind = rng.randrange(6)
        if kind == 0:
            node[rng.choice(["op", "name", "inputs", "attrs", "attr", "param"])] = rng.choice(ODD)
        elif kind == 1 and isinstance(node.get("attrs"), dict) and node["attrs"]:
            node["attrs"][rng.choice(list(node["attrs"]))] = rng.choice([*PARAMS, *ODD])
        elif kind == 2:
            node.setdefault("attrs", {})
            if isinstance(node["attrs"], dict):
                name = rng.choice(["shape", "axis", "__shape__", "__dtype__", "__updates__", "num_args", "kernel"])
                node["attrs"][name] = rng.choice(PARAMS)
        elif kind == 3 and isinstance(node.get("inputs"), list):
            node["inputs"] = [[rng.randrange(len(nodes)), rng.randrange(3), 0] for _ in range(rng.randrange(4))]
        elif kind == 4 and isinstance(rng.choice(nodes), dict):
            node["op"] = rng.choice(nodes).get("op", "null") if rng.random() < 0.5 else rng.choice(OPERATORS)
        else:
            nodes.insert(rng.randrange(len(nodes) + 1), nodes.pop(rng.randrange(len(nodes))))
    return json.dumps(document)


OPERATORS = sorted({op.name for op in nd.registry.operators()})


def use_graph(text: str | bytes) -> None:
    """Do with a text all that does not run it."""
    find_problems(text, LIMITS)
    net = sym.load_json(text, LIMITS, unknown="keep")
    for call in (net.infer_shape_partial, net.infer_type_partial, lambda: summary(net.graph), lambda: tree(net.graph),
                 net.debug_str, lambda: sym.plot_network(net).dot, net.tojson, lambda: sym.diff(net, net),
                 lambda: sym.load_json(net.tojson(), unknown="keep"), net.list_auxiliary_states, net.attr_dict):
        try:
            call()
        except MXNetError:
            pass


def use_params(data: bytes) -> None:
    """Load the arrays that bytes hold, and write them again."""
    nd.load_frombuffer(data)


def cases(folder: Path | None, rng: random.Random):
    """Return endless mutated files: a name, what to call, and what with."""
    graphs = [path.read_bytes() for path in sorted((folder or GOLDEN / "symbol_json").glob("*.json"))]
    documents = [document for data in graphs if isinstance(document := json.loads(data), dict) and "nodes" in document]
    arrays = [path.read_bytes() for path in sorted((folder or GOLDEN / "params").glob("*.params"))]
    while True:
        kind = rng.random()
        if kind < 0.3:
            yield "bytes of a graph", use_graph, mutated_bytes(rng.choice(graphs), rng)
        elif kind < 0.75 or not arrays:
            yield "document", use_graph, mutated_document(rng.choice(documents), rng)
        else:
            yield "arrays", use_params, mutated_bytes(rng.choice(arrays), rng)


def main() -> int:
    """Try mutated files and print what goes wrong."""
    parser = argparse.ArgumentParser(description="Try mutated files: errors are of the family, and nothing hangs.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10, help="longer than this for one file is a hang")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    failed, refused, longest, start = {}, 0, 0.0, time.perf_counter()
    made = cases(options.folder, random.Random(options.seed))
    for number in range(options.files):
        name, use, given = next(made)
        began = time.perf_counter()
        try:
            use(given)
        except MXNetError:
            refused += 1
        except Exception as error:
            frame = sys.exc_info()[2]
            while frame.tb_next:
                frame = frame.tb_next
            place = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
            key = f"{name}: {type(error).__name__} at {place}"
            failed.setdefault(key, []).append((number, str(error)[:100], given))
        took = time.perf_counter() - began
        longest = max(longest, took)
        if took > options.seconds:
            failed.setdefault(f"{name}: {took:.0f} s", []).append((number, "", given))
    for key, found in failed.items():
        number, message, given = found[0]
        print(f"{key} ({len(found)} times, first file {number} of seed {options.seed}): {message}\n    {given[:300]!r}")
    print(f"{options.files:,} files in {time.perf_counter() - start:.0f} s: {refused:,} refused, {len(failed)} kinds "
          f"of failures, {longest:.1f} s the longest")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
