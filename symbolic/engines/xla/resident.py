"""Arrays that live on the devices: where the newest value of each is, and NDArrays whose memory follows.

An array whose memory nobody else holds stays on the devices: a step replaces it there, and reading it fetches it.  The
others, such as those of NumPy that a user has bound, are read before each step and written after it.
"""

import sys
import zlib
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import jax
import numpy as np

from ndarray import dlpack
from ndarray.array import NDArray
from ndarray.dtypes import is_known
from ndarray.errors import DeviceError, ShapeError
from ndarray.tensortype import show_shape
from symbolic.engines.buffers import home_of, keep_elsewhere
from symbolic.engines.xla.placement import from_part, is_spread, moved, own_shape, put, whole
from symbolic.engines.xla.words import wide

_slot: Any = NDArray.__dict__["_data"]  # of a plain array its memory, of a resident one its home


class Home:
    """Where the value of one array is: in the memory of the host, on the devices, or both.

    Parameters
    ----------
    host : numpy.ndarray
    sharding : jax.sharding.Sharding or None
        None: as the program that computes it chooses.
    shared : bool
        Whether somebody else may hold the host's memory: then each step reads it and writes it.
    name : str

    Attributes
    ----------
    device : jax.Array or None
    newest : {'host', 'device', 'both'}
        Who has the newest value.
    sent : int
        A checksum of what this process has sent, where others send it too, until they are compared; else 0.
    """

    def __init__(self, host: np.ndarray, sharding: Any, shared: bool, name: str) -> None:
        self.host, self.sharding, self.shared, self.name = host, sharding, shared, name
        self.device: jax.Array | None = None
        self.newest, self.sent = "host", 0

    def push(self) -> jax.Array:
        """Return the newest value on the devices.

        Raises
        ------
        DeviceError
            If a step that failed there has lost it.
        """
        if self.newest == "host" or self.shared:
            self.device, self.newest = self._put(self.host), "both"
        device = self.device
        return self._there() if device is None or device.is_deleted() else device  # In each step, a call fewer.

    def settle(self, sharding: Any) -> None:
        """Let the array be where a sharding puts it, from the next step on."""
        if self.sharding != sharding:
            self.to_host()
            self.sharding = sharding

    def _put(self, value: Any) -> jax.Array:
        if is_spread(self.sharding):
            self.sent = checksum(value)
        return put(value, self.sharding)

    def _there(self) -> jax.Array:
        if self.device is None or self.device.is_deleted():
            raise DeviceError(f"the value of {self.name} was lost when a step failed on the devices; load it again")
        return self.device

    def take(self, device: jax.Array) -> None:
        """Receive a new value on the devices; if it is shared, the host gets it as well."""
        self.device, self.newest = device, "both" if self.shared else "device"

    def accept(self, value: Any, what: str) -> Any:
        """Return what is fed, if it is more than an array of the host: an array of JAX's, or the part of this process.

        Raises
        ------
        ShapeError
            If it is neither the whole nor that part.
        """
        with wide():
            return self._accepted(value, what)

    def _accepted(self, value: Any, what: str) -> Any:
        shape, dtype, spread = self.host.shape, self.host.dtype, is_spread(self.sharding)
        found = None
        if isinstance(value, jax.Array) and value.shape == shape and is_known(value.dtype):
            if is_spread(value.sharding) == spread:
                found = moved(value, dtype, self.sharding)
        elif spread and self.host.size > 1 and (given := np.shape(value)) != shape:
            if given != (own := own_shape(shape, self.sharding)):
                raise ShapeError(f"{what} has shape {show_shape(shape)}, of which this process has {show_shape(own)}; "
                                 f"got an array of shape {show_shape(given)}")
            part = value._data if isinstance(value, NDArray) else value
            found = from_part(np.asarray(part, dtype), shape, self.sharding)
        return found if found is None or not self.shared else whole(found)

    def feed(self, value: Any) -> Callable[[], None]:
        """Receive a new value, of the host or as `accept` has returned it; return what brings the old one back."""
        before = self.device, self.newest, self.sent
        with wide():
            self.take(value if isinstance(value, jax.Array) else self._put(np.reshape(value, self.host.shape)))

        def back() -> None:
            self.device, self.newest, self.sent = before

        return back

    def pull(self) -> np.ndarray:
        """Return the host's memory with the newest value in it."""
        if self.newest == "device":
            # A copy by way of a view that is gone at once: one that lives on would keep the next step from replacing
            # the value in place, and so would the copy that the array keeps of itself.
            fetch(self._there(), self.host)
            self.newest = "both"
        return self.host

    def to_host(self) -> None:
        """Fetch the newest value into the host's memory, where it may then be written."""
        self.pull()
        self.newest = "host"


