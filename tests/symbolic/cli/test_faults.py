"""How each command fails, as a process: its exit code, one line and no more, and quiet where nobody listens."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
GRAPH = GOLDEN / "symbol_json" / "signum_loaded.json"
COMMAND = [sys.executable, "-m", "symbolic"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with files that are good, broken and odd."""
    path = tmp_path_factory.mktemp("cli")
    np.savez(path / "good.npz", weight=np.ones((3, 2)), grad=np.ones((3, 2)), mom=np.zeros((3, 2)))
    np.savez(path / "misfit.npz", weight=np.ones((3, 2)), grad=np.ones((2, 2)), mom=np.zeros((3, 2)))
    (path / "cut.json").write_bytes(GRAPH.read_bytes()[:200])
    (path / "odd.json").write_text(GRAPH.read_text().replace("signum_update", "signum_updaet"))
    (path / "noise").write_bytes(bytes(range(256)))
    x = sym.var("x")
    for i in range(5000):
        x = sym.negative(x, name=f"n{i}")
    x.save(path / "long.json")
    return path


def start(*args, **more):
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen([*COMMAND, *map(str, args)], env=os.environ | {"PYTHONPATH": str(ROOT)}, **more)


FAULTS = """
show                                        2  the following arguments are required: FILE
    show nothing.json                           1  nothing.json: No such file or directory
    show cut.json                               1  cut.json: line
    code odd.json                               1  no operator named 'signum_updaet'; did you mean 'signum_update'
    show noise                                  1  noise: byte
    show GRAPH --shape wieght=3,2               1  no variable named 'wieght'; did you mean 'weight'?
    show GRAPH --shape weight=3,2 --shape grad=2,2  1  expected (3, 2), got (2, 2)
    show GRAPH --shape weight=3,x               2  'weight=3,x' is not NAME=1,3,224,224
    draw GRAPH                                  2  the following arguments are required: -o/--output
    draw GRAPH -o x.pdf                         1  must end in one of .svg
    draw GRAPH -o no/x.dot                      1  no/x.dot: No such file or directory
    draw GRAPH -o x.svg --dtype float99         2  float99
    draw cut.json -o x.svg                      1  cut.json: line
    draw long.json -o x.svg --no-collapse       1  5001 boxes are too many for a picture
    run GRAPH                                   1  key 'weight' is missing in args; not given: 'weight', 'grad', 'mom'
    run GRAPH --engine quick                    2  invalid choice: 'quick'
    run GRAPH --steps 0 --args good.npz         1  --steps must be at least 1, got 0
    run GRAPH --steps two                       2  invalid int value: 'two'
    run GRAPH --args nothing.npz                1  nothing.npz: No such file or directory
    run GRAPH --args cut.json                   1  byte 0
    run GRAPH --args misfit.npz                 1  expected (3, 2), got (2, 2)
    run GRAPH --args good.npz -o x.txt          1  must end in .npz or .params
    run GRAPH --args good.npz -o no/x.npz       1  no/x.npz: No such file or directory
    profile GRAPH                               1  key 'weight' is missing in args; not given: 'weight', 'grad', 'mom'
    profile GRAPH --args good.npz -o x.txt      1  must end in one of .json, .html
    profile GRAPH --args good.npz --steps 0     1  --steps must be at least 1, got 0
    profile GRAPH --args good.npz -o no/x.json  1  no/x.json: No such file or directory
    params nothing.params                       1  nothing.params: No such file or directory
    params noise                                1  byte 0
    code cut.json                               1  cut.json: line
    code GRAPH -o no/x.py                       1  no/x.py: No such file or directory
    check nothing.json                          1  nothing.json: No such file or directory
    ops signsgd_updat                           1  did you mean 'signsgd_update'
    convert GRAPH                               2  the following arguments are required: -o/--output
    convert GRAPH -o x.pb                       1  must end in .onnx or .json
    convert cut.json -o x.json                  1  cut.json: line
    paint GRAPH                                 2  invalid choice: 'paint'
"""


@pytest.mark.parametrize("line", [line.strip() for line in FAULTS.strip().splitlines()])
def test_a_fault_is_one_line_and_an_exit_code(line, folder):
    command, code, words = _parted(line)
    before = sorted(folder.rglob("*"))
    process = start(*(GRAPH if word == "GRAPH" else word for word in command.split()), cwd=folder)
    out, errors = (text.decode() for text in process.communicate(timeout=60))
    assert (process.returncode, out) == (code, "")
    lines = errors.splitlines()
    assert words in lines[-1] and "Traceback" not in errors
    assert lines[-1].startswith("symbolic")
    assert len(lines) == 1 if code == 1 else lines[0].startswith("usage: symbolic")
    assert sorted(folder.rglob("*")) == before


def _parted(line):
    """Return command, exit code and words of a line of the table."""
    command, code, words = next(part for part in (line.rpartition("  1  "), line.rpartition("  2  ")) if part[0])
    return command, int(code), words


def test_what_cannot_run_is_shown_with_a_warning(folder):
    for command in ("show odd.json", "draw odd.json -o odd.dot"):
        process = start(*command.split(), cwd=folder)
        out, errors = (text.decode() for text in process.communicate(timeout=60))
        assert process.returncode == 0 and len(errors.splitlines()) == 1
        assert errors.startswith("symbolic: warning: odd.json: nodes[3].op: no operator named 'signum_updaet'; did you mean 'signum_update'")
    assert "signum_updaet" in (folder / "odd.dot").read_text()
    (folder / "odd.dot").unlink()


