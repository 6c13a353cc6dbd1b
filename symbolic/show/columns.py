"""Rows as columns: of text for a terminal, or as a table of a page."""

from html import escape

from symbolic.show.types import printable


def as_text(head, rows, words=(0,)):
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


def as_html(head, rows, caption, words=(0,)):
    """Return the same as an HTML table."""
    def line(tag, cells):
        looks = ["left" if k in words else "right" for k in range(len(head))]
        return "<tr>" + "".join(f'<{tag} style="text-align:{look}">{escape(printable(cell))}</{tag}>'
                                for look, cell in zip(looks, cells)) + "</tr>"

    return "\n".join([f"<table><caption>{escape(printable(caption))}</caption>", f"<thead>{line('th', head)}</thead>",
                      "<tbody>", *(line("td", row) for row in rows), "</tbody></table>"])

