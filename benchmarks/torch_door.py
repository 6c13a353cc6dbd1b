"""Optimizers of `symbolic.torch`, with fresh gradients at each step, in turn with PyTorch's own.

``python -m benchmarks.torch_door [--shapes small resnet50 bert_base] [--optimizers SGD AdamW …] [--dtype bfloat16]
[--compile]``.  Needs torch.  Where they are installed, DeepSpeed's AdamW takes part if it builds, and pytorch_optimizer
with rules that torch does not have.  Each row is the median over rounds, in milliseconds, and the bytes that the update
has to move for a parameter: what it reads and writes once.  The bound graph is a step whose arrays never move; as with
ours, parameters and gradients are in memory that torch has given, which is not in huge pages, and states in the
package's own.  A form of torch's that is far from its own loop over tensors does not take part: in 16 bits the fused
SGD of torch 2.13 leaves parameters as they are (https://github.com/pytorch/pytorch/issues/191763).

With ``--bound`` ours and the bound graph alone take part, in each form of a class that is a rule of its own, and
``--optimizers all`` is every class of `symbolic.torch`.
``--keep`` appends these times to ``benchmarks/results/torch_door/``, and ``--table`` prints what is kept there as the
table of ``docs/torch.rst``.
"""

import argparse
import inspect
import json
import statistics
import time

import numpy as np
import torch

import symbolic as sym
import symbolic.torch as st
from benchmarks import machine
from benchmarks.table import simple
from benchmarks.workloads import model
from symbolic.torch.tensors import view

OPTIMIZERS = {"SGD": {"lr": 0.1, "momentum": 0.9}, "AdamW": {"lr": 1e-3}, "Lion": {"lr": 1e-4}, "LAMB": {"lr": 1e-3},
              "LARS": {"lr": 0.1, "momentum": 0.9}}
CLASSES = [name for name in st.__all__ if isinstance(each := getattr(st, name, None), type)
           and issubclass(each, st.RuleOptimizer) and each is not st.RuleOptimizer]
RESULTS = machine.RESULTS / "torch_door"
SLOW = 0.2
"""From how many seconds a step is measured once in a round, and not three times."""
FAR = 0.1
"""Part of the way of three updates; in 16 bits what rounding makes of different sums is some hundredths."""
TITLES = {"small": "500 × 64", "resnet50": "ResNet-50", "bert_base": "BERT-base"}
SHAPES = {"small": lambda: ((64,),) * 500, "resnet50": lambda: model("resnet50"),
          "bert_base": lambda: model("bert_base")}


class Contender:
    """An optimizer on parameters of its own, and two sets of gradients that become new tensors at each step."""

    def __init__(self, cls, options, shapes, dtype, compiled=False):
        self.params = [torch.nn.Parameter(torch.randn(shape).to(dtype)) for shape in shapes]
        self.grads = [torch.randn(shape).to(dtype) for shape in shapes]
        self.optimizer = cls(self.params, **options)
        self.run = torch.compile(self.optimizer.step) if compiled else self.optimizer.step
        self.first = self.seconds()

    def seconds(self):
        """Return what a step takes, without the making of its gradients."""
        for p, g in zip(self.params, self.grads):
            p.grad = g.clone()
        start = time.perf_counter()
        self.run()
        took = time.perf_counter() - start
        self.optimizer.zero_grad()
        return took


