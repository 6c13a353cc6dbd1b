"""What several processes must agree on, and how a step learns that one of them is gone."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from ndarray.errors import BindError, DeviceError
from ndarray.text import label

_STATUS = re.compile("[A-Z_]+: ")
"""What begins the message of an error of XLA, which may come as a ValueError where another process is gone."""

_LONGEST = 1024
"""Bytes of the text that process 0 sends to the others."""


@contextmanager
def device_errors(what: str, hint: str = "") -> Iterator[None]:
    """Raise errors of XLA as `DeviceError`.

    Yields
    ------
    None

    Raises
    ------
    DeviceError
        `what`, the first line of the error, and a hint.
    """
    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if not _STATUS.match(str(error)):
            raise
        raise DeviceError(f"{what}: {str(error).splitlines()[0]}{hint}") from error


FIRST = "start all of them from the same ones"
FED = "feed and write the same ones in all of them; or split the array by sharding=, and feed each process its own part"
"""Hints of `check_alike`."""


def check_alike(sums: Mapping[str, int], hint: str = FIRST) -> None:
    """Raise in every process where they have different checksums of what is to be the same in all.

    Raises
    ------
    BindError
        Naming what differs, and in which processes.
    DeviceError
    """
    from jax.experimental import multihost_utils

    with device_errors("the processes could not be compared"):
        theirs = np.asarray(multihost_utils.process_allgather(np.array([*sums.values()], np.uint32)))
    different = {name: np.flatnonzero(column != column[0]).tolist() for name, column in zip(sums, theirs.T)
                 if (column != column[0]).any()}
    if different:
        found = ", ".join(f"{label(name)} (process {', '.join(map(str, ranks))} other than process 0)"
                          for name, ranks in different.items())
        raise BindError(f"the processes hold different values of {found}; {hint}")


def of_first(values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the values that process 0 has."""
    from jax.experimental import multihost_utils

    return [np.asarray(v) for v in multihost_utils.broadcast_one_to_all(tuple(values))]


def by_first(action: Callable[[], str]) -> str:
    """Let process 0 do something once; return in every process what it has returned, after it was done.

    Raises
    ------
    DeviceError
        In the others, if it has failed there or if a process is gone.
    """
    told: dict[str, Any] = {}
    failed: BaseException | None = None
    if jax.process_index() == 0:
        try:
            told = {"found": action()}
        except BaseException as error:  # The others wait, whatever it is.
            failed, told = error, {"error": f"{type(error).__name__}: {error}"[:200]}
    text = json.dumps(told).encode().ljust(_LONGEST)
    with device_errors("the other processes could not be reached"):
        sent = of_first([np.frombuffer(text, np.uint8)])[0]
    if failed is not None:
        raise failed
    answer = json.loads(sent.tobytes())
    if "error" in answer:
        raise DeviceError(f"process 0 failed: {answer['error']}")
    return answer["found"]
