"""The memory that machine code shares with Python: the names of its words of 8 bytes, in order.

There are layouts of a row of a `table.Table`, of the block that controls a span of rows, and of a box of
`workers.Workers`.
"""

import sys

CHUNK = 1 << 16
"""Elements that one partial sum is made of; changing it changes the last bits of sums."""
UNIT = 1 << 14
"""Elements that a thread takes at once, in loops without sums; see `unit_of`."""
LINE = 64
"""Bytes of a line of the cache."""
NOT_ALIGNED = 6
"""The `shift` of a row whose units need not begin with a line."""
SEMAPHORES = sys.platform.startswith("linux")
"""Whether this system has the semaphores that the texts call."""

ROW = ("kernel", "n", "first", "unit", "shift")
"""Kernel and number of elements, the number of the row's first unit, elements of a unit, and log2 of the bytes of an
element of the first array; pointers follow."""
POINTERS_AT = len(ROW)
AHEAD, LINES = 4, 4
"""Pointers of the next row, and lines from each on, that are fetched while a row is computed: small tensors are not
beside each other, so that no processor foresees where the next one begins."""
LEAST = POINTERS_AT + AHEAD
"""Words that each row has at least."""
SHORT = 512
"""Elements below which a row begins where its memory does: a call for what precedes the first whole line costs more."""

CONTROL = ("rows", "stride", "begin", "end", "ranges", "down")
"""First row of the span, bytes from row to row, its units, the number of ranges, and whether they run downwards."""
RANGE = ("taken", "stolen", "low", "high", "row")
"""Units taken by anybody, and by others than the owner, the units of the range, and the row of the first one taken."""
BOX = 16
"""Words of a box, of a control block without its ranges, and of a range: two lines, which processors fetch in pairs."""

WORKERS = ("busy", "count", "looks", "seconds", "nanoseconds", "last", "often")
"""Whether somebody uses the workers, their number, the looks of a caller before it sleeps; then for `urged`."""
WORKER = ("go", "", "", "", "done", "", "", "", "job", "index", "awake", "posted", "offered", "looks")
"""Two semaphores of 4 words, the control block to work on, the worker's number, whether it would notice work at once,
whether it was given some in this span, whether nobody has taken that yet, and its looks before it sleeps."""

OFTEN, SOON = 8, 100_000
"""So many calls within so many nanoseconds of each other wake workers for work too small to wake them once."""


def unit_of(itemsize: int) -> int:
    """Return how many elements a thread takes at once, for the bytes of an element of the first array.

    Where each unit begins the processor waits a little: units of short elements have as many bytes as others.
    """
    return 2 * UNIT if itemsize == 2 else UNIT


def at(layout, word, base):
    """Return the LLVM text for the address of a word of a layout."""
    return f"getelementptr i64, ptr {base}, i64 {layout.index(word)}"


def load(layout, word, base, type_="i64", name=None):
    """Return the lines that load a word of a layout as ``%word``, or `name`."""
    name = name or word
    return f"%{name}.at = {at(layout, word, base)}\n  %{name} = load {type_}, ptr %{name}.at"
