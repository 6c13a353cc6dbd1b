"""Commands about arrays and operators: ``params`` and ``ops``."""

import inspect
import json
import math

import numpy as np

from ndarray import registry
from ndarray.array import NDArray
from ndarray.dtypes import is_floating
from ndarray.params import REQUIRED, describe
from ndarray.paramsfile import load
from ndarray.text import printable
from symbolic.functions import function


def params(options):
    """List the arrays of a ``.params`` file."""
    arrays = load(options.file)
    named = arrays.items() if isinstance(arrays, dict) else ((f"[{i}]", a) for i, a in enumerate(arrays))
    rows = [facts(name, array) for name, array in named]
    if options.json:
        print(json.dumps({"file": options.file, "names": isinstance(arrays, dict), "arrays": rows}, indent=2))
        return
    print_arrays(rows)
    print(f"{len(rows)} arrays, {sum(r['elements'] for r in rows):,} elements, {sum(r['bytes'] for r in rows):,} bytes")


def facts(name, array):
    """Return an array's type and a summary of its values as a dict that JSON can hold."""
    parts = {"default": ("_data",), "row_sparse": ("data", "indices"),
             "csr": ("data", "indices", "indptr")}[array.stype]
    held = [getattr(array, p) for p in parts]
    held = [p._data if isinstance(p, NDArray) else np.asarray(p) for p in held]
    values = held[0]
    found = {"name": name, "storage": array.stype, "dtype": np.dtype(array.dtype).name, "shape": list(array.shape),
             "elements": math.prod(array.shape), "bytes": sum(p.nbytes for p in held)}
    finite = values[np.isfinite(values)] if is_floating(values.dtype) else values
    if finite.size:
        found |= {"min": finite.min().item(), "max": finite.max().item(), "mean": float(finite.mean(dtype=np.float64))}
    return found | {"nonfinite": int(values.size - finite.size)}


def print_arrays(rows):
    """Print the `facts` of arrays as a table."""
    cells = [("name", "type", "elements", "bytes", "min", "max", "mean", "")]
    cells += [(printable(r["name"]), _type(r), f"{r['elements']:,}", f"{r['bytes']:,}",
               *(_number(r.get(k)) for k in ("min", "max", "mean")),
               f"{r['nonfinite']:,} not finite" if r["nonfinite"] else "") for r in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    for row in cells:
        left = [text.ljust(w) for text, w in zip(row[:2], widths)]
        right = [text.rjust(w) for text, w in zip(row[2:7], widths[2:])]
        print("  ".join([*left, *right, row[7]]).rstrip())


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
