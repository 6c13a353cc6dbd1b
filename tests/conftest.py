"""What tests of several rooms share: the engines, and one headless browser for all tests that look at pages."""

import os
import shutil
import signal

import pytest

from ndarray.kernels import machine_code
from symbolic.engines import ENGINES

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
"""Without a network of its own, and also as root."""

BACKENDS = ("machine code", "tiles")
"""The two ways in which the fused engine runs its loops."""

# Several devices for JAX, where a test imports it: it reads this once, when it is first used.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background with interrupts ignored, and child processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _use(backend, monkeypatch):
    if backend == "tiles":
        monkeypatch.setattr(machine_code, "available", lambda: False)
    elif not machine_code.available():
        pytest.skip("llvmlite is not installed")


OTHER_ENGINES = (*(f"fused, {backend}" for backend in BACKENDS), *(n for n in ENGINES if n not in ("eager", "fused")))


def _engine(request, monkeypatch):
    name, _, backend = request.param.partition(", ")
    if backend:
        _use(backend, monkeypatch)
    if name == "xla":
        pytest.importorskip("jax")
    return name


@pytest.fixture(params=("eager", *OTHER_ENGINES))
def engine(request, monkeypatch):
    """Return the name of an engine: every one of them, the fused engine with both kinds of loops."""
    return _engine(request, monkeypatch)


@pytest.fixture(params=OTHER_ENGINES)
def other_engine(request, monkeypatch):
    """Return the name of an engine to compare with the eager one: ``tests/symbolic/engines/rounding.py`` says how."""
    return _engine(request, monkeypatch)


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Return the kind of loops that the fused engine runs: both."""
    _use(request.param, monkeypatch)
    return request.param


def chromium():
    """Return the path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser():
    """Return a browser; Playwright gives it a fresh profile and removes that, and starts once in a process."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
