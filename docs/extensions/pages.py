"""What the pages that are made while the site is built have in common."""


def heading(title, line):
    """Return a heading with the line under it."""
    return f"{title}\n{line * len(title)}\n"


def table(rows, widths):
    """Return a table without a heading.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells are reStructuredText, on one line each.
    widths : sequence of int
    """
    body = "".join(f"   {'*' if i == 0 else ' '} - {cell}\n" for row in rows for i, cell in enumerate(row))
    return f".. list-table::\n   :widths: {' '.join(map(str, widths))}\n\n{body}"


def write(folder, pages):
    """Write pages into a folder that holds nothing else; a page that is the same is left alone.

    Parameters
    ----------
    folder : pathlib.Path
    pages : dict of str to str
        Text by name.
    """
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
