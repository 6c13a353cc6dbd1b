"""What is measured: optimizer steps in place, over one large tensor and over the tensors of real models."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

ROLES = {"signsgd": "wg", "momentum": "wgm", "adam": "wgmv", "lars": "wgm"}
"""The arrays of a kind of step: weights, gradients, momenta or means, and means of squares."""
MOVED = {"signsgd": 3, "momentum": 5, "adam": 7, "lars": 7}
"""Numbers read or written for each weight."""


@dataclass(frozen=True)
class Workload:
    """A step over tensors of some shapes, float32.

    Attributes
    ----------
    name : str
    kind : str
        A key of `ROLES`.
    shapes : tuple of tuple of int
    """

    name: str
    kind: str
    shapes: tuple

    @property
    def elements(self):
        """Number of weights."""
        return sum(map(math.prod, self.shapes))

    @property
    def bytes(self):
        """How many bytes a step moves at least."""
        return 4 * MOVED[self.kind] * self.elements

    def arrays(self, module):
        """Return the arrays of each role, made with NumPy or a module that is like it."""
        generator = module.random.default_rng(0)
        draw = {"v": lambda s: generator.random(s, dtype="float32")}
        return {role: [draw.get(role, lambda s: generator.standard_normal(s, dtype="float32"))(shape)
                       for shape in self.shapes] for role in ROLES[self.kind]}


def model(name):
    """Return the shapes of a model's parameters."""
    data = json.loads((Path(__file__).parent / "data" / f"{name}_shapes.json").read_text())
    return tuple(tuple(shape) for _, shape in data)


def single(kind, n):
    """Return a workload of one tensor."""
    return Workload(f"{kind} {n:.0e}".replace("e+0", "e"), kind, ((n,),))


def workloads():
    """Return every workload by name."""
    found = [single("signsgd", 10**k) for k in range(3, 9)]
    found += [single(kind, 10**k) for kind in ("momentum", "adam") for k in (6, 7, 8)]
    found += [Workload("momentum ResNet-50", "momentum", model("resnet50")),
              Workload("LARS ResNet-50", "lars", model("resnet50")),
              Workload("Adam BERT-base", "adam", model("bert_base")),
              Workload("momentum 500 x 64", "momentum", ((64,),) * 500)]
    return {w.name: w for w in found}
