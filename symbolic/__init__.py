"""Symbolic graphs of named operators: declare, compose, infer, run, show and save them."""

from symbolic.interrupt import end_quietly_if_command as _end_quietly_if_command

_end_quietly_if_command()  # before all that takes time

from symbolic.clash import check as _check

_check()  # before the first import of `ndarray`, which may be another project's

from symbolic.graph import attributes as attribute
from symbolic.graph import naming as name
from symbolic import symbol
from symbolic.graph.attributes import AttrScope
from symbolic.graph.naming import NameManager, Prefix
from symbolic.adapted import histogram, split_v2
from symbolic.arithmetic import hypot, maximum, minimum, pow, power
from symbolic.create import (Group, Variable, arange, eye, full, linspace, load, load_json, ones, var, zeros)
from symbolic.symbol import Symbol, gradient
from symbolic.functions import function as _function
from ndarray import lazy as _lazy, registry as _registry

_LATE = {"Executor": "symbolic.executor", "plot_network": "symbolic.show.plot",
         "print_summary": "symbolic.show.summary", "diff": "symbolic.show.diff",
         "save_onnx": "symbolic.save.onnx.save", "optimizers": "symbolic.optimizers", "parity": "symbolic.parity",
         "model": "symbolic.model", "save_checkpoint": "symbolic.model",
         "load_checkpoint": "symbolic.model",
         "op": "symbolic.op", "_internal": "symbolic.op", "contrib": "symbolic.contrib", "sparse": "symbolic.sparse",
         "linalg": "symbolic.linalg", "random": "symbolic.random", "autograd": "symbolic.autograd",
         "get_num_threads": "ndarray.kernels.threads", "set_num_threads": "ndarray.kernels.threads"}
"""What is loaded when it is first used, and the file that it is or that has it."""

_EXTRA = {"jax": "symbolic.jax"}
"""The same of what needs the library of that name, which must be installed in addition."""

_registry.derive_later("_backward_", "symbolic.autodiff.backward_op")

__getattr__ = _lazy.attributes(globals(), _lazy.imported(_LATE | _EXTRA),
                               _registry.functions(_function, _registry.known))


def __dir__():
    from importlib.util import find_spec  # only those who look around wait for it

    extra = [library for library in _EXTRA if find_spec(library)]
    return sorted({*globals(), *_LATE, *extra, *(n for n in _registry.names() if not n.startswith("_"))})
