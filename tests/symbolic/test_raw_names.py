"""Names come from files: what a terminal would act on is shown as an escape, in every text and every message."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import MXNetError

NAMES = ["\x1b[31m", "a\nb", "\u202e", "c\rd", "w" * 1000]


def graph(name):
    """Return a step on two variables, all with a name of this kind."""
    return sym.elemwise_add(sym.var(name), sym.var(f"{name}2"), name=f"{name}3")


def texts(name):
    """Yield what is shown of a graph with such names."""
    net = graph(name)
    bound = net.bind(args={name: nd.ones(2), f"{name}2": nd.ones(2)})
    yield from (str(net), repr(net), repr(sym.Group([net, net.get_internals()[0]])), repr(net.graph.nodes[-1]))
    yield from (str(net.graph), repr(bound), net.debug_str())


def mistakes(name):
    """Yield calls that fail, each with a message that names something of the graph."""
    net = graph(name)
    two = nd.ones(2)
    bound = net.bind(args={name: two, f"{name}2": nd.ones(2)})
    yield lambda: net.bind(args={name: two})
    yield lambda: net.bind(args={name: two, f"{name}2": nd.ones(3)})
    yield lambda: net.bind(args={name: two, f"{name}2": "text"})
    yield lambda: net.bind(args={name: two, f"{name}2": nd.ones(2)}, out={f"{name}9": two})
    yield lambda: net.bind(args={name: two, f"{name}2": np.array(["x"])})
    yield lambda: net.bind(args={name: two, f"{name}2": nd.ones(2)}, args_grad={f"{name}9": two})
    yield lambda: net.bind(args={name: two, f"{name}2": nd.ones(2)}, grad_req={name: "no"})
    yield lambda: net.infer_shape(**{name: (2,), f"{name}2": (3,)})
    yield lambda: net.infer_shape(**{f"{name}9": (2,)})
    yield lambda: net.infer_type(**{name: "float32", f"{name}2": "float64"})
    yield lambda: net.simple_bind(**{name: (2,), f"{name}2": (3,)})
    yield lambda: bound.forward(**{f"{name}9": two})
    yield lambda: bound.forward(**{name: nd.ones(3)})
    yield lambda: bound.forward(**{name: "text"})
    yield lambda: bound.copy_params_from({f"{name}9": two})
    yield lambda: bound.copy_params_from({name: nd.ones(3)})
    yield lambda: net[f"{name}9"]
    yield lambda: net(**{f"{name}9": sym.var("x")})
    yield lambda: net.gradient(f"{name}9")
    yield lambda: sym.gradient(sym.argmax(net, name=f"{name}4"), f"{name}9")
    yield lambda: sym.elemwise_add(net, 3, name=f"{name}4")
    yield lambda: sym.elemwise_add(net, nosuch=net, name=f"{name}4")
    yield lambda: sym.FullyConnected(net, name=f"{name}4")
    yield lambda: sym.FullyConnected(net, num_hidden="many", name=f"{name}4")
    yield lambda: sym.split(net, num_outputs=2, name=f"{name}4") + 1
    yield lambda: sym.var(name, **{f"{name}9": "1"})
    yield lambda: sym.load_json(net.tojson().replace("elemwise_add", "no_such"))


def check(text, name):
    assert all(line.isprintable() for line in text.replace("\t", "").split("\n")), repr(text)
    assert name not in text.replace("\n\n", "") or name.isprintable() and len(name) <= 200, repr(text)


@pytest.mark.parametrize("name", NAMES)
def test_graphs_show_their_names_escaped_and_cut(name):
    for text in texts(name):
        check(text, name)


@pytest.mark.parametrize("name", NAMES)
def test_messages_show_names_escaped_and_cut(name):
    for mistake in mistakes(name):
        with pytest.raises(MXNetError) as raised:
            mistake()
        check("\n".join([str(raised.value), *getattr(raised.value, "__notes__", ())]), name)
