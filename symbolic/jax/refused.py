"""What cannot be said with operators, and where in the program it is."""

import os
from typing import Any

import jax

_OF_JAX = os.path.dirname(jax.__file__) + os.sep


class Refused(Exception):
    """A primitive that no operator computes.

    Parameters
    ----------
    eqn : jax.extend.core.JaxprEqn
        Whose primitive it is.
    what : str, optional
        Which of its uses.

    Attributes
    ----------
    what : str
        The name of the primitive, and which of its uses.
    place : str
        File, line and function that use it; empty while nothing outside of JAX is known to.
    """

    def __init__(self, eqn: Any, what: str = ""):
        super().__init__(what)
        self.what = f"{eqn.primitive.name} {what}".rstrip()
        self.place = ""

    def within(self, eqn: Any) -> None:
        """Take the place of an equation, of this one or of one that it is part of, if none is known."""
        found = eqn.source_info.traceback
        for frame in () if self.place or found is None else found.frames:
            if not frame.file_name.startswith(_OF_JAX):
                self.place = f"{frame.file_name}:{frame.line_num}, in {frame.function_name}"
                return
