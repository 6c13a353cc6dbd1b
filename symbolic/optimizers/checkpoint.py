"""Checkpoints of a training: graph, arrays, counts, schedule and random state, written so that no kill tears them.

A checkpoint is a folder of its own within the folder of the training, and is complete before anything refers to it::

    folder/
        latest                    one line: the name of the newest checkpoint
        update-00000042/
            graph.json            the step, as MXNet's symbol JSON
            arrays.safetensors    parameters, states and whatever else was given, by the names of variables
            training.json         number of updates, learning rate, random state, shapes of the inputs
            manifest.json         size and SHA-256 of each of these files; written last
"""

import dataclasses
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ndarray import random
from ndarray.atomic import write_atomically
from ndarray.errors import FormatError, ParamError, UnknownNameError, shown, unknown
from symbolic.create import load_json
from symbolic.optimizers import schedules
from symbolic.symbol import Symbol

FORMAT = 1
"""Version of the layout, in each manifest."""

GRAPH, ARRAYS, TRAINING, MANIFEST, LATEST = ("graph.json", "arrays.safetensors", "training.json", "manifest.json",
                                             "latest")
_UNFINISHED = ".unfinished-"


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes
    ----------
    path : Path
        Its own folder.
    step : Symbol
    arrays : dict of str to numpy.ndarray
        By the names of variables.
    num_update : int
    lr : float, Scheduler, str or None
        A str names a callable of the user, which no file can hold.
    inputs : dict of str to tuple of int
        Shapes of the variables without array here: the data of each update.
    random_state : dict
        Of `ndarray.random`'s generator.
    """

    path: Path
    step: Symbol
    arrays: dict[str, np.ndarray]
    num_update: int
    lr: Any
    inputs: dict[str, tuple[int, ...]]
    random_state: dict[str, Any]


def write(folder: str | os.PathLike[str], step: Symbol, arrays: Mapping[str, np.ndarray], num_update: int, lr: Any,
          inputs: Mapping[str, tuple[int, ...]], keep: int = 2) -> Path:
    """Write a checkpoint, then let `latest` name it, then remove the oldest ones.

    Parameters
    ----------
    folder : str or path
        Of the training; made if there is none.
    step, arrays, num_update, lr, inputs : object
        See `Checkpoint`.
    keep : int, optional
        How many checkpoints stay, at least 1.

    Returns
    -------
    Path
        The folder of the new checkpoint.

    Raises
    ------
    ParamError
        If `keep` is not a positive integer.
    OSError
        If something cannot be written; the checkpoints before are whole.
    """
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise ParamError(f"keep must be a positive integer, got {shown(keep)}")
    from safetensors.numpy import save_file  # extra `checkpoint`

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Named before it is made: an interrupt at any moment knows what to remove.
    unfinished = folder / f"{_UNFINISHED}{os.urandom(8).hex()}"
    try:
        unfinished.mkdir(0o700)
        save_file({name: np.asarray(a, order="C") for name, a in arrays.items()}, unfinished / ARRAYS)
        _write_synced(unfinished / GRAPH, step.tojson())
        training = {"num_update": num_update, "lr": _lr_to_json(lr), "inputs": {k: list(v) for k, v in inputs.items()},
                    "random_state": random.get_state()}
        _write_synced(unfinished / TRAINING, json.dumps(training, indent=1))
        files = {name: _fingerprint(unfinished / name) for name in (GRAPH, ARRAYS, TRAINING)}
        _sync(unfinished / ARRAYS)
        _write_synced(unfinished / MANIFEST, json.dumps({"format": FORMAT, "files": files}, indent=1))
        os.chmod(unfinished, 0o777 & ~_umask())
        _sync(unfinished)
        finished = _free_name(folder, num_update)
        os.rename(unfinished, finished)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync(folder)
    write_atomically(folder / LATEST, f"{finished.name}\n".encode())
    _sync(folder)
    _remove_old(folder, finished, keep)
    return finished


def read(folder: str | os.PathLike[str]) -> Checkpoint:
    """Read the newest checkpoint of a training, or the checkpoint in a folder of its own.

    Every file is compared with the manifest first.

    Raises
    ------
    FormatError
        Naming the file, if one is missing, damaged, or not what it should be.
    FileNotFoundError
        If there is no checkpoint.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file  # extra `checkpoint`

    path = _newest(Path(folder))
    manifest = _read_json(path / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise FormatError(f"{path / MANIFEST}: expected format {FORMAT}, got {shown(manifest.get('format'))}; "
                          "it was written by another version")
    for name in (GRAPH, ARRAYS, TRAINING):
        _check(path / name, manifest.get("files", {}).get(name))
    training = _read_json(path / TRAINING)
    try:
        arrays = load_file(path / ARRAYS)
        return Checkpoint(path, load_json((path / GRAPH).read_text(encoding="utf-8")), arrays, training["num_update"],
                          _lr_from_json(training["lr"]), {k: tuple(v) for k, v in training["inputs"].items()},
                          training["random_state"])
    except (SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path}: not a checkpoint that this version can read: {error}") from error


def checksum(saved: Checkpoint) -> int:
    """Return a checksum of all that a checkpoint holds."""
    return zlib.crc32((saved.path / MANIFEST).read_bytes())


def matched(saved: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray | None],
            rename: Mapping[str, str] | Callable[[str], str] | None = None, strict: bool = True
            ) -> dict[str, np.ndarray]:
    """Return the saved arrays under the names that are expected now.

    Parameters
    ----------
    saved : dict of str to array
    expected : dict of str to (array or None)
        Arrays like those that are expected, of their shapes and dtypes; None where any will do.
    rename : dict of str to str, or callable, optional
        From a saved name to the expected one; names left out of a dict stay.
    strict : bool, optional
        Raise unless names, shapes and dtypes are the same; otherwise return what fits.

    Raises
    ------
    FormatError
        Listing by name every array that is missing, additional, or of another shape or dtype.
    UnknownNameError
        If `rename` names an array that was not saved.
    ParamError
        If two arrays get one name.

    Examples
    --------
    >>> import numpy as np
    >>> matched({"old": np.ones(2)}, {"new": np.zeros(2)}, rename={"old": "new"})
    {'new': array([1., 1.])}
    """
    found = renamed(saved, rename)
    missing = [name for name in expected if name not in found]
    additional = [name for name in found if name not in expected]
    different = [name for name, like in expected.items()
                 if name in found and like is not None and _kind(found[name]) != _kind(like)]
    if strict and (missing or additional or different):
        lines = [f"  missing in the checkpoint: {name}" for name in missing]
        lines += [f"  only in the checkpoint: {name}, {_kind(found[name])}" for name in additional]
        lines += [f"  {name}: expected {_kind(expected[name])}, got {_kind(found[name])}" for name in different]
        raise FormatError("the checkpoint does not fit, and nothing was loaded; pass rename={saved: expected}, or "
                          "strict=False to load what fits\n" + "\n".join(lines))
    return {name: array for name, array in found.items() if name in expected and name not in different}


