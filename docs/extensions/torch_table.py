"""The table of torch's optimizers and the rules that they are, with measured differences.

``python -m docs.extensions.torch_table > docs/torch_table.inc`` writes it again, with torch installed; a test compares
all but the measurements.
"""

from functools import partial

import torch

import symbolic.torch as st
from ndarray.errors import MXNetError
from symbolic.optimizers.rules import candidates
from symbolic.torch.names import RULES, TORCH

STEPS, SHAPES = 20, [(3, 4), (300,)]

_HEAD = """.. Made by python -m docs.extensions.torch_table

.. list-table::
   :header-rows: 1
   :widths: 12 48 16 24

   * - Class
     - Rule, and its settings where they are not the default
     - From torch's loop
     - Rule of that name, by ``optimizer(…)``
"""


def way_off(ours, theirs):
    """Return how far two optimizers part in some steps, as a multiple of the distance moved.

    In float64, with gradients of sizes from 1e-9 to 1, so that every epsilon counts somewhere.
    """
    ends = []
    for make in (ours, theirs):
        start = torch.Generator().manual_seed(0)
        params = [torch.nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=start)) for shape in SHAPES]
        first = [p.detach().clone() for p in params]
        optimizer = make(params)
        for _ in range(STEPS):
            for p in params:
                size = 10 ** (9 * torch.rand(p.shape, dtype=torch.float64, generator=start) - 9)
                p.grad = torch.randn(p.shape, dtype=torch.float64, generator=start) * size
            optimizer.step()
        ends.append(params)
    way = max(float((b - s).detach().abs().max()) for b, s in zip(ends[1], first))
    return max(float((a - b).detach().abs().max()) for a, b in zip(*ends)) / way


def settings(name):
    """Return the rule of a class of torch and what differs from the rule's own settings, as text."""
    group = getattr(st, name)([torch.zeros(1)]).param_groups[0]
    rule, params = TORCH[name].rule(group)
    known = candidates()[rule][0].params
    more = {k: v for k, v in params.items() if isinstance(v, (bool, str))
            and not (k in known and known[k].default == v)}
    return f"``{rule}``" + "".join(f", ``{k}={v!r}``" for k, v in sorted(more.items()))


def measures(name):
    """Return how far our class of a name and the rule of that name are from torch's, as texts."""
    theirs = partial(getattr(torch.optim, name), foreach=False)
    lr = theirs([torch.zeros(1)]).defaults["lr"]
    try:
        other = f"{way_off(partial(st.optimizer(name.lower()), lr=lr), theirs):.0e}"
    except MXNetError:
        other = "–"
    return f"{way_off(getattr(st, name), theirs):.0e}", other


def rows(measured=True):
    """Return the rows of the table as lists of texts; without measurements where they are not to be made."""
    found = []
    for name in TORCH:
        if not hasattr(torch.optim, name):
            continue
        found.append([f"``{name}``", settings(name), *(measures(name) if measured else ("", ""))])
    found += [[f"``{name}``", f"``{rule}``", "not in torch", "the same class"] for name, rule in RULES.items()]
    return found


def table():
    """Return the page."""
    lines = [f"   * - {row[0]}\n" + "".join(f"     - {cell}\n" for cell in row[1:]) for row in rows()]
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    print(table(), end="")
