"""Which part of each array is on which device."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec, SingleDeviceSharding

from ndarray.context import Context
from ndarray.dtypes import native
from ndarray.errors import BindError, MXNetError, ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import show_shape
from ndarray.text import label
from symbolic.engines.xla.agreement import device_errors


def make_mesh(**axes: int) -> Mesh:
    """Return a mesh of all devices, of all processes.

    Parameters
    ----------
    **axes : int
        The length of each axis by its name; -1 for what remains.

    Returns
    -------
    jax.sharding.Mesh

    Raises
    ------
    BindError
        If the lengths do not multiply to the number of devices.

    Examples
    --------
    >>> make_mesh(data=-1).axis_names
    ('data',)
    """
    n = jax.device_count()
    if not axes or not all(type(k) is int and (k > 0 or k == -1) for k in axes.values()):
        raise BindError(f"make_mesh: expected a length for each axis, such as data={n}, got {shown(axes)}")
    lengths = list(axes.values())
    if lengths.count(-1) == 1:
        lengths[lengths.index(-1)] = n // math.prod(k for k in lengths if k != -1)
    if -1 in lengths or math.prod(lengths) != n:
        raise BindError(f"make_mesh: {' × '.join(f'{name}={k}' for name, k in axes.items())} is not {n}, the number of "
                        "devices")
    return jax.make_mesh(tuple(lengths), tuple(axes), axis_types=(AxisType.Auto,) * len(axes))


def zero(mesh: Mesh, axis: str = "data", min_size: int = 1024) -> Callable[[str, tuple[int, ...]], PartitionSpec]:
    """Return a function for ``sharding=`` that splits each array along its longest axis that divides (ZeRO, FSDP).

    Parameters
    ----------
    mesh : jax.sharding.Mesh
    axis : str, optional
        Of the mesh.
    min_size : int, optional
        Arrays with fewer elements stay whole on every device.

    Returns
    -------
    callable
        ``rule(name, shape)``.

    Raises
    ------
    BindError
        If the mesh or the size is something else.
    UnknownNameError
        If the mesh has no such axis.

    Examples
    --------
    >>> rule = zero(make_mesh(data=-1))
    >>> rule("w", (4, 1024)), rule("b", (4,))
    (P(None, 'data'), P())
    """
    if not isinstance(mesh, Mesh):
        raise BindError(f"zero: expected a jax.sharding.Mesh such as make_mesh(data=8), got {shown(mesh)}")
    if type(min_size) is not int:
        raise BindError(f"zero: min_size is a number of elements, got {shown(min_size)}")
    if axis not in mesh.shape:
        raise UnknownNameError(f"zero: {unknown('axis of the mesh', axis, mesh.shape)}")

    def rule(name: str, shape: tuple[int, ...]) -> PartitionSpec:
        fitting = [d for d, length in enumerate(shape) if length % mesh.shape[axis] == 0]
        if not fitting or math.prod(shape) < min_size:
            return PartitionSpec()
        longest = max(fitting, key=lambda d: shape[d])
        return PartitionSpec(*[axis if d == longest else None for d in range(longest + 1)])

    return rule


class Placement:
    """A mesh, and the part of each variable that is on each of its devices.

    Parameters
    ----------
    mesh : jax.sharding.Mesh
    sharding : dict of str to (PartitionSpec, tuple, str, None or callable), or callable, optional
        By patterns of names, of which the first that fits counts; or ``sharding(name, shape)``.  What is not named is
        whole on every device.
    names : sequence of str
        Of the variables.
    inner : sequence of str, optional
        Of the outputs of all nodes.  A pattern that fits no variable says how they are split within a step; a list of
        two moves a value from the first way to the second.

    Raises
    ------
    BindError, UnknownNameError
        For what is not a mesh or a sharding, and for a pattern that fits nothing.
    """

    def __init__(self, mesh: Any, sharding: Any, names: Sequence[str], inner: Sequence[str] = ()) -> None:
        if not isinstance(mesh, Mesh):
            raise BindError(f"mesh must be a jax.sharding.Mesh such as make_mesh(data=8), got {shown(mesh)}")
        if any(kind != AxisType.Auto for kind in mesh.axis_types):
            mesh = Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))
        if sharding is not None and not callable(sharding) and not isinstance(sharding, Mapping):
            raise BindError(f"sharding must be a dict of name patterns, or a function of name and shape, got "
                            f"{shown(sharding)}")
        self.mesh, self._sharding, self._names = mesh, {} if sharding is None else sharding, frozenset(names)
        patterns = [] if callable(sharding) else [*self._sharding]
        for pattern in patterns:
            if not isinstance(pattern, str):
                raise BindError(f"sharding: a pattern of names is a str, got {shown(pattern)}")
        within = [p for p in patterns if not any(fnmatchcase(name, p) for name in names)]
        for pattern in within:
            if not any(fnmatchcase(name, pattern) for name in inner):
                raise UnknownNameError(f"sharding: {unknown('variable', pattern, names)}")
        self._within = {p: self._sharding[p] for p in within}
        self.whole = NamedSharding(mesh, PartitionSpec())
        self.spread = is_spread(self.whole)

    def of(self, name: str, shape: tuple[int, ...]) -> NamedSharding:
        """Return the sharding of an array; one that is not a variable is whole.

        Raises
        ------
        BindError, ShapeError, UnknownNameError
        """
        return self._checked(name, shape, self._spec(name, shape)) if name in self._names else self.whole

    def within(self, name: str, shape: tuple[int, ...]) -> list[NamedSharding]:
        """Return how an output of a node is to be split within a step, one after the other; [] as XLA chooses.

        Raises
        ------
        BindError, ShapeError, UnknownNameError
        """
        pattern = next((p for p in self._within if fnmatchcase(name, p)), None)
        if pattern is None:
            return []
        given = self._within[pattern]
        return [self._checked(name, shape, _asked(spec, name, shape))
                for spec in (given if isinstance(given, list) else [given])]

    def _checked(self, name: str, shape: tuple[int, ...], spec: Any) -> NamedSharding:
        if spec is None or isinstance(spec, str):
            spec = () if spec is None else (spec,)
        if not isinstance(spec, PartitionSpec):
            # JAX takes 0 and "" for None.
            if not isinstance(spec, tuple) or not all(axes is None or axes and isinstance(axes, (str, tuple))
                                                      for axes in spec):
                raise BindError(f"sharding of {label(name)} must be a PartitionSpec, or a tuple of names of axes of "
                                f"the mesh, got {shown(spec)}")
            spec = PartitionSpec(*spec)
        if len(spec) > len(shape):
            raise ShapeError(f"sharding of {label(name)}: {spec} splits {len(spec)} axes, the shape is "
                             f"{show_shape(shape)}")
        split = [() if axes is None else axes if isinstance(axes, tuple) else (axes,) for axes in spec]
        for axis, times in Counter(itertools.chain(*split)).items():
            if times > 1:
                raise BindError(f"sharding of {label(name)}: {spec} splits along {axis!r} twice; an axis of the mesh "
                                "splits one axis of an array")
        for d, axes in enumerate(split):
            self._check(name, shape, d, axes)
        return NamedSharding(self.mesh, spec)

    def _spec(self, name: str, shape: tuple[int, ...]) -> Any:
        if callable(self._sharding):
            return _asked(self._sharding, name, shape)
        spec = next((s for pattern, s in self._sharding.items() if fnmatchcase(name, pattern)), None)
        return _asked(spec, name, shape)

    def _check(self, name: str, shape: tuple[int, ...], d: int, axes: Sequence[Any]) -> None:
        for axis in axes:
            if axis not in self.mesh.shape:
                raise UnknownNameError(f"sharding of {label(name)}: "
                                       f"{unknown('axis of the mesh', axis, self.mesh.shape)}")
        parts = math.prod(self.mesh.shape[axis] for axis in axes)
        if shape[d] % parts:
            raise ShapeError(f"sharding of {label(name)}: axis {d} of shape {show_shape(shape)} does not divide into "
                             f"{parts} equal parts")


def _asked(spec: Any, name: str, shape: tuple[int, ...]) -> Any:
    """Return a sharding as it is given, or as a function of name and shape gives it."""
    if not callable(spec):
        return spec
    try:
        return spec(name, shape)
    except Exception as error:
        raise BindError(f"sharding of {label(name)}: the function that was given for it raised "
                        f"{type(error).__name__}: {error}") from error


class OneDevice:
    """A device, on which all arrays are.

    Parameters
    ----------
    ctx : Context
        ``gpu(1)`` is the second GPU that JAX sees, ``cpu()`` the processor.

    Raises
    ------
    MXNetError
        If JAX sees no such GPU.
    """

    spread = False

    def __init__(self, ctx: Context) -> None:
        kind = "gpu" if ctx.device_type == "gpu" else "cpu"
        try:
            found = jax.local_devices(backend=kind)
        except RuntimeError:
            found = []
        if not 0 <= ctx.device_id < len(found) and (kind == "gpu" or not found):
            raise MXNetError(f"{ctx}: JAX sees {len(found)} device{'s' * (len(found) != 1)} of this kind here, and "
                             f"{', '.join(map(str, jax.local_devices()))}")
        self.whole = SingleDeviceSharding(found[ctx.device_id if 0 <= ctx.device_id < len(found) else 0])

    def of(self, name: str, shape: tuple[int, ...]) -> SingleDeviceSharding:
        """Return the sharding of an array."""
        return self.whole

    def within(self, name: str, shape: tuple[int, ...]) -> list:
        """Return how an output of a node is to be split: not at all."""
        return []


def is_spread(sharding: Any) -> bool:
    """Tell whether devices of other processes take part."""
    return sharding is not None and not sharding.is_fully_addressable


def put(host: np.ndarray, sharding: Any) -> jax.Array:
    """Return a copy of an array on the devices; what JAX is given it may use in place, whoever else holds it."""
    def copy(part: Any) -> np.ndarray:
        return np.array(host[part], native(host.dtype), order="C")

    if is_spread(sharding):  # Nothing but the parts of this process is read and copied.
        return jax.make_array_from_callback(host.shape, sharding, copy)
    return jax.device_put(copy(...), sharding)


def moved(value: jax.Array, dtype: np.dtype, sharding: Any) -> jax.Array:
    """Return a copy of an array of JAX's, which stays its holder's, in a dtype and where a sharding puts it."""
    value = lax.convert_element_type(value, dtype)
    if is_spread(sharding):
        return jax.jit(jnp.copy, out_shardings=sharding)(value)
    return jax.device_put(value, sharding, may_alias=False)


def own_shape(shape: tuple[int, ...], sharding: Any) -> tuple[int, ...]:
    """Return the shape of the part of an array that is on the devices of this process."""
    parts = list(sharding.addressable_devices_indices_map(shape).values())
    return tuple([sum(len(range(*part.indices(n))) for part in {p[d].indices(n): p[d] for p in parts}.values())
                  for d, n in enumerate(shape)])


def from_part(part: np.ndarray, shape: tuple[int, ...], sharding: Any) -> jax.Array:
    """Return an array of which each process gives its own part."""
    return jax.make_array_from_process_local_data(sharding, np.array(part, order="C"), shape)


def whole(value: jax.Array) -> np.ndarray:
    """Return the whole of an array; where it is not whole on each process, all of them must ask."""
    if value.is_fully_addressable or value.is_fully_replicated:
        return np.array(value)
    from jax.experimental import multihost_utils

    with device_errors("an array that is split over the processes could not be read"):
        return np.asarray(multihost_utils.process_allgather(value, tiled=True))
