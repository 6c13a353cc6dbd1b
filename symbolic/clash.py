"""Whether another project owns one of our import names in this environment."""

import sys
import warnings
from importlib.util import find_spec
from os import listdir
from os.path import dirname, isfile, join

_ADVICE = ("symbolic-ndarray owns the import names `symbolic` and `ndarray`; "
           "give each of the two projects an environment of its own")


def check(paths=None):
    """Complain where another project of PyPI has replaced ours.

    Parameters
    ----------
    paths : list of str, optional
        Folders in which installed projects are looked for, by default ``sys.path``.

    Raises
    ------
    ImportError
        If ``import ndarray`` would find a package that is not ours.

    Warns
    -----
    UserWarning
        If a project named ``symbolic`` or ``ndarray`` is installed, whose files ours overwrite or hide.
    """
    spec = find_spec("ndarray")
    if spec is not None and not _ours(spec):
        where = spec.origin or ", ".join(spec.submodule_search_locations or ())
        raise ImportError(f"`import ndarray` finds another project's package, {where}; {_ADVICE}", name="ndarray")
    for path, name, version in _installed(sys.path if paths is None else paths):
        warnings.warn(f"{name} {version} is installed in {path} and owns the import name `{name}`, too: "
                      f"the one hides or overwrites the other's files; {_ADVICE}", stacklevel=3)


def _ours(spec):
    return spec.origin is not None and isfile(join(dirname(spec.origin), "tensortype.py"))


def _installed(paths):
    """Yield folder, name and version of each installed project that is named like one of our packages."""
    for path in dict.fromkeys(paths):
        try:
            entries = listdir(path or ".")
        except OSError:
            continue  # `sys.path` may hold archives and folders that do not exist.
        for entry in entries:
            stem, _, ending = entry.rpartition(".")
            name, _, version = stem.partition("-")
            if ending in ("dist-info", "egg-info") and name in ("symbolic", "ndarray"):
                yield path, name, version
