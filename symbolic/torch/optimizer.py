"""The base class of all optimizers here: a `torch.optim.Optimizer` whose step runs one program over all tensors."""

from __future__ import annotations

import inspect
from fnmatch import fnmatchcase
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from ndarray.errors import MXNetError, OperatorError, ParamError, UnknownNameError, shown, unknown
from ndarray.ops.precision import STATES as PRECISIONS
from symbolic.optimizers.layerwise import rule
from symbolic.optimizers.routed import Routed
from symbolic.torch.inspection import Rows, profile_of, rows_of, symbol_of
from symbolic.torch.names import STATES, Words
from symbolic.torch.runner import Runner
from symbolic.torch.work import Work

try:
    from torch._C._dynamo import eval_frame
except ImportError:
    _compiler: Any = bool
else:
    _compiler = getattr(eval_frame, "get_eval_frame_callback", bool)  # gives None where nothing compiles frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from symbolic.diagnostics.profile import Profile
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule
    from symbolic.symbol import Symbol

_OURS = ("no_decay", "no_lars", "clip_norm", "nonfinite", "precision")
"""Options that torch's optimizers lack; they are in the groups where they were given."""


# That of torch's own optimizers, which imports the compiler when it is first called, and not now.
_outside_graphs: Any = getattr(torch, "_disable_dynamo", torch.compiler.disable)
_profiled = torch.autograd._profiler_enabled


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step between its hooks, in profiles and outside of compiled graphs, as those of torch's optimizers are.

    What does that costs a tenth of a millisecond after a backward pass, which leaves nothing of it in the caches:
    where no hook, profiler or compiler is there, the step alone is called.
    """
    around = torch.optim.Optimizer.profile_hook_step(_outside_graphs(step))

    @wraps(step)
    def whole(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_dynamo_compiling() or _compiler() is not None or _profiled() or _has_hooks(args[0]):
            return around(*args, **kwargs)
        return step(*args, **kwargs)

    whole.hooked = True  # type: ignore[attr-defined]  # torch does this to the steps of its classes
    return whole


def _has_hooks(optimizer):
    return (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks or _global_optimizer_pre_hooks
            or _global_optimizer_post_hooks)


class RuleOptimizer(torch.optim.Optimizer):
    """An optimizer of torch that is a declared update rule, run in place on the CPU.

    Its subclasses are made by `symbolic.torch.optimizer`, and by the names of `symbolic.torch`.

    Parameters
    ----------
    params : iterable
        Parameters, pairs of name and parameter, or groups, as every optimizer of torch takes them.
    *args, **options : object
        See the subclass.
    """

    _words: ClassVar[Words]
    _signature: ClassVar[inspect.Signature]
    _check: ClassVar[Callable[[Mapping[str, Any]], dict[str, Any]]]
    # A scaler of torch then leaves the division to the step, and sets `grad_scale` and `found_inf` for it.
    _step_supports_amp_scaling = True

    def __init__(self, params: Iterable[Any], *args: Any, **options: Any) -> None:
        bound = self._signature.bind(params, *args, **options)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given.pop("params")
        ours = {key: value for key in _OURS if key in given and _given(value := given.pop(key))}
        _check_supported(type(self).__name__, given)
        defaults = type(self)._check(given)
        _check_ours(type(self).__name__, ours)
        super().__init__(params, defaults | ours)
        self._check_patterns()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a pickled or loaded state, of older versions and of torch's own class too."""
        super().__setstate__(state)
        for group in self.param_groups:
            for key, value in self.defaults.items():
                group.setdefault(key, value)
            group.update(self._words.fixed)
        loading = vars(self).get("_loading")
        if loading is not None:
            self._keep_dtypes(loading)
        self._take_singles()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state, this optimizer's or that of torch's class of the same name.

        Parameters
        ----------
        state_dict : dict
            As `state_dict` gives it.
        """
        # The last of the hooks sees what the others made of it.
        last = self.register_load_state_dict_pre_hook(lambda _, given: self.__dict__.update(_loading=given))
        try:
            super().load_state_dict(state_dict)
        finally:
            last.remove()
            self.__dict__.pop("_loading", None)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with options of its own.

        Parameters
        ----------
        param_group : dict
            ``params`` and options; those that are missing are the optimizer's.

        Raises
        ------
        OperatorError
            If ``no_decay`` or ``no_lars`` name parameters, which have no names.
        ParamError
            If an option is not supported, or two exclude each other.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            _check_group(type(self).__name__, group)
        except MXNetError:
            self.param_groups.pop()
            raise

    @_hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, all or nothing.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss, and gradients, once more.

        Returns
        -------
        object
            What `closure` returned.

        Raises
        ------
        BindError, DTypeError
            If a parameter or gradient cannot be updated here.
        NonFiniteError
            If a gradient is not finite and ``nonfinite="raise"``.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if float(vars(self).get("found_inf") or 0.0):
            self._skipped: str | None = "the scaler found gradients that are not finite; nothing was updated"
            return loss
        self._skipped = self._runner().step(self._works(), self.state, self._unscaling())
        return loss

    def symbol(self) -> Symbol:
        """Return the update of all parameters as one Symbol: to draw, to save, to run elsewhere.

        Its outputs are the new values.  Gradients are arguments named ``<parameter>_grad``, states
        ``<parameter>_<input>`` by the names of the rule; ``lr``, or ``lr0``, ``lr1`` … of several groups, and ``t``,
        the number of the update, are fed.  Decay and the rule's other numbers are those of the groups now.

        Returns
        -------
        Symbol

        Examples
        --------
        >>> import torch, symbolic.torch as st
        >>> steps = st.SGD([("w", torch.nn.Parameter(torch.ones(2)))], lr=0.1, momentum=0.9)
        >>> steps.symbol().list_arguments(), steps.symbol().list_auxiliary_states()
        (['w', 'w_grad', 'lr'], ['w_mom'])
        """
        return symbol_of(self._works())

    def table(self) -> Rows:
        """Return what applies to each parameter: rule, rate, decay and states.

        Returns
        -------
        Rows
            A list of `Row`, which prints as a table.

        Examples
        --------
        >>> import torch, symbolic.torch as st
        >>> model = torch.nn.Linear(3, 2)
        >>> st.Lion(model.named_parameters(), lr=0.1, weight_decay=0.5, no_decay=["bias"]).table()
        name    shape  dtype    group  rule         lr   weight_decay  states
        weight  2, 3   float32  0      lion_update  0.1  0.5           momentum_buffer
        bias    2      float32  0      lion_update  0.1  0.0           momentum_buffer
        """
        return rows_of(self._works())

    def profile(self, steps: int = 20) -> Profile:
        """Measure what the loops of a step take, on copies of parameters, gradients and states.

        Parameters
        ----------
        steps : int, optional
            How many are measured.

        Returns
        -------
        Profile
            As `Executor.profile` returns it.
        """
        return profile_of(self._works(), self.state, steps)

    @property
    def skipped(self) -> str | None:
        """Why the last step did nothing, with ``nonfinite="skip"`` or a scaler; None where it did something."""
        return vars(self).get("_skipped")

    def _keep_dtypes(self, state_dict: Mapping[str, Any]) -> None:
        """Take states of another dtype than their parameter as they are; torch has cast them."""
        saved = [k for group in state_dict["param_groups"] for k in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for key, p in zip(saved, params):
            for name, value in state_dict["state"].get(key, {}).items():
                if isinstance(value, torch.Tensor) and name != "step" and value.dtype != self.state[p][name].dtype:
                    self.state[p][name] = value.clone()

    def _take_singles(self) -> None:
        """Make float32 tensors of states that are one number: older versions have Python's."""
        for name in self._words.singles:
            word = self._words.states[name]
            for state in self.state.values():
                if isinstance(state, dict) and word in state:  # hooks may have put other things there
                    state[word] = torch.as_tensor(state[word], dtype=torch.float32)

    def _unscaling(self) -> float:
        """Return the factor that makes gradients of those that a scaler has made large."""
        scale = vars(self).get("grad_scale")
        return 1.0 if scale is None else 1.0 / float(scale)

    def _runner(self) -> Runner:
        runner = vars(self).get("_bound")
        if runner is None:
            runner = self._bound = Runner()
        return runner

    def _works(self) -> list[Work]:
        """Return what to do with each group, by its options now."""
        known: dict[int, Any] = self.__dict__.setdefault("_rules", {})
        return [self._work(k, group, known) for k, group in enumerate(self.param_groups)]

    def _work(self, k: int, group: dict[str, Any], known: dict[int, Any]) -> Work:
        options = [value for key, value in group.items() if key not in ("params", "lr")]
        found = known.get(k)
        if found is None or found[0] != options or any(map(_changes, options)):
            found = options, self._prepared(k, group)
        work, lr = found[1], float(group["lr"])
        scaled = group.get("clip_norm") is not None or "grad_scale" in vars(self)
        if work.params is not group["params"] or work.lr != lr or work.scaled != scaled:
            work = work._replace(params=group["params"], lr=lr, scaled=scaled)
        known[k] = options, work
        return work

    def _prepared(self, k: int, group: dict[str, Any]) -> Work:
        """Return what follows from a group's options but for its learning rate."""
        words, params = self._words, group["params"]
        made = self._rule(group)
        first = sum(len(g["params"]) for g in self.param_groups[:k])
        names = group.get("param_names") or [f"parameter {first + i}" for i in range(len(params))]
        states = {name: words.states.get(name, STATES.get(name, name)) for name in made.more_inputs}
        return Work(
            params=params, names=names, rule=made, lr=0.0, states=states,
            first={name: value(group) for name, value in words.first.items()},
            singles={name: value(group) for name, value in words.singles.items()},
            no_decay=_matching(group.get("no_decay"), names), plain=_matching(group.get("no_lars"), names),
            maximize=bool(group.get("maximize", False)), scaled=False, clip_norm=group.get("clip_norm"),
            nonfinite=group.get("nonfinite"), counts=words.counted_by is None and self._counts(made),
            counted_by=words.counted_by if made.counts else None, sparse=words.sparse, kind=type(self).__name__)

    def _rule(self, group: Mapping[str, Any]) -> Rule | LayerwiseRule:
        name, settings = self._words.rule(group)
        made = rule(name, precision=group.get("precision"), **settings)
        assert not isinstance(made, Routed)  # which has no name
        return made

    def _counts(self, made: Rule | LayerwiseRule) -> bool:
        return self._words.counts or made.counts

    def _check_patterns(self) -> None:
        names = [name for group in self.param_groups for name in group.get("param_names", ())]
        for key in ("no_decay", "no_lars"):
            for pattern in _patterns(self.defaults.get(key)):
                if not any(c in pattern for c in "*?[") and pattern not in names:
                    raise UnknownNameError(f"{key}: {unknown('parameter', pattern, names)}")


