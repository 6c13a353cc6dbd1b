"""Mutated symbol and ``.params`` files: changed as bytes, as documents, in their numbers, shapes, dtypes and texts."""

import json
import random
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ODD = [None, True, -1, 0, 1, 2, 10**9, 10**30, 0.5, 1e308, "", "x", "null", "%0", "(1, 2)", "[", "None", "nan",
       "\ud800", "\x00", "\x1b[31m", "\u202e", "9" * 40, "n" * 5000, [], {}, [[]], [0, 0, 0], [10**9, 0, 0]]
"""Values that a file should not hold where they are put."""

PARAMS = ["()", "(0,)", "(-1,)", "(1000000000, 1000000000)", "1000000000", "-5", "1e400", "inf", "True", "None", "%1",
          "((1,))", "(2, 3)", "0", "1", "2", "float16", "int32", "0.5", "(1, 1, 1, 1, 1, 1, 1)", "1e-40", "add", "[]"]
"""Texts of attributes that may or may not mean something."""

NAMES = ["shape", "axis", "__shape__", "__dtype__", "__updates__", "__init__", "__storage_type__", "num_args", "kernel",
         "num_weights", "dtype", "lr", "__region__", "heads", "wrt", "ctx_group"]
"""Attributes that are added to nodes."""

NUMBERS = [0, 1, 2, 3, -1, 7, 32, 33, 255, 1 << 16, (1 << 31) - 1, -(1 << 31), 1 << 32, 1 << 40, (1 << 63) - 1,
           -(1 << 63), 0x112, 0xF993FAC8, 0xF993FAC9, 0xF993FACA]
"""Integers that are written over those of a file of arrays."""


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes that differ in a few places."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, length = rng.randrange(len(found) + 1), rng.choice((1, 1, 4, 8, 64))
        kind = rng.randrange(5)
        if kind == 0:
            found[at:at + length] = rng.randbytes(length)
        elif kind == 1:
            del found[at:at + length]
        elif kind == 2:
            found[at:at] = found[at:at + length]
        elif kind == 3:
            del found[at:]
        elif at < len(found):
            found[at] = rng.choice((0, 0xFF, 0x80, found[at] ^ 1 << rng.randrange(8)))
    return bytes(found)


def mutated_numbers(data: bytes, rng: random.Random) -> bytes:
    """Return a file of arrays in which a few integers are others: counts, ranks, lengths, dtypes, indices."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        wide = rng.random() < 0.5
        size = 8 if wide else 4
        if len(found) < size:
            break
        at = rng.randrange(0, len(found) - size + 1, 4)
        old = int.from_bytes(found[at:at + size], "little")
        new = rng.choice([*NUMBERS, old + 1, old - 1, old * 2])
        found[at:at + size] = struct.pack("<Q" if wide else "<I", new & ((1 << 8 * size) - 1))
    return bytes(found)


def mutated_document(document: dict, rng: random.Random) -> str:
    """Return the JSON of a graph in which a few values were changed, moved or removed."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 2, 4))):
        nodes = document.get("nodes")
        node = rng.choice(nodes) if isinstance(nodes, list) and nodes else None
        if not isinstance(node, dict) or rng.random() < 0.1:
            document[rng.choice(["nodes", "heads", "arg_nodes", "attrs", "node_row_ptr"])] = rng.choice(ODD)
        else:
            _mutate_node(node, nodes, rng)
    return json.dumps(document)