def renamed(saved: Mapping[str, np.ndarray], rename: Mapping[str, str] | Callable[[str], str] | None
            ) -> dict[str, np.ndarray]:
    """Return saved arrays under their new names; see `matched`."""
    if rename is None:
        return dict(saved)
    if not callable(rename):
        if not isinstance(rename, Mapping):
            raise ParamError(f"rename must be a dict of names, or a function of a name, got {shown(rename)}")
        for name in rename:
            if name not in saved:
                raise UnknownNameError(f"rename: {unknown('saved array', name, saved)}")
    found = {}
    for name, array in saved.items():
        new = rename(name) if callable(rename) else rename.get(name, name)
        if not isinstance(new, str):
            raise ParamError(f"rename: the new name of {shown(name)} must be a str, got {shown(new)}")
        if new in found:
            raise ParamError(f"rename: two saved arrays would be named {shown(new)}")
        found[new] = array
    return found


def _kind(array):
    return f"{array.dtype} of shape {array.shape}"


def _newest(folder):
    if (folder / MANIFEST).exists():
        return folder
    pointer = folder / LATEST
    if not pointer.exists():
        raise FileNotFoundError(f"{folder}: no checkpoint: there is neither {LATEST} nor {MANIFEST}")
    name = pointer.read_text(encoding="utf-8").strip()
    path = folder / name
    if path.parent != folder or not (path / MANIFEST).exists():
        others = ", ".join(p.name for p in _finished(folder))
        raise FormatError(f"{pointer} names {shown(name)}, which has no {MANIFEST} here; whole checkpoints: "
                          f"{others or 'none'}")
    return path


def _finished(folder):
    """Return the complete checkpoints of a training, the oldest first."""
    found = [p for p in folder.glob("update-*") if (p / MANIFEST).exists()]
    return sorted(found, key=lambda p: ((p / MANIFEST).stat().st_mtime_ns, p.name))


def _free_name(folder, num_update):
    path, number = folder / f"update-{num_update:08d}", 0
    while path.exists():
        number += 1
        path = folder / f"update-{num_update:08d}-{number}"
    return path


def _remove_old(folder, newest, keep):
    others = [p for p in _finished(folder) if p != newest]
    for path in (*others[:max(len(others) - (keep - 1), 0)], *folder.glob(f"{_UNFINISHED}*")):
        shutil.rmtree(path, ignore_errors=True)


def _fingerprint(path):
    with open(path, "rb") as file:
        return {"size": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _check(path, expected):
    try:
        found = _fingerprint(path)
    except FileNotFoundError:
        raise FormatError(f"{path}: the file is missing") from None
    if found != expected:
        raise FormatError(f"{path}: the file is damaged: expected {shown(expected)}, got {shown(found)}; an older "
                          f"checkpoint may be whole: pass its folder, next to {path.parent.name}")


def _write_synced(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path):
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _read_json(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FormatError(f"{path}: the file is missing") from None
    except ValueError as error:
        raise FormatError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise FormatError(f"{path}: expected a JSON object, got {shown(found)}")
    return found


def _lr_to_json(lr):
    if isinstance(lr, schedules.Scheduler):
        return {"schedule": type(lr).__name__, "parameters": dataclasses.asdict(lr)}
    if callable(lr):
        return {"callable": getattr(lr, "__qualname__", type(lr).__qualname__)}
    return lr if lr is None else float(lr)


def _lr_from_json(found):
    if not isinstance(found, dict):
        return found
    if "callable" in found:
        return str(found["callable"])
    kind = getattr(schedules, found["schedule"], None)
    if not (isinstance(kind, type) and issubclass(kind, schedules.Scheduler)):
        raise FormatError(f"training.json: unknown schedule {shown(found['schedule'])}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in found["parameters"].items()})
