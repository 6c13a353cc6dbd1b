"""Differentiate: operators traced into primitives, and gradients as graphs.

``trace`` runs an operator's body and notes its nodes; ``decompose`` does so for whole graphs.  ``backward_op`` derives
from each operator X the operator ``_backward_X``, ``reverse`` is the one loop of reverse mode, ``gradient`` makes a
graph's gradient with both, ``partition`` cuts it into a forward and a backward half.  A new operator needs nothing
here: its gradient rule is beside its declaration.
"""