def test_check_tells_every_problem_and_fails(folder):
    for name, words in (("cut.json", "error: line"), ("odd.json", "error: nodes[3].op: no operator named"),
                        ("noise", "error: byte")):
        process = start("check", name, cwd=folder)
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (1, b"") and words in out.decode()
        assert out.decode().splitlines()[-1] == f"{name}: 1 error, 0 warnings"


@pytest.mark.parametrize("command", ["show long.json", "show long.json --json", "code long.json", "ops --json"])
def test_a_reader_who_leaves_early_is_not_complained_about(command, folder):
    process = start(*command.split(), cwd=folder)
    assert process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(timeout=60) in (0, 1)
    process.stderr.close()


@pytest.mark.parametrize("closed, command, code, errors", [
    (">&-", "ops sgd_update", 0, ""), (">/dev/full", "ops sgd_update", 1, "symbolic: No space left on device\n"),
    ("<&-", "show -", 1, "symbolic: standard input is closed\n"),
    ("<&-", "check -", 1, "symbolic: standard input is closed\n"),
    ("2>&-", "show nothing.json", 1, "")])
def test_streams_that_are_closed_or_full(closed, command, code, errors, folder):
    shell = subprocess.run(f'exec "$PYTHON" -m symbolic {command} {closed}', shell=True, cwd=folder, capture_output=True,
                           env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHON": sys.executable}, timeout=60)
    assert (shell.returncode, shell.stderr.decode()) == (code, errors)
    assert b"nothing.json" not in shell.stdout


def endless(**more):
    return start("run", GRAPH, "--args", "good.npz", "--engine", "eager", "--steps", 10**9, **more)


def test_what_takes_long_shows_on_a_terminal_how_far_it_is(folder):
    pytest.importorskip("tqdm")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = endless(cwd=folder, stderr=theirs)
    os.close(theirs)
    seen, until = b"", time.monotonic() + 30
    while b"running:" not in seen and time.monotonic() < until:
        if select.select([ours], [], [], 1)[0]:
            seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    # A terminal takes what is written only as long as somebody reads.
    while process.poll() is None and select.select([ours], [], [], 10)[0]:
        try:
            seen += os.read(ours, 4096)
        except OSError:
            break
    assert process.wait(timeout=60) == 130
    process.stdout.close()
    os.close(ours)
    assert b"running:" in seen and b"Traceback" not in seen


def test_elsewhere_it_is_quiet_and_an_interrupt_leaves_no_trace(folder):
    process = start("run", "-", "--args", "good.npz", "--engine", "eager", "--steps", 10**9, cwd=folder,
                    stdin=subprocess.PIPE)
    # More than a pipe holds: once it is written, the command has been imported and reads.
    process.stdin.write(GRAPH.read_bytes() + b" " * (1 << 20))
    process.stdin.close()
    process.stdin = None
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 130


@pytest.mark.parametrize("module", ["numpy", "argparse", "atexit"])
def test_an_interrupt_while_modules_are_imported_leaves_no_trace(module, tmp_path):
    """One that `symbolic` imports, one that the command line imports, and what runs after the command."""
    code = "import signal\nsignal.raise_signal(signal.SIGINT)\nraise AssertionError('still here')\n"
    if module == "atexit":
        module, code = "sitecustomize", "import atexit, signal\natexit.register(signal.raise_signal, signal.SIGINT)\n"
    (tmp_path / f"{module}.py").write_text(code)
    script = tmp_path / "symbolic"
    script.write_text("import sys\nfrom symbolic.cli.main import main\nsys.exit(main())\n")
    os.symlink(sys.executable, tmp_path / "python")
    paths = os.pathsep.join(map(str, (tmp_path, ROOT, Path(np.__file__).parents[1])))
    for start_ in ([sys.executable, "-m", "symbolic"], [tmp_path / "python", script]):
        done = subprocess.run([*start_, "ops", "sgd_update"], capture_output=True, timeout=60,
                              env=os.environ | {"PYTHONPATH": paths})
        assert (done.returncode, done.stderr) == (130, b"")


def test_a_command_that_is_ended_while_it_writes_leaves_no_file(folder):
    code = """
import os, signal, sys
from symbolic.cli.main import main
os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGTERM)
sys.exit(main(["convert", "graph.json", "-o", "written.json"]))
"""
    (folder / "graph.json").write_bytes(GRAPH.read_bytes())
    before = sorted(folder.iterdir())
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, timeout=60,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")
    assert sorted(folder.iterdir()) == before


def test_the_entry_point_is_the_same_command():
    from importlib.metadata import entry_points

    found = [e for e in entry_points(group="console_scripts") if e.name == "symbolic"]
    if not found:
        pytest.skip("the package is not installed")
    from symbolic.cli.main import main

    assert found[0].load() is main
    script = Path(sys.executable).with_name("symbolic")
    if script.exists():
        done = subprocess.run([script, "ops", "signsgd_updat"], capture_output=True, timeout=60)
        assert done.returncode == 1 and done.stderr.startswith(b"symbolic: no operator named 'signsgd_updat'")
