"""DTensors are updated on each rank, in place, as torch's classes update them; they resume from their checkpoints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed tensors")
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_life_on_some_ranks(ranks, tmp_path):
    root = Path(__file__).parents[3]
    env = {**os.environ, "GLOO_SOCKET_IFNAME": "lo",
           "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    running = [subprocess.Popen([sys.executable, "-W", "ignore", "-m", "tests.symbolic.torch.ranks", str(rank),
                                 str(ranks), str(tmp_path)], cwd=root, env=env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT) for rank in range(ranks)]
    try:
        told = [process.communicate(timeout=180)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0] * ranks, "\n".join(told)[-4000:]
