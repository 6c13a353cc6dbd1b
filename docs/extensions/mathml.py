"""Formulas as MathML, which browsers draw by themselves: nothing is loaded from a network."""

from xml.sax.saxutils import escape, quoteattr

from sphinx.util import logging

from symbolic.show.page.docstring import math

logger = logging.getLogger(__name__)


def to_mathml(latex, block, location=None):
    """Return a formula as the text of a ``math`` element."""
    tree = math(latex, block)
    if isinstance(tree, str):
        logger.warning("this formula cannot be shown: %s", latex, location=location)
        return f"<code>{escape(latex)}</code>"
    return _text(tree)


def _text(tree):
    if isinstance(tree, str):
        return escape(tree)
    tag, *rest = tree
    attributes = rest.pop(0) if rest and isinstance(rest[0], dict) else {}
    inside = "".join(map(_text, rest))
    return f"<{tag}{''.join(f' {k}={quoteattr(v)}' for k, v in attributes.items())}>{inside}</{tag}>"


def visit_inline(self, node):
    """Write an inline formula."""
    from docutils.nodes import SkipNode

    self.body.append(to_mathml(node.astext(), False, node))
    raise SkipNode


def visit_block(self, node):
    """Write a formula on lines of its own."""
    from docutils.nodes import SkipNode

    self.body.append(f'<div class="formula">{to_mathml(" ".join(node.astext().split()), True, node)}</div>\n')
    raise SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
