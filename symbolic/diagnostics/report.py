"""Rows as columns: of text for a terminal, or as a table of a page; reports made of them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ndarray.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def as_text(head: Sequence[str], rows: Iterable[Sequence[str]], words: Collection[int] = (0,)) -> str:
    """Return rows of text in columns, numbers to the right.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequence of str
    words : sequence of int, optional
        Which columns hold words.

    Examples
    --------
    >>> print(as_text(["name", "bytes"], [["w", "12"], ["momentum", "4"]]))
    name      bytes
    w            12
    momentum      4
    """
    cells = [list(head), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = []
    for row in cells:
        parts = [text.ljust(w) if k in words else text.rjust(w) for k, (text, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def as_html(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str, words: Collection[int] = (0,)) -> str:
    """Return the same as an HTML table."""
    def line(tag: str, cells: Sequence[str]) -> str:
        looks = ["left" if k in words else "right" for k in range(len(head))]
        return "<tr>" + "".join(f'<{tag} style="text-align:{look}">{escape(printable(cell))}</{tag}>'
                                for look, cell in zip(looks, cells)) + "</tr>"

    return "\n".join([f"<table><caption>{escape(printable(caption))}</caption>", f"<thead>{line('th', head)}</thead>",
                      "<tbody>", *(line("td", row) for row in rows), "</tbody></table>"])



class Report:
    """What was found out of a graph, as rows: prints as a table, and a notebook shows one.

    A report has ``rows``, and the names of its `COLUMNS`, of which `WORDS` are those that hold words.
    """

    COLUMNS: tuple[str, ...] = ()
    WORDS: tuple[int, ...] = (0,)
    PRINTED = 60
    rows: Sequence[Any]

    @property
    def title(self) -> str:
        """The line that sums it up."""
        raise NotImplementedError

    def cells(self, row: Any) -> tuple[str, ...]:
        """Return a row's text for each column."""
        raise NotImplementedError

    def rank(self, row: Any) -> Any:
        """Return by what rows are sorted of which only the first are shown."""
        raise NotImplementedError

    def table(self, most: int | None = None) -> str:
        """Return the rows as text.

        Parameters
        ----------
        most : int, optional
            How many rows, those that matter most first; all, in the order of `rows`, when left out.
        """
        rows = list(self.rows)
        if most is not None and len(rows) > most:
            rows = sorted(rows, key=self.rank)[:most]
        text = f"{self.title}\n{as_text(self.COLUMNS, map(self.cells, rows), self.WORDS)}"
        return text + (f"\n… and {len(self.rows) - len(rows)} more" if len(rows) < len(self.rows) else "")

    def __str__(self) -> str:
        return self.table(self.PRINTED)

    def _repr_mimebundle_(self, include: Collection[str] | None = None,
                          exclude: Collection[str] | None = None) -> dict[str, str]:
        html = as_html(self.COLUMNS, map(self.cells, self.rows), self.title, self.WORDS)
        return {"text/plain": str(self), "text/html": html}
