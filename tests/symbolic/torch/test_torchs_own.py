"""torch's own file of tests, where the variable TORCH_TEST_OPTIM names it: it is in torch's source, not in its wheel."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="torch's own tests need it")

FILE = os.environ.get("TORCH_TEST_OPTIM")


@pytest.mark.skipif(not FILE, reason="TORCH_TEST_OPTIM does not name torch's test/test_optim.py")
@pytest.mark.parametrize("plugins", [("stand_in",), ("stand_in", "on_the_team")], ids=" ".join)
def test_our_classes_pass_torchs_tests(plugins, tmp_path):
    file = Path(FILE).resolve()
    env = {**os.environ, "PYTORCH_TESTING_DEVICE_ONLY_FOR": "cpu", "PYTEST_ADDOPTS": "",
           "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])}
    plugins = [word for name in plugins for word in ("-p", f"tests.symbolic.torch.{name}")]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, "-p", "no:cacheprovider", "-W", "ignore", "--tb=short",
         f"--rootdir={tmp_path}", str(file)],
        env=env, cwd=tmp_path, capture_output=True, text=True)
    last = (ran.stdout.strip().splitlines() or [""])[-1]
    assert ran.returncode == 0, ran.stdout[-10_000:] + ran.stderr[-2_000:]
    assert int(re.search(r"(\d+) passed", last)[1]) > 300, last
