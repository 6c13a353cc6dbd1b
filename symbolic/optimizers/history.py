"""What a training has gone through: the loss and the rate of each update, as a table and as a plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import fsum, isfinite, nan
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from ndarray.errors import OperatorError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from symbolic.optimizers.statistics import Moves


@dataclass(frozen=True)
class Record:
    """One update.

    Attributes
    ----------
    update : int
        Its number, from 1.
    epoch : int
        From 1; another fit counts on.
    loss : float
        The mean loss over the batch, before the update.
    lr : float or None
        The learning rate that was fed; None where the step holds it.
    seconds : float
        The time of the update, with what was fed.
    statistics : Moves or None
        What it did to each tensor, where the trainer computed that.
    """

    update: int
    epoch: int
    loss: float
    lr: float | None
    seconds: float
    statistics: Moves | None = None


class History:
    """The updates of a training, in order.

    Examples
    --------
    >>> history = History()
    >>> for update, loss in enumerate([4.0, 2.0, 1.0, 0.5], start=1):
    ...     history.append(Record(update, 1 + (update > 2), loss, 0.1, 0.001))
    >>> print(history)
    epoch  updates  loss   lr  seconds
        1      1-2     3  0.1    0.002
        2      3-4  0.75  0.1    0.002
    >>> history.losses, history[-1].update
    ([4.0, 2.0, 1.0, 0.5], 4)
    """

    def __init__(self) -> None:
        self._records: list[Record] = []

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: Any) -> Any:
        """Return a record, or a list of them."""
        return self._records[index]

    def __len__(self) -> int:
        """Return the number of updates."""
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        """Iterate over the records, in order."""
        return iter(self._records)

    def append(self, record: Record) -> None:
        """Add an update."""
        self._records.append(record)

    @property
    def losses(self) -> list[float]:
        """The loss of each update."""
        return [r.loss for r in self._records]

    def epochs(self) -> list[list[Record]]:
        """Return the records of each epoch."""
        return [list(records) for _, records in groupby(self._records, key=lambda r: r.epoch)]

    def __str__(self) -> str:
        """Return a table with a line for each epoch: its updates, mean loss, last rate and time."""
        rows = [("epoch", "updates", "loss", "lr", "seconds")]
        for records in self.epochs():
            last = records[-1]
            loss = fsum(r.loss for r in records) / len(records) if all(isfinite(r.loss) for r in records) else last.loss
            rows.append((str(last.epoch), f"{records[0].update}-{last.update}", f"{loss:.4g}",
                         "" if last.lr is None else f"{last.lr:.4g}", f"{fsum(r.seconds for r in records):.3g}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)

    def plot(self, file: str | PathLike[str] | None = None) -> Figure:
        """Draw the loss of each update and the mean of each epoch, with the learning rate beside.

        The loss is on a logarithmic scale where it is positive throughout.  Needs the extra ``plot`` (matplotlib).

        Parameters
        ----------
        file : str or path, optional
            Where to save it; its ending chooses the format, such as ``.svg`` or ``.png``.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If matplotlib is not installed, naming the extra.
        """
        figure = _figure(4)
        axes = figure.subplots()
        updates = [r.update for r in self._records]
        lines = axes.plot(updates, self.losses, color="C0", alpha=0.35, label="loss of the batch")
        means = [(records[-1].update, fsum(r.loss for r in records) / len(records)) for records in self.epochs()
                 if all(isfinite(r.loss) for r in records)]
        lines += axes.plot(*zip(*means, strict=True), "o-", color="C0", label="mean of the epoch") if means else []
        if self._records and all(r.loss > 0 for r in self._records):
            axes.set_yscale("log")
        axes.set(xlabel="update", ylabel="loss")
        axes.grid(alpha=0.3)
        rates = [(r.update, r.lr) for r in self._records if r.lr is not None]
        if rates:
            beside = axes.twinx()
            lines += beside.plot(*zip(*rates, strict=True), "--", color="C1", label="learning rate")
            beside.set(ylabel="learning rate", ylim=(0, None))
        if lines:
            axes.legend(handles=lines, loc="upper right")
        if file is not None:
            figure.savefig(file)
        return figure

    def plot_statistics(self, file: str | PathLike[str] | None = None) -> Figure:
        """Draw for each tensor, over the updates: update to weight, norm of the gradient, cosine with the last update.

        Of a trainer that was made with ``statistics=True`` or a number.  Needs the extra ``plot`` (matplotlib).

        Parameters
        ----------
        file : str or path, optional
            Where to save it; its ending chooses the format, such as ``.svg`` or ``.png``.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        OperatorError
            If no record has statistics.
        ImportError
            If matplotlib is not installed, naming the extra.
        """
        known = [r.statistics for r in self._records if r.statistics is not None]
        if not known:
            raise OperatorError("the history has no statistics; make the trainer with statistics=True")
        figure = _figure(8)
        axes = figure.subplots(3, sharex=True)
        updates = [moves.update for moves in known]
        for name in [row.name for row in known[0].rows]:
            rows = [moves[name] for moves in known]
            axes[0].plot(updates, [r.ratio if r.ratio > 0 else nan for r in rows], label=name)
            axes[1].plot(updates, [r.gradient if r.gradient > 0 else nan for r in rows])
            axes[2].plot(updates, [r.cosine for r in rows])
        for each, label in zip(axes, ("update / weight", "norm of the gradient", "cosine with the last update")):
            each.set(ylabel=label)
            each.grid(alpha=0.3)
        axes[0].set_yscale("log")
        axes[1].set_yscale("log")
        axes[2].set(xlabel="update", ylim=(-1.05, 1.05))
        axes[0].legend(loc="upper right", fontsize="small")
        if file is not None:
            figure.savefig(file)
        return figure


def _figure(height: float) -> Figure:
    """Return an empty figure."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("a history is plotted by matplotlib; pip install 'symbolic-ndarray[plot]'") from None
    return Figure(figsize=(7, height), layout="constrained")
