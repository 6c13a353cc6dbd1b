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


class Modes(dict[bool, Mode]):
    """The mode of prediction under False, of training under True, each made when first looked up.

    Both are one `Mode` where no operator depends on the mode.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __missing__(self, is_train: bool) -> Mode:
        """Return the mode, from now on without being made again: a lookup costs what one in a dict does."""
        graph = training(self._graph) if is_train else self._graph
        if is_train and graph is self._graph:
            self[True] = self[False]
        else:
            graph, keys = feed_keys(graph)
            self[is_train] = Mode(graph, {n.name: np.zeros(1, np.int64) for n in keys})
        return self[is_train]
