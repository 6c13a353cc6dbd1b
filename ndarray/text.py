"""Text for people: cut, counted, escaped, and one name for several."""

import re
from collections.abc import Sequence


def cut(text: str, most: int = 48) -> str:
    """Return text that is not longer than `most` characters; an ellipsis marks what was cut off.

    Examples
    --------
    >>> cut("convolution", 5), cut("convolution")
    ('conv…', 'convolution')
    """
    return text if len(text) <= most else text[:most - 1] + "…"


def counted(n: int, word: str) -> str:
    """Return a number and what it counts, in the plural unless it is 1.

    Examples
    --------
    >>> counted(1, "array"), counted(2, "array")
    ('1 array', '2 arrays')
    """
    return f"{n} {word}{'s' * (n != 1)}"


def printable(text: str) -> str:
    """Return text in which everything that a terminal or a file would act on is an escape.

    Examples
    --------
    >>> printable("a\\nb"), printable("größe")
    ('a\\\\nb', 'größe')
    """
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in text])


def label(name: str) -> str:
    """Return a name as messages show it: escaped, and cut at 200 characters.

    Examples
    --------
    >>> label("a\\x1b[31m"), len(label("w" * 1000))
    ('a\\\\x1b[31m', 200)
    """
    return cut(printable(name[:LONGEST + 1]), LONGEST)


LONGEST = 200
"""Characters of a name or a value in a message."""


def common_name(names: Sequence[str]) -> str:
    """Return one name for several: what differs between them becomes ``*``.

    Examples
    --------
    >>> common_name(["layer0_r1", "layer1_r1"]), common_name(["hidden_bias", "out_bias"]), common_name(["a", "b", "c"])
    ('layer*_r1', '*_bias', 'a, b, …')
    """
    if len(names) == 1:
        return names[0]
    texts = {re.sub(r"\d+", "*", name) for name in names}
    if len(texts) == 1:
        # Numbers that are the same in all names stay.
        columns = zip(*(re.findall(r"\d+", name) for name in names))
        shown = iter([found[0] if len(set(found)) == 1 else "*" for found in columns])
        return re.sub(r"\d+", lambda match: next(shown), names[0])
    words = [re.split("(?<=_)|(?=_)", name) for name in names]
    start, end = _common(words), _common([w[::-1] for w in words])[::-1]
    if (start or end) and len(start) + len(end) <= min(map(len, words)):
        return "".join([*start, "*", *end])
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")


def _common(words: Sequence[Sequence[str]]) -> list[str]:
    """Return the words with which all begin, unless these are nothing but underscores."""
    found = []
    for column in zip(*words):
        if len(set(column)) > 1:
            break
        found.append(column[0])
    return found if "".join(found).strip("_") else []
