"""Large steps run on the threads that torch keeps for its own loops: the same bits, and not where that could hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("llvmlite")

import torch

import symbolic.torch as st
from symbolic.torch import program

LARGE = 1_300_001
"""Weights of which SGD with momentum moves more bytes than it takes to wake a thread."""


@pytest.fixture
def team():
    found = program.team()
    if found is None:
        pytest.skip("torch has no OpenMP of its own here")
    return found


def trained(cls, dtype, **options):
    generator = torch.Generator().manual_seed(5)
    shapes = (LARGE,), (1000, 700), (3,)
    params = [torch.nn.Parameter(torch.randn(s, generator=generator).to(dtype)) for s in shapes]
    optimizer = cls(params, lr=0.1, **options)
    for _ in range(3):
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator).to(dtype)
        optimizer.step()
    return params


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("cls", "options"), [(st.SGD, {"momentum": 0.9}), (st.LARS, {}), (st.AdamW, {})])
def test_bits_are_those_of_our_own_threads(cls, options, dtype, team, monkeypatch):
    found = trained(cls, dtype, **options)
    monkeypatch.setattr(program, "team", lambda: None)
    for one, other in zip(found, trained(cls, dtype, **options), strict=True):
        assert torch.equal(one, other)


def test_rules_pass_their_tests_on_the_team_however_short_tensors_are(team, tmp_path):
    file = Path(__file__).parent / "test_rules.py"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.symbolic.torch.on_the_team", "-p", "no:cacheprovider",
         f"--rootdir={tmp_path}", str(file)],
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(file.parents[3])}, cwd=tmp_path,
        capture_output=True, text=True)
    assert result.returncode == 0 and "runs on torch's threads" in result.stdout, result.stdout[-3000:] + result.stderr


def test_a_library_that_is_not_loaded_is_not_used(tmp_path):
    from ndarray.kernels import team

    assert team._functions(str(tmp_path / "libgomp.so.1")) is None


PROGRAM = """
import os, threading
import torch
import symbolic.torch as st
from ndarray.kernels import table

ours = []
lead = table._lead
table._lead = lambda *args: (ours.append(1), lead(*args))
p = torch.nn.Parameter(torch.zeros({LARGE}))
optimizer = st.SGD([p], lr=0.5, momentum=0.5)

def step():
    ours.clear()
    p.grad = torch.ones_like(p)
    optimizer.step()
    return len(ours)

assert torch.get_num_threads() == 2
assert step() == 0, "torch's threads"
found = []
thread = threading.Thread(target=lambda: found.append(step()))
thread.start()
thread.join()
assert found == [1], "a team of its own would be made for another thread"
torch.set_num_threads(1)
assert step() == 1, "a team of another size"
torch.set_num_threads(2)
assert step() == 0
weights = p.detach().numpy()
child = os.fork()
if not child:  # in which torch's own loops over large tensors would wait for ever
    ours.clear()
    optimizer.step()
    os._exit(0 if ours and (weights == -(1 + 1.5 + 1.75 + 1.875 + 1.9375) / 2).all() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the threads of a team are not in the child"
assert step() == 0 and (weights == -(1 + 1.5 + 1.75 + 1.875 + 1.9375) / 2).all()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the child is forked")
def test_the_team_is_used_where_it_is_ready(team):
    root = Path(__file__).parents[3]
    environment = {"OMP_NUM_THREADS": "2", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)}
    set_two = "import symbolic as sym\nsym.set_num_threads(2)\n"
    result = subprocess.run([sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c",
                             set_two + PROGRAM.replace("{LARGE}", str(LARGE))],
                            env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


WORKERS = """
import sys
import torch
import symbolic.torch as st


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, k):
        w = torch.nn.Parameter(torch.zeros({LARGE}))
        w.grad = torch.full_like(w, k + 1.0)
        st.SGD([w], lr=0.5, momentum=0.5).step()
        return w.detach()[-2:].clone()


if __name__ == "__main__":
    context, passes = sys.argv[1], int(sys.argv[2])
    p = torch.nn.Parameter(torch.zeros({LARGE}))
    optimizer, seen = st.SGD([p], lr=0.5, momentum=0.5), []

    def step():
        p.grad = torch.ones_like(p)
        optimizer.step()

    step()
    for _ in range(passes):
        loader = torch.utils.data.DataLoader(Rows(), batch_size=2, num_workers=2, multiprocessing_context=context)
        for rows in loader:
            seen += rows[:, 0].tolist()
            step()
    assert seen == passes * [-0.5, -1.0, -1.5, -2.0], seen
    assert (p == -sum([2 - 0.5 ** k for k in range(1 + 2 * passes)]) / 2).all(), p
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers fork on Linux")
@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_a_training_on_the_team_and_the_workers_of_its_loader_step_beside_each_other(start, team, tmp_path):
    file = tmp_path / "training.py"
    file.write_text(WORKERS.replace("{LARGE}", str(LARGE)))
    passes = "2" if start == "fork" else "1"  # Each of the others imports torch.
    environment = {"OMP_NUM_THREADS": "2", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[3])}
    result = subprocess.run([sys.executable, "-W", "ignore", str(file), start, passes], env=environment, capture_output=True,
                            text=True, timeout=120)
    assert result.returncode == 0, result.stderr
