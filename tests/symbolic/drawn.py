"""Graphs that every writer of pictures and pages must take."""

from pathlib import Path

import symbolic as sym

GOLDEN = Path(__file__).parents[1] / "golden" / "symbol_json"
HOSTILE = ['"]; x [', "</text><script>hacked=alert(1)</script>", "two\nlines", "\x1b[31mred", "back\\slash", "größe", "]]>",
           "%s", "</script><script>hacked=1</script>", "<!--<script>", "a\u2028b", "<img src=x onerror=hacked=1>", "&lt;b&gt;",
           "\" onload=\"hacked=1", "${hacked}", "javascript:hacked=1"]


def momentum_step():
    """Return one update with a state and a rate that is fed."""
    return sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.9, name="step")


def hostile():
    """Return a graph whose names try to be markup, code and control characters."""
    total = sym.var(HOSTILE[0])
    for name in HOSTILE[1:]:
        total = sym.elemwise_add(total, sym.var(name), name=f"+{name}")
    return total


def lamb(n):
    """Return a LAMB step over `n` tensors."""
    lr, t, steps = sym.var("lr"), sym.var("t"), []
    for i in range(n):
        w, g, m, v = (sym.var(f"layer{i}_{x}") for x in ("weight", "grad", "mean", "var"))
        direction = sym.lamb_update_phase1(w, g, m, v, t=t, wd=0.01, name=f"layer{i}_direction")
        steps.append(sym.lamb_update_phase2(w, direction, sym.norm(w, name=f"layer{i}_r1"),
                                            sym.norm(direction, name=f"layer{i}_r2"), lr=lr, name=f"layer{i}_step"))
    return sym.Group(steps)


def lamb_of_primitives(n):
    """Return a LAMB step over `n` tensors of different shapes, twenty nodes for each and five that all share."""
    lr, rescale, wd, keep, correction = (sym.var(x, shape=(1,)) for x in ("lr", "rescale", "wd", "keep", "correction"))
    steps = []
    for i in range(n):
        w, g, m, v = (sym.var(f"layer{i}_{x}", shape=(i + 2, 3)) for x in ("weight", "grad", "mean", "var"))
        with sym.Prefix(f"layer{i}_"):
            g = sym.broadcast_mul(g, rescale, name="scaled")
            m = sym.broadcast_mul(m, keep, name="kept") + g * 0.1
            v = v * 0.999 + sym.square(g, name="squared") * 0.001
            direction = (sym.broadcast_mul(m, correction, name="corrected") / sym.sqrt(v, name="root")
                         + sym.broadcast_mul(w, wd, name="decay"))
            steps.append(sym.lamb_update_phase2(w, direction, sym.norm(w, name="r1"), sym.norm(direction, name="r2"),
                                                lr=lr, name="step"))
    return sym.Group(steps)


def whole_step(layers, rule="adam", **params):
    """Return a whole step of a network: forward pass, gradients and updates."""
    x = sym.var("image")
    for i in range(layers):
        x = sym.tanh(sym.FullyConnected(x, num_hidden=8, name=f"fc{i}"), name=f"tanh{i}")
    return sym.optimizers.step(sym.softmax_cross_entropy(x, sym.var("label"), name="loss"), rule, **params)


def _all():
    yield "momentum", momentum_step()
    yield "variable", sym.var("x")
    yield "group", sym.Group([sym.var("a"), sym.exp(sym.var("b"), name="e")])
    yield "hostile", hostile()
    for path in sorted(GOLDEN.glob("*.json")):
        if path.name != "expected.json":
            yield path.stem, sym.load(path)


GRAPHS = dict(_all())
