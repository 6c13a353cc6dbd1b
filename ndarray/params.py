"""Typed parameters of operators: read from an annotation, checked on entry, read from and written to MXNet's text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from inspect import Parameter
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin

import numpy as np

from ndarray.dtypes import NAMES, dtype_of, is_floating
from ndarray.errors import DTypeError, OperatorError, ParamError, shown

REQUIRED = Parameter.empty
"""The default of a parameter that has none."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?f?$")
_INTEGER = re.compile(r"[+-]?\d+L?$")  # with the L of long integers in files of Python 2


class Fed(NamedTuple):
    """A parameter's value that arrives at run time, as an input of the node.

    Attributes
    ----------
    index : int
        Which of the node's inputs it is.
    """

    index: int  # type: ignore[assignment]  # tuples have a method of this name

    def __str__(self) -> str:
        return f"%{self.index}"


def is_fed(value: object) -> bool:
    """Tell whether a parameter's value, or one of a tuple, arrives at run time."""
    return isinstance(value, Fed) or (isinstance(value, tuple) and any(isinstance(v, Fed) for v in value))


def fill_fed(value: object, inputs: Sequence) -> object:
    """Return a parameter's value with what arrives at run time in place of each `Fed`."""
    return _replaced(value, lambda fed: inputs[fed.index])


def shift_fed(value: object, by: int) -> object:
    """Return a parameter's value with the index of each `Fed` moved by a number of inputs."""
    return _replaced(value, lambda fed: Fed(fed.index + by))


def fed_names(params: Mapping[str, object]) -> dict[int, str]:
    """Return the name of the parameter that each input feeds, by the index of the input.

    Examples
    --------
    >>> fed_names({"lr": Fed(2), "wds": (Fed(3), 0.0), "eta": 1.0})
    {2: 'lr', 3: 'wds'}
    """
    return {v.index: name for name, value in params.items()
            for v in ((value,) if isinstance(value, Fed) else value if isinstance(value, tuple) else ())
            if isinstance(v, Fed)}


def _replaced(value: Any, of: Callable[[Fed], Any]) -> Any:
    if isinstance(value, Fed):
        return of(value)
    if isinstance(value, tuple) and any(isinstance(v, Fed) for v in value):
        return tuple([of(v) if isinstance(v, Fed) else v for v in value])
    return value


if TYPE_CHECKING:
    # To a type checker an annotation is the type of what the body receives, and of the default.
    Shape: TypeAlias = tuple[int, ...]
    Ints: TypeAlias = tuple[int, ...]
    SlicePoints: TypeAlias = tuple[int | None, ...]
    Floats: TypeAlias = tuple[float, ...]
    DType: TypeAlias = str
    Scalar: TypeAlias = float
    Scalars: TypeAlias = tuple[float, ...]
    Count: TypeAlias = int
    Training: TypeAlias = bool
    Key: TypeAlias = int
    from collections.abc import Callable
else:
    class Shape(tuple):
        """Annotation of a tuple of integers; a single integer means a tuple of one."""

    class Ints(Shape):
        """Annotation of a tuple of integers that is not a shape: axes, counts, steps."""

    class SlicePoints(tuple):
        """Annotation of a tuple of integers or None, as in ``begin=(None, 1)``."""

    class Floats(tuple):
        """Annotation of a tuple of numbers."""

    class DType(str):
        """Annotation of an element type, by name."""

    class Scalar(float):
        """Annotation of one number, or an array or Symbol of one element, that may change from call to call.

        The body receives it as a value without dimensions in the dtype in which the operator computes.
        """

    class Scalars(tuple):
        """Annotation of one `Scalar` a tensor: a tuple of them, or an array or Symbol with an element for each."""

    class Count(int):
        """Annotation of the number of tensors of an operator that takes any number; it follows from the inputs."""

    class Training(int):
        """Annotation of a bool that says whether the graph is being trained.

        The executor sets it from ``forward(is_train=…)``; it is not part of the operator's signature or of files.
        """

    class Key(int):
        """Annotation of what decides the random numbers of an operator: an integer, or an array or Symbol of one.

        Where it is None, each call and each run draws one from the generator of `ndarray.random`.
        """


class Within(NamedTuple):
    """The range of a value, or of each of a tuple: ``Annotated[Scalar, Within(0, 1)]``.  NaN is in no range.

    Attributes
    ----------
    least, most : float
        Both are in the range.
    but : float, optional
        A bound that is not.

    Examples
    --------
    >>> 1 in Within(0, 1), 1 in Within(0, 1, but=1), str(Within(0, 1, but=1))
    (True, False, ' within [0, 1)')
    """

    least: float
    most: float
    but: float | None = None

    def __contains__(self, value: Any) -> bool:
        return bool(self.least <= value <= self.most and value != self.but)

    def __str__(self) -> str:
        if self.least == -math.inf:
            return " other than NaN"
        if self.most == math.inf:
            return f" above {self.least}" if self.but == self.least else f" from {self.least}"
        return f" within {'(' if self.but == self.least else '['}{self.least}, {self.most}" + (
            ")" if self.but == self.most else "]")


