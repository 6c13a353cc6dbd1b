"""An operator's docstring as data that a page can build elements from."""

import inspect
import re
import xml.etree.ElementTree as xml

_INLINE = re.compile(r":math:`(?P<math>[^`]+)`|``(?P<code>.+?)``|`(?P<name>[^`]+)`"
                     r"|(?<!\w)\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
                     r"|(?P<url>https?://[^\s,)\"]+[^\s,)\".])")
_NAMED = ("Parameters", "Returns", "Raises", "See Also")
_TAGS = frozenset("math mrow mi mo mn mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mstyle "
                  "mtable mtr mtd".split())
_MATH_ATTRIBUTES = ("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "minsize", "maxsize",
                    "mathvariant", "width")


def document(docstring):
    """Return a numpydoc docstring as lists, strings and dicts that JSON can hold.

    Text is a list of runs: plain strings, and pairs of a word and what it means (``["code", "lr"]``).  A block is a
    list that starts with its kind: ``p``, ``pre``, ``math``, ``li``, ``term``.

    Parameters
    ----------
    docstring : str or None

    Returns
    -------
    dict
        ``lead`` (blocks before the first section), ``sections`` (titles and blocks), ``params`` (blocks by name).

    Examples
    --------
    >>> document("Step by `lr`.")["lead"]
    [['p', ['Step by ', ['code', 'lr'], '.']]]
    """
    lines = inspect.cleandoc(docstring or "").splitlines()
    starts = [i for i in range(len(lines) - 1) if lines[i] and re.fullmatch("-{3,}", lines[i + 1])]
    lead = _blocks(lines[:starts[0] if starts else None])
    sections, params = [], {}
    for start, end in zip(starts, [*starts[1:], None]):
        title, body = lines[start], lines[start + 2:end]
        terms = _terms(body) if title in _NAMED else []
        sections.append([title, [["term", _runs(name), _runs(kind), blocks] for name, kind, blocks in terms]
                         if terms else _blocks(body)])
        if title == "Parameters":
            params |= {name: blocks for names, _, blocks in terms for name in names.split(", ")}
    return {"lead": lead, "sections": sections, "params": params}


def _terms(lines):
    """Definitions: a line that is not indented, then what it means."""
    found = []
    for line in lines:
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            found.append((name, kind, []))
        elif found:
            found[-1][2].append(line)
    return [(name, kind, _blocks(inspect.cleandoc("\n" + "\n".join(body)).splitlines())) for name, kind, body in found]


def _blocks(lines):
    blocks, i = [], 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
            continue
        if line.startswith(".. math::"):
            body, i = _indented(lines, i + 1)
            blocks.append(["math", math(" ".join([line[9:].strip(), *map(str.strip, body)]).strip(), block=True)])
        elif line.startswith(">>>"):
            end = next((k for k in range(i, len(lines)) if not lines[k].strip()), len(lines))
            blocks.append(["pre", "\n".join(lines[i:end])])
            i = end
        elif mark := re.match(r"\.\. (\[\d+\]) |([*-]) ", line):
            body, i = _indented(lines, i + 1, blank=False)
            blocks.append(["li", mark[1] or "•", _runs(" ".join([line[mark.end():], *map(str.strip, body)]))])
        else:
            end = next((k for k in range(i + 1, len(lines)) if not lines[k].strip() or lines[k].startswith(".. ")),
                       len(lines))
            text, i = " ".join(map(str.strip, lines[i:end])), end
            blocks.append(["p", _runs(re.sub("::$", ":", text))])
            if text.endswith("::"):
                body, i = _indented(lines, i)
                blocks.append(["pre", inspect.cleandoc("\n" + "\n".join(body))])
    return blocks


def _indented(lines, start, blank=True):
    end = start
    while end < len(lines) and (lines[end].startswith(" ") or (blank and not lines[end].strip())):
        end += 1
    return lines[start:end], end


def _runs(text):
    runs, at = [], 0
    for found in _INLINE.finditer(text):
        runs.append(text[at:found.start()])
        at = found.end()
        kind, words = found.lastgroup, found[found.lastgroup]
        runs.append(["math", math(words)] if kind == "math" else ["code" if kind == "name" else kind, words])
    return [run for run in [*runs, text[at:]] if run]


def math(latex, block=False):
    """Return a formula as MathML: nested lists of tag, attributes and children.

    Parameters
    ----------
    latex : str
    block : bool, optional
        Whether it is on lines of its own; rows end in a double backslash, ``&`` aligns them.

    Returns
    -------
    list or str
        The formula as it was given where ``latex2mathml`` is not installed or does not understand it.
    """
    try:
        from latex2mathml.converter import convert
    except ModuleNotFoundError:
        return latex
    rows = [_split(row, "&") for row in _rows(latex)]
    display = "block" if block else "inline"
    try:
        if len(rows) == 1 and len(rows[0]) == 1:
            return _tree(xml.fromstring(convert(latex, display=display)))
        cells = [[["mtd", *_tree(xml.fromstring(convert(cell, display=display)))[2:]] for cell in row] for row in rows]
    except Exception:  # the library has no error of its own: it raises IndexError, KeyError and more
        return latex
    table = ["mtable", {"class": "aligned", "displaystyle": "true"}, *(["mtr", *row] for row in cells)]
    return ["math", {"display": display}, table]


def _rows(latex):
    """Lines of a formula; what is far apart on one line (``\\qquad``) becomes two, for a page's column is narrow."""
    rows = []
    for row in _split(latex, "\\\\"):
        first, *others = _split(row, "\\qquad")
        rows += [first, *(re.sub(r"=|\\leftarrow\b", r"&\g<0>", other, count=1) for other in others)]
    if len(rows) > 1 and "&" not in rows[0]:
        rows[0] = re.sub(r"=|\\leftarrow\b", r"&\g<0>", rows[0], count=1)
    return rows


def _split(latex, mark):
    """Cut at a mark, unless it is within braces or an environment."""
    parts, depth = [""], 0
    for token in re.findall(r"\\(?:begin|end|qquad)\b|\\\\|\\.|[^\\]", latex, re.DOTALL):
        depth += (token in ("{", "\\begin")) - (token in ("}", "\\end"))
        if token == mark and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _tree(element):
    """Return MathML as lists; formulas are small, and as deep as they are written."""
    tag = element.tag.rpartition("}")[2]
    if tag not in _TAGS:
        raise ValueError(tag)
    attributes = {k: v for k, v in element.attrib.items() if k in _MATH_ATTRIBUTES}
    text = [element.text] if element.text and element.text.strip() else []
    return [tag, *([attributes] if attributes else []), *text, *map(_tree, element)]
