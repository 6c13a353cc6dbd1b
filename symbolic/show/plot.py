"""`plot_network`: a picture of a Symbol."""

import os
import webbrowser
from collections.abc import Collection, Mapping, Sequence
from os import fspath
from os.path import splitext
from pathlib import Path
from typing import Any, Literal

from ndarray.atomic import write_atomically
from ndarray.cached import cached_property
from ndarray.errors import MXNetError, OperatorError, ParamError, shown
from ndarray.notebook import chosen, never_raising
from ndarray.text import counted
from symbolic.graph.graph import HasGraph
from symbolic.show.dot import to_dot
from symbolic.show.drawing import Drawing, draw
from symbolic.show.graphviz import SECONDS, to_png, to_svg
from symbolic.show.mermaid import to_mermaid
from symbolic.show.summary import tree_as_html, tree_of
from symbolic.show.svg import to_picture
from symbolic.show.theme import THEMES

_WRITTEN = {".svg": "svg", ".png": "png", ".html": "html", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid",
            ".mermaid": "mermaid", ".txt": "tree"}
"""The suffixes of files, and which attribute of a `Plot` they hold."""

Theme = Literal["auto", "light", "dark"]


class Plot:
    """A picture of a graph, laid out when it is first looked at.

    It answers to what scripts for MXNet call on its ``graphviz.Digraph``: `source`, `format`, `render`, `view`, `pipe`.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
    theme : {"auto", "light", "dark"}, optional
    save_format : str, optional
        The `format` of `render`, `view` and `pipe`.

    Attributes
    ----------
    drawing : Drawing
    dot : str
        Graphviz's language; needs nothing installed.

    Examples
    --------
    >>> import symbolic as sym
    >>> plot = sym.plot_network(sym.exp(sym.var("x"), name="e"), title="net")
    >>> plot.format, plot.source.startswith('digraph "net"')
    ('svg', True)
    """

    def __init__(self, drawing: Drawing, node_attrs: Mapping[str, str] | None = None, theme: Theme = "auto",
                 save_format: str = "svg"):
        if theme not in THEMES:
            raise ParamError(f"theme must be one of {', '.join(THEMES)}, got {shown(theme)}")
        self.drawing = drawing
        self.node_attrs = node_attrs
        self.theme = theme
        self.format = save_format
        self.dot = to_dot(drawing, node_attrs, theme=theme)

    @cached_property
    def _laid_out(self) -> str:
        return self._layout(SECONDS)

    def _layout(self, seconds: float) -> str:
        return to_svg(to_dot(self.drawing, self.node_attrs, legend=False), seconds)

    @property
    def source(self) -> str:
        """The picture in Graphviz's language, as `dot`."""
        return self.dot

    @cached_property
    def mermaid(self) -> str:
        """The picture as Mermaid text; needs nothing installed."""
        return to_mermaid(self.drawing, self.theme)

    @cached_property
    def tree(self) -> str:
        """The whole graph as an indented tree of text: every node once, under the first that reads it."""
        return tree_of(self.drawing.graph, self.drawing.types) + "\n"

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text."""
        return to_picture(self.drawing, self._laid_out, self.theme)

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG bytes."""
        return to_png(to_picture(self.drawing, self._laid_out, "dark" if self.theme == "dark" else "light"))

    @cached_property
    def html(self) -> str:
        """The picture as an HTML page that needs nothing else: search it, walk through it, open what is merged."""
        from symbolic.show.page.page import to_html  # which only pages need

        return to_html(self.drawing, self.node_attrs, self.theme)

    def save(self, path: str | os.PathLike) -> None:
        """Write the picture to a file whose suffix gives the format.

        Parameters
        ----------
        path : str or path
            Ends in ``.svg``, ``.png``, ``.html``, ``.dot``, ``.gv``, ``.mmd``, ``.mermaid`` or ``.txt`` (the tree).

        Raises
        ------
        ParamError
            For another suffix.
        LimitError
            If the layout takes too long.
        MXNetError
            If a library is missing, naming the extra to install.
        """
        suffix = splitext(fspath(path))[1].lower()
        if suffix not in _WRITTEN:
            raise ParamError(f"save: {shown(fspath(path))} must end in one of {', '.join(_WRITTEN)}")
        write_atomically(fspath(path), self._bytes(suffix))

    def _bytes(self, suffix: str) -> bytes:
        found = getattr(self, _WRITTEN[suffix])
        return found if isinstance(found, bytes) else found.encode()

    # As graphviz.Digraph

    def pipe(self, format: str | None = None) -> bytes:
        """Return the picture in a format, by default `format`.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.plot_network(sym.var("x")).pipe("txt")
        b'x\\n'
        """
        return self._bytes(_suffix(self.format if format is None else format))

    def render(self, filename: str | os.PathLike | None = None, directory: str | os.PathLike | None = None,
               view: bool = False, cleanup: bool = False, format: str | None = None) -> str:
        """Write the DOT text to a file and the picture to one of that name with the format appended.

        Parameters
        ----------
        filename : str or path, optional
            Of the DOT text; by default the title and ``.gv``.
        directory : str or path, optional
            The folder that `filename` is relative to; it is made if it does not exist.
        view : bool, optional
            Open the picture as well.
        cleanup : bool, optional
            Write the picture only.
        format : str, optional
            By default `format`.

        Returns
        -------
        str
            The file of the picture.

        Raises
        ------
        ParamError
            If the format is unknown.
        MXNetError
            If a library is missing, naming the extra to install.
        """
        suffix = _suffix(self.format if format is None else format)
        path = os.path.join(fspath(directory or ""), fspath(filename or f"{self.drawing.title}.gv"))
        data = self._bytes(suffix)
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        if not cleanup:
            write_atomically(path, self.dot.encode())
        write_atomically(path + suffix, data)
        if view:
            webbrowser.open(Path(path + suffix).resolve().as_uri())
        return path + suffix

    def view(self, filename: str | os.PathLike | None = None, directory: str | os.PathLike | None = None,
             cleanup: bool = False) -> str:
        """Write the picture to a file and open it; parameters and result as `render`."""
        return self.render(filename, directory, view=True, cleanup=cleanup)

    # In notebooks

    def shown(self, seconds: float = SECONDS) -> dict[str, str]:
        """Return the picture by its media type, or the tree as HTML where it cannot be laid out in time."""
        try:
            if "_laid_out" not in vars(self):
                vars(self)["_laid_out"] = self._layout(seconds)
            return {"image/svg+xml": self.svg}
        except MXNetError as error:
            return {"text/html": tree_as_html(self.drawing.graph, self.drawing.types, error)}

    def _repr_svg_(self) -> str | None:
        return self._repr_mimebundle_().get("image/svg+xml")

    def _repr_mimebundle_(self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
                          ) -> dict[str, str]:
        return chosen({"text/plain": repr(self)} | never_raising(self.shown), include, exclude)

    def __repr__(self) -> str:
        return (f"<Plot of {self.drawing.title}: {counted(len(self.drawing.boxes), 'node')}, "
                f"{counted(len(self.drawing.arrows), 'edge')}>")


