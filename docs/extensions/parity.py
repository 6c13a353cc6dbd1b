"""The page of rules beside those of other libraries, from comparisons that are run here.

``python -m docs.extensions.parity > docs/parity.rst`` writes it again, with torch and Optax installed; a test compares.
"""

from importlib.util import find_spec

from ndarray import registry
from ndarray.ops.precision import Precise
from symbolic.optimizers.rules import rule_names
from symbolic.parity.comparison import UPDATES, compared
from symbolic.parity.counterparts import LIBRARIES, of_rule
from symbolic.parity.states import lost

_HEAD = """Rules beside other libraries
============================

Made by ``python -m docs.extensions.parity``.  Each rule is run beside its counterpart on the same weights, gradients
and rates: {updates} updates of four tensors in float32, with gradients of sizes from 1e-3 to 1, a rate that rises,
falls and drops, weight decay 0.1 where theirs has one, ``beta1=0.9``, ``beta2=0.99`` and an epsilon of 1e-4, so large
that its place shows.  torch {torch} and Optax {optax} are run; MXNet 1.9.1's numbers are recorded, as are those of the
authors' code, which are float64.

* *Equal to n ulp*: no weight is further from theirs, after any update, than n units of the last digit of the largest
  value that the element had.  Of two lines of one name the second is of recorded numbers, in float64.  What follows
  are the settings of ours that make it so, where they are not the defaults of the rule.
* *Differs*: the first value of an update that is another one, a state or the weight, at which update, and why.
* *Has none*: the library has no such rule.
* *Not compared*: Optax's ``sophia`` makes its estimates of the curvature itself, at random; ours is given them.

``adopt_decay`` is Optax's ``adopt`` with decay from the second update on, as its authors have it.  Of torch's Muon the
iteration is computed in float64, where torch computes it in bfloat16.

``symbolic compare adam torch:Adam`` prints the same for one pair, with the node and the numbers; in Python it is
`symbolic.parity.compare`:

.. code-block:: console

   $ symbolic compare adam mxnet:Adam

.. list-table::
   :header-rows: 1
   :widths: 16 21 21 21 21
   :class: wide

   * - Rule
     - MXNet
     - torch
     - Optax
     - Authors
"""


def rules():
    """Return the name of each rule: of the operators that update one tensor, and of layer-wise rules."""
    found = {}
    for op in registry.operators():
        if op.update is None or not op.compute.__module__.startswith("ndarray.ops.") or isinstance(op, Precise):
            continue
        if "weight32" in op.names or op.update.keys or (op.random and op.random(op.defaults)):
            continue
        names = [n for n in rule_names(op) if not n.startswith(("_", "multi_", "preloaded_", "mp_"))]
        if op.many and not any(n in op.update.names for n in names):
            continue
        name = op.name.strip("_").removesuffix("_update").removeprefix("sparse_").removeprefix("contrib_")
        found[name if name in names else names[0]] = op
    return sorted([*found, "lars"])


def settings(other):
    """Return the settings of ours that are not the rule's defaults and make its form, as text."""
    made = other.made
    known = {**made.op.defaults, "epsilon_place": "hat", "bias_correction": True, "decay_norm": "sum",
             "momentum_correction": False}
    return ", ".join(f"``{k}={v!r}``" for k, v in sorted(other.choices.items()) if known.get(k) != v)


def cell(other):
    """Return what came of a comparison, as text."""
    found = compared(other)
    verdict, own = found.verdict, settings(other)
    if found.difference is not None:
        of = "" if found.difference.value == "weight" else f"{found.difference.value} of "
        verdict = f"differs: {of}{found.difference.tensor}, update {found.difference.update}, for {other.why}"
    without = " without decay" if other.options.get("wd") == 0 else ""
    return f"``{other.name}``: {verdict}{without}" + (f", with {own}" if own else "")


def cells(rule, library):
    """Return the lines of a cell."""
    found = [cell(other) for other in of_rule(rule, library)]
    if found:
        return found
    if library == "optax" and find_spec("optax"):
        import optax

        if any(hasattr(space, name) for space in (optax, optax.contrib)
               for name in (rule, rule.replace("dadapt_adam", "dadapt_adamw"))):
            return ["not compared"]
    return ["has none"]


def table(libraries=LIBRARIES):
    """Return the rows as a dict of rule to the cells of these libraries."""
    return {rule: [cells(rule, library) for library in libraries] for rule in rules()}


_STATES = """
States that travel
------------------

`symbolic.parity.convert`, and ``symbolic states convert RUN -o adam.pt --as torch:Adam`` on the command line, write
the states of a training (`symbolic.optimizers.Trainer.save`) as torch's ``state_dict``, as MXNet's ``.states`` or, for
Optax, as a ``.npz`` of the leaves of its state; with ``--like RUN`` they read such a file into a training.  torch's
files are read with ``weights_only=True``, MXNet's pickles by a reader that runs no code in them.  The functions without
files are `symbolic.parity.to_torch`, `symbolic.parity.from_torch` and those of the other two.

*Bit for bit*: a training whose states were converted and came back goes on with the bits of one that never stopped;
tests compare.  MXNet 1.9.1 itself has loaded the states of each rule and made three more updates, which is recorded:
its weights are ours within a few units of the last digit where the table above has equal ones, and its file has here
the bits that it had there.  torch's classes and Optax's transformations go on in tests, as near.  Hyper-parameters are
part of the step, so they do not travel.  The number of updates does where theirs holds one; torch's ``SGD`` and MXNet's
states alone do not: ``--num-update`` gives it.  A training must be
of the rule, with the form, that the table above has as equal: a momentum that holds the rate is not torch's.

.. list-table::
   :header-rows: 1
   :widths: 19 27 27 27

   * - Rule
     - MXNet
     - torch
     - Optax
"""


def apart(other):
    """Return why an optimizer has none of the states of its rule."""
    from symbolic.jax.names import OPTAX

    return OPTAX[other.name].apart or "it is another rule, see above"


def traveling(rule, library):
    """Return what becomes of the states of a rule in a library, as text."""
    others = [each for each in of_rule(rule, library) if each.case is None or library == "mxnet"]
    if not others:
        return "–"
    if not others[0].made.op.writes:
        return "there are none"
    words = {}
    for each in others:
        missing = ", ".join(f"``{name}``" for name in lost(each))
        own = ", ".join(f"``{k}={v!r}``" for k, v in each.options.items()
                        if any(other.options.get(k) != v for other in others))
        lacking = f"no, {apart(each)}" if not each.states else f"no, it does not hold {missing}"
        words.setdefault(lacking if missing else "bit for bit", (each.name, own))
    return "; ".join(f"``{name}``" + (f" with {own}" if own and len(words) > 1 else "") + f": {text}"
                     for text, (name, own) in words.items())


def page():
    """Return the page."""
    import optax
    import torch

    text = _HEAD.format(updates=UPDATES, torch=torch.__version__.partition("+")[0], optax=optax.__version__)
    for rule, row in table().items():
        text += f"   * - ``{rule}``\n"
        for lines in row:
            text += f"     - {lines[0]}\n" if len(lines) == 1 else f"     - * {lines[0]}\n" + "".join(
                f"       * {line}\n" for line in lines[1:])
    text += _STATES
    for rule in rules():
        row = [traveling(rule, library) for library in ("mxnet", "torch", "optax")]
        if {*row} != {"–"}:
            text += f"   * - ``{rule}``\n" + "".join(f"     - {cell}\n" for cell in row)
    return text


if __name__ == "__main__":
    print(page(), end="")
