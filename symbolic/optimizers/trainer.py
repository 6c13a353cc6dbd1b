"""Steps bound to arrays: parameters are updated where they lie, one call a step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ndarray import random
from ndarray.array import NDArray
from ndarray.context import Context
from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.engines.buffers import commit
from symbolic.graph.node import Entry
from symbolic.graph.types import complete_types, given_types
from symbolic.optimizers import checkpoint
from symbolic.runtime.checks import as_array, check_context
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from ndarray.typing import ArrayLike, Number
    from symbolic.executor import Executor


def updates(step: Symbol) -> dict[str, str]:
    """Return which output is the new value of which argument: a dict of output name to argument name.

    Examples
    --------
    >>> import symbolic as sym
    >>> loss = sym.make_loss(sym.square(sym.var("w")), name="cost")
    >>> updates(sym.optimizers.step(loss, "sgd", ["w"]))
    {'w_step_output': 'w'}
    """
    found = {}
    for entry in step.graph.outputs:
        named = dict(entry.node.attrs).get("__updates__")
        if named is not None:
            found[entry.node.output_name(entry.index)] = json.loads(named)[entry.index]
    return found


def bind_in_place(step: Symbol, arrays: Mapping[str, ArrayLike], ctx: Context | None = None, engine: str = "auto",
                  watch: str | None = None, **shapes: Sequence[int]) -> Executor:
    """Bind a step so that each run updates the parameters in the arrays given, all or nothing.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` makes it, or with ``__updates__`` attributes like its.
    arrays : dict of str to NDArray or numpy.ndarray
        The parameters; data and states may be among them.  What is missing is allocated: zeros, but for
        ``weight32``, a copy of the weight in float32.
    ctx, engine, watch : optional
        As in `Symbol.bind`.
    **shapes : tuple of int
        Of inputs that do not follow from the arrays.

    Returns
    -------
    Executor

    Raises
    ------
    OperatorError
        If a parameter has no array.
    BindError, ShapeError, DTypeError, UnknownNameError
        As `Symbol.bind`.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> loss = sym.make_loss(sym.square(sym.var("w")), name="cost")
    >>> w = np.array([4.0])
    >>> run = bind_in_place(sym.optimizers.step(loss, "sgd", ["w"], momentum=0.5), {"w": w})
    >>> outputs = run.forward(is_train=True, lr=0.25)
    >>> w, run.aux_dict["w_mom"].asnumpy()
    (array([2.]), array([-2.]))
    """
    ctx = check_context(ctx)
    graph = step.graph
    names = [n.name for n in graph.variables]
    for name in arrays:
        if name not in names:
            raise UnknownNameError(f"bind_in_place: {unknown('variable', name, names)}")
    given = {name: as_array(value, name, ctx) for name, value in arrays.items()}
    missing = [w for w in updates(step).values() if w not in given]
    if missing:
        raise OperatorError(f"bind_in_place: the parameters {', '.join(missing)} have no arrays; only inputs and "
                            "states are allocated")
    known = given_types(graph, shapes, who="bind_in_place")
    known |= {name: TensorType(a.shape, a._data.dtype.newbyteorder("=")) for name, a in given.items()}
    types = complete_types(graph, known, "bind_in_place")
    for node in graph.variables:
        if node.name not in given:
            weight = given.get(node.name.removesuffix("_weight32")) if node.name.endswith("_weight32") else None
            shape, dtype = types[Entry(node)]
            given[node.name] = NDArray(np.zeros(shape, dtype) if weight is None else weight._data.astype(dtype), ctx)
    out = {name: given[target] for name, target in updates(step).items()}
    return step.bind(ctx, given, out=out, engine=engine, watch=watch)


class Trainer:
    """A step, its arrays and the number of updates made.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` makes it.
    arrays : dict of str to array
        See `bind_in_place`.
    lr : float or callable, optional
        What feeds ``lr``: a rate, or a schedule of the number of the update, which starts with 1.
    num_update : int, optional
        How many updates have been made already.
    ctx, engine, watch, **shapes : optional
        See `bind_in_place`.

    Attributes
    ----------
    executor : Executor
    num_update : int

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> loss = sym.make_loss(sym.sum(sym.square(sym.var("w"))), name="cost")
    >>> w = np.array([4.0])
    >>> trainer = Trainer(sym.optimizers.step(loss, "sgd", ["w"]), {"w": w}, lr=0.25)
    >>> [float(trainer.step()[0].asscalar()) for _ in range(3)], w, trainer.num_update
    ([16.0, 4.0, 1.0], array([0.5]), 3)
    """

    def __init__(self, step: Symbol, arrays: Mapping[str, ArrayLike], lr: float | Callable[[int], float] | None = None,
                 num_update: int = 0, ctx: Context | None = None, engine: str = "auto", watch: str | None = None,
                 **shapes: Sequence[int]) -> None:
        self.executor = bind_in_place(step, arrays, ctx, engine, watch, **shapes)
        self.num_update = num_update
        self._step, self._lr = step, lr
        self._kept = dict.fromkeys([*arrays, *updates(step).values(), *step.list_auxiliary_states()])
        self._losses = [o for o, name in zip(self.executor.outputs, step.list_outputs()) if name not in updates(step)]
        self._fed = [name for name in ("lr", "t") if name in self.executor.arg_dict and name not in arrays]
        if lr is not None and "lr" not in self._fed:
            raise OperatorError(f"the step has no variable lr to be fed, got lr={shown(lr)}")

    def step(self, **inputs: ArrayLike | Number) -> list[NDArray]:
        """Make one update; return the outputs of the loss.

        Parameters
        ----------
        **inputs : array
            Copied into the arrays bound under these names; ``lr`` and ``t`` go before what the trainer feeds.
        """
        number = self.num_update + 1
        fed: dict[str, float] = {"t": number}
        if self._lr is not None:
            fed["lr"] = self._lr(number) if callable(self._lr) else self._lr
            if not np.isfinite(fed["lr"]):
                raise ParamError(f"the learning rate of update {number} is {fed['lr']}")
        elif "lr" in self._fed and "lr" not in inputs:
            raise OperatorError("the step's learning rate is fed: pass lr= to the trainer or to this step")
        self.executor.forward(is_train=True, **({k: v for k, v in fed.items() if k in self._fed} | inputs))
        self.num_update = number
        return self._losses

    def save(self, folder: str | PathLike[str], *, keep: int = 2) -> Path:
        """Write a checkpoint: the step, its parameters and states, counts, learning rate and random state.

        A kill at any moment leaves the checkpoint before whole, and the one that `load` finds.  Needs the extra
        ``checkpoint`` (safetensors).

        Parameters
        ----------
        folder : str or path
            Of the whole training: each checkpoint is a folder in it, and the file ``latest`` names the newest.
        keep : int, optional
            How many checkpoints stay, at least 1.

        Returns
        -------
        Path
            The folder of the new checkpoint.

        Examples
        --------
        >>> import tempfile, numpy as np, symbolic as sym
        >>> loss = sym.make_loss(sym.sum(sym.square(sym.var("w"))), name="cost")
        >>> trainer = Trainer(sym.optimizers.step(loss, "sgd", ["w"]), {"w": np.array([4.0])}, lr=0.25)
        >>> cost = trainer.step()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(trainer.save(folder).name)
        ...     again = Trainer.load(folder)
        update-00000001
        >>> again.num_update, again.executor.arg_dict["w"].tolist()
        (1, [2.0])
        """
        bound = self.executor.arg_dict | self.executor.aux_dict
        arrays = {name: bound[name]._data for name in self._kept}
        inputs = {name: a.shape for name, a in self.executor.arg_dict.items()
                  if name not in self._kept and name not in self._fed}
        return checkpoint.write(folder, self._step, arrays, self.num_update, self._lr, inputs, keep)

    @classmethod
    def load(cls, folder: str | PathLike[str], *, step: Symbol | None = None, arrays: dict | None = None, lr=None,
             rename: Mapping[str, str] | Callable[[str], str] | None = None, strict: bool = True,
             ctx: Context | None = None, engine: str = "auto", watch: str | None = None, **shapes) -> Trainer:
        """Return a trainer that goes on from a checkpoint, bit for bit as if there had been no stop.

        The random state of `ndarray.random` is set as well.

        Parameters
        ----------
        folder : str or path
            As given to `save`, or the folder of one checkpoint.
        step : Symbol, optional
            Another step than the saved one, of the same parameters and states.
        arrays : dict of str to array, optional
            Arrays that receive the saved values and are then updated in place; others are allocated.
        lr : float or callable, optional
            In place of the saved learning rate.  A function of your own cannot be saved: pass it again.
        rename : dict of str to str, or callable, optional
            From saved names to those of `step`.
        strict : bool, optional
            Raise unless the checkpoint and the step have the same arrays.  Otherwise what is missing keeps the values
            in `arrays`, or the state of a first update.
        ctx, engine, watch, **shapes : optional
            See `bind_in_place`; the saved shapes of inputs are used where none are given.

        Raises
        ------
        FormatError
            If a file is damaged, naming it; or if the arrays differ, naming each.  Nothing was loaded.
        FileNotFoundError
            If there is no checkpoint.
        ParamError
            If the learning rate was a function, and none is given.
        """
        saved = checkpoint.read(folder)
        if lr is None and isinstance(saved.lr, str):
            raise ParamError(f"{saved.path}: the learning rate was the function {saved.lr}, which no file can hold; "
                             "pass lr=")
        step = saved.step if step is None else step
        given = {name: as_array(value, name, check_context(ctx)) for name, value in (arrays or {}).items()}
        variables = step.list_inputs()
        needed = [*updates(step).values(), *step.list_auxiliary_states(), *given]
        needed += [name for name in checkpoint.renamed(saved.arrays, rename) if name in variables]
        expected = {name: given[name]._data if name in given else None for name in needed}
        found = checkpoint.matched(saved.arrays, expected, rename, strict)
        states = step.list_auxiliary_states()
        bound = {name: array for name, array in found.items() if name not in states} | given
        inputs = {name: shape for name, shape in saved.inputs.items() if name in variables and name not in bound}
        lr = saved.lr if lr is None else lr
        trainer = cls(step, bound, lr, saved.num_update, ctx, engine, watch, **inputs | shapes)
        targets = trainer.executor.arg_dict | trainer.executor.aux_dict
        found = checkpoint.matched(saved.arrays, {name: targets[name]._data for name in expected}, rename, strict)
        commit([targets[name]._data for name in found], found.values())
        random.set_state(saved.random_state)
        return trainer
