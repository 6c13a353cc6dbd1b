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


@pytest.fixture(params=[name for name in ENGINES if name not in ("fused", "xla")] + [f"fused, {backend}" for backend in BACKENDS])
def engine(request, monkeypatch):
    """Return the name of an engine: every one of them, the fused engine with both kinds of loops.

    But for XLA, which rounds otherwise: see ``tests/symbolic/engines/test_xla.py``.
    """
    name, _, backend = request.param.partition(", ")
    if backend:
        _use(backend, monkeypatch)
    return name


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Return the kind of loops that the fused engine runs: both."""
    _use(request.param, monkeypatch)
    return request.param


@pytest.fixture(scope="session")
def browser():
    """Return a browser; Playwright gives it a fresh profile and removes that, and starts once in a process."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
