"""Rules beside those of other libraries: update for update, and states from one to the other."""

from symbolic.parity.comparison import Comparison, Difference, compare
from symbolic.parity.files import convert, optax_arrays, optax_state
from symbolic.parity.states import from_mxnet, from_optax, from_torch, to_mxnet, to_optax, to_torch
