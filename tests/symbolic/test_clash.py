"""Another project that owns our import names is seen and named."""

import subprocess
import sys
from pathlib import Path

import pytest

from symbolic import clash

ROOT = Path(clash.__file__).parents[1]


def test_alone_nothing_is_said(recwarn, tmp_path):
    (tmp_path / "symbolic_ndarray-0.1.0.dist-info").mkdir()
    (tmp_path / "symbolic_math-1.0.dist-info").mkdir()
    clash.check([str(tmp_path), str(tmp_path / "absent")])
    assert not recwarn.list


@pytest.mark.parametrize("folder", ["symbolic-13.9.0.dist-info", "ndarray-1.0.egg-info"])
def test_another_project_is_named(tmp_path, folder):
    (tmp_path / folder).mkdir()
    name, version = folder.rsplit(".", 1)[0].split("-")
    with pytest.warns(UserWarning, match=f"{name} {version} is installed in .*environment of its own"):
        clash.check([str(tmp_path)])


@pytest.mark.parametrize("alien", ["ndarray.py", "ndarray/__init__.py", "ndarray/notes.txt"])
def test_an_alien_ndarray_is_an_error(tmp_path, alien):
    (tmp_path / alien).parent.mkdir(exist_ok=True)
    (tmp_path / alien).write_text("")
    (tmp_path / "symbolic").symlink_to(ROOT / "symbolic")
    run = subprocess.run([sys.executable, "-S", "-c", "import symbolic"], cwd=tmp_path, text=True, capture_output=True)
    assert run.returncode == 1
    assert "ImportError: `import ndarray` finds another project's package" in run.stderr
    assert str(tmp_path / alien).removesuffix("/notes.txt") in run.stderr


def test_import_checks(tmp_path):
    (tmp_path / "symbolic-13.9.0.dist-info").mkdir()
    code = f"import sys; sys.path.append({str(tmp_path)!r}); import symbolic"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert "symbolic 13.9.0 is installed" in run.stderr
