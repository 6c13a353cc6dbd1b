"""A whole graph as one program of XLA."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ndarray.cached import cached_property
from ndarray.errors import DTypeError, OutOfRangeError
from ndarray.kernels.signals import deferred
from ndarray.text import label
from symbolic.diagnostics.attribution import Piece
from symbolic.diagnostics.memory_plan import MemoryPlan
from symbolic.engines.buffers import Buffers, commit, home_of
from symbolic.engines.xla.agreement import FED, check_alike, device_errors, of_first
from symbolic.engines.xla.kinds import runner
from symbolic.engines.xla.loops import one_loop
from symbolic.engines.xla.placement import OneDevice, Placement, is_spread, whole
from symbolic.engines.xla.resident import Home
from symbolic.engines.xla.words import Words, wide
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.graph.walk import walk

_LOST = "\n  values that it was to replace may be lost; go on from what was saved last"


def default_sharding() -> Any:
    """Return where arrays are put that nobody places: the first device that JAX sees."""
    return jax.sharding.SingleDeviceSharding(jax.local_devices()[0])


class XlaProgram:
    """A graph as one jitted function over bound arrays: traced once, the arrays that it replaces donated.

    Parameters
    ----------
    graph : Graph
    buffers : Buffers
    placement : Placement or OneDevice, optional
        What is where.

    Attributes
    ----------
    traces : int
        How often JAX has traced the graph.
    """

    NAME = "xla"

    def __init__(self, graph: Graph, buffers: Buffers, placement: Placement | OneDevice | None = None) -> None:
        self.graph, self.buffers, self.placement, self.traces = graph, buffers, placement, 0
        homes: dict[int, Home] = {}
        elsewhere = default_sharding() if placement is None else placement.whole

        def home(array: np.ndarray, name: str) -> Home:
            found = home_of(array) or homes.get(id(array))
            if found is None:
                found = homes[id(array)] = Home(array, elsewhere, True, name)
            return found

        self._inputs = [home(v, n.name) for n, v in zip(graph.variables, buffers.values, strict=True)]
        by_node = dict(zip(graph.variables, self._inputs))
        names = [e.node.output_name(e.index) for e in graph.outputs]
        outputs = [home(v, name) for v, name in zip(buffers.outputs, names, strict=True)]
        outputs += [by_node[n] for n in graph.written]
        types = [buffers.types[e] for e in (*graph.outputs, *map(Entry, graph.written))]
        # A buffer that two variables use may not be given away.
        uses, at = Counter(map(id, self._inputs)), {id(h): i for i, h in enumerate(self._inputs)}
        self._donated = tuple([at[key] for key in dict.fromkeys(map(id, outputs)) if uses[key] == 1])
        # JAX lets each output in turn have the next buffer of its type.  In this order it is the output's own, so that
        # XLA copies nothing in order to read it before it is written.
        donated = {id(self._inputs[i]) for i in self._donated}
        self._order = sorted(range(len(outputs)), key=lambda k: id(outputs[k]) not in donated)
        self._outputs = [outputs[k] for k in self._order]
        self._types = [(types[k].shape, types[k].dtype) for k in self._order]
        self._kept = tuple([i for i in range(len(self._inputs)) if i not in set(self._donated)])
        # Results that replace an input and that nothing else reads.
        read = {e for node in graph.nodes for e in node.inputs}
        self._last = {k for k, e in enumerate(graph.outputs) if id(outputs[k]) in donated and e not in read}
        self._platform = next((d.platform for h in self._outputs if h.sharding for d in h.sharding.device_set), "")
        self._spread = any(is_spread(h.sharding) for h in self._inputs)
        # Another executor may have the array elsewhere.
        self._places = [(h, h.sharding) for h in {id(h): h for h in self._inputs + self._outputs}.values()]
        self._drawn = [h for h in homes.values() if self._spread and any(h is i for i in self._inputs)]
        self._jit = self._jitted(donate_argnums=0)

    def _jitted(self, **options: Any) -> Any:
        return jax.jit(self._trace, out_shardings=([h.sharding for h in self._outputs], None), **options)

    @cached_property
    def _checked(self) -> Any:
        """The program for ``jax_debug_nans``: with what it was given JAX runs it again, to find the operation."""
        return self._jitted()

    def _trace(self, donated: Sequence[jax.Array], kept: Sequence[jax.Array]) -> tuple[list, Any]:
        """Return the results, and whether all indices are in range where the graph has any; then old values stay."""
        self.traces += 1
        values: list[Any] = [None] * len(self._inputs)
        for at, value in (*zip(self._donated, donated), *zip(self._kept, kept)):
            values[at] = value
        xp = Words(checked=True)
        run = partial(self._run_node, runner(self.graph, xp))
        outputs, written = walk(self.graph, dict(zip(self.graph.variables, values)), run)
        found = [*outputs, *(written[n] for n in self.graph.written)]
        found = [one_loop(y, self._platform) if k in self._last else y for k, y in enumerate(map(jnp.asarray, found))]
        results = [found[k] for k in self._order]
        for y, (shape, dtype), home in zip(results, self._types, self._outputs):
            if (y.shape, y.dtype) != (shape, dtype):
                raise DTypeError(f"{label(home.name)}: expected {dtype}{list(shape)}, XLA gives "
                                 f"{y.dtype}{list(y.shape)}")
        if not xp.checks:
            return results, None
        in_range = jnp.all(jnp.stack(xp.checks))
        old = {id(h): v for h, v in zip(self._inputs, values)}
        return [jnp.where(in_range, y, old[id(h)]) if id(h) in old else y
                for y, h in zip(results, self._outputs)], in_range

    def _run_node(self, run: Callable, node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> tuple:
        outputs, new = run(node, inputs, params)
        if self.placement is not None:
            outputs = [reduce(lax.with_sharding_constraint, self.placement.within(node.output_name(i), jnp.shape(y)), y)
                       for i, y in enumerate(outputs)]
        return outputs, new

    def _arguments(self) -> tuple[tuple, tuple]:
        if self._drawn:  # Each process draws its own keys of random numbers: those of the first count.
            commit([h.host for h in self._drawn], of_first([h.host for h in self._drawn]))
        for h, sharding in self._places:
            if h.sharding is not sharding:
                h.settle(sharding)
        there = [h.push() for h in self._inputs]
        if self._spread:
            check_alike({h.name: h.sent for h in self._inputs}, FED)
            for h in self._inputs:
                h.sent = 0
        return tuple([there[i] for i in self._donated]), tuple([there[i] for i in self._kept])

    def __call__(self) -> None:
        """Run the graph, all or nothing."""
        with wide(), deferred():
            with device_errors("the step failed on the devices", _LOST):
                run = self._checked if jax.config.jax_debug_nans or jax.config.jax_debug_infs else self._jit
                results, in_range = run(*self._arguments())
                # What other holders see is fetched before anything is written.
                hosts = [(h, whole(y)) for h, y in zip(self._outputs, results) if h.shared]
                if self._spread:  # An error belongs to its step.
                    jax.block_until_ready(results)
                failed = in_range is not None and not bool(in_range)
            for h, y in zip(self._outputs, results):
                if not failed or any(h is i for i in self._inputs):  # then it holds the old value
                    h.take(y)
            if failed:
                raise OutOfRangeError("an index is out of range; nothing was written")
            commit([h.host for h, _ in hosts], [y for _, y in hosts])

    @cached_property
    def compiled(self) -> Any:
        """The program as JAX has compiled it, with its text, costs and memory."""
        with wide():
            return self._jit.lower(*self._arguments()).compile()

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]]:
        """Return the pieces of a run, one, and ``run(stamp)``, which calls `stamp` before it and after it."""
        nodes = [n for n in self.graph.nodes if n.op is not None]
        read, written = (sum(h.host.nbytes for h in homes) for homes in (self._inputs, self._outputs))

        def run(stamp: Callable[[], object]) -> None:
            stamp()
            self()
            for h in self._outputs:
                if h.device is not None:
                    h.device.block_until_ready()
            stamp()

        return [Piece("XLA", {n: 1 / len(nodes) for n in nodes}, read, written)], run

    def plan(self) -> MemoryPlan:
        """Return the memory that a run takes, as XLA has analysed it."""
        size = self.compiled.memory_analysis().temp_size_in_bytes
        where = {e: "temporary" for n in self.graph.nodes if n.op is not None for e in n.outputs}
        return MemoryPlan(size, size, 0, where, True)

    def describe(self) -> str:
        """Return what runs where, what is replaced in place, and what is copied in each step."""
        homes = [h for h in self._inputs + self._outputs if h.sharding is not None]
        devices = sorted({str(d) for h in homes for d in h.sharding.device_set})
        split = [f"{label(h.name)} {h.sharding.spec}" for h in {id(h): h for h in homes}.values()
                 if not h.sharding.is_fully_replicated]
        copied = [label(h.name) for h in {id(h): h for h in self._inputs + self._outputs}.values() if h.shared]
        replaced = [label(self._inputs[i].name) for i in self._donated if not self._inputs[i].shared]
        count = sum(n.op is not None for n in self.graph.nodes)
        return "\n".join([
            f"engine xla: {count} node{'s' * (count != 1)} as one program on {', '.join(devices)}",
            f"  replaced on the devices: {', '.join(replaced) or 'nothing'}",
            f"  copied in each step: {', '.join(copied) or 'nothing'}",
            *([f"  split: {', '.join(split)}"] if split else []),
            f"  traced {self.traces} time{'s' * (self.traces != 1)}"])
