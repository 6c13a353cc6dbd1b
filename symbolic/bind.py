"""Arrays bound to a graph: everything that can be wrong with them is found here, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ndarray.context import Context, chosen_context
from ndarray.errors import BindError, shown
from ndarray.kernels import pages
from symbolic import engines
from symbolic.executor import Executor
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry
from symbolic.graph.types import complete_types, given_types
from symbolic.graph.unregistered import refuse_unregistered
from symbolic.runtime.checks import (
    array_types,
    as_array,
    by_name,
    check_context,
    check_declared,
    check_doubles,
    check_states,
    gradient_arrays,
    output_arrays,
    requests,
    together,
)
from symbolic.runtime.monitor import Monitors, check_non_finite

if TYPE_CHECKING:
    from symbolic.runtime.monitor import NonFinite

Arrays = Sequence[Any] | Mapping[str, Any]


def bind(graph: Graph, ctx: Context | None, args: Arrays | None = None, aux_states: Arrays | None = None,
         out: Arrays | None = None, engine: str = "auto", args_grad: Arrays | None = None,
         grad_req: str | Sequence[str] | Mapping[str, str] = "write", nonfinite: NonFinite | None = None,
         mesh: Any = None, sharding: Any = None, huge_pages: bool = False) -> Executor:
    """Bind arrays to a graph.

    Parameters
    ----------
    graph : Graph
    ctx : Context or None
    args : list or dict of NDArray or numpy.ndarray
        In the order of ``graph.arguments``, or by name; states may be among those given by name.
    aux_states : list or dict of NDArray or numpy.ndarray, optional
        In the order of ``graph.auxiliary``, or by name.
    out : list or dict of array, optional
        Arrays that receive outputs, in order, with None for those that get new memory, or by output name; one may be an
        argument, which is then updated in place.
    engine : str, optional
        One of `symbolic.engines.ENGINES`, or ``"auto"``.
    args_grad : list or dict of array, optional
        Arrays that receive gradients, by argument; None, and those left out of a dict, receive none.
    grad_req : str, list or dict, optional
        ``'write'``, ``'add'`` or ``'null'``: for all, in order, or by name.
    nonfinite : {None, 'raise', 'skip'}, optional
        See `Executor.nonfinite`.
    mesh : jax.sharding.Mesh, optional
        Devices on which the engine ``"xla"`` runs, see `symbolic.jax.make_mesh`.
    sharding : dict or callable, optional
        How arrays are split over the mesh, by patterns of their names; a pattern that fits no variable says it of the
        outputs of nodes.
    huge_pages : bool, optional
        Whether the memory of large arrays is moved into huge pages; see `Symbol.bind`.

    Returns
    -------
    Executor
        Uses the arrays in place, without copying.

    Raises
    ------
    BindError, ShapeError, DTypeError, UnknownNameError
        Before anything is allocated or written.
    """
    refuse_unregistered(graph, "bind")
    asked, ctx = ctx or chosen_context(), check_context(ctx, engine)
    reqs = requests(graph, grad_req)
    check_non_finite(nonfinite)
    given = together(by_name(args, [n.name for n in graph.arguments], "args"),
                     by_name(aux_states, [n.name for n in graph.auxiliary], "aux_states"))
    receiving = by_name(out, [e.node.output_name(e.index) for e in graph.outputs], "out")
    outs = {name: a for name, a in receiving.items() if a is not None}
    missing = [n.name for n in graph.variables if n.name not in given]
    if missing:
        kind = "args" if missing[0] in {n.name for n in graph.arguments} else "aux_states"
        names = ", ".join(map(shown, missing[:20]))
        raise BindError(f"key {shown(missing[0])} is missing in {kind}; not given: {names}")
    check_doubles(graph.variables)
    arrays = {n.name: as_array(given[n.name], n.name, ctx) for n in graph.variables}
    check_declared(graph.variables, arrays)
    types = infer(graph, array_types({name: a._data for name, a in arrays.items()}))
    grads = gradient_arrays(graph, args_grad, reqs, arrays, ctx)
    outputs = output_arrays(graph, types, outs, arrays, engine, ctx)
    check_states(graph, arrays)
    reqs = {name: req if name in grads else "null" for name, req in reqs.items()}
    if huge_pages:
        pages.ask_for_huge_pages([a._data for a in (*arrays.values(), *outputs, *grads.values())])
    return Executor(graph, arrays=arrays, outputs=outputs, types=types, engine=engine, ctx=ctx, grad_reqs=reqs,
                    grads=grads, in_place=frozenset(outs), monitors=Monitors(nonfinite=nonfinite),
                    placement=engines.place(engine, mesh, sharding, list(arrays), _names_of(graph), asked))


def simple_bind(graph: Graph, ctx: Context | None, shapes: Mapping[str, Any],
                type_dict: Mapping[str, Any] | None = None, engine: str = "auto",
                grad_req: str | Sequence[str] | Mapping[str, str] = "write", mesh: Any = None,
                sharding: Any = None) -> Executor:
    """Infer all types from some shapes, allocate zeros and bind them.

    Gradient arrays are allocated when they are first asked for: of each floating argument, zeros where no gradient
    reaches it.

    Raises
    ------
    ShapeError
        When the shapes do not settle every type, naming what is missing.
    """
    asked, ctx = ctx or chosen_context(), check_context(ctx, engine)
    reqs = requests(graph, grad_req)
    refuse_unregistered(graph, "simple_bind")
    types = complete_types(graph, given_types(graph, shapes, type_dict, "simple_bind"), "simple_bind")
    check_doubles(graph.variables)
    made = engines.zeros(engine, [types[Entry(n)] for n in graph.variables], ctx)
    arrays = dict(zip([n.name for n in graph.variables], made))
    outputs = output_arrays(graph, types, {}, arrays, engine, ctx)
    return Executor(graph, arrays=arrays, outputs=outputs, types=types, engine=engine, ctx=ctx, grad_reqs=reqs,
                    placement=engines.place(engine, mesh, sharding, list(arrays), _names_of(graph), asked))


def _names_of(graph: Graph) -> list[str]:
    return [n.output_name(e.index) for n in graph.nodes if n.op is not None for e in n.outputs]
