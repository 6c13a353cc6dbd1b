"""Every family of operators, declared by being imported."""

from ndarray.ops import (
    arithmetic,
    elementwise,
    nn,
    loss,
    normalize,
    conv,
)
