"""What an update operator means by its inputs and parameters, declared with it: ``@operator(…, update=Update(…))``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Update(NamedTuple):
    """How an operator updates a `weight` by a `grad`.

    The operator's first two inputs are ``weight`` and ``grad``; each further input is one more array for each tensor,
    unless it is in `single`.  An operator of this form that has a parameter ``lr`` is an update even without this
    declaration: the defaults below are MXNet's names.

    Attributes
    ----------
    names : tuple of str
        Names of the rule, besides the operator's own with and without ``_update``.
    rate : str
        The parameter, or the single input, that is the learning rate.
    decay : str
        The one that is the weight decay, if the operator has it.
    count : str
        The one that is the number of the update, from 1, if the operator has it.
    decay_times_rate : bool
        Whether the operator multiplies the decay by the rate; if not, the rule passes their product.
    corrects_bias : bool
        Whether the caller corrects the bias of running means that start at zero, through rate and `epsilon`.
    betas : tuple of str
        The decay rates of the running means of gradients and of their squares.
    epsilon : str
        The parameter added to the root of the mean of squares.
    single : tuple of str
        Inputs that there is one of for all tensors.
    copies : tuple of str
        States that start as a copy of the weight; the others start at zero.
    keys : tuple of str
        States that are keys of random numbers, and start at a random integer.
    usual : mapping of str to float
        Values of parameters without a default, and of single inputs, unless the rule is given others.

    Examples
    --------
    >>> from ndarray import registry
    >>> registry.get("adam_update").update.corrects_bias, registry.get("lion_update").update.corrects_bias
    (True, False)
    """

    names: tuple[str, ...] = ()
    rate: str = "lr"
    decay: str | None = "wd"
    count: str | None = "t"  # type: ignore[assignment]  # tuples have a method of this name
    decay_times_rate: bool = True
    corrects_bias: bool = False
    betas: tuple[str, str] = ("beta1", "beta2")
    epsilon: str = "epsilon"
    single: tuple[str, ...] = ()
    copies: tuple[str, ...] = ("weight32",)
    keys: tuple[str, ...] = ()
    usual: Mapping[str, float] = MappingProxyType({})
