"""What a page knows of the nodes on its picture, as data that JSON can hold."""

import json

from ndarray.params import Fed, text_of
from ndarray.tensortype import type_text
from ndarray.text import cut, printable
from symbolic.show.heat import Heat, colour
from symbolic.show.kinds import KINDS
from symbolic.show.page.docstring import document

_LONGEST = 2000
"""Characters of a value on the page."""


def facts(drawing):
    """Return all that the page's script needs.

    Parameters
    ----------
    drawing : Drawing

    Returns
    -------
    dict
        ``nodes``, numbered in the order of the graph; ``boxes``, the numbers that each represents; ``ops``, what is
        the same for all nodes of an operator; ``overlays``, heat and words of nodes and of boxes.
    """
    number = {node: i for i, node in enumerate(drawing.graph.nodes)}
    drawn = {node: (name, box.kind) for box in drawing.boxes for node, name in zip(box.nodes, box.names)}
    heads = {}
    for entry in drawing.graph.outputs:
        heads.setdefault(entry.node, []).append(entry.index)
    ops = {node.op.name: node.op for node in drawing.graph.nodes if node.op is not None}
    return {
        "title": drawing.title,
        "nodes": [_node(node, number, drawing, drawn, sorted({*heads.get(node, ())})) for node in number],
        "boxes": {box.key: {"title": box.title, "kind": box.kind, "nodes": [number[n] for n in box.nodes]}
                  for box in drawing.boxes},
        "kinds": {name: kind.label for name, kind in KINDS.items()},
        "ops": {name: _operator(op) for name, op in sorted(ops.items())},
        "overlays": [_overlay(heat, number, drawing) for heat in drawing.heats],
    }


def _node(node, number, drawing, drawn, heads):
    name, kind = drawn.get(node) or (printable(node.name), "parameter")
    found = {"name": name, "kind": kind, "types": [type_text(drawing.types[e]) for e in node.outputs],
             "heads": heads, "attrs": {_text(k): _text(v) for k, v in node.attrs}, "place": printable(node.location)}
    if node.op is not None:
        written = set(node.op.written(node.complete_params))
        found |= {"op": node.op.name,
                  "inputs": [[number[e.node], e.index, name, int(at in written)]
                             for at, (e, name) in enumerate(zip(node.inputs, node.input_names))],
                  "params": {k: _value(v, node) for k, v in node.params}}
        if node.num_outputs > 1:
            found["outputs"] = [node.op.output_ending(e.index, node.complete_params) for e in node.outputs]
    return {key: value for key, value in found.items() if value not in ("", [], {})}


def _overlay(heat, number, drawing):
    name = heat.overlay.name
    # Nodes are compared with nodes: next to the sum of a merged box all of them would look cold.
    single = Heat(heat.overlay, [[node] for node in number])
    known = {i: single.of([node]) for node, i in number.items()}
    boxes = {box.key: note for box in drawing.boxes for note in box.notes if note.overlay == name}
    return {"name": printable(name), "least": heat.least, "most": heat.most, "most_node": single.most,
            "nodes": {i: _note(note) for i, note in known.items() if note is not None},
            "boxes": {key: _note(note) for key, note in boxes.items()}}


def _note(note):
    return [round(note.share, 4), printable(note.text), *colour(note.share)]


def _value(value, node):
    if isinstance(value, Fed):
        return f"fed by {printable(node.inputs[value.index].node.name)}"
    return _text(text_of(value))


def _text(text):
    return cut(printable(text), _LONGEST)


def _operator(op):
    return {"defaults": {k: "None" if v is None else _text(text_of(v)) for k, v in op.defaults.items()},
            "aliases": list(op.aliases), "writes": list(op.writes), "doc": document(op.__doc__)}


def to_json(data):
    """Return data as JSON to stand within a page: no letter of it can end the element or begin another.

    Examples
    --------
    >>> to_json(["</script>", "<!--", "\\u2028"])
    '["\\\\u003c/script\\\\u003e","\\\\u003c!--","\\\\u2028"]'
    """
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
