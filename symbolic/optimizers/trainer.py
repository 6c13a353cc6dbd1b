"""Training: a step bound to arrays, one call for each update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import random
from ndarray.array import NDArray
from ndarray.context import Context
from ndarray.errors import OperatorError, ParamError, shown
from ndarray.kernels.signals import deferred
from symbolic import engines
from symbolic.engines.buffers import commit
from symbolic.optimizers import checkpoint
from symbolic.optimizers.bind import bind_in_place, updates
from symbolic.optimizers.fed import FedNumbers, count_of, rate_of
from symbolic.optimizers.fit import fit
from symbolic.optimizers.history import History, Record
from symbolic.optimizers.precision import with_precision
from symbolic.optimizers.statistics import (
    Moves,
    Statistics,
    interval,
    stale_moves,
    with_statistics,
    without_statistics,
)
from symbolic.runtime.checks import as_array, check_context
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from ndarray.typing import ArrayLike, Number
    from symbolic.optimizers.fit import Batches, Loss
    from symbolic.runtime.monitor import NonFinite


class Trainer:
    """A step, its arrays and the number of updates made.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` or `update` make it.
    arrays : dict of str to array
        See `bind_in_place`.
    lr : float or callable, optional
        What feeds the rate: a number, or a schedule of the number of the update, which starts with 1.
    num_update : int, optional
        How many updates have been made already.
    ctx, engine, nonfinite : optional
        See `bind_in_place`.
    precision : {'master', 'stochastic', 'kahan'}, optional
        How weights in 16 bits keep small steps; see `symbolic.optimizers.rule`.
    mesh, sharding : optional
        See `bind_in_place`.
    statistics : bool or int, optional
        Compute what updates do to each tensor: see the property of that name.  True does so in each update, an integer
        from 1 in each one whose number is a multiple of it.
    **shapes : tuple of int
        See `bind_in_place`.

    Attributes
    ----------
    symbol : Symbol
        The step.
    executor : Executor
    num_update : int
    lr : float, callable or None
        What feeds the rate; it may be set.
    last_rate : float or None
        The rate that was fed to the last update; None before the first, and where the step holds its rate.
    history : History
        The updates that `fit` has made.
    loss_outputs : dict of str to NDArray
        The outputs of the step that are neither new parameters nor statistics, by name.

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
                 num_update: int = 0, ctx: Context | None = None, engine: str = "auto",
                 nonfinite: NonFinite | None = None, precision: str | None = None, mesh: Any = None,
                 sharding: Any = None, statistics: bool | int = False, **shapes: Sequence[int]) -> None:
        step = step if precision is None else with_precision(step, precision)
        every = interval(statistics)
        step = with_statistics(step, every) if every else step
        self.executor = bind_in_place(step, arrays, ctx, engine, nonfinite, mesh, sharding, **shapes)
        self.num_update = count_of(num_update)
        self.symbol, self._numbers = step, FedNumbers(step)
        self._numbers.check({k: v for k, v in self.executor.arg_dict.items() if k in arrays}, self.num_update + 1)
        self._kept = dict.fromkeys([*arrays, *updates(step).values(), *step.list_auxiliary_states()])
        outputs = dict(zip(step.list_outputs(), self.executor.outputs, strict=True))
        self._statistics = Statistics(step, outputs)
        self._moves: Moves | None = None
        self._unread: int | None = None  # the update whose statistics are in the outputs
        # Between the updates that need them a step without statistics runs over the same arrays.
        self._between = self.executor.part(without_statistics(step).graph) if self._statistics.every > 2 else None
        others = {*updates(step), *self._statistics.names}
        self.loss_outputs = {name: o for name, o in outputs.items() if name not in others}
        self._losses = list(self.loss_outputs.values())
        self._fed = [name for name in (self._numbers.rate, self._numbers.count)
                     if name in self.executor.arg_dict and name not in arrays]
        self.lr = lr
        self.last_rate: float | None = None
        self.history = History()

    @property
    def lr(self) -> float | Callable[[int], float] | None:
        """What feeds the rate: a number, or a schedule of the number of the update."""
        return self._lr

    @lr.setter
    def lr(self, lr: float | Callable[[int], float] | None) -> None:
        if lr is not None and self._numbers.rate not in self._fed:
            raise OperatorError(f"the step has no variable {self._numbers.rate} to be fed, got lr={shown(lr)}")
        if lr is not None and not callable(lr):
            rate_of(lr, self.num_update + 1)
        self._lr = lr

    def step(self, **inputs: ArrayLike | Number) -> list[NDArray]:
        """Make one update; return the outputs of the loss.

        With ``nonfinite="skip"`` an update that meets NaN or infinity writes and counts nothing; see `skipped`.

        Parameters
        ----------
        **inputs : array
            Copied into the arrays bound under these names; rate and count take precedence over what the trainer feeds.

        Raises
        ------
        ParamError
            If a rate, a count or another fed hyper-parameter is NaN, infinite or out of its range.  Nothing is written.
        """
        number = self.num_update + 1
        rate, count = self._numbers.rate, self._numbers.count
        fed: dict[str, float] = {count: number}
        if self._lr is not None:
            fed[rate] = rate_of(self._lr, number)
        elif rate in self._fed and rate not in inputs:
            raise OperatorError(f"the step's learning rate is fed: pass lr= to the trainer or {rate}= to this step")
        self._numbers.check({rate: fed[rate]} | inputs if rate in fed and self._numbers.limits_rate else inputs, number)
        if self._statistics.every > 1 and self._statistics.needs(number):
            self._read()  # before they are written over
        with deferred():  # The count goes with the step, whenever an interrupt comes.
            between = None if self._statistics.needs(number) else self._between
            executor = between or self.executor
            executor.forward(is_train=True, **({k: v for k, v in fed.items() if k in self._fed} | inputs))
            self.executor.skipped = executor.skipped
            if executor.skipped is None:
                self.num_update = number
                self._unread = number if self._statistics.of(number) else self._unread
                self.last_rate = _one_number((fed | inputs).get(rate)) if rate in self._fed else None
        return self._losses

    @property
    def skipped(self) -> str | None:
        """With ``nonfinite="skip"``, why the last update was left out; None where it was made."""
        return self.executor.skipped

    @property
    def statistics(self) -> Moves | None:
        """Norms, ratio and cosine of each tensor in the last update that has them; None before it.

        It prints as a table, and is an overlay for pictures of `symbol`: ``plot_network(…, overlays=[it])``.
        """
        self._read()
        return self._moves

    def _read(self) -> None:
        """Take the statistics from the outputs, where that has not been done."""
        if self._unread is not None:
            self._moves, self._unread = self._statistics.read(self._unread), None

    def fit(self, batches: Batches, *, epochs: int = 1, loss: Loss | None = None,
            callbacks: Sequence[Callable[[Record], object]] = (), folder: str | PathLike[str] | None = None,
            save_every: int | None = None, progress: bool | None = None) -> History:
        """Make an update for each batch, epoch after epoch; return the history of this trainer.

        Parameters
        ----------
        batches : iterable of dict of str to array, or callable
            Each dict is what `step` takes.  A function of the epoch, from 1, returns the batches of that epoch: so they
            may be shuffled.
        epochs : int, optional
        loss : str or callable, optional
            An output whose mean is the loss, or a function of a dict of the outputs that returns it.  By default the
            first output; where that is a prediction, such as that of ``SoftmaxOutput``, the loss that belongs to it.
        callbacks : sequence of callable, optional
            Each is called with the `Record` of every update.  One that returns True ends the training.
        folder : str or path, optional
            Where checkpoints go (`save`), after each epoch and at the end.
        save_every : int, optional
            Write a checkpoint whenever the number of updates is a multiple of this.
        progress : bool, optional
            Show a bar with loss and rate (extra ``cli``); by default only on a terminal.

        Returns
        -------
        History
            The same as `history`.  An error or an interrupt keeps what it has so far.

        Raises
        ------
        ParamError
            If a batch is not a dict, or an epoch has none.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> net = sym.LinearRegressionOutput(sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc"), name="out")
        >>> arrays = {"fc_weight": np.zeros((1, 1)), "fc_bias": np.zeros(1)}
        >>> trainer = Trainer(sym.optimizers.step(net, "sgd"), arrays, lr=0.1, x=(2, 1))
        >>> batch = {"x": np.array([[1.0], [2.0]]), "out_label": np.array([2.0, 4.0])}
        >>> history = trainer.fit([batch] * 10, epochs=2)
        >>> len(history), history[0].loss, history[-1].loss < 0.1
        (20, 5.0, True)
        """
        fit(self, self.history, batches, epochs, loss, callbacks, folder, save_every, progress)
        return self.history

    def __reduce__(self) -> Any:
        raise OperatorError("a Trainer is neither copied nor pickled: save it to a folder, and load that")

    def save(self, folder: str | PathLike[str], *, keep: int = 2) -> Path:
        """Write a checkpoint: the step, its parameters and states, counts, learning rate and random state.

        A kill at any moment leaves the checkpoint before whole, and the one that `load` finds.  On a mesh of several
        processes all of them must call this; the first one writes, into a folder that all of them can read, and each
        returns once that is done.  Needs the extra ``checkpoint`` (safetensors).

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

        Raises
        ------
        ParamError
            If `keep` is not a positive integer.
        OSError
            If something cannot be written.
        DeviceError
            On a mesh: if the first process could not write, or another one is gone.

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
        # Where arrays are split over several processes, all of them take part in fetching these.
        arrays = {name: engines.newest(bound[name]) for name in self._kept}
        inputs = {name: a.shape for name, a in self.executor.arg_dict.items()
                  if name not in self._kept and name not in self._fed}

        def write() -> str:
            return checkpoint.write(folder, self.symbol, arrays, self.num_update, self._lr, inputs, keep).name

        return Path(folder) / engines.by_first(self.executor.placement, write)

    @classmethod
    def load(cls, folder: str | PathLike[str], *, step: Symbol | None = None, arrays: dict | None = None,
             lr: Any = None, rename: Mapping[str, str] | Callable[[str], str] | None = None, strict: bool = True,
             ctx: Context | None = None, engine: str = "auto", nonfinite: NonFinite | None = None, mesh: Any = None,
             sharding: Any = None, **shapes: Sequence[int]) -> Trainer:
        """Return a trainer that goes on from a checkpoint, bit for bit as if there had been no stop.

        The random state of `ndarray.random` is set as well.

        Parameters
        ----------
        folder : str or path
            As given to `save`, or the folder of one checkpoint.
        step : Symbol, optional
            Another step than the saved one, of the same parameters and states.  Where it has statistics of other
            updates, their first cosine may be NaN: the move before it was not kept.
        arrays : dict of str to array, optional
            Arrays that receive the saved values and are then updated in place; others are allocated.
        lr : float or callable, optional
            In place of the saved learning rate.  A function of your own cannot be saved: pass it again.
        rename : dict of str to str, or callable, optional
            From saved names to those of `step`.
        strict : bool, optional
            Raise unless the checkpoint and the step have the same arrays.  Otherwise what is missing keeps the values
            in `arrays`, or the state of a first update.
        ctx, engine, nonfinite, mesh, sharding, **shapes : optional
            See `bind_in_place`; the saved shapes of inputs are used where none are given.

        Raises
        ------
        FormatError
            If a file is damaged, naming it; or if the arrays differ, naming each.  Nothing was loaded.
        FileNotFoundError
            If there is no checkpoint.
        BindError
            On a mesh: if the processes have found different checkpoints.
        ParamError
            If the learning rate was a function, and none is given.
        """
        saved = checkpoint.read(folder)
        if lr is None and isinstance(saved.lr, str):
            raise ParamError(f"{saved.path}: the learning rate was the function {saved.lr}, which no file can hold; "
                             "pass lr=")
        step = saved.step if step is None else step
        given = {name: as_array(value, name, check_context(ctx, engine)) for name, value in (arrays or {}).items()}
        variables = step.list_inputs()
        needed = [*updates(step).values(), *step.list_auxiliary_states(), *given]
        needed += [name for name in checkpoint.renamed(saved.arrays, rename) if name in variables]
        expected = {name: given[name]._data if name in given else None for name in needed}
        found = checkpoint.matched(saved.arrays, expected, rename, strict)
        states = step.list_auxiliary_states()
        bound = {name: array for name, array in found.items() if name not in states} | given
        inputs = {name: shape for name, shape in saved.inputs.items() if name in variables and name not in bound}
        lr = saved.lr if lr is None else lr
        trainer = cls(step, bound, lr, saved.num_update, ctx, engine, nonfinite, None, mesh, sharding, False,
                      **inputs | shapes)
        engines.check_alike(trainer.executor.placement, {"the checkpoint": checkpoint.checksum(saved)})
        targets = trainer.executor.arg_dict | trainer.executor.aux_dict
        found = checkpoint.matched(saved.arrays, {name: targets[name]._data for name in expected}, rename, strict)
        found |= {name: np.zeros_like(found[name]) for name in stale_moves(saved.step, step, saved.num_update)
                  if name in found}
        with deferred():
            random.set_state(saved.random_state)
            commit([targets[name]._data for name in found], found.values())
        return trainer


def _one_number(value: Any) -> float | None:
    """Return a number that was fed, which may be an array of one element."""
    return None if value is None else float(np.reshape(getattr(value, "_data", value), ()))
