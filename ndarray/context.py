"""Where arrays live: MXNet's contexts, of which there is one kind here that holds memory."""

from __future__ import annotations

import threading

from ndarray.errors import MXNetError, OperatorError, shown

_TYPES = {"cpu": 1, "gpu": 2, "cpu_pinned": 3, "cpu_shared": 5}
_local = threading.local()


class Context:
    """A device: its type and its number.

    Parameters
    ----------
    device_type : {'cpu', 'gpu', 'cpu_pinned', 'cpu_shared'} or Context
    device_id : int, optional

    Examples
    --------
    >>> Context("cpu", 1), Context("cpu") == cpu()
    (cpu(1), True)
    >>> with Context("cpu", 2):
    ...     current_context()
    cpu(2)
    """

    device_type: str
    device_id: int

    def __init__(self, device_type: str | Context, device_id: int = 0) -> None:
        if isinstance(device_type, Context):
            device_id, device_type = device_type.device_id, device_type.device_type
        if device_type not in _TYPES:
            raise OperatorError(f"no device type {shown(device_type)}; known: {', '.join(_TYPES)}")
        self.device_type = device_type
        self.device_id = int(device_id)
        self.device_typeid = _TYPES[device_type]

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Context) and self.device_type == other.device_type
                and self.device_id == other.device_id)

    def __hash__(self) -> int:
        return hash((self.device_typeid, self.device_id))

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __enter__(self) -> Context:
        _stack().append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _stack().pop()

    def check_usable(self) -> None:
        """Raise where no array can be made on this device."""
        if self.device_type == "gpu":
            raise MXNetError(f"{self}: there is no GPU here; use cpu(), or bind a graph with engine='xla'")


def _stack() -> list[Context]:
    try:
        return _local.stack
    except AttributeError:
        _local.stack = [Context("cpu", 0)]
        return _local.stack


def cpu(device_id: int = 0) -> Context:
    """Return a CPU context.

    Examples
    --------
    >>> cpu(), cpu(1) == Context("cpu", 1)
    (cpu(0), True)
    """
    return Context("cpu", device_id)


def gpu(device_id: int = 0) -> Context:
    """Return a GPU context.

    In ``bind(ctx, engine="xla")`` it is the GPU with this number that JAX sees.  Elsewhere it can be named and
    compared, but holds no arrays.

    Examples
    --------
    >>> gpu(1).device_type, gpu(1).device_id
    ('gpu', 1)
    """
    return Context("gpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """Return a context of pinned CPU memory, which is CPU memory here.

    Examples
    --------
    >>> cpu_pinned()
    cpu_pinned(0)
    """
    return Context("cpu_pinned", device_id)


def current_context() -> Context:
    """Return the context of the innermost ``with``; ``cpu(0)`` outside of any.

    Examples
    --------
    >>> with cpu(3):
    ...     print(current_context())
    cpu(3)
    """
    return _stack()[-1]


def chosen_context() -> Context | None:
    """Return the context of the innermost ``with``; None outside of any."""
    return _stack()[-1] if len(_stack()) > 1 else None


def num_gpus() -> int:
    """Return 0: there is none.

    Examples
    --------
    >>> num_gpus()
    0
    """
    return 0
