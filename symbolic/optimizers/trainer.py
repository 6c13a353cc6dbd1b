"""Steps bound to arrays: parameters are updated where they lie, one call a step."""

import json

import numpy as np

from ndarray.array import NDArray
from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from symbolic.graph.node import Entry
from symbolic.runtime.checks import as_array, check_context, inferred


def updates(step):
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


def bind_in_place(step, arrays, ctx=None, engine="auto", watch=None, **shapes):
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
        raise OperatorError(f"bind_in_place: the parameters {', '.join(missing)} have no arrays; only inputs and states "
                            "are allocated")
    types = inferred(graph, {k: a.shape for k, a in given.items()} | shapes,
                     {k: a._data.dtype.newbyteorder("=") for k, a in given.items()})
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

    def __init__(self, step, arrays, lr=None, num_update=0, ctx=None, engine="auto", watch=None, **shapes):
        self.executor = bind_in_place(step, arrays, ctx, engine, watch, **shapes)
        self.num_update = num_update
        self._lr = lr
        self._losses = [o for o, name in zip(self.executor.outputs, step.list_outputs()) if name not in updates(step)]
        self._fed = [name for name in ("lr", "t") if name in self.executor.arg_dict and name not in arrays]
        if lr is not None and "lr" not in self._fed:
            raise OperatorError(f"the step has no variable lr to be fed, got lr={shown(lr)}")

    def step(self, **inputs):
        """Make one update; return the outputs of the loss.

        Parameters
        ----------
        **inputs : array
            Copied into the arrays bound under these names; ``lr`` and ``t`` go before what the trainer feeds.
        """
        number = self.num_update + 1
        fed = {"t": number}
        if self._lr is not None:
            fed["lr"] = self._lr(number) if callable(self._lr) else self._lr
            if not np.isfinite(fed["lr"]):
                raise ParamError(f"the learning rate of update {number} is {fed['lr']}")
        elif "lr" in self._fed and "lr" not in inputs:
            raise OperatorError("the step's learning rate is fed: pass lr= to the trainer or to this step")
        self.executor.forward(is_train=True, **({k: v for k, v in fed.items() if k in self._fed} | inputs))
        self.num_update = number
        return self._losses
