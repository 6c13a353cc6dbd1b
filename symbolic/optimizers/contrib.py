"""The optimizer classes that MXNet has under ``contrib``."""

from symbolic.optimizers.classes import GroupAdaGrad

__all__ = ["GroupAdaGrad"]
