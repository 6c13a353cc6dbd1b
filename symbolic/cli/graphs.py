"""Commands about a graph: ``show``, ``draw``, ``code``, ``check``, ``convert``."""

import json
import os
import shutil
import warnings

from ndarray.collector import without_collection
from ndarray.errors import MXNetError, ParamError, shown
from ndarray.params import text_of
from ndarray.paramsfile import load_frombuffer
from ndarray.text import counted, printable
from symbolic.cli.files import dtypes_of, is_params, read_file, read_graph, read_values, watch, write_text
from symbolic.graph.node import Entry
from symbolic.graph.types import types_of
from symbolic.save.check import Problem, find_problems
from symbolic.save.code import to_code
from symbolic.save.json.write import save
from symbolic.show.diff import diff as compare
from symbolic.show.size import check_size
from symbolic.show.summary import summary, tree
from symbolic.symbol import Symbol


@without_collection()
def show(options):
    """Print a graph as a table and as a tree."""
    graph = read_graph(options.file, unknown="keep")
    shape = dict(options.shape)
    if options.json:
        check_size(graph, "a list")
        print(json.dumps(_facts(graph, types_of(graph, shape)), indent=2))
        return
    width = min(max(shutil.get_terminal_size((120, 0)).columns, 80), 160)
    print(summary(graph, shape, width))
    print()
    print(tree(graph, shape))


def _facts(graph, types):
    """Return a graph as values that JSON can hold."""
    def type_(entry):
        known = types[entry]
        return {"shape": None if known.shape is None else list(known.shape),
                "dtype": None if known.dtype is None else known.dtype.name}

    number = {n: i for i, n in enumerate(graph.nodes)}
    return {
        "arguments": [{"name": n.name, **type_(Entry(n))} for n in graph.arguments],
        "auxiliary_states": [{"name": n.name, **type_(Entry(n))} for n in graph.auxiliary],
        "outputs": [{"name": e.node.output_name(e.index), **type_(e)} for e in graph.outputs],
        "nodes": [{"name": n.name, "op": n.op.name if n.op else None, "params": {k: text_of(v) for k, v in n.params},
                   "attrs": dict(n.attrs), "inputs": [[number[e.node], e.index] for e in n.inputs],
                   "outputs": [type_(e) for e in n.outputs]} for n in graph.nodes],
    }


def draw(options):
    """Draw a graph into a file."""
    from symbolic.show.plot import plot_network

    graph = read_graph(options.file, unknown="keep")
    more = {"collapse": False} if options.no_collapse else {}
    title = os.path.splitext(os.path.basename(options.file))[0]
    plot = plot_network(Symbol(graph), title=title, shape=dict(options.shape), dtype=dtypes_of(options), **more)
    plot.save(options.output)


@without_collection()
def diff(options):
    """List what differs between two graphs; the exit code is 1 where something does."""
    if options.file == options.other == "-":
        raise ParamError("standard input holds one graph, not two")
    graphs = []
    for path in (options.file, options.other):
        graphs.append(read_graph(path, unknown="keep"))
        check_size(graphs[-1], "a comparison")  # before the other one is read
    a, b = graphs
    found = compare(Symbol(a), Symbol(b))
    if options.output:
        found.plot(f"{options.file} → {options.other}").save(options.output)
    if options.json:
        edits = [edit._asdict() for edit in found.edits]
        print(json.dumps({"files": [options.file, options.other], "edits": edits}, indent=2))
    elif found:
        print(found)
    return int(bool(found))


def code(options):
    """Print the Python that declares a graph."""
    write_text(options.output, to_code(read_graph(options.file)))


@without_collection()
def check(options):
    """List every problem of a file; the exit code is 1 where it cannot be used."""
    data = read_file(options.file)
    if is_params(data):
        problems = _check_arrays(data)
    else:
        problems = find_problems(data, watch=watch("checking"))
    errors = sum(p.serious for p in problems)
    if options.json:
        print(json.dumps({"file": options.file, "errors": errors, "warnings": len(problems) - errors, "problems": [
            {"location": p.location, "message": p.message, "serious": p.serious} for p in problems]}, indent=2))
    else:
        for problem in problems:
            print("; ".join(printable(line.strip()) for line in str(problem).splitlines()))
        print(f"{printable(options.file)}: {counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}")
    return int(errors > 0)


def _check_arrays(data):
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            load_frombuffer(data)
        except MXNetError as error:
            return [Problem("", str(error))]
    return [Problem("", str(r.message), serious=False) for r in remarks]


def convert(options):
    """Convert a graph to ONNX, or an old file to today's JSON."""
    suffix = os.path.splitext(options.output)[1].lower()
    if suffix not in (".onnx", ".json"):
        raise ParamError(f"{shown(options.output)} must end in .onnx or .json")
    graph = read_graph(options.file)
    if suffix == ".json":
        save(graph, options.output)
        return
    from symbolic.save.onnx.save import save_onnx

    save_onnx(Symbol(graph), options.output, dict(options.shape), dtypes_of(options), read_values(graph, options.args))
