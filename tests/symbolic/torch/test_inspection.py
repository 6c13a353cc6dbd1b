"""An optimizer shows its update as a graph that computes the same, as a table, and as a profile."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import symbolic as sym  # noqa: E402
import symbolic.torch as st  # noqa: E402
from symbolic.torch.names import RULES, TORCH  # noqa: E402

NAMES = [name for name in (*TORCH, *RULES) if name in RULES or hasattr(torch.optim, name)]


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_computes_what_the_optimizer_does(name):
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 4)
    options = {"maximize": True} if name == "AdamW" else {}
    optimizer = getattr(st, name)(module.named_parameters(), lr=0.01, **options)
    arrays = {n: p.detach().numpy().copy() for n, p in module.named_parameters()}
    symbol = sym.load_json(optimizer.symbol().tojson())
    run = sym.optimizers.bind_in_place(symbol, arrays, **{f"{n}_grad": a.shape for n, a in arrays.items()})
    for t in (1, 2, 3):
        fed = {"lr": 0.01} | ({"t": t} if "t" in run.arg_dict else {})
        for n, p in module.named_parameters():
            p.grad = torch.randn_like(p)
            fed[f"{n}_grad"] = p.grad.numpy()
        if name == "Adagrad" and t == 1:
            assert all(not (run.aux_dict[f"{n}_history"].asnumpy()).any() for n in arrays)
        run.forward(is_train=True, **fed)
        optimizer.step()
    for n, p in module.named_parameters():
        np.testing.assert_allclose(arrays[n], p.detach().numpy(), rtol=2e-6, atol=1e-7)


def test_the_table_has_a_row_for_each_parameter():
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    optimizer = st.AdamW([{"params": list(module[0].named_parameters())},
                          {"params": list(module[1].named_parameters()), "lr": 0.5}], lr=0.1, no_decay="bias*")
    rows = optimizer.table()
    assert [(row.name, row.group, row.lr, row.weight_decay) for row in rows] == [
        ("weight", 0, 0.1, 0.01), ("bias", 0, 0.1, 0.0), ("weight", 1, 0.5, 0.01), ("bias", 1, 0.5, 0.0)]
    assert rows[0].states == ("step", "exp_avg", "exp_avg_sq")
    assert str(rows).splitlines()[0].split() == list(rows[0]._fields)


def test_a_profile_changes_nothing():
    module = torch.nn.Linear(30, 40)
    optimizer = st.LAMB(module.parameters())
    for p in module.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    kept = [p.detach().clone() for p in module.parameters()]
    profile = optimizer.profile(steps=2)
    assert profile.rows and "lamb" in str(profile)
    assert all(torch.equal(p, k) for p, k in zip(module.parameters(), kept))


@pytest.mark.parametrize("name", ["AdamW", "LAMB", "LARS"])
def test_the_graph_of_several_groups_and_dtypes_has_one_norm(name):
    params = {n: torch.nn.Parameter(torch.full(shape, 2.0, dtype=dtype))
              for n, shape, dtype in [("a", (3,), torch.float64), ("b", (), torch.float64), ("c", (4,), torch.float32)]}
    optimizer = getattr(st, name)([{"params": [("a", params["a"])]}, {"params": [*params.items()][1:]}], lr=0.1,
                                  clip_norm=0.5)
    symbol = optimizer.symbol()
    arrays = {n: p.detach().numpy().copy() for n, p in params.items()}
    for n, p in params.items():
        p.grad = torch.ones_like(p)
        arrays[f"{n}_grad"] = p.grad.numpy().copy()
        arrays |= {state: np.zeros_like(arrays[n]) for state in symbol.list_auxiliary_states() if state[0] == n}
    run = sym.optimizers.bind_in_place(symbol, arrays)
    run.forward(is_train=True, **{k: 0.1 if k != "t" else 1 for k in ("lr0", "lr1", "t") if k in run.arg_dict})
    assert optimizer.profile(steps=1).rows
    optimizer.step()
    for n, p in params.items():
        np.testing.assert_allclose(arrays[n], p.detach().numpy(), rtol=1e-6)
