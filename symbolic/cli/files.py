"""What commands read and write: graphs, arrays, and the values of their options."""

import argparse
import io
import os
import sys
import warnings
import zipfile

import numpy as np

from ndarray import paramsfile, registry
from ndarray.array import NDArray
from ndarray.atomic import write_atomically
from ndarray.dtypes import dtype_of, is_known, native
from ndarray.errors import DTypeError, FormatError, LimitError, ParamError
from ndarray.errors import unknown as unknown_name
from symbolic.graph.unregistered import unregistered_nodes
from symbolic.save import npz
from symbolic.save.json.limits import Limits
from symbolic.save.json.read import loads, read_bytes

_MOST_WARNINGS = 20
"""How many unknown operators are warned of one by one."""

_PARAMS_MAGIC = (0x112).to_bytes(8, "little")


def parse_shape(text):
    """Return the name and the shape in ``NAME=2,3``."""
    name, equals, dims = text.rpartition("=")
    try:
        shape = tuple(int(d) for d in dims.split(",") if d.strip() or dims.strip())
    except ValueError:
        shape = (-1,)
    if not equals or not name or any(d < 0 for d in shape):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=1,3,224,224")
    return name, shape


def parse_dtype(text):
    """Return the name, None for all variables, and the dtype in ``NAME=float16`` or ``float16``."""
    name, _, dtype = text.rpartition("=")
    try:
        return name or None, dtype_of(dtype)
    except DTypeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def dtypes_of(options):
    """Return the value of ``--dtype`` as a dict by name, a dtype for all variables, or None."""
    found = dict(options.dtype)
    if None in found and len(found) > 1:
        raise ParamError("--dtype is given for all variables and for some")
    return found.get(None, found) if found else None


def watch(what):
    """Return a function that goes through a list and, on a terminal, shows how far it is once it takes a second."""
    try:
        from tqdm import tqdm
    except ImportError:
        return iter
    return lambda items: tqdm(items, desc=what, delay=1, disable=None, leave=False)


def read_file(path):
    """Return the bytes of a file, of standard input for ``-``."""
    if path != "-":
        return read_bytes(path)
    if sys.stdin is None:
        raise ParamError("standard input is closed")
    limit = Limits().text
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise LimitError(f"standard input has more than {limit} bytes")
    return data


def is_params(data):
    """Tell whether bytes are a file of arrays."""
    return data.startswith(_PARAMS_MAGIC)


def read_graph(path, unknown="error"):
    """Return the graph that a file holds; `unknown` as in `symbolic.save.json.read.loads`."""
    shown_path = "standard input" if path == "-" else path
    try:
        data = read_file(path)
        if is_params(data):
            raise FormatError("holds arrays, not a graph; `symbolic params` lists them")
        graph = loads(data, watch=watch("reading"), unknown=unknown, origin=shown_path)
    except (FormatError, LimitError) as error:
        raise type(error)(f"{shown_path}: {error}") from None
    missing = {n.op.name: n for n in reversed(unregistered_nodes(graph))}
    for name, node in list(missing.items())[:_MOST_WARNINGS]:
        warnings.warn(f"{node.location}.op: {unknown_name('operator', name, registry.names())}; "
                      "kept without its meaning", UserWarning, stacklevel=2)
    if len(missing) > _MOST_WARNINGS:
        warnings.warn(f"{len(missing) - _MOST_WARNINGS:,} more operators that are not registered are kept without "
                      "their meaning", UserWarning, stacklevel=2)
    return graph


def read_arrays(path):
    """Return the arrays of a ``.npz`` or ``.params`` file by name, without a checkpoint's ``arg:`` and ``aux:``."""
    if os.path.splitext(path)[1].lower() == ".npz":
        return {name: NDArray(data) for name, data in _read_npz(path).items()}
    arrays = paramsfile.load(path)
    if isinstance(arrays, list):
        raise FormatError(f"{path}: the arrays have no names, so they cannot be bound")
    return {name.removeprefix("arg:").removeprefix("aux:"): a for name, a in arrays.items()}


def read_values(graph, paths):
    """Return the values of a graph's variables that files of arrays hold."""
    given = {}
    for path in paths:
        given |= read_arrays(path)
    names = {n.name for n in graph.variables}
    others = [name for name in given if name not in names]
    for name in others[:_MOST_WARNINGS]:
        warnings.warn(unknown_name("variable", name, names), UserWarning, stacklevel=2)
    if len(others) > _MOST_WARNINGS:
        warnings.warn(f"{len(others) - _MOST_WARNINGS:,} more arrays that no variable has the name of", UserWarning,
                      stacklevel=2)
    return {name: value for name, value in given.items() if name in names}


def _read_npz(path):
    try:
        with open(path, "rb") as file:
            arrays = npz.read(file)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    for name, array in arrays.items():
        if not is_known(native(array.dtype)):
            raise DTypeError(f"{path}: {name} has dtype {array.dtype}, which is not supported")
    return arrays


def save_arrays(path, arrays):
    """Write NumPy arrays to a ``.npz`` or ``.params`` file, whole or not at all."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".params":
        paramsfile.save(path, {name: NDArray(a) for name, a in arrays.items()})
        return
    if suffix != ".npz":
        raise ParamError(f"{path} must end in .npz or .params")
    # Not numpy.savez, for which some names have a meaning.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
    write_atomically(path, buffer.getvalue())


def write_text(path, text):
    """Print a text, or write it to a file where a path is given, whole or not at all."""
    if path is None:
        sys.stdout.write(text)
    else:
        write_atomically(path, text.encode())