class Added:
    """Mark of a parameter that MXNet's operator does not have: ``Annotated[bool, Added]``.

    It is declared after MXNet's, and with its default value it is not kept, so that files hold what MXNet reads.
    """


class Rounding(Added):
    """Mark of a parameter that MXNet's operator does not have, and that decides only how the result is rounded."""


UNBOUNDED = object()
"""Annotation of a `Scalar` that may be NaN or infinite, for it is a value like those of the array."""

IMPLIED = object()
"""Annotation of a parameter whose values only state what follows from the inputs: a layout, from the number of axes."""

Positive = Annotated[int, Within(1, math.inf)]
"""Annotation of an integer from 1: sizes, numbers of things."""

Natural = Annotated[int, Within(0, math.inf)]
"""Annotation of an integer from 0: depths, orders of a derivative."""

Positives = Annotated[Ints, Within(1, math.inf)]
"""Annotation of a tuple of integers from 1: kernels, strides."""

Naturals = Annotated[Ints, Within(0, math.inf)]
"""Annotation of a tuple of integers from 0: paddings, repetitions."""


class Lone(tuple):
    """A tuple of one that was written as a single value, and is written back as one."""


def is_array(value: object) -> bool:
    """Tell whether `value` is an array rather than a number (NumPy's scalars are numbers)."""
    return hasattr(value, "shape") and not isinstance(value, np.generic)


def kind_of(value: Any) -> Any:
    """Return what equality does not distinguish in a parameter's value: its type, and the sign of a zero.

    Examples
    --------
    >>> kind_of(1) == kind_of(1.0), kind_of(0.0) == kind_of(-0.0), kind_of(1.0) == kind_of(2.0)
    (False, False, True)
    """
    kind = type(value)
    if kind is float and value:
        return kind
    if isinstance(value, (float, np.floating)) and not value:
        return kind, str(value)
    if isinstance(value, tuple):
        # A long tuple is one of rates, as a rule.
        kinds = (float,) if all(value) and set(map(type, value)) == {float} else map(kind_of, value)
        return kind, *kinds
    return kind


