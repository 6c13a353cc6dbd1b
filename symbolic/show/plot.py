"""`plot_network`: a picture of a Symbol."""

from os import fspath
from os.path import splitext

from ndarray.atomic import write_atomically
from ndarray.cached import cached_property
from ndarray.errors import OperatorError, ParamError, shown
from symbolic.show.dot import to_dot
from symbolic.show.drawing import draw
from symbolic.show.graphviz import to_png, to_svg
from symbolic.show.mermaid import to_mermaid
from symbolic.show.summary import tree_of
from symbolic.show.svg import to_picture
from symbolic.show.theme import THEMES

_WRITTEN = {".svg": "svg", ".png": "png", ".html": "html", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid",
            ".mermaid": "mermaid", ".txt": "tree"}
"""The ends of files, and what of a `Plot` they hold."""


class Plot:
    """A picture of a graph, laid out when it is first looked at.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
    theme : {"auto", "light", "dark"}, optional

    Attributes
    ----------
    dot : str
        Graphviz's language; needs nothing installed.
    mermaid : str
        Mermaid's language; needs nothing installed.
    tree : str
        The graph as an indented tree of text.
    svg : str
    png : bytes
    html : str
        A page that needs nothing else: search it, walk through it, open what is merged.
    """

    def __init__(self, drawing, node_attrs=None, theme="auto"):
        if theme not in THEMES:
            raise ParamError(f"theme must be one of {', '.join(THEMES)}, got {shown(theme)}")
        self.drawing = drawing
        self.node_attrs = node_attrs
        self.theme = theme
        self.dot = to_dot(drawing, node_attrs, theme=theme)

    @cached_property
    def _placed(self):
        return to_svg(to_dot(self.drawing, self.node_attrs, legend=False))

    @cached_property
    def mermaid(self):
        """The picture as Mermaid text."""
        return to_mermaid(self.drawing, self.theme)

    @cached_property
    def tree(self):
        """The whole graph as text: every node once, under the first that reads it."""
        return tree_of(self.drawing.graph, self.drawing.types) + "\n"

    @cached_property
    def svg(self):
        """The picture as SVG text."""
        return to_picture(self.drawing, self._placed, self.theme)

    @cached_property
    def png(self):
        """The picture as PNG bytes."""
        return to_png(to_picture(self.drawing, self._placed, "dark" if self.theme == "dark" else "light"))

    @cached_property
    def html(self):
        """The picture as an HTML page."""
        from symbolic.show.page.page import to_html  # which only pages need

        return to_html(self.drawing, self.node_attrs, self.theme)

    def save(self, path):
        """Write the picture to a file; its ending says in which format.

        Parameters
        ----------
        path : str or path
            Ends in ``.svg``, ``.png``, ``.html``, ``.dot``, ``.gv``, ``.mmd``, ``.mermaid`` or ``.txt`` (the tree).

        Raises
        ------
        ParamError
            For another ending.
        MXNetError
            If a library is missing, naming the extra to install.
        """
        suffix = splitext(fspath(path))[1].lower()
        if suffix not in _WRITTEN:
            raise ParamError(f"save: {shown(fspath(path))} ends in none of {', '.join(_WRITTEN)}")
        found = getattr(self, _WRITTEN[suffix])
        write_atomically(fspath(path), found if isinstance(found, bytes) else found.encode())

    def _repr_svg_(self):
        return self._repr_mimebundle_().get("image/svg+xml")

    def _repr_mimebundle_(self, include=None, exclude=None):
        from symbolic.show.notebook import of_plot  # which draws, too

        return of_plot(self, repr(self), include, exclude)

    def __repr__(self):
        return f"<Plot of {self.drawing.title}: {len(self.drawing.boxes)} nodes, {len(self.drawing.arrows)} edges>"


def plot_network(symbol, title="plot", save_format="svg", shape=None, dtype=None, node_attrs=None, hide_weights=True,
                 collapse=None, overlays=(), theme="auto"):
    """Return a picture of a Symbol: nodes with their hyper-parameters, arrows with shapes and dtypes.

    Parameters
    ----------
    symbol : Symbol
    title : str, optional
    save_format : str, optional
        Accepted for MXNet's signature; `Plot.save` goes by the file's ending.
    shape : dict of str to tuple of int, optional
        Shapes of variables; what follows from them is written on the arrows.
    dtype : dict of str to dtype, or dtype, optional
        Element types of variables, or of all.
    node_attrs : dict of str to str, optional
        Graphviz attributes for every node.
    hide_weights : bool, optional
        Leave out the parameters of layers.
    collapse : bool, optional
        Merge parts that repeat into one node with a count; by default in graphs of more than 60 nodes.

    overlays : sequence of Overlay, optional
        What was measured at the nodes (`Executor.profile`, `Executor.memory`, `Executor.numerics`, or one's own
        `symbolic.diagnostics.overlay.Overlay`): the first is drawn as heat, a page can show each.
    theme : {"auto", "light", "dark"}, optional
        Colours.  With ``auto`` an SVG or a page is as light or dark as its reader's browser prefers; other formats are
        light.

    Returns
    -------
    Plot

    Raises
    ------
    OperatorError
        If it is no Symbol.
    ShapeError, UnknownNameError
        If the shapes do not fit.
    ParamError
        If an overlay is none or of another graph, or the theme is none.
    LimitError
        If there would be more nodes on the picture than anybody could read.

    Warns
    -----
    RuntimeWarning
        Once, if several variables have the same name.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    >>> plot_network(step, shape={"w": (2, 3)})
    <Plot of plot: 3 nodes, 2 edges>
    """
    graph = getattr(symbol, "graph", None)
    if graph is None:
        raise OperatorError(f"plot_network takes a Symbol, got {shown(symbol)}")
    return Plot(draw(graph, title, shape, dtype, hide_weights, collapse, overlays), node_attrs, theme)
