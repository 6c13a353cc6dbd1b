"""One call of every operator at least: what the tests that go over the registry feed it."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Sample:
    """Inputs and parameters of one call, away from kinks, steps and poles.

    Attributes
    ----------
    op : str
    arrays : tuple of numpy.ndarray
        In flat order; float64 ones are what may be differentiated.
    params : dict
    """

    op: str
    arrays: tuple
    params: dict = field(default_factory=dict)

    def __str__(self):
        shapes = ",".join("x".join(map(str, a.shape)) or "scalar" for a in self.arrays)
        return f"{self.op}-{shapes}" + "".join(f"-{k}={v}" for k, v in self.params.items())


def spread(*shape, low=-2.0, high=2.0, seed=0):
    """Return different numbers evenly spread over [low, high] in random order, none of them a multiple of 1/2."""
    size = int(np.prod(shape))
    steps = (np.arange(size) + 0.37) / max(size, 1)
    return np.random.default_rng(seed).permutation(low + (high - low) * steps).reshape(shape) + 1e-3


def places(*shape, below, seed=0):
    """Return random indices."""
    return np.random.default_rng(seed).integers(0, below, shape)


def _arithmetic():
    positive = spread(2, 3, low=0.5, high=3), spread(2, 3, low=0.6, high=3.2, seed=1)
    row = spread(1, 3, low=0.6, high=3.2, seed=1)
    names = {
        "elemwise_add": ("broadcast_add", "_plus_scalar"), "elemwise_mul": ("broadcast_mul", "_mul_scalar"),
        "elemwise_sub": ("broadcast_sub", "_minus_scalar", "_rminus_scalar"),
        "elemwise_div": ("broadcast_div", "_div_scalar", "_rdiv_scalar"),
        "_mod": ("broadcast_mod", "_mod_scalar", "_rmod_scalar"),
        "_power": ("broadcast_power", "_power_scalar", "_rpower_scalar"),
        "_hypot": ("broadcast_hypot", "_hypot_scalar"),
    }
    for word in ("maximum", "minimum", "equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal",
                 "logical_and", "logical_or", "logical_xor"):
        names[f"_{word}"] = (f"broadcast_{word}", f"_{word}_scalar")
    for name, (wide, *scalars) in names.items():
        yield Sample(name, positive)
        yield Sample(name, (np.array(2.3), np.array(1.7)))
        yield Sample(wide, (positive[0], row))
        yield Sample(wide, (row[0], positive[1][:, :1]))
        yield from (Sample(s, (positive[0],), {"scalar": 1.7}) for s in scalars)


def _unary():
    within = spread(2, 3, low=-0.9, high=0.9)
    above = spread(2, 3, low=0.2, high=4)
    anywhere = spread(2, 3)
    for x, names in (
        (anywhere, "abs sign negative square exp expm1 sin cos tan arctan sinh cosh tanh arcsinh degrees radians erf "
                   "sigmoid relu softsign round rint ceil floor trunc fix logical_not _copy BlockGrad zeros_like "
                   "ones_like isnan isinf isfinite cbrt reciprocal"),
        (within, "arcsin arccos arctanh erfinv"),
        (above, "sqrt rsqrt rcbrt log log10 log2 log1p gamma gammaln"),
        (above + 1, "arccosh"),
    ):
        yield from (Sample(name, (x,)) for name in names.split())
    yield Sample("gammaln", (anywhere,))
    yield Sample("sqrt", (np.array(2.0),))
    yield from (Sample(name, (anywhere,), {"dtype": "float64"}) for name in ("Cast", "amp_cast"))
    yield from (Sample("polygamma", (above,), {"n": n}) for n in (0, 1, 2))
    yield Sample("hard_sigmoid", (3 * anywhere,))
    yield Sample("_contrib_div_sqrt_dim", (anywhere,))
    yield Sample("_contrib_quadratic", (anywhere,), {"a": 1.3, "b": -0.4, "c": 0.7})
    yield Sample("clip", (anywhere,), {"a_min": -0.5, "a_max": 1.1})


def _reductions():
    x = spread(2, 3, 4, low=0.3, high=2)
    for name in ("sum", "mean", "prod", "nansum", "nanprod", "max", "min"):
        yield Sample(name, (x,))
        yield Sample(name, (x,), {"axis": (1,)})
        yield Sample(name, (x,), {"axis": (0, -1), "keepdims": True})
        yield Sample(name, (x,), {"axis": (1,), "exclude": True})
        yield Sample(name, (np.array(1.5),))
    yield Sample("prod", (np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]]),), {"axis": (1,)})
    for order in (1, 2):
        yield Sample("norm", (spread(2, 3),), {"ord": order})
        yield Sample("norm", (spread(2, 3),), {"ord": order, "axis": (1,), "keepdims": True})
    yield Sample("norm", (spread(2, 3),), {"out_dtype": "float64"})
    for name in ("argmax", "argmin"):
        yield Sample(name, (x,))
        yield Sample(name, (x,), {"axis": -1, "keepdims": True})
    yield Sample("argmax_channel", (x,))
    for axis in (None, 0, -1):
        yield Sample("cumsum", (x,), {"axis": axis})
    yield Sample("cumsum", (x,), {"axis": 1, "dtype": "float64"})
    yield Sample("moments", (x,))
    yield Sample("moments", (x,), {"axes": (0, -1), "keepdims": True})
    yield Sample("moments", (x,), {"axes": (1,)})


def _shapes():
    x = spread(2, 3, 4)
    yield Sample("reshape", (x,), {"shape": (0, -1)})
    yield Sample("reshape", (x,), {"shape": (-4, 1, -1, -3)})
    yield Sample("reshape", (x,), {"shape": (-1, 0), "reverse": True})
    yield Sample("Flatten", (x,))
    yield Sample("transpose", (x,))
    yield Sample("transpose", (x,), {"axes": (2, 0, 1)})
    yield Sample("SwapAxis", (x,), {"dim1": 0, "dim2": 2})
    yield Sample("expand_dims", (x,), {"axis": -2})
    yield Sample("squeeze", (spread(2, 1, 3, 1),))
    yield Sample("squeeze", (spread(2, 1, 3, 1),), {"axis": (1,)})
    yield Sample("squeeze", (spread(1, 1),))
    yield Sample("reshape_like", (x, spread(4, 6)))
    yield Sample("reshape_like", (x, spread(5, 3, 2)), {"lhs_begin": 0, "lhs_end": 2, "rhs_begin": 1})
    yield Sample("diag", (spread(3),), {"k": 1})
    yield Sample("diag", (spread(3),), {"k": -2})
    yield Sample("diag", (spread(3, 4),), {"k": 1})
    yield Sample("diag", (spread(4, 3),), {"k": -2})
    yield Sample("diag", (x,), {"axis1": 2, "axis2": 0})
    yield Sample("depth_to_space", (spread(2, 8, 2, 3),), {"block_size": 2})
    yield Sample("space_to_depth", (spread(2, 2, 4, 6),), {"block_size": 2})
    yield Sample("shape_array", (x,))
    yield Sample("size_array", (x,))
    yield Sample("Concat", (x, spread(2, 1, 4), spread(2, 2, 4)))
    yield Sample("Concat", (x,), {"dim": -1})
    yield Sample("stack", (x, spread(2, 3, 4, seed=1)), {"axis": 1})
    yield Sample("SliceChannel", (x,), {"num_outputs": 2, "axis": -1})
    yield Sample("SliceChannel", (x,), {"num_outputs": 3, "squeeze_axis": True})
    yield Sample("SliceChannel", (x,), {"num_outputs": 1})
    yield Sample("_split_v2", (x,), {"indices": (0, 1, 1), "axis": 1})
    yield Sample("_split_v2", (x,), {"indices": (0, 1, 2), "axis": 1, "squeeze_axis": True})
    yield Sample("_split_v2", (x,), {"indices": (), "sections": 2, "axis": -1})
    yield Sample("_identity_with_attr_like_rhs", (x, spread(2, 3, 4, seed=1)))
    yield Sample("add_n", (x, spread(2, 3, 4, seed=1), x))
    yield Sample("broadcast_to", (spread(2, 1, 4),), {"shape": (0, 3, 4)})
    yield Sample("broadcast_axis", (spread(2, 1, 1),), {"axis": (2, 1), "size": (4, 3)})
    yield Sample("broadcast_like", (spread(2, 1, 4), x))
    yield Sample("broadcast_like", (spread(2, 1), x), {"lhs_axes": (-1,), "rhs_axes": (2,)})
    yield Sample("_unbroadcast", (x, spread(3, 1)))
    yield Sample("tile", (x,), {"reps": (2, 1, 3)})
    yield Sample("tile", (spread(3),), {"reps": (2, 2)})
    yield Sample("tile", (x,), {"reps": (2,)})
    yield Sample("repeat", (x,), {"repeats": 2})
    yield Sample("repeat", (x,), {"repeats": 3, "axis": -2})
    yield Sample("reverse", (x,), {"axis": (0, 2)})
    for mode in ("constant", "edge", "reflect"):
        yield Sample("Pad", (spread(3, 4),), {"mode": mode, "pad_width": (1, 2, 0, 3)})


def _indexing():
    x = spread(4, 5)
    yield Sample("slice", (x,), {"begin": (1,), "end": (3,)})
    yield Sample("slice", (x,), {"begin": (None, 4), "end": (None, None), "step": (2, -2)})
    yield Sample("_unslice", (spread(2, 2),), {"shape": (4, 5), "begin": (0, 4), "end": (4, 1), "step": (2, -2)})
    yield Sample("slice_axis", (x,), {"axis": 1, "begin": -3, "end": None})
    yield Sample("slice_like", (x, spread(2, 3)))
    yield Sample("slice_like", (x, spread(2, 3)), {"axes": (1,)})
    yield Sample("take", (x, places(2, 3, below=4)))
    yield Sample("take", (x, np.array([-7, 2, 9])), {"axis": 1})
    yield Sample("take", (x, np.array([-7, 2, 9])), {"axis": 1, "mode": "wrap"})
    yield Sample("_untake", (spread(3, 5), np.array([1, 1, 3])), {"shape": (4, 5)})
    yield Sample("one_hot", (places(2, 3, below=4),), {"depth": 4})
    yield Sample("pick", (x, places(4, below=5)))
    yield Sample("pick", (x, places(1, 5, below=4)), {"axis": 0, "keepdims": True})
    yield Sample("pick", (x, np.array([-1, 5, 9, 2])), {"mode": "wrap"})
    yield Sample("gather_nd", (x, np.array([[0, 3, 3], [1, 2, 2]])))
    yield Sample("gather_nd", (x, np.array([[0, 3, 3]])))
    yield Sample("scatter_nd", (spread(3), np.array([[0, 3, 3], [1, 2, 2]])), {"shape": (4, 5)})
    for ascend in (True, False):
        yield Sample("sort", (x,), {"axis": 0, "is_ascend": ascend})
        yield Sample("argsort", (x,), {"is_ascend": ascend})
    yield Sample("sort", (x,), {"axis": None})
    yield Sample("argsort", (x,), {"axis": None})
    for kind in ("both", "indices", "mask", "value"):
        yield Sample("topk", (x,), {"k": 2, "ret_typ": kind})
    yield Sample("topk", (x,), {"k": 3, "ret_typ": "value", "axis": None, "is_ascend": True})
    yield Sample("_take_along_axis", (x, places(4, 2, below=5)), {"axis": 1})
    yield Sample("_put_along_axis", (spread(4, 2), np.array([[0, 0], [1, 4], [2, 3], [4, 4]])),
                 {"shape": (4, 5), "axis": 1})
    yield Sample("where", (places(4, 5, below=2), x, spread(4, 5, seed=1)))
    yield Sample("where", (np.array([0, 1, 1, 0]), x, spread(4, 5, seed=1)))
    yield Sample("SequenceMask", (spread(3, 2, 2),))
    yield Sample("SequenceMask", (spread(3, 2, 2), np.array([1, 3])), {"use_sequence_length": True, "value": 0.7})
    yield Sample("SequenceMask", (spread(2, 3), np.array([1, 3])), {"use_sequence_length": True, "axis": 1})
    for name in ("SequenceReverse", "SequenceLast"):
        for axis in (0, 1):
            yield Sample(name, (spread(3, 4, 2),), {"axis": axis})
            yield Sample(name, (spread(3, 4, 2), np.array([1, 3, 2, 9][:4 - axis])), {
                "use_sequence_length": True, "axis": axis})
    yield Sample("batch_take", (x, places(4, below=5)))
    yield Sample("fill_element_0index", (x, spread(4, seed=1), np.array([4, 0, 7, 2])))
    yield Sample("_onehot_encode", (np.array([4, 0, 7, 2]), x))
    yield Sample("batch_take", (x, np.array([-1, 5, 9, 2])))
    yield Sample("ravel_multi_index", (places(3, 2, 2, below=4),), {"shape": (-1, 5, 4)})
    yield Sample("unravel_index", (places(3, 2, below=60),), {"shape": (3, 5, 4)})
    yield Sample("_histogram", (spread(4, 5),), {"bin_cnt": 4, "range": (-1.5, 2)})
    yield Sample("_histogram", (spread(4, 5), np.array([-1.5, -0.25, 0.75, 1.9])))


def _matrices():
    for ta in (False, True):
        for tb in (False, True):
            a, b = spread(*(3, 2)[::-1 if ta else 1]), spread(*(2, 4)[::-1 if tb else 1], seed=1)
            flags = {"transpose_a": ta, "transpose_b": tb}
            yield Sample("dot", (a, b), flags)
            yield Sample("batch_dot", (np.stack([a, 2 * a]), np.stack([b, -b])), flags)
            yield Sample("linalg_gemm2", (a, b), {**flags, "alpha": 0.7})
            yield Sample("linalg_gemm", (a, b, spread(3, 4)), {**flags, "alpha": 0.7, "beta": -1.3})
    yield Sample("dot", (spread(3), spread(3, seed=1)))
    yield Sample("dot", (spread(2, 3), spread(3, seed=1)))
    yield Sample("dot", (spread(2, 2, 3), spread(3, 2, 2)))
    yield Sample("_matmul", (spread(5, 2, 3), spread(3, 4)))
    yield Sample("_matmul", (spread(2, 3), spread(5, 3, 4)))
    yield Sample("linalg_syrk", (spread(2, 3),), {"alpha": 0.7})
    yield Sample("linalg_syrk", (spread(2, 3),), {"transpose": True})
    square = spread(3, 3)
    yield Sample("linalg_inverse", (square + 3 * np.eye(3),))
    yield Sample("linalg_potrf", (square @ square.T + np.eye(3),))
    for flags in ({}, {"transpose": True}, {"lower": False}, {"rightside": True}, {"rightside": True, "lower": False},
                  {"rightside": True, "transpose": True}):
        a, b = square + 3 * np.eye(3), spread(*(2, 3)[::1 if "rightside" in flags else -1], seed=1)
        for name in ("linalg_trmm", "linalg_trsm"):
            yield Sample(name, (a, b), {**flags, "alpha": 0.7})
    yield Sample("linalg_trsm", (np.stack([a, a.T]), np.stack([b, -b])), flags)
    yield Sample("linalg_potri", (square + 3 * np.eye(3),))
    yield Sample("linalg_sumlogdiag", (np.stack([square, 2 * square]) + 3 * np.eye(3),))
    for offset in (0, 1, -2):
        yield Sample("linalg_extractdiag", (spread(2, 3, 3),), {"offset": offset})
        yield Sample("linalg_makediag", (spread(2, 3),), {"offset": offset})
        yield Sample("linalg_extracttrian", (spread(2, 3, 3),), {"offset": offset})
        yield Sample("linalg_maketrian", (spread(2, 6),), {"offset": offset})
    yield Sample("linalg_extracttrian", (square,), {"lower": False})
    yield Sample("linalg_maketrian", (spread(6),), {"lower": False})
    yield Sample("linalg_gelqf", (spread(2, 2, 3),))
    yield Sample("linalg_gelqf", (square,))
    yield Sample("_linalg_syevd", (square + square.T,))
    for name in ("linalg_det", "linalg_slogdet"):
        yield Sample(name, (square,))
        yield Sample(name, (np.stack([square, square + np.eye(3)]),))
    yield Sample("khatri_rao", (spread(2, 3), spread(3, 3, seed=1), spread(1, 3, seed=2)))
    yield Sample("khatri_rao", (spread(2, 3),))
    yield Sample("_sum_sq", (spread(2, 3),))


def _sources():
    yield Sample("_zeros", (), {"shape": (2, 3)})
    yield Sample("_ones", (), {"shape": (2, 3), "dtype": "int32"})
    yield Sample("_full", (), {"shape": (), "value": 2.5})
    yield Sample("_arange", (), {"start": 1, "stop": 7, "step": 2, "repeat": 2})
    yield Sample("_linspace", (), {"start": 0, "stop": 1, "num": 5})
    three = np.array([0.3, 0.6, 0.9])
    for name in ("uniform", "normal", "gamma", "exponential", "poisson", "negative_binomial",
                 "generalized_negative_binomial"):
        params = {"p": 0.4, "key": 7} if name == "negative_binomial" else {"key": 7}
        yield Sample(f"_random_{name}", (), {**params, "shape": (2, 3)})
        yield Sample(f"_random_{name}_like", (spread(2, 3),), params)
        given = (three,) if name in ("exponential", "poisson") else (three, three + (name == "uniform") * 3)
        yield Sample(f"_sample_{name}", given, {"shape": (2,), "key": 7})
    yield Sample("_random_randint", (), {"low": 2, "high": 9, "shape": (4,), "key": 7})
    yield Sample("_random_of_key", (three[:1], three[:1] + 1, np.array([7])), {
        "distribution": "uniform", "shape": (2,), "dtype": "float64"})
    yield Sample("_shuffle", (spread(4, 2),), {"key": 7})
    yield Sample("_sample_multinomial", (np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]),), {"shape": (3,), "key": 7})
    yield Sample("_sample_multinomial", (np.array([0.2, 0.3, 0.5]),), {"get_prob": True, "key": 7})
    yield Sample("_eye", (), {"N": 3, "M": 4, "k": 1})


def _networks():
    for name in ("softmax", "softmin", "log_softmax"):
        yield Sample(name, (spread(2, 3),))
        yield Sample(name, (spread(2, 3),), {"axis": 0, "temperature": 1.7})
        yield Sample(name, (spread(2, 3),), {"dtype": "float64"})
    yield Sample("softmax", (spread(2, 3), np.array([2, 0])), {"use_length": True})
    yield Sample("softmax", (spread(2, 3), np.array([2, 0, 1])), {"use_length": True, "axis": 0})
    for kind in ("relu", "sigmoid", "softrelu", "softsign", "tanh"):
        yield Sample("Activation", (spread(2, 3),), {"act_type": kind})
    yield Sample("softmax_cross_entropy", (spread(2, 3), np.array([0, 2])))
    yield Sample("Dropout", (spread(2, 3),), {"key": 7})
    yield Sample("_uniform_of_key", (np.array([7]),), {"shape": (2, 3)})
    yield Sample("Dropout", (spread(4, 5),), {"mode": "always", "p": 0.3, "axes": (1,), "key": 7})


def _windows():
    image = spread(2, 4, 5, 5)
    for size in (1, 3, 4, 9):
        yield Sample("LRN", (spread(2, 5, 2),), {"nsize": size, "alpha": 0.7, "knorm": 1.5})
    yield Sample("Convolution", (image, spread(4, 2, 3, 3), spread(4)), {
        "kernel": (3, 3), "num_filter": 4, "num_group": 2, "stride": (2, 1), "pad": (1, 0), "dilate": (1, 2)})
    yield Sample("Convolution", (spread(2, 3, 7), spread(4, 3, 3)), {"kernel": (3,), "num_filter": 4, "no_bias": True})
    yield Sample("Deconvolution", (spread(2, 4, 3, 3), spread(4, 3, 3, 3)), {
        "kernel": (3, 3), "num_filter": 3, "stride": (2, 1), "pad": (1, 0), "adj": (1, 0)})
    for kind in ("max", "avg", "sum", "lp"):
        yield Sample("Pooling", (image,), {"kernel": (2, 3), "stride": (2, 1), "pad": (1, 1), "pool_type": kind})
    yield Sample("Pooling", (image,), {"global_pool": True, "pool_type": "avg"})
    for counted in (True, False):
        yield Sample("Pooling", (image,), {"kernel": (3, 2), "stride": (2, 2), "pad": (1, 1), "pool_type": "avg",
                                           "pooling_convention": "full", "count_include_pad": counted})
    yield Sample("Convolution_v1", (image, spread(2, 4, 2, 2), spread(2)), {
        "kernel": (2, 2), "num_filter": 2, "pad": (1, 0)})
    yield Sample("Deconvolution", (spread(2, 2, 3), spread(2, 1, 2), spread(2)), {
        "kernel": (2,), "num_filter": 2, "num_group": 2, "stride": (3,), "target_shape": (9,), "no_bias": False})
    for kind in ("max", "avg"):
        yield Sample("Pooling", (spread(1, 1, 20, 9),), {"kernel": (10, 9), "stride": (10, 1), "pool_type": kind})
        yield Sample("Pooling_v1", (image,), {"kernel": (2, 3), "stride": (2, 2), "pad": (1, 1), "pool_type": kind,
                                              "pooling_convention": "full"})
        yield Sample("Pooling_v1", (spread(1, 1, 9, 20),), {"kernel": (9, 10), "stride": (1, 10), "pool_type": kind})
    for size in ((), (2, 3), (5, 1), (7, 8)):
        yield Sample("_contrib_AdaptiveAvgPooling2D", (spread(1, 2, 5, 4),), {"output_size": size})
    yield Sample("Crop", (image, spread(1, 1, 2, 3)), {"offset": (1, 2)})
    yield Sample("Crop", (image,), {"h_w": (3, 2), "center_crop": True})


def _recurrent():
    for mode, gates in {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}.items():
        cell = [spread(1, 2, 2, seed=3)] if mode == "lstm" else []
        # A rectifier is kept away from its kink.
        state = spread(1, 2, 2, low=0.2, seed=2)
        weights = spread(gates * 2 * (3 + 2 + 2), low=-0.7, high=0.8, seed=1)
        yield Sample("RNN", (spread(3, 2, 3), weights, state, *cell), {
            "mode": mode, "state_size": 2, "num_layers": 1, "state_outputs": True})
    weights = spread(4 * 2 * 2 * (1 + 2 + 4 + 2 + 4), low=-0.7, high=0.8, seed=1)
    deep = spread(3, 2, 1), weights, spread(4, 2, 2, seed=2)
    params = {"mode": "lstm", "state_size": 2, "num_layers": 2, "bidirectional": True}
    yield Sample("RNN", (*deep, spread(4, 2, 2, seed=3), np.array([3, 1])),
                 {**params, "use_sequence_length": True, "state_outputs": True})
    yield Sample("RNN", (*deep, spread(4, 2, 2, seed=3)), {**params, "p": 0.4, "key": 7, "train": True})
    weights = spread(4 * 2 * (3 + 1 + 2) + 2, low=-0.7, high=0.8, seed=1)
    for bounds in ({}, {"lstm_state_clip_min": -0.4, "lstm_state_clip_max": 0.5}):
        yield Sample("RNN", (spread(2, 2, 3), weights, spread(1, 2, 1), spread(1, 2, 2)), {
            "mode": "lstm", "state_size": 2, "num_layers": 1, "projection_size": 1, **bounds})
    yield Sample("_rnn_param_concat", (spread(3), spread(2)), {"dim": 0})


SAMPLES = [*_arithmetic(), *_unary(), *_reductions(), *_shapes(), *_indexing(), *_matrices(), *_sources(),
           *_networks(), *_windows(), *_recurrent()]
