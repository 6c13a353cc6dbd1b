"""Passes: functions from graph to graph; what changes nothing returns the graph itself.

``merge`` and ``fold`` make a graph smaller for an engine; ``set_training``, ``feed_keys`` and ``fill_shapes`` make it
ready to run.  A pass asks operators for what they declare and knows none by name; a new one is a file here.
"""