def _check_supported(kind, options):
    for key in ("differentiable", "capturable"):
        if options.get(key):
            raise ParamError(f"{kind}: {key}=True is not supported; steps run on the CPU, outside of autograd and of "
                             "graphs")


def _check_group(kind, group):
    _check_supported(kind, group)
    if group.get("foreach") and group.get("fused"):
        raise ParamError(f"{kind}: foreach and fused cannot both be True; expected at most one of them")
    for key in ("no_decay", "no_lars"):
        if group.get(key) and "param_names" not in group:
            raise OperatorError(f"{kind}: {key}={shown(group[key])} needs names; give "
                                "model.named_parameters() in place of model.parameters()")


def _given(value):
    return value is not None and value != ()


def _changes(value):
    """Tell whether an option is a tensor, which may be another number the next time."""
    return isinstance(value, torch.Tensor) or (isinstance(value, tuple) and any(map(_changes, value)))


def _patterns(value: str | Sequence[str] | None) -> Sequence[str]:
    return () if value is None else [value] if isinstance(value, str) else value


def _matching(patterns, names):
    return frozenset([i for i, name in enumerate(names) if any(fnmatchcase(name, p) for p in _patterns(patterns))])


def _check_ours(kind, ours):
    bound = ours.get("clip_norm")
    if bound is not None:
        if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not bound >= 0:
            raise ParamError(f"{kind}: clip_norm must be a number that is not negative, got {shown(bound)}")
    if ours.get("precision") not in (None, *PRECISIONS):
        raise ParamError(f"{kind}: precision must be {', '.join(map(repr, PRECISIONS))} or None, "
                         f"got {shown(ours['precision'])}")
    if ours.get("nonfinite") not in (None, "raise", "skip"):
        raise ParamError(f"{kind}: nonfinite must be 'raise' or 'skip', got {shown(ours['nonfinite'])}")
    for key in ("no_decay", "no_lars"):
        if key in ours and not all(isinstance(p, str) for p in _patterns(ours[key])):
            raise ParamError(f"{kind}: {key} must be patterns of names, got {shown(ours[key])}")
        if key in ours:
            ours[key] = tuple(_patterns(ours[key]))


