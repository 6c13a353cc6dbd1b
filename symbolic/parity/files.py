"""Files of states: a training's folder to a file of another library, and back."""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.atomic import write_atomically
from ndarray.errors import FormatError, OperatorError, UnknownNameError, unknown
from symbolic.optimizers.trainer import Trainer
from symbolic.parity.states import (
    from_mxnet,
    from_optax,
    from_torch,
    kept,
    to_mxnet,
    to_optax,
    to_torch,
)
from symbolic.save import npz

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVERTED = ("torch", "optax", "mxnet")


def convert(source: str | PathLike[str], target: str | PathLike[str], other: str, *,
            like: str | PathLike[str] | None = None, num_update: int | None = None, **options: Any) -> None:
    """Write the states of a training as a file of another library, or such a file as a training.

    torch's is what ``torch.save(optimizer.state_dict(), file)`` writes, and is read with ``weights_only=True``;
    MXNet's is a ``.states`` file; Optax, which has no files, gets a ``.npz`` of the leaves of its state by their paths,
    for `optax_state`.

    Parameters
    ----------
    source : str or path
        The folder of a training (`symbolic.optimizers.Trainer.save`), or a file of the other library.
    target : str or path
        The other one of the two.
    other : str
        Library and name: ``"torch:Adam"``, ``"mxnet:Adam"``, ``"optax:adam"``.
    like : str or path, optional
        Of a file: the folder of a training whose step, parameters and rate are taken.
    num_update : int, optional
        Of a file: how many updates were made, where it does not hold that.
    **options : object
        Of a folder: options of torch's group, or arguments of Optax's function.

    Raises
    ------
    UnknownNameError, OperatorError
        If the library or its optimizer is not known, or is another rule than that of the training.
    FormatError
        If a file is damaged, or does not fit.  Nothing is written.
    FileNotFoundError

    Examples
    --------
    >>> import tempfile, numpy as np, symbolic as sym
    >>> step = sym.optimizers.update(["w"], "adam", beta1=0.5)
    >>> trainer = sym.optimizers.Trainer(step, {"w": np.ones(2, "f4")}, lr=0.1)
    >>> outputs = trainer.step(w_grad=np.ones(2, "f4"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     newest = trainer.save(f"{folder}/run")
    ...     convert(f"{folder}/run", f"{folder}/adam.states", "mxnet:Adam")
    ...     convert(f"{folder}/adam.states", f"{folder}/back", "mxnet:Adam", like=f"{folder}/run", num_update=1)
    ...     again = sym.optimizers.Trainer.load(f"{folder}/back")
    >>> again.executor.aux_dict["w_mean"].asnumpy()
    array([0.5, 0.5], dtype=float32)
    """
    library, _, name = other.partition(":")
    if library not in CONVERTED:
        raise UnknownNameError(unknown("library", library, CONVERTED))
    if not name:
        raise OperatorError(f"expected a library and an optimizer, such as torch:Adam, got {other}")
    source, target = Path(source), Path(target)
    if source.is_dir():
        write_atomically(target, _written(Trainer.load(source), library, name, options))
        return
    data = source.read_bytes()
    if like is None:
        raise OperatorError(f"{source} holds states alone; name the training whose step and parameters they belong to: "
                            "like=, on the command line --like FOLDER")
    trainer = Trainer.load(like)
    try:
        _take(trainer, library, name, data, num_update)
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from error
    trainer.save(target)


def _written(trainer: Trainer, library: str, name: str, options: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file with the states of a training."""
    if library == "mxnet":
        return to_mxnet(trainer, name)
    file = io.BytesIO()
    if library == "torch":
        import torch

        torch.save(to_torch(trainer, name, **options), file)
    else:
        arrays: Any = optax_arrays(to_optax(trainer, name, _first(trainer, name, options)))
        np.savez(file, **arrays)
    return file.getvalue()


def _take(trainer: Trainer, library: str, name: str, data: bytes, num_update: int | None) -> None:
    """Give a training the states in the bytes of a file."""
    if library == "mxnet":
        from_mxnet(trainer, data, name, num_update)
    elif library == "torch":
        import torch

        try:
            found = torch.load(io.BytesIO(data), weights_only=True)
        except Exception as error:  # of many kinds, by what is wrong
            raise FormatError(f"torch cannot read it as weights only: {type(error).__name__}") from error
        from_torch(trainer, found, name, num_update)
    else:
        arrays = npz.read(io.BytesIO(data))
        from_optax(trainer, name, optax_state(arrays, _first(trainer, name, {})), num_update)


def _first(trainer: Trainer, name: str, options: Mapping[str, Any]) -> Any:
    """Return Optax's first state for the parameters of a training."""
    from symbolic.jax.names import optax_function

    own = kept(trainer, "optax", name)
    shape_only = {k: v for k, v in own.other.options.items() if isinstance(v, bool) or k == "momentum"}
    params = {p: trainer.executor.arg_dict[p].asnumpy() for p in own.variables}
    return optax_function(own.other.name)(lambda count: 0.0, **{**shape_only, **options}).init(params)


def optax_arrays(state: Any) -> dict[str, np.ndarray]:
    """Return the leaves of a state of Optax by their paths.

    Parameters
    ----------
    state : tree

    Returns
    -------
    dict of str to numpy.ndarray
        Such as ``0.mu.w``.
    """
    import jax

    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf)
            for path, leaf in jax.tree_util.tree_flatten_with_path(state)[0]}


def optax_state(arrays: Mapping[str, np.ndarray], like: Any) -> Any:
    """Return a state of Optax with other leaves.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
        As `optax_arrays` gives them.
    like : tree
        A state of the same form.

    Returns
    -------
    tree

    Raises
    ------
    FormatError
        If the paths or shapes differ.
    """
    import jax
    import jax.numpy as jnp

    expected = optax_arrays(like)
    for name in {**expected, **arrays}:
        if name not in expected or name not in arrays or expected[name].shape != arrays[name].shape:
            kinds = [f"shape {each[name].shape}" if name in each else "nothing" for each in (expected, arrays)]
            raise FormatError(f"the state of Optax at {name}: expected {kinds[0]}, got {kinds[1]}")
    return jax.tree.structure(like).unflatten([jnp.asarray(arrays[name]) for name in expected])
