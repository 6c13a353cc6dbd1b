"""What can go wrong on devices."""

from ndarray.errors import MXNetError


class DeviceError(MXNetError):
    """A step failed on the devices, or another process is gone."""
