"""Checkpoints: a model's graph in ``prefix-symbol.json`` and its arrays after an epoch in ``prefix-0007.params``."""

from __future__ import annotations

import os
from numbers import Integral
from typing import TYPE_CHECKING

from ndarray.errors import FormatError, OperatorError, ParamError, shown
from ndarray.paramsfile import load as load_arrays
from ndarray.paramsfile import save as save_arrays
from symbolic.create import load
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from ndarray.array import NDArray


def save_checkpoint(prefix: str | os.PathLike[str], epoch: int, symbol: Symbol | None,
                    arg_params: Mapping[str, NDArray], aux_params: Mapping[str, NDArray] | None = None,
                    remove_amp_cast: bool = True) -> None:
    """Write a model's graph and its arrays, each file whole or not at all.

    Parameters
    ----------
    prefix : str or path
        What the names of both files begin with.
    epoch : int
        From 0; four digits in the file's name, more where they are needed.
    symbol : Symbol or None
        None where the graph's file is there already.
    arg_params, aux_params : dict of str to NDArray
        Parameters and states by name.
    remove_amp_cast : bool, optional
        Accepted for MXNet's signature.

    Raises
    ------
    OperatorError, ParamError
        Before anything is written.

    Examples
    --------
    >>> import os, tempfile, ndarray as nd, symbolic as sym
    >>> net = sym.exp(sym.var("w"), name="net")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(os.path.join(folder, "model"), 7, net, {"w": nd.ones(2)}, {})
    ...     print(sorted(os.listdir(folder)))
    ...     symbol, arg_params, aux_params = load_checkpoint(os.path.join(folder, "model"), 7)
    ['model-0007.params', 'model-symbol.json']
    >>> symbol, arg_params["w"].asnumpy(), aux_params
    (<Symbol net>, array([1., 1.], dtype=float32), {})
    """
    symbol_path, params_path = _paths(prefix, epoch)
    if symbol is not None and not isinstance(symbol, Symbol):
        raise OperatorError(f"save_checkpoint: symbol must be a Symbol or None, got {shown(symbol)}")
    arrays = {}
    for kind, params in (("arg", arg_params), ("aux", aux_params or {})):
        if not isinstance(params, dict):
            raise OperatorError(f"save_checkpoint: {kind}_params must be a dict of arrays by name, got {shown(params)}")
        arrays |= {f"{kind}:{name}": array for name, array in params.items()}
    # The arrays first: a graph without them is a model that has not been trained, not a broken one.
    save_arrays(params_path, arrays)
    if symbol is not None:
        symbol.save(symbol_path)


def load_checkpoint(prefix: str | os.PathLike[str], epoch: int, *, unknown: Literal['error', 'keep'] = "error",
                    bfloat16: bool = False) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Return what `save_checkpoint` has written.

    Parameters
    ----------
    prefix : str or path
    epoch : int
    unknown : {"error", "keep"}, optional
        What to do with an operator that the registry does not have, as in `load`.
    bfloat16 : bool, optional
        Whether arrays of bfloat16 stay so, as in `ndarray.load`; otherwise they come as float32.

    Returns
    -------
    symbol : Symbol
    arg_params, aux_params : dict of str to NDArray

    Raises
    ------
    FormatError, LimitError
        Naming the file and the place in it.

    Examples
    --------
    >>> import os, tempfile, ndarray as nd, symbolic as sym
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     prefix = os.path.join(folder, "net")
    ...     sym.save_checkpoint(prefix, 3, sym.exp(sym.var("w"), name="net"), {"w": nd.ones(2)})
    ...     symbol, arg_params, aux_params = load_checkpoint(prefix, 3)
    >>> symbol, arg_params["w"].tolist()
    (<Symbol net>, [1.0, 1.0])
    """
    symbol_path, _ = _paths(prefix, epoch)
    return load(symbol_path, unknown=unknown), *load_params(prefix, epoch, bfloat16=bfloat16)


def load_params(prefix: str | os.PathLike[str], epoch: int, *, bfloat16: bool = False
                ) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Return the arrays of a checkpoint.

    Parameters
    ----------
    prefix : str or path
    epoch : int
    bfloat16 : bool, optional
        See `load_checkpoint`.

    Returns
    -------
    arg_params, aux_params : dict of str to NDArray

    Raises
    ------
    FormatError
        If a name in the file begins with neither ``arg:`` nor ``aux:``.
    """
    _, path = _paths(prefix, epoch)
    found = {"arg": {}, "aux": {}}
    arrays = load_arrays(path, bfloat16=bfloat16)
    for full in arrays:
        kind, colon, name = full.partition(":") if isinstance(full, str) else ("", "", "")
        if not colon or kind not in found:
            raise FormatError(f"{path}: {shown(full) if isinstance(full, str) else 'an array without name'} is not a "
                              "parameter of a checkpoint; names begin with 'arg:' or 'aux:'")
        found[kind][name] = arrays[full]
    return found["arg"], found["aux"]


def _paths(prefix: str | os.PathLike[str], epoch: int) -> tuple[str, str]:
    if isinstance(epoch, bool) or not isinstance(epoch, Integral) or epoch < 0:
        raise ParamError(f"the epoch must be an integer from 0, got {shown(epoch)}")
    prefix = os.fspath(prefix)
    return f"{prefix}-symbol.json", f"{prefix}-{epoch:04d}.params"