class Bound:
    """The same rule as a bound graph, whose arrays stay where they are; torch rewrites gradients before each step.

    As it does for the others: what a backward pass has just written is partly in the caches, and torch's threads wait
    for more work for some milliseconds, at full speed, on the cores that the step needs.  After NumPy's copying, which
    has no threads, a step takes 10 to 20 % less.
    """

    def __init__(self, optimizer, shapes, dtype):
        step = optimizer.symbol()
        names = [name.removesuffix("_grad") for name in step.list_arguments() if name.endswith("_grad")]
        arrays = {n: view(torch.randn(s).to(dtype)) for n, s in zip(names, shapes, strict=True)}
        self.grads = [(torch.empty(s, dtype=dtype), torch.randn(s).to(dtype)) for s in shapes]
        arrays |= {f"{n}_grad": view(bound) for n, (bound, _) in zip(names, self.grads)}
        start = time.perf_counter()
        self.executor = sym.optimizers.bind_in_place(step, arrays, engine="fused")
        self.fed = {"lr": 1e-3, **({"t": 10} if "t" in self.executor.arg_dict else {})}
        self.seconds()
        self.first = time.perf_counter() - start

    def seconds(self):
        """Return what a step takes, without the writing of its gradients."""
        for bound, g in self.grads:
            bound.copy_(g)
        start = time.perf_counter()
        self.executor.forward(is_train=True, **self.fed)
        return time.perf_counter() - start


def moved(optimizer):
    """Return the bytes that an update has to move for a parameter: gradients are read, all else read and written."""
    tensors = [(p, *(t for t in optimizer.state[p].values() if t.shape == p.shape))
               for p in optimizer.param_groups[0]["params"]]
    moves = sum([p.nbytes + 2 * sum([t.nbytes for t in (p, *states)]) for p, *states in tensors])
    return moves / sum([p.numel() for p, *_ in tensors])


def off(cls, options, dtype):
    """Return how far an optimizer is from torch's loop over tensors after three updates, as a part of their way."""
    start, *gradients = [torch.randn(1 << 12).to(dtype) for _ in range(4)]
    found = []
    for form in (options, {**options, "fused": False, "foreach": False}):
        p = torch.nn.Parameter(start.clone())
        optimizer = cls([p], **form)
        for g in gradients:
            p.grad = g.clone()
            optimizer.step()
        found.append(p.detach().float())
    ours, loop = found
    return float((ours - loop).norm() / (loop - start).norm())


def deepspeed(shapes, dtype):
    """Return DeepSpeed's AdamW, None where it is not installed or does not build here, with the reason printed."""
    try:
        from deepspeed.ops.adam import DeepSpeedCPUAdam

        return Contender(DeepSpeedCPUAdam, {**OPTIMIZERS["AdamW"], "weight_decay": 0.01}, shapes, dtype)
    except Exception as error:
        print(f"DeepSpeed does not take part: {type(error).__name__}: {str(error).partition(chr(10))[0][:100]}")
        return None


def pytorch_optimizer(name):
    """Return the class of a name of the package of that name, None where it is not installed or has none."""
    try:
        import pytorch_optimizer
    except ImportError:
        return None
    return getattr(pytorch_optimizer, name, None)


def beside_bound(name, options, shapes, dtype):
    """Return an optimizer of ours and its bound graph by what they are."""
    ours = Contender(getattr(st, name), options, shapes, dtype)
    return {"ours": ours, "bound graph": Bound(ours.optimizer, shapes, dtype)}


def contenders(name, shapes, dtype, compiled):
    """Return all forms of an optimizer by what they are."""
    options = OPTIMIZERS.get(name, {"lr": 1e-3})
    found = beside_bound(name, options, shapes, dtype)
    if hasattr(torch.optim, name):
        theirs = getattr(torch.optim, name)
        for form in ("fused", "foreach"):
            if form not in inspect.signature(theirs).parameters:
                continue
            if (wrong := off(theirs, {**options, form: True}, dtype)) < FAR:
                found[f"torch {form}"] = Contender(theirs, {**options, form: True}, shapes, dtype)
            else:
                print(f"torch {form} of {name} does not take part: it is {wrong:.2f} of the way off torch's loop")
        if compiled:
            found["torch.compile"] = Contender(theirs, {**options, "foreach": True}, shapes, dtype, compiled=True)
    elif (theirs := pytorch_optimizer(name)) is not None:
        found["pytorch_optimizer"] = Contender(theirs, options, shapes, dtype)
    if name == "AdamW" and (other := deepspeed(shapes, dtype)) is not None:
        found["DeepSpeed"] = other
    return found


