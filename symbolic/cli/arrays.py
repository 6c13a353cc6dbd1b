"""Commands about arrays and operators: ``params`` and ``ops``."""

import inspect
import json
import math

import numpy as np

from ndarray import registry
from ndarray.array import NDArray
from ndarray.collector import without_collection
from ndarray.dtypes import is_floating
from ndarray.params import REQUIRED, describe
from ndarray.paramsfile import load
from ndarray.text import counted, label
from symbolic.functions import function


def params(options):
    """List the arrays of a ``.params`` file."""
    with without_collection():
        _params(options)


def _params(options):
    arrays = load(options.file)
    named = arrays.items() if isinstance(arrays, dict) else ((f"[{i}]", a) for i, a in enumerate(arrays))
    rows = facts(named)
    if options.json:
        print(json.dumps({"file": options.file, "names": isinstance(arrays, dict), "arrays": rows}, indent=2))
        return
    print_arrays(rows)
    print(f"{counted(len(rows), 'array')}, {sum(r['elements'] for r in rows):,} elements, "
          f"{sum(r['bytes'] for r in rows):,} bytes")


def facts(named):
    """Return types of arrays and summaries of their values, as dicts that JSON can hold.

    Parameters
    ----------
    named : iterable of (str, array)
    """
    rows, small, dtypes = [], {}, {}
    for name, array in named:
        held = [getattr(array, part) for part in _PARTS[array.stype]]
        held = [p._data if isinstance(p, NDArray) else np.asarray(p) for p in held]
        values = held[0]
        dtype, shape = values.dtype, array.shape
        named_dtype = dtypes.get(dtype) or dtypes.setdefault(dtype, dtype.name)
        rows.append({"name": name, "storage": array.stype, "dtype": named_dtype, "shape": list(shape),
                     "elements": math.prod(shape), "bytes": sum([p.nbytes for p in held])})
        if 0 < values.size <= _SMALL:
            small.setdefault(dtype, []).append((rows[-1], values))
        else:
            rows[-1] |= _summary(values)
    for each in small.values():
        _summarize(*zip(*each))
    return rows


_PARTS = {"default": ("_data",), "row_sparse": ("data", "indices"), "csr": ("data", "indices", "indptr")}
_SMALL = 64
"""Elements up to which arrays are looked at together: a file may have hundreds of thousands of them."""


def _summary(values):
    """Return the summary of the values of one array."""
    found = {}
    finite = values[np.isfinite(values)] if is_floating(values.dtype) else values
    if finite.size:
        found = {"min": finite.min().item(), "max": finite.max().item(), "mean": float(finite.mean(dtype=np.float64))}
    return found | {"nonfinite": int(values.size - finite.size)}


def _summarize(rows, arrays):
    """Add the summaries of arrays of one dtype, none of them empty, to their rows."""
    sizes = np.array([a.size for a in arrays])
    starts = np.cumsum(sizes) - sizes
    values = np.concatenate([a.reshape(-1) for a in arrays])
    finite = np.isfinite(values) if is_floating(values.dtype) else np.ones(values.size, bool)
    columns = [f.reduceat(values, starts).tolist() for f in (np.minimum, np.maximum)]
    with np.errstate(all="ignore"):
        means = (np.add.reduceat(values, starts, dtype=np.float64) / sizes).tolist()
    for row, array, whole, *found in zip(rows, arrays, np.logical_and.reduceat(finite, starts), *columns, means):
        row |= {**dict(zip(("min", "max", "mean"), found)), "nonfinite": 0} if whole else _summary(array)


def print_arrays(rows):
    """Print the `facts` of arrays as a table."""
    cells = [("name", "type", "elements", "bytes", "min", "max", "mean", "")]
    cells += [(label(r["name"]), _type(r), f"{r['elements']:,}", f"{r['bytes']:,}",
               *(_number(r.get(k)) for k in ("min", "max", "mean")),
               f"{r['nonfinite']:,} not finite" if r["nonfinite"] else "") for r in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    form = "  ".join([f"{{:{'<' if k < 2 else '>'}{w}}}" for k, w in enumerate(widths[:7])] + ["{}"]).format
    print("\n".join([form(*row).rstrip() for row in cells]))


def _type(row):
    dims = "×".join(map(str, row["shape"])) or "scalar"
    return f"{row['dtype']} {dims}" + ("" if row["storage"] == "default" else f" {row['storage']}")


def _number(value):
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def ops(options):
    """List the operators, or document one."""
    if options.name is None:
        _list_operators(options.json)
        return
    op = registry.get(options.name)
    if options.json:
        print(json.dumps(_schema(op) | {"doc": inspect.cleandoc(op.__doc__ or "")}, indent=2))
        return
    make = function(options.name)
    print(f"{op.name}{inspect.signature(make)}")
    if op.aliases:
        print(f"also called {', '.join(op.aliases)}")
    if op.writes:
        print(f"writes {', '.join(op.writes)}")
    print(f"\n{make.__doc__}")


def _list_operators(as_json):
    found = sorted(registry.operators(), key=lambda op: op.name.lower().lstrip("_"))
    if as_json:
        print(json.dumps([_schema(op) for op in found], indent=2))
        return
    width = max(len(op.name) for op in found)
    for op in found:
        print(f"{op.name:{width}}  {inspect.cleandoc(op.__doc__ or '').partition(chr(10))[0]}")


def _schema(op):
    return {"name": op.name, "aliases": list(op.aliases),
            "inputs": [{"name": i.name, "many": i.many is not None, "written": i.name in op.writes} for i in op.inputs],
            "params": [{"name": p.name, "type": describe(p), "required": p.default is REQUIRED}
                       | ({} if p.default is REQUIRED else {"default": p.default}) for p in op.params.values()]}