def _suffix(format: str) -> str:
    suffix = f".{format}".lower()
    if suffix not in _WRITTEN:
        raise ParamError(f"format must be one of {', '.join(s[1:] for s in _WRITTEN)}, got {shown(format)}")
    return suffix


def plot_network(symbol: HasGraph, title: str = "plot", save_format: str = "svg",
                 shape: Mapping[str, Sequence[int]] | None = None, dtype: Any = None,
                 node_attrs: Mapping[str, str] | None = None, hide_weights: bool = True, collapse: bool | None = None,
                 overlays: Sequence[Any] = (), theme: Theme = "auto") -> Plot:
    """Return a picture of a Symbol: nodes with their hyper-parameters, arrows with shapes and dtypes.

    Parameters
    ----------
    symbol : Symbol
    title : str, optional
    save_format : str, optional
        The format of `Plot.render`; `Plot.save` goes by the file's suffix.
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
        Measurements of the nodes (`Executor.profile`, `Executor.memory`, `Executor.numerics`, or a
        `symbolic.diagnostics.overlay.Overlay` of your own): the first is drawn as heat, a page can show each.
    theme : {"auto", "light", "dark"}, optional
        Colours.  With ``auto`` an SVG or a page is as light or dark as its reader's browser prefers; other formats are
        light.

    Returns
    -------
    Plot

    Raises
    ------
    OperatorError
        If `symbol` is not a Symbol.
    ShapeError, UnknownNameError
        If the shapes disagree, or name a variable that the graph does not have.
    ParamError
        If an overlay is not one or is of another graph, or the theme is unknown.
    LimitError
        If there would be more nodes on the picture than anyone could read.

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
    return Plot(draw(graph, title, shape, dtype, hide_weights, collapse, overlays), node_attrs, theme, save_format)
