"""Commands that run a graph: ``run`` and ``profile``."""

import json
import os

from ndarray.errors import ParamError, shown
from symbolic.bind import bind
from symbolic.cli.arrays import facts, print_arrays
from symbolic.cli.files import read_graph, read_values, save_arrays, watch
from symbolic.symbol import Symbol


def run(options):
    """Run a graph; write or list its outputs and the new values of its states."""
    executor = _bound(options)
    for _ in watch("running")(range(options.steps)):
        executor.forward()
    results = {}
    for entry, array in zip(executor.graph.outputs, executor.outputs):
        name, k = entry.node.output_name(entry.index), 1
        while name in results:
            name, k = f"{entry.node.output_name(entry.index)}.{k}", k + 1
        results[name] = array
    results |= executor.aux_dict
    if options.output:
        save_arrays(options.output, {name: a.asnumpy() for name, a in results.items()})
    rows = facts(results.items())
    if options.json:
        print(json.dumps({"outputs": rows[:-len(executor.aux_dict) or None],
                          "auxiliary_states": rows[len(rows) - len(executor.aux_dict):]}, indent=2))
    elif not options.output:
        print_arrays(rows)


def profile(options):
    """Measure a graph; print a table of times, memory and values, or write a trace or a picture."""
    suffix = os.path.splitext(options.output or "")[1].lower()
    if options.output and suffix not in _PROFILES:
        raise ParamError(f"{shown(options.output)} must end in one of {', '.join(_PROFILES)}")
    executor = _bound(options)
    time, memory, numerics = executor.profile(options.steps), executor.memory(), executor.numerics()
    if suffix == ".json":
        time.save(options.output)
    elif suffix:
        from symbolic.show.plot import plot_network

        title = os.path.splitext(os.path.basename(options.file))[0]
        shapes = {name: a.shape for name, a in (executor.arg_dict | executor.aux_dict).items()}
        plot = plot_network(Symbol(executor.graph), title, shape=shapes, overlays=[time, memory, numerics])
        plot.save(options.output)
    if options.json:
        print(json.dumps(_measured(time, memory, numerics), indent=2))
    elif not options.output:
        print(f"{time}\n\nmemory: {memory.title}\n{numerics.title}")


_PROFILES = (".json", ".html", ".svg", ".png", ".dot")


def _measured(time, memory, numerics):
    """Return the measurements as values that JSON can hold."""
    return {
        "engine": time.engine, "steps": time.steps, "step_seconds": time.step,
        "pieces": [{"name": r.name, "what": r.what, "operators": r.operators, "nodes": [n.name for n in r.nodes],
                    "calls": r.calls, "seconds": r.median, "share": r.share, "bytes_read": r.read,
                    "bytes_written": r.written} for r in time.rows],
        "memory": {"peak": memory.peak, "bound": memory.bound, "temporary": memory.temporary,
                   "unshared": memory.unshared, "constants": memory.constants, "in_place": memory.in_place,
                   "values": [{"name": r.name, "bytes": r.bytes, "where": r.where} for r in memory.rows]},
        "values": [{"name": r.name, "dtype": r.of.dtype.name, "shape": r.of.shape, "least": r.of.least,
                    "most": r.of.most, "norm": r.of.norm, "nan": r.of.nan, "infinite": r.of.infinite}
                   for r in numerics.rows],
    }


def _bound(options):
    """Return an executor of the graph of a file with the arrays of others."""
    if options.steps < 1:
        raise ParamError(f"--steps must be at least 1, got {options.steps}")
    graph = read_graph(options.file)
    return bind(graph, None, read_values(graph, options.args), engine=options.engine)
