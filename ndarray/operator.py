"""What an operator is, read from the one function that declares it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray import registry
from ndarray.cached import cached_property
from ndarray.dtypes import DEFAULT, FLOAT64, is_narrow
from ndarray.errors import DTypeError, MXNetError, OperatorError, ParamError, ShapeError, shown, unknown
from ndarray.params import REQUIRED, Count, Fed, Key, Param, Scalar, Scalars, reject_unknown_annotation
from ndarray.tensortype import UNKNOWN
from ndarray.text import counted
from ndarray.update import Update
from ndarray.widening import has_narrow, in_float32, is_short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType

    from ndarray.tensortype import TensorType


class Many(NamedTuple):
    """Annotation of an input of which there is one for each tensor, named by `pattern`.

    The body receives a tuple of arrays.  In a call the inputs come tensor by tensor.  ``fixed(params)`` gives the names
    of all inputs where parameters settle them, else None.
    """

    pattern: str = "{name}_{i}"
    fixed: Callable | None = None


class Input(NamedTuple):
    """An array input: its name, and how it is named when there are many."""

    name: str
    many: Many | Any = None


@dataclass(frozen=True, eq=False)
class Operator:
    """A named computation with its inputs, parameters and rules.

    Attributes
    ----------
    name : str
    aliases : tuple of str
        Further names; a node made through an alias is named after it.
    inputs : tuple of Input
        Arrays, in call order; those there are many of come first, then the single ones.
    params : dict of str to Param
    infer : callable
        ``infer(inputs, outputs, params) -> (inputs, outputs)`` over lists of `TensorType`: what one knows, all learn.
    compute : callable
        ``compute(xp, *inputs, **params)`` in the vocabulary of the array namespace `xp`.
    outputs : int or callable
        How many; ``outputs(params)`` where it depends.  Other than 1, the body returns a tuple of them.
    writes : tuple of str
        Inputs that the operator changes: the body returns ``(outputs, *new values)``.
    scalar_dtype : str, callable or None
        The input in whose dtype the scalars arrive, by default the first; ``"float64"`` where the body rounds them;
        ``scalar_dtype(params)`` where it depends.
    half_in_float32 : bool
        Arrays of float16 are computed in float32 and rounded once, as those of bfloat16 always are.
    absent : callable or None
        ``absent(params)`` names the inputs that these parameters leave out; None where all are always there.
    fusible : bool
        One element of an output depends only on the same element of each input.
    tensorwise : bool or callable
        What becomes of a tensor depends only on its own arrays, its element of each `Scalars` and of each single input
        that has one for each tensor, and on what all tensors share; ``tensorwise(params)`` where that depends.  The
        body gives an output for each tensor, or one array with an element for each.
    pure : bool
        Same inputs, same outputs: two equal nodes may be merged.
    random : callable or None
        ``random(params)`` returns whether the body uses random numbers, which its `Key` decides; None: it never does.
    primitive : bool
        A word of the vocabulary; the others are composites, written with these.
    output_suffix : str or tuple of str
        What a node's output name ends in, with a number where there are several; or one for each output.
    numbered : callable or None
        ``numbered(params)`` returns whether a lone output's name ends in 0, as that of the first of several does.
    loss_head : bool
        The operator ends a network: its gradient does not use an arriving one.
    declared_update : Update or None
        What the inputs and parameters of an update mean, where that differs from the defaults of `Update`.
    kind : str
        What the operator is for a reader: ``"arithmetic"``, ``"shape"`` (moves elements), ``"reduction"``,
        ``"constant"``, ``"layer"``, ``"loss"``, ``"update"``, ``"gradient"`` or ``"unregistered"``.
    stored_name : str or None
        The name in MXNet's files, where it is not `name`.
    stored_outputs : int, callable or None
        How many outputs MXNet's files count, where some are hidden from users; ``stored_outputs(params)`` where it
        depends.
    initial : dict of str to str
        How MXNet initialises the variables that are made for inputs which were not given: their ``__init__``.
    whole : bool
        The body has as many steps as an axis is long.  Its gradient stays one node, so that graphs do not grow with it.
    """

    name: str
    aliases: tuple[str, ...]
    inputs: tuple[Input, ...]
    params: dict[str, Param]
    infer: Callable
    compute: Callable
    outputs: int | Callable = 1
    writes: tuple[str, ...] = ()
    scalar_dtype: str | Callable | None = None
    half_in_float32: bool = False
    absent: Callable | None = None
    fusible: bool = False
    tensorwise: bool | Callable = False
    pure: bool = True
    random: Callable | None = None
    primitive: bool = False
    output_suffix: str | tuple[str, ...] = "output"
    numbered: Callable | None = None
    loss_head: bool = False
    declared_update: Update | None = None
    kind: str = "arithmetic"
    stored_name: str | None = None
    stored_outputs: int | Callable | None = None
    initial: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    rules: dict[str, Callable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look like the declaring function, so that help() and doctest read its docstring."""
        like = self.compute
        vars(self).update(__doc__=like.__doc__, __name__=like.__name__, __qualname__=like.__qualname__,
                          __module__=like.__module__, __wrapped__=like)

    # What follows from the declaration, computed when first used.

    @cached_property
    def hint(self) -> str:
        """What automatic names start with."""
        return self.name.lower()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all inputs."""
        return tuple([i.name for i in self.inputs])

    @cached_property
    def many(self) -> tuple[str, ...]:
        """The names of the inputs there are many of."""
        return tuple([i.name for i in self.inputs if i.many])

    @cached_property
    def count(self) -> str | None:
        """The name of the parameter that counts the tensors, or None."""
        return next((p.name for p in self.params.values() if p.type is Count), None)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The parameters that have a default, with it."""
        return {p.name: p.default for p in self.params.values() if p.default is not REQUIRED}

    @cached_property
    def added(self) -> frozenset[str]:
        """The names of the parameters that MXNet's operator lacks."""
        return frozenset(p.name for p in self.params.values() if p.added)

    @cached_property
    def scalars(self) -> tuple[str, ...]:
        """The names of the parameters that are one `Scalar`."""
        return tuple([p.name for p in self.params.values() if p.type is Scalar])

    @cached_property
    def scalar_tuples(self) -> tuple[str, ...]:
        """The names of the parameters that are `Scalars`."""
        return tuple([p.name for p in self.params.values() if p.type is Scalars])

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The names of the parameters that are a `Scalar` or `Scalars`."""
        return frozenset((*self.scalars, *self.scalar_tuples))

    @cached_property
    def key(self) -> str | None:
        """The name of the parameter that decides the random numbers, or None."""
        return next((p.name for p in self.params.values() if p.type is Key), None)

    def draws(self, params: Mapping[str, Any]) -> bool:
        """Tell whether a call with these complete parameters needs a key that was not given."""
        return self.random is not None and params[self.key] is None and self.random(params)

    @cached_property
    def update(self) -> Update | None:
        """What this operator means as an update rule, None if it does not update a weight by a gradient and a rate."""
        declared, known = self.declared_update or Update(), {*self.names, *self.params}
        if self.names[:2] != ("weight", "grad") or declared.rate not in known:
            return None
        single = tuple([i.name for i in self.inputs if not i.many]) if self.many else declared.single
        return declared._replace(decay=declared.decay if declared.decay in known else None,
                                 count=declared.count if declared.count in known else None, single=single)

    def __repr__(self) -> str:
        return f"<operator {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickles and copies are made by: the name, under which a process has one operator."""
        return registry.get, (self.name,)

    def __call__(self, xp: Any, *inputs: Any, **params: Any) -> Any:
        """Compute in the namespace `xp`; operators may be written with operators this way."""
        return self.compute(xp, *inputs, **params)

    def gradient(self, rule: Callable[..., Any] | None = None, *, flat: Any = ()) -> Any:
        """Declare the gradient: ``rule(xp, head, output, *inputs, **params)`` gives one for each input, or None.

        Parameters
        ----------
        rule : callable
        flat : tuple of str, or callable
            Inputs for which the rule gives None, so that nothing is carried back to them; ``flat(params)`` where it
            depends.  It is known before shapes are.
        """
        if rule is None:
            return functools.partial(self.gradient, flat=flat)
        self.rules["gradient"] = rule
        if flat:
            self.rules["flat"] = flat
        return rule

    def sparse(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Declare what happens to row_sparse inputs: ``rule(inputs, params)`` gives what the body gives."""
        self.rules["sparse"] = rule
        return rule

    def accumulate(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Declare what an eager ``out=`` receives: ``rule(new, old, params)``, where it is not simply the new value."""
        self.rules["accumulate"] = rule
        return rule

    def mean_loss(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Declare the loss of which a head starts the gradient: ``rule(xp, output, label, **params)``, its mean.

        A head's own output is a prediction; this is what a training shows.
        """
        self.rules["mean_loss"] = rule
        return rule

    # Parameters

    def parse(self, given: Mapping[str, Any], where: str | None = None) -> dict[str, Any]:
        """Return the parameters `given`, each checked and as its type; defaults are not filled in.

        Parameters that MXNet's operator lacks are left out where they have their default.
        """
        where = where or self.name
        for name in given:
            if name not in self.params:
                raise OperatorError(f"{where}: {unknown(f'parameter of {self.name}', name, self.params)}")
        parsed = {name: self.params[name].parse(value, where) for name, value in given.items()}
        if self.added:
            for name in self.added & parsed.keys():
                if type(parsed[name]) is not np.ndarray and parsed[name] == self.params[name].default:
                    del parsed[name]
        return parsed

    def complete(self, given: Mapping[str, Any], where: str | None = None) -> dict[str, Any]:
        """Return parsed parameters with the defaults filled in; raise where a required one is missing."""
        params = {**self.defaults, **given}
        if len(params) < len(self.params):
            missing = [p for p in self.params if p not in params and p != self.count]
            if missing:
                raise OperatorError(f"{where or self.name}: required parameter{'s' * (len(missing) > 1)} "
                                    f"{', '.join(missing)} of {self.name} not given")
        return params

    # Inputs and outputs

    def input_names(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the array inputs, in the flat order in which they are given."""
        if not self.many:
            if self.absent is None:
                return self.names
            absent = self.absent(params)
            return tuple([name for name in self.names if name not in absent])
        many = [i for i in self.inputs if i.many]
        if (names := self.fixed_names(params)) is not None:
            return names
        n = params[self.count]
        return (*(i.many.pattern.format(name=i.name, i=k) for k in range(n) for i in many),
                *(i.name for i in self.inputs if not i.many))

    def why_absent(self, params: Mapping[str, Any]) -> str:
        """Return in words which complete parameters leave which inputs out; empty where all inputs are there."""
        absent, found = self.absent or (lambda params: ()), []
        for name in absent(params):
            switches = [f"{key}={params[key]!r}" for key, param in self.params.items()
                        if any(name not in absent({**params, key: other}) for other in param.alternatives)]
            found.append(f"{' and '.join(switches) or 'the parameters'} leave{'s' * (len(switches) == 1)} out {name}")
        return ", ".join(found)

    def check_number(self, given: int, params: Mapping[str, Any]) -> None:
        """Raise where an operator that takes a fixed number of inputs is given more than complete parameters ask for.

        Raises
        ------
        OperatorError
        """
        names = self.input_names(params)
        if given > len(names):
            raise OperatorError(f"{self.name} takes {counted(len(names), 'input')} ({', '.join(names)}), got {given}: "
                                f"{self.why_absent(params)}")

    def fixed_names(self, params: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Return the names of the inputs there are many of, where parameters settle them, else None."""
        fixed = self.inputs[0].many.fixed
        return None if fixed is None else fixed(params)

    def count_from(self, given: int, params: Mapping[str, Any], where: str | None = None) -> int:
        """Return how many tensors `given` arrays make; raise where it does not come out even or differs from `params`.

        Parameters
        ----------
        given : int
            Number of arrays in the call.
        params : dict
            May contain the count; then the two must agree.
        """
        single = len(self.inputs) - len(self.many)
        n, rest = divmod(given - single, len(self.many))
        names = self.fixed_names(params)
        known = params.get(self.count) if names is None else len(names)
        if rest or n < 0 or (known is not None and known != n):
            each = ", ".join(self.many)
            last = [i.name for i in self.inputs if not i.many]
            raise OperatorError(
                f"{where or self.name}: got {counted(given, 'array')}, which is not {each} for each of "
                f"{counted(known, 'tensor') if known is not None else 'any number of tensors'}"
                + (f", then {', '.join(last)}" if last else ""))
        return n

    def written(self, params: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the positions of the written inputs, in the order in which `run` returns their new values."""
        if not self.writes:
            return ()
        if not self.many:
            names = self.input_names(params)
            return tuple(names.index(name) for name in self.writes if name in names)
        n, width = params[self.count], len(self.many)
        single = [i.name for i in self.inputs if not i.many]
        return tuple(p for name in self.writes for p in (
            (self.many.index(name) + k * width for k in range(n)) if name in self.many
            else (n * width + single.index(name),)))

    def num_outputs(self, params: Mapping[str, Any]) -> int:
        """Return how many outputs a node with these parameters has."""
        return self.outputs(params) if callable(self.outputs) else self.outputs

    def splits(self, params: Mapping[str, Any]) -> bool:
        """Tell whether each tensor can be computed apart; see `tensorwise`."""
        return self.tensorwise(params) if callable(self.tensorwise) else self.tensorwise

    def output_ending(self, index: int, params: Mapping[str, Any]) -> str:
        """Return what the name of a node's output ends in."""
        if isinstance(self.output_suffix, tuple):
            return self.output_suffix[index]
        many = self.num_outputs(params) > 1 or (self.numbered is not None and self.numbered(params))
        return self.output_suffix + (str(index) if many else "")

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Tell whether what parameters state of inputs and outputs is right, which only derived operators let them."""
        return True

    def pack(self, arrays: Sequence[Any], params: Mapping[str, Any]) -> Sequence[Any]:
        """Return flat arrays as the body takes them: a tuple where there are many, None where one is absent."""
        if self.many:
            n, width = params[self.count], len(self.many)
            flat = n * width
            return (*(tuple(arrays[k:flat:width]) for k in range(width)), *arrays[flat:])
        if len(arrays) < len(self.inputs):
            present = dict(zip(self.input_names(params), arrays))
            return tuple(present.get(i.name) for i in self.inputs)
        return arrays

    def run(self, xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> tuple[Any, Any]:
        """Compute on flat arrays in the namespace `xp`.

        Parameters
        ----------
        xp : array namespace
        arrays : sequence of array
            In the order of `input_names`.
        params : dict
            Complete; scalars are numbers or arrays of one element.

        Returns
        -------
        outputs : tuple of array
        written : tuple of array
            New values of the written inputs, in the order of `written`.
        """
        if self.random is not None and self.draws(params):
            raise OperatorError(f"{self.name} uses random numbers and has no key: give {self.key}=, or bind the graph, "
                                "whose executor draws one for each run")
        return self.run_ready(xp, arrays, self.scalars_as(xp, arrays, params))

    def run_ready(self, xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> tuple[Any, Any]:
        """Compute as `run` does, with parameters whose scalars are values of `xp` already (`scalars_as`)."""
        if has_narrow(arrays) or (self.half_in_float32 and any([is_short(a.dtype) for a in arrays])):
            return in_float32(self, self.run_ready, xp, arrays, params)
        try:
            result = self.compute(xp, *self.pack(arrays, params), **params)
        except OverflowError as error:
            # NumPy's, of a number among the parameters that the dtype of an array does not hold.
            if isinstance(error, MXNetError):
                raise
            raise ParamError(f"{self.name}: {error}") from None
        outputs, written = (result[0], result[1:]) if self.writes else (result, ())
        if self.outputs == 1:
            outputs = (outputs,)
        if self.many and written:
            written = tuple(v for name, value in zip(self.writes, written)
                            for v in (value if name in self.many else (value,)))
        return outputs, written

    def scalars_as(self, xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `params` with each scalar as a value of `xp` in the dtype in which the operator computes."""
        if not self.numbers:
            return params
        dtype, params = self.dtype_of_scalars(arrays, params), dict(params)
        for name in self.scalars:
            if params[name] is not None:
                try:
                    params[name] = xp.as_scalar(params[name], dtype)
                except (ValueError, OverflowError) as error:
                    if isinstance(error, MXNetError):
                        raise
                    raise ParamError(f"{self.name}: {name}={shown(params[name])} is not a number that {dtype} holds"
                                     ) from None
        for name in self.scalar_tuples:
            value = params[name]
            if value is not None:
                params[name] = (tuple(xp.as_scalar(v, dtype) for v in value) if isinstance(value, tuple)
                                else xp.unpack_scalars(value, params[self.count], dtype))
        return params

    def _scalars_like(self, params: Mapping[str, Any]) -> str | None:
        return self.scalar_dtype(params) if callable(self.scalar_dtype) else self.scalar_dtype

    def dtype_of_scalars(self, arrays: Sequence[Any], params: Mapping[str, Any]) -> np.dtype:
        """Return the dtype in which the operator computes with its scalars."""
        if self._scalars_like(params) == "float64":
            return FLOAT64
        dtype = arrays[self.scalar_source(params)].dtype if len(arrays) else DEFAULT
        return DEFAULT if is_narrow(dtype) else dtype

    def scalar_source(self, params: Mapping[str, Any]) -> int:
        """Return the position of the input in whose dtype the scalars arrive, or are by default where they are fed."""
        like = self._scalars_like(params)
        if like in (None, "float64"):
            return 0
        named = (like, *(i.many.pattern.format(name=i.name, i=0) for i in self.inputs if i.many and i.name == like))
        return next((k for k, name in enumerate(self.input_names(params)) if name in named), 0)

    # Types

    def infer_types(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType], params: Mapping[str, Any],
                    where: object = None) -> tuple[list[TensorType], list[TensorType]]:
        """Return the types of inputs and outputs, each completed by what the others imply.

        Parameters
        ----------
        inputs, outputs : sequence of TensorType
        params : dict
            Complete parameters.
        where : object, optional
            The node, whose text begins the message.

        Raises
        ------
        ShapeError, DTypeError, ParamError
            Naming the operator and every input.
        """
        try:
            return self.infer(list(inputs), list(outputs), params)
        except (ShapeError, DTypeError, ParamError) as error:
            names = self.input_names(params)
            given = "".join(f"\n    {name} = {t}" for name, t in zip(names, inputs) if t != UNKNOWN)
            given += "".join(f"\n    output {i} = {t}" for i, t in enumerate(outputs) if t != UNKNOWN)
            named = (*names, *(f"output {i}" for i in range(len(outputs))))
            reason = error.args[0].format(*(named[i] for i in getattr(error, "slots", ())))
            raise type(error)(f"{where or self.name}: {reason}{given}") from None

    def fed(self, params: Mapping[str, Any]) -> list[Fed]:
        """Return the `Fed` values among parameters, in the order of their index."""
        if not (self.numbers or self.key):
            return []
        found = [v for value in params.values()
                 for v in ((value,) if isinstance(value, Fed) else value if isinstance(value, tuple) else ())
                 if isinstance(v, Fed)]
        return sorted(found)


def operator(infer: Callable[..., Any], *, outputs: int | Callable[..., int] = 1, writes: Sequence[str] = (),
             aliases: Sequence[str] = (), scalar_dtype: str | Callable[..., str | None] | None = None,
             half_in_float32: bool = False, absent: Callable[..., Any] | None = None, fusible: bool = False,
             tensorwise: bool | Callable[..., bool] = False, pure: bool = True,
             random: Callable[..., bool] | None = None, primitive: bool = False,
             output_suffix: str | tuple[str, ...] = "output", numbered: Callable[..., bool] | None = None,
             loss_head: bool = False, update: Update | None = None, kind: str | None = None, stored_name: Any = None,
             stored_outputs: Any = None, initial: dict[str, str] | None = None,
             whole: bool = False) -> Callable[[Callable[..., Any]], Operator]:
    """Declare an operator: a decorator that reads its schema from the function's signature.

    Before ``/`` are the namespace `xp` and the array inputs (annotated `Many` where there is one for each
    tensor), after ``*`` the typed parameters.  The keywords are the attributes of `Operator`; `update` is its
    ``declared_update``, and the kind is by default the ``KIND`` of the file.
    """

    def declare(function: Callable[..., Any]) -> Operator:
        arrays, keywords = _names(function.__code__)
        annotations, defaults = function.__annotations__, function.__kwdefaults__ or {}
        params = {name: Param.read(name, annotations.get(name, REQUIRED), defaults.get(name, REQUIRED))
                  for name in keywords}
        for param in params.values():
            reject_unknown_annotation(param, function.__name__)
        return registry.add(Operator(
            name=function.__name__,
            aliases=tuple(aliases),
            inputs=tuple(Input(name, annotations.get(name)) for name in arrays),
            params=params, infer=infer, compute=function, outputs=outputs, writes=tuple(writes),
            scalar_dtype=scalar_dtype, half_in_float32=half_in_float32, absent=absent, fusible=fusible,
            tensorwise=tensorwise, pure=pure, random=random, primitive=primitive,
            output_suffix=output_suffix, numbered=numbered,
            loss_head=loss_head, declared_update=update,
            kind=kind or function.__globals__.get("KIND", "arithmetic"),
            stored_name=stored_name, stored_outputs=stored_outputs, initial=initial or {},
            whole=whole))

    return declare


def _names(code: CodeType) -> Any:
    """Return the names of a function's arrays and of its keywords (`inspect.signature` takes ten times as long)."""
    known, n = code.co_varnames, code.co_argcount
    return known[1:code.co_posonlyargcount], known[n:n + code.co_kwonlyargcount]
