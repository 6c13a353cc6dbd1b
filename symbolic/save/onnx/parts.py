"""The parts of an ONNX model as protocol buffers: nodes and values, with where they come from."""

import numpy as np

from ndarray.params import text_of
from ndarray.text import cut

_BRIEF = 100
"""Characters of each property of a node or an input, which many nodes repeat."""


class Parts:
    """Makes the parts of one model; what several have in common is made once."""

    def __init__(self):
        from onnx import ValueInfoProto, helper

        self._value_info, self._helper = ValueInfoProto, helper
        self._types = {}
        self._within = self._origin = None

    def info(self, value, role=""):
        """Return a value with its type, and what it is to the graph."""
        key = value.dtype, value.shape
        if key not in self._types:
            self._types[key] = self._helper.make_tensor_type_proto(
                self._helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        made = self._value_info(name=value.name, type=self._types[key])
        if role:
            made.doc_string = cut(role, _BRIEF)
        return made

    def node(self, node):
        """Return a node of the model, with where it comes from as metadata."""
        attrs = {k: self._helper.np_dtype_to_tensor_dtype(v) if isinstance(v, np.dtype) else v
                 for k, v in node.attrs.items()}
        made = self._helper.make_node(node.op, [v.name for v in node.inputs], [v.name for v in node.outputs],
                                name=node.outputs[0].name, **attrs)
        if node.within:
            made.doc_string, properties = self._origin_of(node.within)
            for key, value in properties:
                made.metadata_props.add(key=key, value=value)
        return made

    def _origin_of(self, within):
        """Return the description and the properties of what a node of the graph became, which are nodes in a row."""
        if within is not self._within:
            properties = {k: cut(v, _BRIEF) for k, v in (*within.attrs, *((k, text_of(v)) for k, v in within.params))}
            properties |= {"node": within.name, "operator": within.op.name}
            self._within = within
            self._origin = cut(f"part of {within}", _BRIEF), list(properties.items())
        return self._origin
