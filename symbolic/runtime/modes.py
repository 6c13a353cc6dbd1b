"""A graph as it runs: for prediction or in training, each node that uses random numbers with its key."""

from typing import NamedTuple

import numpy as np

from symbolic.graph.graph import Graph
from symbolic.passes.feed_keys import feed_keys
from symbolic.passes.set_training import training


class Mode(NamedTuple):
    """A graph as it runs in one mode.

    Attributes
    ----------
    graph : Graph
    keys : dict of str to numpy.ndarray
        The array of each variable that is the key of a node; a run begins by writing it.
    """

    graph: Graph
    keys: dict[str, np.ndarray]


class Modes:
    """The modes of a graph, made when first asked for; both are one `Mode` where no operator asks for the mode.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._made: dict[bool, Mode] = {}

    def __getitem__(self, is_train: bool) -> Mode:
        """Return the mode of training, or of prediction."""
        if is_train not in self._made:
            graph = training(self._graph) if is_train else self._graph
            if is_train and graph is self._graph:
                self._made[True] = self[False]
            else:
                graph, keys = feed_keys(graph)
                self._made[is_train] = Mode(graph, {n.name: np.zeros(1, np.int64) for n in keys})
        return self._made[is_train]
