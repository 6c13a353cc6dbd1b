"""The program of an optimizer: one table over all tensors, whose pointers and numbers are filled in at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.cached import Bounded
from ndarray.kernels import machine_code
from ndarray.kernels.moving import CELL, FIRST, NUMBERS, MovingTable, sums_of_squares
from symbolic.torch.forms import Fed, record, state_types

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ndarray.kernels.moving import Stamp, Template
    from ndarray.tensortype import TensorType
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule
    from symbolic.torch.forms import Settings

WEIGHT, GRAD, STATES = FIRST, FIRST + 1, FIRST + 2
"""Columns of a table's starts: weight, gradient, and the first of the states."""

_kinds: Bounded = Bounded(1024)


class Kind:
    """What tensors have in common that are updated by the same code.

    Attributes
    ----------
    types : dict of str to TensorType
        Of what the rule reads besides weight and gradient.
    template : Template or None
        None where loops cannot compute the rule.
    layout : tuple
        Where each number of the template comes from, and its dtype.
    """

    def __init__(self, rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...],
                 settings: Settings) -> None:
        self.types: dict[str, TensorType] = state_types(rule, dtype, shape)
        self.template: Template | None = None
        if machine_code.available():
            self.template = record(rule, dtype, shape, self.types, settings)
        self.layout: tuple[tuple[Any, bool], ...] = ()
        if self.template is not None:
            instructions = [self.template.flow.instructions[at] for at in self.template.numbers]
            self.layout = tuple([(i.detail, i.dtype == np.float32) for i in instructions])


def kind_of(key: Hashable, rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...],
            settings: Settings) -> Kind:
    """Return the kind of a tensor.

    Parameters
    ----------
    key : hashable
        What decides the code of the rule; see `Numbers.choices`.
    rule : Rule or LayerwiseRule
    dtype : numpy.dtype
    shape : tuple of int
        Of at least one element.
    settings : Settings
    """
    size = int(np.prod(shape))
    if not rule.op.fusible:
        return _known_kind(key, rule, dtype, shape, settings)
    # An elementwise rule sees no shape, and tensors of many sizes share one schedule.
    found = _known_kind(key, rule, dtype, (min(size, 2),), settings)
    if found.template is None or found.template.fits(size):
        return found
    return _known_kind(key, rule, dtype, (size,), settings)


def _known_kind(key, rule, dtype, shape, settings):
    key = key, dtype, shape, settings
    found = _kinds.get(key)
    if found is None:
        with np.errstate(all="ignore"):
            found = _kinds.keep(key, Kind(rule, dtype, shape, settings))
    return found


class Program:
    """A table over tensors of given kinds.

    Parameters
    ----------
    kinds : sequence of Kind
        One for each tensor, with a template.
    sizes : sequence of int
        Elements of each tensor.

    Attributes
    ----------
    starts : numpy.ndarray of int64
        See `MovingTable`; the caller fills in the columns from `WEIGHT` on.
    """

    def __init__(self, kinds: Sequence[Kind], sizes: Sequence[int]) -> None:
        stamps: list[Stamp] = []
        for kind, n in zip(kinds, sizes):
            template = kind.template
            assert template is not None
            stamps.append(template.stamp(n) if template.fits(n) else template.stamp())
        self._table = MovingTable(stamps, 2 + max(len(kind.types) for kind in kinds))
        self.starts = self._table.starts
        self._width = max([1, *(len(kind.layout) for kind in kinds)])
        self._numbers = np.zeros((1, self._width))
        # Rows that are switched off read their numbers, too.
        self.starts[:, NUMBERS] = _address(self._numbers)
        self.switch = self._table.switch
        self.run = self._table.run

    def feed(self, rows: Sequence[tuple[tuple, Sequence[float], np.ndarray]]) -> None:
        """Write the numbers of tensors.

        Parameters
        ----------
        rows : sequence of (layout, values, tensors)
            Values for the tensors, given by position, that have this layout.
        """
        if len(self._numbers) < len(rows):
            self._numbers = np.zeros((len(rows), self._width))
            self.starts[:, NUMBERS] = _address(self._numbers)
        address, narrow = _address(self._numbers), self._numbers.view(np.float32)
        with np.errstate(all="ignore"):
            for k, (layout, values, tensors) in enumerate(rows):
                for cell, (detail, is_float32) in enumerate(layout):
                    value = values[detail.at] if type(detail) is Fed else detail
                    if is_float32:
                        narrow[k, 2 * cell] = value
                    else:
                        self._numbers[k, cell] = value
                self.starts[tensors, NUMBERS] = address + k * CELL * self._width


class Norms:
    """The sums of the squares of gradients.

    Parameters
    ----------
    dtypes : sequence of numpy.dtype
    sizes : sequence of int
    """

    def __init__(self, dtypes: Sequence[np.dtype], sizes: Sequence[int]) -> None:
        self._table = MovingTable([_template(dtype).stamp(n) for dtype, n in zip(dtypes, sizes)], 2)

    def __call__(self, addresses: np.ndarray) -> np.ndarray:
        """Return the sums, as float64."""
        self._table.starts[:, GRAD] = addresses
        self._table.run()
        return self._table.sums()


_templates: dict[np.dtype, Template] = {}


def _template(dtype):
    if dtype not in _templates:
        _templates[dtype] = sums_of_squares(dtype)
    return _templates[dtype]


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]
