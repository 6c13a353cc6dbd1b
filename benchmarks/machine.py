"""The machine of a run: what is printed with each table and kept with each result, and whether it is steady enough."""

import datetime
import json
import os
import platform
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep

from ndarray.kernels import calibration, machine_code
from ndarray.kernels.threads import get_num_threads

RESULTS = Path(__file__).parent / "results"
STEADY = 1.15
"""How many times its lower quartile the upper quartile of the limit may take before a table is worth nothing."""
ROUNDS, SECONDS, PAUSE = 24, 0.02, 0.05


def facts() -> dict[str, object]:
    """Return what a result depends on, by name; None for what there is not without llvmlite."""
    compiles = machine_code.available()
    if compiles:
        calibration.prepare(0)
    return {"processor": calibration.processor_name(), "caches": caches(), "processors": os.cpu_count(),
            "threads": get_num_threads(), "system": platform.system(),
            "LLVM name": machine_code.processor() if compiles else None,
            "calibration": str(calibration.calibration()) if compiles else None, "Python": platform.python_version(),
            "NumPy": version("numpy"), "llvmlite": version("llvmlite") if compiles else None}


def caches() -> dict[str, str]:
    """Return the sizes of the first processor's caches as Linux reports them, by name."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        found[f"L{level}" + {"Data": "d", "Instruction": "i"}.get(kind, "")] = size
    return found


def title(known: Mapping[str, object]) -> str:
    """Return the name of a kind of machine."""
    return f"{known['processor']} ({known['LLVM name']}), {known['processors']} cores"


def text(known: Mapping[str, object]) -> str:
    """Return the facts in lines."""
    shown = {name: ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
             for name, value in known.items() if value is not None}
    return "\n".join(f"{name + ':':14}{value}" for name, value in shown.items())


def spread(limit: Callable[[], None]) -> float:
    """Return how many times its lower quartile the upper quartile of the streaming limit takes.

    Parameters
    ----------
    limit : callable
        One step of the limit.
    """
    limit()
    times = []
    for _ in range(ROUNDS):
        sleep(PAUSE)
        steps, start = 0, perf_counter()
        while not steps or perf_counter() - start < SECONDS:
            limit()
            steps += 1
        times.append((perf_counter() - start) / steps)
    lower, _, upper = quantiles(times, n=4)
    return upper / lower


def verdict(found: float) -> str:
    """Return what the spread of the limit means for a table, in one line."""
    if found <= STEADY:
        return f"self-check: the limit is steady (its quartiles differ by {found - 1:.0%})"
    return f"self-check: the limit itself varies by {found - 1:.0%}: THIS TABLE IS WORTH NOTHING; is the machine idle?"


def keep(known: Mapping[str, object], found: float | None, seconds: Mapping[str, Mapping[str, float]],
         folder: Path | None = None, **more: object) -> Path:
    """Append a run to the results of this kind of processor, and return their file.

    Parameters
    ----------
    known : dict
        `facts`.
    found : float or None
        `spread`; None where no limit is measured, and all are in turn.
    seconds : dict
        Of each workload, the seconds of a step of each contestant.
    folder : Path, optional
        In place of `RESULTS`.
    **more : object
        What else belongs to the run.
    """
    folder = folder or RESULTS
    name = re.sub(r"[^a-z0-9]+", "-", f"{known['processor']} {known['LLVM name'] or ''}".lower()).strip("-")
    path = folder / f"{name}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    steady = {} if found is None else {"steady": found <= STEADY, "spread": round(found, 3)}
    runs.append({"at": now, **steady, **more, "machine": dict(known),
                 "seconds": {workload: {who: float(f"{t:.4g}") for who, t in times.items()}
                             for workload, times in seconds.items()}})
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    return path
