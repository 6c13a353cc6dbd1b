"""Start a program as several processes on this machine: ``python -m symbolic.jax.launch -n 2 program.py``.

Each process finds the others by `symbolic.jax.initialize`, called without arguments.  What they print is passed on with
the rank before each line.  When one fails, the others get a moment to fail as well, and are then killed; the status is
that of the one that failed first.  One that a signal has stopped is killed after a while, since the others wait for it.
A process that ends early or is stopped may let the others fail first: then it is named.
On a cluster use its own launcher: srun, mpirun, Kubernetes or Ray.
"""

import argparse
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

GRACE = 5.0
"""Seconds for the others to end by themselves after one has failed, by default."""

STOPPED = 15.0
"""Seconds for which a process may be stopped, by default; JAX notices it after 100."""

_LOOK = 0.5
"""Seconds between looks at who is stopped."""

# `sys.exit(1)` runs no exception hook: a process that leaves so would wait for the others, and they for it.
_CHILD = """
import os, runpy, sys
del sys.argv[0]
ended = sys.argv.pop(0)
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    if code:
        if not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 255)
open(ended, "x").close()
"""


def launch(program: Sequence[str], n: int = 2, grace: float = GRACE, env: Mapping[str, str] | None = None,
           stopped: float = STOPPED) -> int:
    """Run a Python program in several processes that can join; return 0, or the status of the first that failed.

    Parameters
    ----------
    program : sequence of str
        The path of the program and its arguments.
    n : int, optional
        How many processes.
    grace : float, optional
        Seconds after which the others are killed when one has failed.
    env : dict of str to str, optional
        In place of this process's environment.
    stopped : float, optional
        Seconds after which a process is killed that is stopped (SIGSTOP or SIGTSTP) while this one is not.

    Returns
    -------
    int
        A process that a signal has ended counts as 128 and the signal's number, as in a shell.
    """
    address = f"127.0.0.1:{_free_port()}"
    shared = dict(os.environ if env is None else env) | {
        "JAX_COORDINATOR_ADDRESS": address, "JAX_COORDINATOR_BIND_ADDRESS": address, "JAX_NUM_PROCESSES": str(n),
        "PYTHONUNBUFFERED": "1"}
    processes: list[subprocess.Popen[bytes]] = []
    readers: list[threading.Thread] = []
    folder = tempfile.TemporaryDirectory(prefix="launch-")
    done = [Path(folder.name, str(rank)) for rank in range(n)]
    try:
        for rank in range(n):
            process = subprocess.Popen([sys.executable, "-c", _CHILD, str(done[rank]), *program],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=shared | {"JAX_PROCESS_ID": str(rank)})
            processes.append(process)
            for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
                readers.append(threading.Thread(target=_pass_on, args=(rank, source, target), daemon=True))
                readers[-1].start()
        status = _wait(processes, done, grace, stopped)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        folder.cleanup()
    for reader in readers:
        reader.join(timeout=5)  # A grandchild may hold the pipe open.
    return status


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait(processes: Sequence[subprocess.Popen[bytes]], done: Sequence[Path], grace: float, stopped: float) -> int:
    """Return the status of the first process that fails, some time after it has; 0 when all have ended well.

    Processes that are stopped are killed after a while.

    `done` are files that exist once the programs have come to their ends, where they may wait for the others.
    """
    ended: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for rank, process in enumerate(processes):  # A thread for each: two may end within one look at all of them.
        threading.Thread(target=lambda rank=rank, one=process: ended.put((rank, one.wait())), daemon=True).start()
    status, until, well, running = 0, None, set(), len(processes)
    looks = [0] * len(processes)  # so many times in a row each was stopped; while this process is, there are none
    while running:
        try:
            rank, found = ended.get(timeout=_LOOK if until is None else max(0.0, min(_LOOK, until - time.monotonic())))
        except queue.Empty:
            if until is not None and time.monotonic() >= until:
                break
            looks = [n + 1 if _is_stopped(process.pid) else 0 for n, process in zip(looks, processes)]
            _kill_stopped(processes, looks, stopped)
            continue
        running -= 1
        if not found:
            well.add(rank)
        elif not status:
            status, until = found, time.monotonic() + grace
            how = f"was ended by signal {-found}" if found < 0 else f"ended with status {found}"
            early = [k for k, path in enumerate(done) if k in well or path.exists()]
            others = [k for k, process in enumerate(processes) if _is_stopped(process.pid)]
            sys.stderr.write(f"launch: process {rank} {how}{_blamed(early, others, len(processes))}; the others have "
                             f"{grace:g} s to end\n")
    return 128 - status if status < 0 else status


def _kill_stopped(processes: Sequence[subprocess.Popen[bytes]], looks: Sequence[int], stopped: float) -> None:
    """Kill each process that was stopped at so many looks in a row that its time is over."""
    for rank, (process, n) in enumerate(zip(processes, looks)):
        if n and n * _LOOK >= stopped:
            sys.stderr.write(f"launch: process {rank} has been stopped for {stopped:g} s (SIGSTOP or SIGTSTP), and is "
                             "killed\n")
            process.kill()


def _blamed(early: Sequence[int], stopped: Sequence[int], n: int) -> str:
    """Return what is said of processes that are stopped, or at the end of the program when others are not."""
    found = ""
    if 0 < len(early) < n:
        found += (f"; {_processes(early)} had come to the end of the program before, without "
                  f"{'the other' if n - len(early) == 1 else 'the others'}")
    if stopped:
        found += f"; {_processes(stopped)} {'is' if len(stopped) == 1 else 'are'} stopped (SIGSTOP or SIGTSTP)"
    return found


def _processes(ranks: Sequence[int]) -> str:
    return f"process{'es' * (len(ranks) > 1)} {', '.join(map(str, ranks))}"


def _is_stopped(pid: int) -> bool:
    """Tell whether a signal has stopped a process, where the system can say so."""
    if not hasattr(os, "waitid"):
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False  # It has ended.


def _pass_on(rank: int, source: IO[bytes], target: IO[str]) -> None:
    """Copy lines, the rank before each, whole lines at a time."""
    with source:
        for line in source:
            target.write(f"[{rank}] {line.decode(errors='replace').rstrip(chr(10))}\n")
            target.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser(prog="python -m symbolic.jax.launch", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=_count, default=2, metavar="COUNT", help="how many processes; 2 by default")
    parser.add_argument("--grace", type=float, default=GRACE, metavar="SECONDS",
                        help="after one has failed, how long the others may take to end; %(default)s by default")
    parser.add_argument("--stopped", type=float, default=STOPPED, metavar="SECONDS",
                        help="how long one may be stopped by a signal before it is killed; %(default)s by default")
    parser.add_argument("program", help="the path of a Python program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program is given")
    options = parser.parse_args(arguments)
    if not os.path.isfile(options.program):
        parser.error(f"{options.program}: no such file")
    # A launcher that is asked to end takes its processes along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return launch([options.program, *options.arguments], options.n, options.grace, stopped=options.stopped)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of processes from 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
