"""The two forms in which a rule computes: nodes of a graph, or arrays at once."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

import ndarray.functions
from ndarray.array import NDArray
from symbolic.functions import function
from symbolic.symbol import Symbol


class Tensor(NamedTuple):
    """A parameter in an update.

    Attributes
    ----------
    name : str or hashable
    inputs : dict of str to Symbol or NDArray
        What the rule's operator reads of it, by the operator's names: ``weight``, ``grad``, states and others.
    """

    name: Any
    inputs: dict


class Form(Protocol):
    """How a rule calls operators, makes constants and updates tensors."""

    def call(self, op_name: str, *inputs: Any, **params: Any) -> Any:
        """Return what an operator gives."""

    def constant(self, values: Sequence[float], name: str) -> Any:
        """Return a float32 vector."""

    def update(self, op_name: str, inputs: Sequence[Any], tensors: Sequence[Tensor], name: str, **params: Any) -> list:
        """Return each tensor's new value."""


class Nodes:
    """Each call makes a node.

    Parameters
    ----------
    fed : dict of str to str, optional
        Names of the variables that are the rate ``lr`` and the count ``t`` of the updates, where they differ.
    """

    def __init__(self, fed: dict[str, str] | None = None) -> None:
        self._attr = {"__fed__": json.dumps(fed)} if fed else {}

    @staticmethod
    def call(op_name: str, *inputs: Symbol, **params: Any) -> Symbol:
        """Return the Symbol of an operator."""
        return function(op_name)(*inputs, **params)

    @staticmethod
    def constant(values: Sequence[float], name: str) -> Symbol:
        """Return a float32 vector that is written in the graph."""
        return function("_constant")(value=tuple(values), shape=(len(values),), name=name)

    def update(self, op_name: str, inputs: Sequence[Symbol], tensors: Sequence[Tensor], name: str,
               **params: Any) -> list[Symbol]:
        """Return the Symbol of each tensor's new value."""
        attr = {"__updates__": json.dumps([x.name for x in tensors]), **self._attr}
        return list(function(op_name)(*inputs, name=name, attr=attr, **params))


class Arrays:
    """Each call computes."""

    @staticmethod
    def call(op_name: str, *inputs: NDArray, name: str | None = None, **params: Any) -> NDArray:
        """Return the result of an operator; a call has no name."""
        return ndarray.functions.function(op_name)(*inputs, **params)

    @staticmethod
    def constant(values: Sequence[float], name: str) -> NDArray:
        """Return a float32 vector."""
        return NDArray(np.array(values, np.float32))

    @staticmethod
    def update(op_name: str, inputs: Sequence[NDArray], tensors: Sequence[Tensor], name: str,
               **params: Any) -> list[NDArray]:
        """Update each tensor's weight in place and return it."""
        weights = [x.inputs["weight"] for x in tensors]
        ndarray.functions.function(op_name)(*inputs, out=weights, **params)
        return weights
