"""Work counted instead of timed: what a busy machine cannot change."""

import sys


def calls(function):
    """Return how many functions, Python's and C's, are called while `function` runs."""
    count = 0

    def note(frame, event, arg):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def growth(make, small):
    """Return by how much the calls of ``make(n)()`` grow when n grows from `small` to four times as much.

    ``make(n)`` prepares and is not counted; a first round fills what is kept from call to call.
    """
    make(small)()
    return calls(make(4 * small)) / calls(make(small))