def fetch(value: jax.Array, target: np.ndarray) -> None:
    """Copy a value from the devices into the host's memory."""
    devices = tuple(value.sharding.device_set)
    if len(devices) == 1 and value.dtype != np.bool_ and devices[0].platform == "cpu":
        target[...] = dlpack.shared(value)
    else:
        target[...] = whole(value)


class Resident(NDArray):
    """An NDArray whose newest value may be on the devices."""

    __slots__ = ()

    @property
    def _data(self) -> np.ndarray:  # type: ignore[override]
        home = _slot.__get__(self)
        home.to_host()
        return home.host

    shape = property(lambda self: _slot.__get__(self).host.shape, doc="Length of each axis.")
    dtype = property(lambda self: _slot.__get__(self).host.dtype.type, doc="Element type.")
    size = property(lambda self: _slot.__get__(self).host.size, doc="Number of elements.")
    ndim = property(lambda self: _slot.__get__(self).host.ndim, doc="Number of axes.")

    def asnumpy(self) -> np.ndarray:
        """Return a copy; the array stays on the devices."""
        return _slot.__get__(self).pull().copy()

    def wait_to_read(self) -> None:
        """Wait until the step that computes this array is done."""
        home = _slot.__get__(self)
        if home.newest == "device":
            home.push().block_until_ready()


def _sharing(name: str) -> Callable:
    """Return a method of NDArray that gives the memory away: from then on each step reads and writes it."""
    method = getattr(NDArray, name)

    @wraps(method)
    def share(self: Resident, *args: Any, **kwargs: Any) -> Any:
        _slot.__get__(self).shared = True
        return method(self, *args, **kwargs)

    return share


for _name in ("__getitem__", "reshape", "detach", "__array__", "__dlpack__", "to_dlpack_for_read",
              "to_dlpack_for_write"):
    setattr(Resident, _name, _sharing(_name))


def _holders(array: NDArray) -> int:
    return sys.getrefcount(array._data)


_ALONE = _holders(NDArray(np.empty(1)))
"""What `_holders` counts where the array alone holds its memory; releases of Python differ in what they count."""


def home_for(array: NDArray, sharding: Any, name: str) -> Home:
    """Return the home of an array; the array lives on the devices from now on, if nobody else holds its memory."""
    if type(array) is Resident:
        home = _slot.__get__(array)
        home.settle(sharding)
        return home
    holders = _holders(array)
    data = array._data
    known = home_of(data)
    if known is not None:
        known.settle(sharding)
        return known
    alone = (type(array) is NDArray and data.base is None and data.flags.owndata and data.flags.c_contiguous
             and data.dtype.isnative and holders <= _ALONE)
    home = Home(data, sharding, not alone, name)
    keep_elsewhere(data, home)
    if alone:
        _slot.__set__(array, home)
        array.__class__ = Resident
    return home


def private(arrays: Iterable[np.ndarray]) -> list[Home]:
    """Return homes of memory that only programs use, which keep it on the devices as long as they live."""
    found = []
    for array in arrays:
        home = Home(array, None, False, "a value that the gradient needs")
        keep_elsewhere(array, home)
        found.append(home)
    return found


def device_array(array: NDArray) -> jax.Array:
    """Return the newest value of an array as one of JAX's, a copy.

    Parameters
    ----------
    array : NDArray

    Returns
    -------
    jax.Array

    Examples
    --------
    >>> import ndarray as nd
    >>> device_array(nd.array([1, 2]))
    Array([1., 2.], dtype=float32)
    """
    if type(array) is Resident:
        with wide():
            return jax.numpy.copy(_slot.__get__(array).push())
    with wide():
        return put(array._data, None)


def share(array: NDArray) -> None:
    """Let another holder of an array's memory see each step, and each step what it writes."""
    if type(array) is Resident:
        home = _slot.__get__(array)
        home.to_host()
        home.shared = True


def newest(array: NDArray) -> np.ndarray:
    """Return an array's memory with its newest value, to be read only; it stays on the devices."""
    return _slot.__get__(array).pull() if type(array) is Resident else array._data


def checksum(value: np.ndarray) -> int:
    """Return a number that differs between values that differ."""
    return zlib.crc32(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)


def checksums(homes: Iterable[Home]) -> dict[str, int]:
    """Return a checksum of the value of each home, by name."""
    return {h.name: checksum(h.pull()) for h in homes}