def measure(forms, rounds):
    """Return the seconds of each form, of the first step and the median of the others, in turn; and bytes moved."""
    times = {what: [] for what in forms}
    for _ in range(rounds):
        for what, form in forms.items():
            first = form.seconds()
            times[what].append(min([first, *(form.seconds() for _ in range(2 if first < SLOW else 0))]))
    found = {what: (form.first, statistics.median(times[what])) for what, form in forms.items()}
    return found, moved(forms["ours"].optimizer)


def kept():
    """Return what is kept, by machine and by workload, such as ``"resnet50 bfloat16 SGD"``: seconds of the last run."""
    found = {}
    for path in sorted(RESULTS.glob("*.json")):
        for run in json.loads(path.read_text(encoding="utf-8")):
            found.setdefault(path.stem, {}).update(run["seconds"])
    return found


def table(found):
    """Return the results of one machine as reStructuredText: milliseconds, and multiples of the bound graph's.

    Parameters
    ----------
    found : dict
        One of `kept`.
    """
    columns = list(dict.fromkeys(tuple(workload.split()[:2]) for workload in found))
    rows = [["class", *(f"{TITLES[shapes]}, {dtype}" for shapes, dtype in columns)]]
    for name in sorted({workload.split(maxsplit=2)[2] for workload in found}):
        times = [found.get(f"{shapes} {dtype} {name}") for shapes, dtype in columns]
        rows.append([f"``{name}``", *("" if each is None else f"{1e3 * each['ours']:.3g} "
                                     f"({each['ours'] / each['bound graph']:.2f})" for each in times)])
    return simple(rows)


def report(kind, dtype, label, shapes, measured, keep):
    """Print one line for each form, and keep what ours and the bound graph take."""
    times, moves = measured
    size = moves * sum([int(np.prod(shape)) for shape in shapes])
    for what, (first, median) in times.items():
        print(f"{kind:10} {label:18} {what:14} {1e3 * median:9.3f} ms   first {1e3 * first:9.1f} ms   "
              f"{moves:4.1f} bytes a parameter, {size / median / 1e9:5.1f} GB/s", flush=True)
    if keep:
        machine.keep(machine.facts() | {"torch": torch.__version__}, None, {f"{kind} {dtype} {label}": {
            what: times[what][1] for what in ("ours", "bound graph")}}, RESULTS)


def main():
    """Measure, and print one line for each form."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--optimizers", nargs="+", choices=[*CLASSES, "all"], default=list(OPTIMIZERS))
    parser.add_argument("--bound", action="store_true", help="ours and the bound graph alone")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--keep", action="store_true", help="append what ours and the bound graph take to the results")
    parser.add_argument("--table", action="store_true", help="measure nothing, print what is kept")
    args = parser.parse_args()
    if args.table:
        print("\n\n".join(f"{name}\n\n{table(found)}" for name, found in kept().items()))
        return
    torch.set_num_threads(sym.get_num_threads())
    print(machine.text(machine.facts()))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    dtype = getattr(torch, args.dtype)
    for kind in args.shapes:
        shapes = SHAPES[kind]()
        for name in CLASSES if "all" in args.optimizers else args.optimizers:
            for options in getattr(st, name)._words.variants if args.bound else [None]:
                forms = (contenders(name, shapes, dtype, args.compile) if options is None
                         else beside_bound(name, {"lr": 1e-3, **options}, shapes, dtype))
                given = ", ".join([f"{key}={value}" for key, value in (options or {}).items()])
                label = f"{name}({given})" if given else name
                report(kind, args.dtype, label, shapes, measure(forms, args.rounds), args.keep)


if __name__ == "__main__":
    main()
