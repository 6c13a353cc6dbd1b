"""Every family of operators, declared by being imported."""

from ndarray.ops import (
    arithmetic,
    elementwise,
    reduce,
    shape,
    linalg,
    select,
    source,
    nn,
    softmax,
    loss,
    normalize,
    conv,
    optimizer_sign,
    optimizer_sgd,
    optimizer_multi_sgd,
    optimizer_adam,
    optimizer_lars,
)