class Param(NamedTuple):
    """One keyword of an operator.

    Attributes
    ----------
    name : str
    type : type
        ``float``, ``int``, ``bool``, ``str``, a `typing.Literal`, or one of this module's annotations.
    default : object
        Value when the caller gives none; `REQUIRED` where there is none.
    optional : bool
        Whether None is a value.
    within : Within, optional
        What values are allowed.
    added : bool
        Whether MXNet's operator lacks it (`Added`).
    rounding : bool
        Whether it only decides how the result is rounded (`Rounding`).
    implied : bool
        Whether any value only states what follows from the inputs.
    unbounded : bool
        Whether a `Scalar` may be NaN or infinite.
    """

    name: str
    type: Any
    default: object = REQUIRED
    optional: bool = False
    within: Within | Any = None
    added: bool = False
    rounding: bool = False
    implied: bool = False
    unbounded: bool = False

    @classmethod
    def read(cls, name: str, type_: Any, default: Any = REQUIRED) -> Param:
        """Return the Param that a name, an annotation and a default in a signature declare."""
        optional = default is None
        facts: list[Any] = []
        if get_origin(type_) is Annotated:
            type_, *facts = get_args(type_)
        if type(type_) is not type and get_origin(type_) in (Union, UnionType) and NoneType in get_args(type_):
            type_, = (t for t in get_args(type_) if t is not NoneType)
            optional = True
            if get_origin(type_) is Annotated:
                type_, *facts = get_args(type_)
        return cls(name, type_, default, optional, next((f for f in facts if isinstance(f, Within)), None),
                   Added in facts or Rounding in facts, Rounding in facts, IMPLIED in facts, UNBOUNDED in facts)

    @property
    def feedable(self) -> bool:
        """Whether an array or a Symbol may give the value."""
        return self.type in (Scalar, Scalars, Key)

    @property
    def alternatives(self) -> tuple[Any, ...]:
        """The values of a parameter that is a switch: true and false, or the words of a `typing.Literal`; or None."""
        if self.type is bool:
            return True, False
        return get_args(self.type) if get_origin(self.type) is Literal else (None,) * self.optional

    def is_default(self, value: Any) -> bool:
        """Tell whether a parsed value means what the default does.

        Where the default is an empty tuple, so does a tuple of the least number allowed: strides of 1, no padding.

        Examples
        --------
        >>> Param.read("stride", Positives, ()).is_default((1, 1)), Param.read("pad", Naturals, ()).is_default((1, 1))
        (True, False)
        """
        if self.default == () and isinstance(value, tuple) and self.within:
            return all([each == self.within.least for each in value])
        return self.implied or value == self.default and kind_of(value) == kind_of(self.default)

    def parse(self, value: Any, where: str) -> Any:
        """Return `value` as this parameter's type; text is read as MXNet's files write it.

        Parameters
        ----------
        value : object
        where : str
            The operator and node, for the message.

        Raises
        ------
        ParamError
        """
        if (type(value) is float or type(value) is int and -1e300 < value < 1e300) and self.type is Scalar and (
                self.unbounded or math.isfinite(value)):
            return self._allowed(value, where) if self.within else value
        if self.optional and (value is None or isinstance(value, str) and value == "None"):
            return None
        if self.type in _TUPLES and isinstance(value, str) and value == "None" and self.default is not REQUIRED:
            return self.default  # MXNet writes a shape that was not given so.
        try:
            value = _scalar(value, finite=False) if self.unbounded else _parse(self.type, value)
        except (TypeError, ValueError, OverflowError) as error:
            if is_fed(value):
                raise ParamError(f"{where}: {self.name} is fixed when the node is made and cannot be an input; "
                                 f"expected {describe(self)}") from None
            reason = f" ({error})" if str(error) else ""
            raise ParamError(f"{where}: {self.name}={shown(value)} is not {describe(self)}{reason}") from None
        return self._allowed(value, where) if self.within else value

    def _allowed(self, value: Any, where: str) -> Any:
        alone = isinstance(value, Fed) or not isinstance(value, (tuple, np.ndarray))
        for each in (value,) if alone else np.reshape(value, -1) if isinstance(value, np.ndarray) else value:
            if not isinstance(each, Fed) and each not in self.within:
                raise ParamError(f"{where}: {self.name}={shown(value)} is not {describe(self)}")
        return value


_TUPLES = (Shape, Ints, SlicePoints)


def describe(param: Param) -> str:
    """Return in words what values a parameter takes.

    Examples
    --------
    >>> describe(Param.read("lr", Annotated[Scalar, Within(0, math.inf, but=0)]))
    'a finite number above 0 or an array of one such number'
    >>> describe(Param.read("size", Positives | None))
    'a tuple of integers from 1 or None'
    """
    if get_origin(param.type) is Literal:
        first, *others = ("one of " + ", ".join(map(repr, get_args(param.type))),)
    else:
        first, *others = _WORDS["unbounded" if param.unbounded else param.type]
    if param.optional:
        others.append("None")
    *most, last = (first + str(param.within or ""), *others)
    return f"{', '.join(most)} or {last}" if most else last


_WORDS: dict[Any, tuple[str, ...]] = {
    float: ("a number",), int: ("an integer",), bool: ("a bool",), str: ("a str",), Shape: ("a tuple of integers",),
    Ints: ("a tuple of integers",), SlicePoints: ("a tuple with an integer or None for each axis",),
    Floats: ("a tuple of numbers",), DType: ("an element type",),
    Scalar: ("a finite number", "an array of one such number"),
    "unbounded": ("a number", "an array of one such number"),
    Scalars: ("a tuple of finite numbers", "an array with one such number for each tensor"),
    Count: ("a number of tensors",), Training: ("a bool",),
    Key: ("an integer of 64 bits", "an array of one such integer"),
}
"""What each type takes, as alternatives; a range is one of the first."""


def text_of(value: Any) -> str:
    """Return a parsed value as MXNet's symbol files write it."""
    if isinstance(value, Fed):
        return str(value)
    if isinstance(value, Lone):
        return text_of(value[0])
    if isinstance(value, np.ndarray):
        numbers = value.tolist()
        return text_of(tuple(numbers) if value.ndim else numbers)
    if isinstance(value, tuple):
        return "(" + ", ".join(map(text_of, value)) + ("," if len(value) == 1 else "") + ")"
    return str(value)


def _parse(type_: Any, value: Any) -> Any:
    if get_origin(type_) is Literal:
        if value not in get_args(type_):
            raise ValueError
        return value
    return _PARSERS[type_](value)