def _mutate_node(node: dict, nodes: list, rng: random.Random) -> None:
    kind, attrs = rng.randrange(9), node.get("attrs")
    if kind == 0:
        node[rng.choice(["op", "name", "inputs", "attrs", "attr", "param"])] = rng.choice(ODD)
    elif kind in (1, 2) and isinstance(attrs, dict) and attrs:
        key = rng.choice(list(attrs))
        attrs[key] = _near(attrs[key], rng) if rng.random() < 0.6 else rng.choice([*PARAMS, *ODD])
    elif kind == 3 and isinstance(node.setdefault("attrs", {}), dict):
        node["attrs"][rng.choice(NAMES)] = rng.choice(PARAMS)
    elif kind == 4 and isinstance(node.get("inputs"), list):
        node["inputs"] = [[rng.randrange(len(nodes)), rng.randrange(3), 0] for _ in range(rng.randrange(4))]
    elif kind == 5 and isinstance(other := rng.choice(nodes), dict):
        node["op"] = other.get("op", "null") if rng.random() < 0.3 else rng.choice(operators())
    elif kind == 6 and isinstance(node.get("inputs"), list) and node["inputs"]:
        each = rng.choice(node["inputs"])
        if isinstance(each, list) and each:
            each[rng.randrange(len(each))] = rng.choice([0, 1, 2, -1, len(nodes), rng.randrange(len(nodes)), None])
    elif kind == 7 and isinstance(attrs, dict) and attrs:
        del attrs[rng.choice(list(attrs))]
    else:
        nodes.insert(rng.randrange(len(nodes) + 1), nodes.pop(rng.randrange(len(nodes))))


def _near(value: Any, rng: random.Random) -> Any:
    """Return a text with one number, or one letter, that is another."""
    if not isinstance(value, str) or not value:
        return rng.choice(PARAMS)
    numbers = list(re.finditer(r"-?\d+", value))
    if numbers and rng.random() < 0.8:
        found = rng.choice(numbers)
        new = rng.choice(["0", "-1", "1", "2", "3", "4", "1000000", str(int(found.group()[:20]) + 1), "1.5", ""])
        return value[:found.start()] + new + value[found.end():]
    at = rng.randrange(len(value))
    return value[:at] + rng.choice(["", "(", ")", ",", " ", "e9", "é", value[at] * 2]) + value[at + 1:]


def mutated_text(text: bytes, rng: random.Random) -> bytes:
    """Return JSON in which a part is repeated, nested or given twice, which no document can hold."""
    found = text.decode("utf-8", "replace")
    kind = rng.randrange(4)
    if kind == 0:
        deep = rng.choice((60, 64, 65, 3000))
        return found.replace("[", "[" * deep, 1).encode()
    if kind == 1:
        keys = list(re.finditer(r'"\w+":', found))
        key = rng.choice(keys) if keys else None
        return (found[:key.start()] + key.group() + " 0, " + found[key.start():] if key else found).encode()
    if kind == 2:
        return re.sub(r"\d+", lambda m: rng.choice([m.group(), m.group(), "1" * 5000, "1e999", "-0", "NaN"]), found,
                      count=rng.randrange(1, 30)).encode()
    return ("\ufeff" * rng.randrange(3) + found + rng.choice(["", "}", " ", "\0", found])).encode()


def operators() -> list[str]:
    """Return the names of all operators."""
    if not _OPERATORS:
        from ndarray import registry

        _OPERATORS.extend(sorted({op.name for op in registry.operators()}))
    return _OPERATORS


_OPERATORS: list[str] = []


def graphs_of_operators() -> Iterator[dict]:
    """Return the document of a graph of one node for each operator, and of its gradient where there is one."""
    import symbolic as sym
    from ndarray.dtypes import flag_of
    from ndarray.errors import MXNetError
    from tests.symbolic.cases import CASES, Case

    for sample in CASES:
        case = Case(sample)
        net = sym.Symbol(case.graph)
        if sum(a.size for a in sample.arrays) > 1000:
            continue
        yield _declared(json.loads(net.tojson()), case.arrays, flag_of)
        try:
            yield _declared(json.loads(sym.make_loss(net[0]).gradient(net.list_arguments()[:1]).tojson()), case.arrays,
                            flag_of)
        except (MXNetError, IndexError):
            pass


def _declared(document: dict, arrays: Mapping[str, Any], flag_of: Callable) -> dict:
    """Return a document whose variables have the shapes and dtypes of arrays."""
    for node in document["nodes"]:
        if node["op"] == "null" and node["name"] in arrays:
            array = arrays[node["name"]]
            node.setdefault("attrs", {}).update(__shape__=str(array.shape), __dtype__=str(flag_of(array.dtype)))
    return document
