"""The loop of a training: batches in, updates made, losses noted, progress shown, checkpoints written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import vocabulary
from ndarray.array import NDArray
from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from ndarray.kernels.signals import deferred
from symbolic.optimizers.history import History, Record

if TYPE_CHECKING:
    from ndarray.typing import ArrayLike
    from symbolic.optimizers.trainer import Trainer

    Batch = Mapping[str, ArrayLike]
    Batches = Iterable[Batch] | Callable[[int], Iterable[Batch]]
    Loss = str | Callable[[dict[str, NDArray]], float]


def fit(trainer: Trainer, history: History, batches: Batches, epochs: int, loss: Loss | None,
        callbacks: Sequence[Callable[[Record], object]], folder: str | PathLike[str] | None,
        save_every: int | None, progress: bool | None) -> None:
    """Train as `Trainer.fit` describes, adding a record for each update to `history`."""
    _check_count("epochs", epochs)
    if save_every is not None:
        _check_count("save_every", save_every)
        if folder is None:
            raise ParamError(f"save_every={save_every} needs folder=, where checkpoints go")
    measure = _measure(trainer, loss)
    before = history[-1].epoch if history else 0
    for epoch in range(before + 1, before + epochs + 1):
        began, skipped = len(history), 0
        with _bar(_batches_of(batches, epoch), f"epoch {epoch}/{before + epochs}", progress) as bar:
            for batch in bar:
                if not isinstance(batch, Mapping):
                    raise ParamError(f"a batch is a dict of arrays by the names of inputs, got {shown(batch)}")
                start = time.perf_counter()
                # An update and its record go together; a function of the user's may take long, or wait.
                with nullcontext() if callable(loss) else deferred():
                    trainer.step(**batch)
                    if trainer.skipped is not None:
                        skipped += 1
                        continue
                    moves = trainer.statistics
                    moves = moves if moves is not None and moves.update == trainer.num_update else None
                    record = Record(trainer.num_update, epoch, measure(), trainer.last_rate,
                                    time.perf_counter() - start, moves)
                    history.append(record)
                bar.show(record)
                ends = any([callback(record) is True for callback in callbacks])
                if folder is not None and (ends or save_every and trainer.num_update % save_every == 0):
                    trainer.save(folder)
                if ends:
                    return
        if len(history) == began and not skipped:
            raise ParamError(f"epoch {epoch} has no batches; an iterator is empty after one epoch: pass a list, or a "
                             "function of the epoch that returns one")
        if folder is not None and not (save_every and trainer.num_update % save_every == 0):
            trainer.save(folder)


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ParamError(f"{name} must be an integer from 1, got {shown(value)}")


def _batches_of(batches: Batches, epoch: int) -> Iterable[Batch]:
    """Return the batches of an epoch."""
    found = batches(epoch) if callable(batches) else batches
    if isinstance(found, (str, Mapping)) or not isinstance(found, Iterable):
        raise ParamError(f"batches must be an iterable of dicts, or a function of the epoch that returns one, "
                         f"got {shown(found)}")
    return found


# The loss


def _measure(trainer: Trainer, loss: Loss | None) -> Callable[[], float]:
    """Return a function that computes the loss of the last update from the step's outputs."""
    executor, step = trainer.executor, trainer.symbol
    outputs = trainer.loss_outputs
    if callable(loss):
        return lambda: _number(loss(outputs))
    if loss is not None:
        if loss not in outputs:
            raise UnknownNameError(unknown("output of the loss", loss, outputs))
        return lambda: _number(np.mean(outputs[loss]._data, dtype=np.float64))
    for name, entry in zip(step.list_outputs(), step.graph.outputs, strict=True):
        if name in outputs:
            return _head_measure(entry.node, name, outputs[name], executor.arg_dict)
    raise OperatorError("the step has no outputs but updates; pass loss=, a function that returns the loss")


def _head_measure(node: Any, name: str, output: NDArray, arrays: Mapping[str, NDArray]) -> Callable[[], float]:
    """Return the loss of a head: as its operator declares it from prediction and label, else the output's mean."""
    rule = node.op.rules.get("mean_loss") if node.op else None
    if rule is None:
        return lambda: _number(np.mean(output._data, dtype=np.float64))
    label = node.inputs[1].node
    if label.op is not None:
        raise OperatorError(f"{node.name} ({node.op.name}): its label is computed by {label.name}; pass loss=, a "
                            "function of the outputs that returns the loss")
    params = dict(node.complete_params)

    def measure() -> float:
        with np.errstate(all="ignore"):
            return _number(rule(vocabulary, output._data, arrays[label.name]._data, **params))

    return measure


def _number(value: Any) -> float:
    value = getattr(value, "_data", value)
    if np.size(value) != 1:
        raise ParamError(f"a loss is one number, got {shown(value)}")
    return float(np.reshape(value, ()))


# Progress


class _Bar:
    """The batches of an epoch, shown as they pass."""

    def __init__(self, batches: Iterable[Batch], bar: Any = None) -> None:
        self._batches, self._bar = batches, bar

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches if self._bar is None else self._bar)

    def show(self, record: Record) -> None:
        """Put loss and rate beside the bar."""
        if self._bar is not None:
            rate = {} if record.lr is None else {"lr": f"{record.lr:.3g}"}
            self._bar.set_postfix(loss=f"{record.loss:.4g}", **rate, refresh=False)


def _bar(batches: Iterable[Batch], title: str, progress: bool | None) -> _Bar:
    """Return the batches with a bar, where there is a terminal to show it, or `progress` asks for it."""
    if progress is False:
        return _Bar(batches)
    try:
        from tqdm import tqdm
    except ImportError:
        if progress:
            raise ImportError("progress is shown by tqdm; pip install 'symbolic-ndarray[cli]'") from None
        return _Bar(batches)
    return _Bar(batches, tqdm(batches, desc=title, disable=None if progress is None else False, leave=True))
