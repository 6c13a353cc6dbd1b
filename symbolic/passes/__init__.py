"""Passes: functions from graph to graph, and the last one, from graph to flow.

What follows a flow is the same for one eager call as for a graph, so it is below both, in `ndarray.kernels`:
`cluster` finds the loops and their order, equal loops become one kernel in `table`, `memory` plans temporaries.
"""
