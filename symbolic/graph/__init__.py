"""Compose and infer: nodes, graphs of them, and what is known of their types.

``node`` and ``graph`` are facts that never change: a change is another node and another graph.  ``compose`` makes
nodes; ``scope``, ``naming`` and ``attributes`` decide what they are named and carry; ``infer`` and ``types`` find
shapes and dtypes; ``walk`` is the only loop that runs nodes: engines, gradients and ONNX are what they pass to it.
Nothing here knows of arrays, engines or pictures.
"""
