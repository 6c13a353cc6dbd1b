"""Symbolic graphs of named operators: declare, compose, infer, run, show and save them."""

from symbolic.clash import check as _check

_check()  # before the first import of `ndarray`, which may be another project's

import ndarray.ops  # declares every operator
from symbolic import attributes as attribute
from symbolic import naming as name
from symbolic import symbol
from symbolic.attributes import AttrScope
from symbolic.executor import Executor
from symbolic.naming import NameManager, Prefix
from symbolic.numbers import arange, eye, full, hypot, linspace, maximum, minimum, ones, pow, power, zeros
from symbolic.show.plot import plot_network
from symbolic.show.summary import print_summary
from symbolic.symbol import Group, Symbol, Variable, load, load_json, var
from symbolic.functions import function as _function
from ndarray import registry as _registry


def __getattr__(name):
    """Return the function of an operator, generated when it is first asked for."""
    if name not in _registry.names():
        raise AttributeError(f"module 'symbolic' has no attribute {name!r}")
    return _function(name)


def __dir__():
    return sorted({*globals(), *(n for n in _registry.names() if not n.startswith("_"))})