def _float(value: Any) -> int | float:
    """Return a number; whole numbers stay as they were written, so that text keeps its form."""
    if isinstance(value, str):
        value = value.strip()
        if value.lower().lstrip("+-") in ("inf", "nan"):
            return float(value)
        if not _NUMBER.match(value):
            raise ValueError
        return _whole(value) if _INTEGER.match(value) else float(value.rstrip("f"))
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.floating)):
        raise TypeError
    return int(value) if isinstance(value, Integral) else float(value)


def _whole(text: str) -> int:
    return int(text.strip().removesuffix("L"))


def _finite(value: Any) -> int | float:
    value = _float(value)
    if not math.isfinite(value):
        raise ValueError
    return value


def _scalar(value: Any, finite: bool = True) -> Any:
    if isinstance(value, Fed):
        return value
    if isinstance(value, str) and value.startswith("%"):
        return Fed(int(value[1:]))
    if is_array(value):
        value = np.asarray(value)
        if value.size != 1:
            raise ValueError(f"it has shape {value.shape}")
        if not _counts(value.dtype) or finite and not np.isfinite(value).all():
            raise ValueError(f"it holds {value.reshape(-1)[0]}")
        return value.reshape(())
    return _finite(value) if finite else _float(value)


def _counts(dtype: np.dtype) -> bool:
    """Tell whether a dtype is one of integers or floating numbers."""
    return dtype.kind in "iu" or is_floating(dtype)


def _scalars(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("%"):
        return Fed(int(value[1:]))
    if isinstance(value, Fed):
        return value
    if is_array(value):
        value = np.asarray(value)
        if not _counts(value.dtype) or not np.isfinite(value).all():
            raise ValueError("it must hold finite numbers")
        return value.reshape(-1)
    return tuple(map(_scalar, _items(value)))


def _int(value: Any) -> int:
    if isinstance(value, str):
        if not _INTEGER.match(value.strip()):
            raise ValueError
        return _whole(value)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError
    return int(value)


MOST_TENSORS = 1_000_000
"""The most tensors that an operator on any number of them takes."""


def _count(value: Any) -> int:
    if not 0 <= (count := _int(value)) <= MOST_TENSORS:
        raise ValueError(f"the limit is {MOST_TENSORS:,}")
    return count


def _key(value: Any) -> Any:
    if isinstance(value, Fed):
        return value
    if isinstance(value, str) and value.startswith("%"):
        return Fed(int(value[1:]))
    if is_array(value):
        value = np.asarray(value)
        if value.size != 1 or value.dtype.kind not in "iu":
            raise ValueError(f"it is {value.dtype} of shape {value.shape}")
        return value.astype(np.int64).reshape(())
    value = _int(value)
    if not -2**63 <= value < 2**63:
        raise ValueError
    return value


def _bool(value: Any) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    return known[value.lower()] if isinstance(value, str) and value.lower() in known else _strict_bool(value)


def _strict_bool(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, Integral) and value in (0, 1)):
        return bool(value)
    raise TypeError


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _dtype(value: Any) -> str:
    try:
        return dtype_of(value).name
    except DTypeError:
        raise ValueError(f"known: {', '.join(NAMES)}") from None


def _items(value: Any) -> list[Any]:
    """Return the elements of a tuple, a list, a lone value, or MXNet's text of one."""
    if isinstance(value, str):
        body = value.strip()
        if body[:1] in "([" and body[-1:] == {"(": ")", "[": "]"}.get(body[:1]):
            body = body[1:-1]
        parts = [part.strip() for part in body.split(",")]
        if parts[-1] == "":
            parts.pop()
        return parts
    return list(value) if isinstance(value, (tuple, list, np.ndarray)) else [value]


def _tuple_of(parse: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read(value: Any) -> tuple[Any, ...]:
        alone = not isinstance(value, (tuple, list, np.ndarray)) and not (
            isinstance(value, str) and value.strip()[:1] in "([")
        return Lone(map(parse, _items(value))) if alone else tuple(map(parse, _items(value)))

    return read


def _int_or_none(value: Any) -> int | None:
    return None if value is None or value == "None" else _int(value)


_PARSERS = {
    float: _float, int: _int, bool: _bool, str: _str, Shape: _tuple_of(_int), Ints: _tuple_of(_int),
    SlicePoints: _tuple_of(_int_or_none), Floats: _tuple_of(_float), DType: _dtype,
    Scalar: _scalar, Scalars: _scalars, Count: _count, Training: _bool, Key: _key,
}


def reject_unknown_annotation(param: Param, operator: str) -> None:
    """Raise where a declaration uses an annotation that this module does not know."""
    if param.type not in _PARSERS and get_origin(param.type) is not Literal:
        raise OperatorError(f"{operator}: {param.name} is annotated {param.type!r}, which is not a parameter type")
