"""A plugin of pytest: loops run on torch's threads however small they are, shared in the smallest parts.

``python -m pytest -p tests.symbolic.torch.on_the_team tests/symbolic/torch``
"""

import pytest

from ndarray.kernels import layout, table, team

LEAST_UNIT = 16
"""Elements of a part, so that even short tensors are cut."""

_led = []


def _run(own, lead, size, threads, *, run=team._run):
    """Count the runs that threads of torch take part in."""
    return run(own, lambda: (_led.append(threads), lead()), size, threads)


def pytest_configure():
    """Have every span shared."""
    table.WORTH_SHARING = table.WORTH_WAKING = 0
    layout.UNIT = LEAST_UNIT
    team._run = _run


def pytest_sessionfinish(session):
    """Fail where no loop ran on torch's threads."""
    if not _led and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """Say how many runs there were."""
    terminalreporter.write_line(f"{len(_led)} runs on torch's threads, {max(_led, default=0)} at most")
