"""MXNet's symbol JSON, both ways: every era is read, the one of MXNet 1.x is written.

`write` makes text of a graph, `read` a graph of text, within the `limits` that a file may reach.
"""

from symbolic.save.json.limits import UNLIMITED, Limits
from symbolic.save.json.read import load, loads
from symbolic.save.json.write import dumps, save
