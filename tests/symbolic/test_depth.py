"""Nothing is a recursion over the depth of the graph: a chain of 60,000 nodes lives a whole life."""

import copy
import gc
import pickle

import numpy as np
import pytest

import symbolic as sym

DEPTH = 60_000


@pytest.fixture(scope="module")
def chain():
    s = sym.var("x")
    for _ in range(DEPTH):
        s = s + 1
    return s


def test_it_infers(chain):
    assert chain.infer_shape(x=(1,))[1] == [(1,)]


def test_it_runs(chain):
    assert chain.eval(x=np.zeros(1))[0].asnumpy() == DEPTH


def test_it_saves_loads_pickles_and_copies(chain):
    # A pickle is the JSON text.
    for other in (pickle.loads(pickle.dumps(chain)), copy.deepcopy(chain)):
        assert len(other.graph.nodes) == DEPTH + 1


def test_it_composes_and_dies(chain):
    other = chain(x=sym.var("y") * 2)
    assert other.list_arguments() == ["y"]
    del other
    gc.collect()
