"""Several processes that run one program: joining them, and leaving so that the others learn of it."""

import errno
import os
import socket
import sys
from types import TracebackType
from typing import Any

import jax

from ndarray.errors import DeviceError, ParamError, shown

SHUTDOWN = 15
"""Seconds that a process waits at its end for the others, by default; JAX's own default is 300."""


def initialize(coordinator_address: str | None = None, num_processes: int | None = None,
               process_id: int | None = None, **options: Any) -> None:
    """Join the other processes of this job; afterwards `jax.devices` lists the devices of all.

    Call it before anything uses a device.  Without arguments, address, number and rank are those of
    ``python -m symbolic.jax.launch``, those of the variables ``JAX_COORDINATOR_ADDRESS``, ``JAX_NUM_PROCESSES`` and
    ``JAX_PROCESS_ID``, or what `jax.distributed.initialize` finds under Slurm, Open MPI up to release 4 or Kubernetes.
    From then on a process that ends by an exception ends at once, so that the others fail at once instead of waiting.

    Parameters
    ----------
    coordinator_address : str, optional
        Host and port of process 0, such as ``"10.0.0.1:1234"``.
    num_processes : int, optional
    process_id : int, optional
        From 0.
    **options : object
        Of `jax.distributed.initialize`: ``heartbeat_timeout_seconds`` (100; how long a frozen process goes unnoticed),
        ``shutdown_timeout_seconds`` (15 here; how long a process waits at its end for the others), and others.

    Raises
    ------
    ParamError
        If address, number and rank are not given and cannot be found, or do not fit each other.
    DeviceError
        If a device has been used already, this process has joined already, or the others cannot be reached.

    Examples
    --------
    >>> import symbolic.jax as sj
    >>> sj.initialize("127.0.0.1:1234", num_processes=2, process_id=2)
    Traceback (most recent call last):
    ndarray.errors.ParamError: initialize: process_id must be from 0 to 1, got 2
    """
    env = os.environ
    if coordinator_address is None and num_processes is None and process_id is None and "JAX_NUM_PROCESSES" in env:
        coordinator_address = env.get("JAX_COORDINATOR_ADDRESS")
        num_processes, process_id = (_from_environment(name) for name in ("JAX_NUM_PROCESSES", "JAX_PROCESS_ID"))
    _check(num_processes, process_id)
    if process_id == 0 and coordinator_address is not None:
        _check_free(options.get("coordinator_bind_address") or env.get("JAX_COORDINATOR_BIND_ADDRESS"),
                    coordinator_address)
    try:
        jax.distributed.initialize(coordinator_address, num_processes, process_id,
                                   **{"shutdown_timeout_seconds": SHUTDOWN} | options)
    except (ValueError, TypeError) as error:
        hint = ("Pass coordinator_address=, num_processes= and process_id=, or start the program with srun, mpirun or "
                "`python -m symbolic.jax.launch -n 2 program.py`")
        raise ParamError(f"initialize: {error}  {hint}") from error
    except RuntimeError as error:
        raise DeviceError(f"initialize: {error}") from error
    if jax.process_count() > 1 and not isinstance(sys.excepthook, _Leave):
        sys.excepthook = _Leave(sys.excepthook)


def _from_environment(name: str) -> int:
    text = os.environ.get(name, "")
    try:
        return int(text)
    except ValueError:
        raise ParamError(f"initialize: the environment variable {name} is not an integer: {shown(text)}") from None


def _check_free(bound: str | None, address: str) -> None:
    """Raise where another program uses the port that process 0 listens on, at which jaxlib may crash."""
    host, _, port = (bound or address).rpartition(":")
    if not port.isdecimal():
        return  # JAX says what is wrong.
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host if bound and not host.startswith("[") else "", int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DeviceError(f"initialize: another program uses the port of {bound or address}") from error


def _check(num_processes: object, process_id: object) -> None:
    """Raise where the number and the rank are not those of a process."""
    for name, value in (("num_processes", num_processes), ("process_id", process_id)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ParamError(f"initialize: {name} must be an integer, got {shown(value)}")
    if isinstance(num_processes, int) and num_processes < 1:
        raise ParamError(f"initialize: num_processes must be from 1, got {num_processes}")
    if isinstance(num_processes, int) and isinstance(process_id, int) and not 0 <= process_id < num_processes:
        raise ParamError(f"initialize: process_id must be from 0 to {num_processes - 1}, got {process_id}")


class _Leave:
    """An exception hook that reports as the one before it, then ends the process without waiting for the others."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
        try:
            self._before(kind, value, traceback)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(130 if issubclass(kind, KeyboardInterrupt) else 1)
