"""Eager arrays on NumPy, and MXNet's operators on them."""

from ndarray import lazy as _lazy, registry as _registry
from ndarray.adapted import histogram, split_v2
from ndarray.array import NDArray
from ndarray.arithmetic import (add, divide, equal, greater, greater_equal, lesser, lesser_equal, logical_and,
                                logical_or, logical_xor, maximum, minimum, modulo, multiply, not_equal, power, subtract,
                                true_divide)
from ndarray.context import Context, cpu, cpu_pinned, current_context, gpu, num_gpus
from ndarray.create import (arange, array, concatenate, empty, eye, from_dlpack, from_numpy, full, linspace, moveaxis,
                            ones, to_dlpack_for_read, to_dlpack_for_write, waitall, zeros)
from ndarray.errors import MXNetError
from ndarray.functions import function as _function

_index = _lazy.Later("ndarray.ops.index")

_registry.declare_later(lambda: _index.DECLARED)

_LATE = {"contrib": "ndarray.contrib", "op": "ndarray.op", "_internal": "ndarray.op", "ops": "ndarray.ops",
         "linalg": "ndarray.linalg", "random": "ndarray.random", "sparse": "ndarray.sparse",
         "autograd": "symbolic.autograd", "save": "ndarray.paramsfile", "load": "ndarray.paramsfile",
         "load_frombuffer": "ndarray.paramsfile"}
"""What is loaded when it is first used, and the module that it is or that has it."""

__getattr__ = _lazy.attributes(globals(), _lazy.imported(_LATE), _registry.functions(_function, _registry.public))


def __dir__():
    return sorted({*globals(), *_LATE, *(n for n in _registry.names() if not n.startswith("_"))})
