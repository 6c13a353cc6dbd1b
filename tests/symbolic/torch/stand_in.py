"""A plugin of pytest: torch's own tests of optimizers, run on the classes of `symbolic.torch`.

torch makes its tests from a table, `optim_db`; the file imports three neighbours, which are not needed here.
"""

import sys
from types import ModuleType

from torch.testing._internal.common_optimizers import optim_db

import symbolic.torch as st
from symbolic.torch.names import TORCH

NOT_OURS = {
    "test_fused_error_on_params_on_meta": "fused has no effect, and the error names the device",
}
"""Tests of what is documented otherwise, and why."""


def exchange():
    """Put our classes in place of torch's in its table, and take out those that we have none for."""
    optim_db[:] = [info for info in optim_db if info.optim_cls.__name__ in TORCH]
    for info in optim_db:
        info.optim_cls = getattr(st, info.optim_cls.__name__)
        # Documented: refused.
        info.supported_impls = tuple([impl for impl in info.supported_impls if impl != "differentiable"])


def stand_in(name, *classes):
    """Have an import of a neighbour find empty classes."""
    module = ModuleType(name)
    for each in classes:
        setattr(module, each, type(each, (), {}))
    sys.modules[name] = module


def pytest_collection_modifyitems(items):
    """Leave out what is documented otherwise."""
    items[:] = [item for item in items if not item.name.startswith(tuple(NOT_OURS))]


exchange()
stand_in("optim")
stand_in("optim.test_lrscheduler", "TestLRScheduler")
stand_in("optim.test_optim", "TestDifferentiableOptimizer")
stand_in("optim.test_swa_utils", "TestSWAUtils")
