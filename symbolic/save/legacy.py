"""Symbol files of older versions of MXNet: their records, converted to today's form."""

from ndarray import registry
from symbolic.graph.attributes import HIDDEN

ATTRIBUTE_KEYS = ("param", "attr", "attrs")
"""Where the eras keep a node's attributes; before 0.9 an operator's parameters stood apart, under the first."""

_SUFFIXES = tuple(f"_{key}" for key in HIDDEN)
_FIRST_WITH_OPTIONAL_AXIS = 905
FIRST_WITH_ALL_INPUTS = 900
"""Files of older versions may leave out inputs that are variables named after the node: weights, labels, states."""


def version_of(document):
    """Return the version of MXNet that wrote a file, as 10901 for 1.9.1; 0.8, which does not record it, is 800."""
    attrs = document.get("attrs")
    stated = attrs.get("mxnet_version") if isinstance(attrs, dict) else None
    if isinstance(stated, list) and len(stated) == 2 and type(stated[1]) is int:
        return stated[1]
    return 800


def upgrade(records, version):
    """Return a file's node records in today's form.

    * ``weight_lr_mult`` on a layer becomes ``__lr_mult__`` on the variable that is its ``weight``.
    * ``axis="-1"`` of argmax and argmin meant all axes before 0.9.5.

    Records that are not well formed come back as they are: the reader that builds nodes reports what is wrong.
    """
    upgraded = None
    for i, record in enumerate(records):
        if not isinstance(record, dict) or record.get("op") == "null":
            continue
        for key in ATTRIBUTE_KEYS:
            attrs = record.get(key)
            if not isinstance(attrs, dict):
                continue
            if version < _FIRST_WITH_OPTIONAL_AXIS and record.get("op") in ("argmax", "argmin") \
                    and attrs.get("axis") == "-1":
                upgraded = upgraded or list(records)
                attrs = {k: v for k, v in attrs.items() if k != "axis"}
                upgraded[i] = {**upgraded[i], key: attrs}
            for name in [n for n in attrs if n.endswith(_SUFFIXES) and not n.startswith("__")]:
                at = _input_called(record, name)
                if at is not None and _is_variable(records, at):
                    upgraded = upgraded or list(records)
                    hidden = next(k for k in HIDDEN if name.endswith(f"_{k}"))
                    # It goes before the variable's own.
                    own = {k: v for k, v in _attrs(upgraded[at]).items() if k != hidden}
                    upgraded[at] = {**upgraded[at], "attrs": {**own, f"__{hidden}__": attrs[name]}, "attr": {},
                                    "param": {}}
                    upgraded[i] = {**upgraded[i], key: {k: v for k, v in upgraded[i][key].items() if k != name}}
    return upgraded or records


def _attrs(record):
    found = {}
    for key in ATTRIBUTE_KEYS:
        if isinstance(record.get(key), dict):
            found |= record[key]
    return found


def _input_called(record, attribute):
    """Return the number of the node that a record's attribute such as ``weight_lr_mult`` means, if there is one."""
    op = registry.lookup(record["op"]) if isinstance(record.get("op"), str) else None
    if op is None:
        return None
    inputs = record.get("inputs")
    hidden = next(k for k in HIDDEN if attribute.endswith(f"_{k}"))
    name = attribute[:-len(hidden) - 1]
    if op.many or name not in op.names or not isinstance(inputs, list):
        return None
    at = op.names.index(name)
    entry = inputs[at] if at < len(inputs) else None
    return entry[0] if isinstance(entry, list) and entry and type(entry[0]) is int else None


def _is_variable(records, at):
    return 0 <= at < len(records) and isinstance(records[at], dict) and records[at].get("op") == "null"
