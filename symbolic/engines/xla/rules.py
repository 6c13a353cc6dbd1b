"""Nodes that JAX differentiates by the gradient rules that their operators declare."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import AxisType

from ndarray import registry
from ndarray.dtypes import is_floating
from ndarray.params import shift_fed
from symbolic.autodiff.backward_op import as_numbers, check_differentiable, flat_inputs
from symbolic.engines.xla.words import Words, wide
from symbolic.graph.node import Node
from symbolic.graph.walk import compute


def run_by_rule(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> tuple[Sequence, Sequence]:
    """Return the outputs and new states of a node; their gradient is ``_backward_X`` of the node's operator X.

    JAX differentiates the body itself where a node writes states, to which gradients are to flow too.
    """
    arrays = _varying_alike(tuple(map(jnp.asarray, inputs)))
    if not any(is_floating(np.dtype(x.dtype)) for x in arrays):
        return compute(node, Words(), inputs, params)

    def forward(*arrays: jax.Array) -> tuple[tuple, tuple]:
        with wide():
            outputs, new = compute(node, Words(), arrays, params)
            return tuple(map(jnp.asarray, outputs)), tuple(map(jnp.asarray, new))

    if node.op.writes:
        return differentiable(forward)(*arrays)
    run = jax.custom_vjp(forward)
    run.defvjp(lambda *arrays: (found := forward(*arrays), (arrays, found[0])),
               lambda kept, arrived: _carried_back(node, kept[0], kept[1], arrived[0]))
    return run(*arrays)


def _varying_alike(arrays: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
    """Return arrays that vary over the same axes of a mesh, as those of one node of `jax.shard_map` need not.

    A rule gives gradients that vary as all inputs together; those of an array that does not vary are summed up by JAX.
    """
    axes = frozenset().union(*map(_axes, arrays))
    return tuple([_varying(x, axes) for x in arrays])


def _axes(x: jax.Array) -> frozenset:
    kind: Any = jax.typeof(x)  # Releases of JAX name the attribute in two ways.
    return kind.vma if hasattr(kind, "vma") else kind.manual_axis_type.varying


def _varying(x: jax.Array, axes: frozenset) -> jax.Array:
    missing = axes - _axes(x)
    return lax.pcast(x, tuple(missing), to="varying") if missing else x


def differentiable(function: Callable) -> Callable:
    """Return a function that computes within `wide` as one that JAX differentiates within `wide` too."""

    def forth(*arrays: Any) -> tuple:
        with wide():
            return jax.vjp(function, *arrays)

    def back(pull: Callable, arrived: Any) -> tuple:
        with wide():
            return pull(arrived)

    run = jax.custom_vjp(function)
    run.defvjp(forth, back)
    return run


def _carried_back(node: Node, inputs: Sequence[Any], outputs: Sequence[Any], arrived: Sequence[Any]) -> tuple:
    """Return the gradient of each input of a node from what arrives at its outputs, None where nothing flows."""
    check_differentiable(node)
    op: Any = registry.get(f"_backward_{node.op.name}")
    flat = flat_inputs(node)
    wrt = tuple([k for k, x in enumerate(inputs) if k not in flat and is_floating(np.dtype(x.dtype))])
    heads = tuple([i for i, y in enumerate(outputs) if is_floating(np.dtype(y.dtype))])
    found: list[Any] = [None] * len(inputs)
    if not wrt or not heads:
        return tuple(found)
    by = len(heads) + len(outputs)
    params = {name: shift_fed(as_numbers(value), by) for name, value in node.params} | {op.heads: heads, op.wrt: wrt}
    carried = Node(op, f"{node.name}_grad", params=tuple(sorted(params.items())), where=node.where)
    models = [inputs[at] for at in wrt]

    def pull(*arrays: jax.Array) -> tuple:
        grads, _ = compute(carried, Words(), arrays, carried.complete_params)
        return tuple([_varying(jnp.broadcast_to(jnp.asarray(grad, x.dtype), x.shape), _axes(x))
                      for x, grad in zip(models, grads, strict=True)])

    with wide():
        grads = _split_like(models, pull, [*(arrived[i] for i in heads), *outputs, *inputs])
    for at, grad in zip(wrt, grads, strict=True):
        found[at] = grad
    return tuple(found)


def _split_like(models: Sequence[Any], function: Callable, arrays: Sequence[Any]) -> tuple:
    """Return ``function(*arrays)``, each result split as its model is where arrays say how they are split.

    So they do where axes of a mesh are explicit, and JAX asks it of gradients.  A body does not say how its results are
    split: within it XLA chooses.
    """
    places = [jax.typeof(x).sharding for x in models]
    explicit = {axis for x in arrays for axis in _explicit(jax.typeof(x).sharding)}
    if not explicit:
        return function(*arrays)
    return jax.jit(jax.sharding.auto_axes(function, axes=tuple(explicit), out_sharding=tuple(places)))(*arrays)


def _explicit(place: Any) -> list[str]:
    """Return the explicit axes of a mesh, if an array is split over one of them."""
    names = [name for name, kind in zip(place.mesh.axis_names, place.mesh.axis_types) if kind == AxisType.Explicit]
    return names if any(axes is not None for axes in place.spec) else []
