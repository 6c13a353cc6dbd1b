"""Rules beside those of other libraries: update for update, and states from one to the other."""

from symbolic.parity.comparison import Comparison, Difference, compare
