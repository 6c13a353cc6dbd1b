"""Ctrl-C while the command line is still being imported, or no longer runs: it ends the process in silence."""

import os
import sys

# The functions of `signal` come from here; it would import more than all else that this file needs.
from _signal import SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]


def end_quietly_if_command() -> None:
    """Let Ctrl-C end this process at once, with exit code 130, if it is the command line and not a user's program."""
    if _is_command(sys.argv, sys.orig_argv) and getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, end)


def end(number: int, frame: object) -> None:
    """End the process as a shell reports a signal: a handler of signals."""
    os._exit(128 + number)


def _is_command(argv: list[str], whole: list[str]) -> bool:
    """Tell whether a process was started as ``python -m symbolic`` or by the script that pip installs.

    Examples
    --------
    >>> _is_command(["-m", "ops"], ["python", "-m", "symbolic", "ops"]), _is_command(["train.py"], ["train.py"])
    (True, False)
    """
    program = argv[0] if argv else ""
    if program == "-m":  # until the module has been found
        return whole[whole.index("-m") + 1:][:1] == ["symbolic"] if "-m" in whole else False
    folder, name = os.path.split(program)
    # The script is beside Python; a user's program of this name is elsewhere.
    return name in ("symbolic", "symbolic.exe") and folder == os.path.dirname(sys.executable)
