"""What a process does around a fork: the child has no other thread of the parent, but all the locks that they held."""

import os
from collections.abc import Callable


def around_fork(before: Callable[[], object], after: Callable[[], object]) -> None:
    """Call `before` before each fork, and `after` in both processes: so that no other thread holds a lock meanwhile."""
    if hasattr(os, "register_at_fork"):  # which Windows does not have
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)


def after_fork(child: Callable[[], object]) -> None:
    """Call `child` in the child after each fork, to replace what has stayed with the parent's threads."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=child)
