"""Names for the types that public functions take, for annotations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from ndarray.array import NDArray

Number: TypeAlias = float | np.floating[Any] | np.integer[Any] | np.bool_
"""What arithmetic and hyper-parameters take as a number."""

DTypeLike: TypeAlias = str | int | type[Any] | np.dtype[Any]
"""An element type: its name, a type such as ``numpy.float32``, a dtype, or MXNet's type flag."""

ShapeLike: TypeAlias = int | Sequence[int]
"""The lengths of axes; a single integer is the length of the only one."""

ArrayLike: TypeAlias = "NDArray | np.ndarray[Any, Any]"
"""An array that is bound, or copied from: an `NDArray` or a NumPy array."""
