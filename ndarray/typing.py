"""Names for the types that public functions take, for annotations."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Number: TypeAlias = float | np.floating[Any] | np.integer[Any] | np.bool_
"""What arithmetic and hyper-parameters take as a number."""

DTypeLike: TypeAlias = str | int | type[Any] | np.dtype[Any]
"""An element type: its name, a type such as ``numpy.float32``, a dtype, or MXNet's type flag."""

ShapeLike: TypeAlias = int | Sequence[int]
"""The lengths of axes; a single integer is the length of the only one."""
