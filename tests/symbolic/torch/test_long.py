"""What must hold over a long training: memory, programs, workers that fork."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import symbolic.torch as st  # noqa: E402
from ndarray.kernels import machine_code  # noqa: E402

STATUS = Path("/proc/self/status")
linux = pytest.mark.skipif(not STATUS.exists(), reason="this system has no /proc")


def kib(word):
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(f"{word}:"))


@linux
@pytest.mark.parametrize("name", ["AdamW", "LAMB"])
def test_ten_thousand_steps_with_other_numbers_add_no_memory_and_compile_nothing(name, monkeypatch):
    params = [torch.nn.Parameter(torch.ones(n)) for n in (5, 3)]
    optimizer = getattr(st, name)(params)
    group = optimizer.param_groups[0]
    group["weight_decay"] = 1.0
    for k in range(10_000):
        for p in params:
            p.grad = torch.ones_like(p)
        optimizer.step()
        optimizer.zero_grad()
        group["lr"], group["weight_decay"], group["betas"] = 1e-3 / (k + 1), 1 / (k + 1), (0.9 - 1e-6 * k, 0.99)
        if k == 1000:
            before = kib("VmRSS")
            monkeypatch.setattr(machine_code, "code", lambda *_: pytest.fail("compiled"))
    assert kib("VmRSS") - before < 1024


@linux
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last], ids=str)
def test_a_step_takes_less_than_two_mib_beside_64_mib_of_parameters(order):
    w = torch.nn.Parameter(torch.zeros(64, 64, 64, 64).contiguous(memory_format=order))
    optimizer = st.AdamW([w])
    for _ in range(2):
        w.grad = torch.ones_like(w)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
        before = kib("VmHWM")
        optimizer.step()
    assert kib("VmHWM") - before < 2048


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 24

    def __getitem__(self, k):
        w = torch.nn.Parameter(torch.full((3,), float(k)))
        w.grad = torch.ones(3)
        st.SGD([w], lr=0.5).step()  # in a worker, too
        return w.detach()


@pytest.mark.skipif(sys.platform != "linux", reason="workers fork on Linux")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_workers_of_a_data_loader_fork_beside_the_optimizer():
    found = []
    for workers in (0, 2):
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 2)
        optimizer = st.LAMB(model.parameters(), lr=0.01)
        for _ in range(2):
            for rows in torch.utils.data.DataLoader(Rows(), batch_size=8, num_workers=workers):
                optimizer.zero_grad()
                model(rows).square().sum().backward()
                optimizer.step()
        found.append([p.detach().clone() for p in model.parameters()])
    assert all(map(torch.equal, *found))
