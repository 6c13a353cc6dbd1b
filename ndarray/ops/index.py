"""The names that each file of operators declares: an operator is declared when it is first looked up.

Made by ``python -m docs.extensions.stubs``.
"""

DECLARED = {
    "ndarray.ops.arithmetic": """
        elemwise_add _plus _Plus _add broadcast_add broadcast_plus _plus_scalar _PlusScalar elemwise_sub _minus _Minus
        _sub broadcast_sub broadcast_minus _minus_scalar _MinusScalar _rminus_scalar _RMinusScalar elemwise_mul _mul
        _Mul broadcast_mul _mul_scalar _MulScalar elemwise_div _div _Div broadcast_div _div_scalar _DivScalar
        _rdiv_scalar _RDivScalar _mod _Mod broadcast_mod _mod_scalar _ModScalar _rmod_scalar _RModScalar _power _Power
        broadcast_power _power_scalar _PowerScalar _rpower_scalar _RPowerScalar _maximum _Maximum broadcast_maximum
        _maximum_scalar _MaximumScalar _minimum _Minimum broadcast_minimum _minimum_scalar _MinimumScalar _hypot _Hypot
        broadcast_hypot _hypot_scalar _HypotScalar _equal _Equal broadcast_equal _equal_scalar _EqualScalar _not_equal
        _Not_Equal broadcast_not_equal _not_equal_scalar _NotEqualScalar _greater _Greater broadcast_greater
        _greater_scalar _GreaterScalar _greater_equal _Greater_Equal broadcast_greater_equal _greater_equal_scalar
        _GreaterEqualScalar _lesser _Lesser broadcast_lesser _lesser_scalar _LesserScalar _lesser_equal _Lesser_Equal
        broadcast_lesser_equal _lesser_equal_scalar _LesserEqualScalar _logical_and broadcast_logical_and
        _logical_and_scalar _logical_or broadcast_logical_or _logical_or_scalar _logical_xor broadcast_logical_xor
        _logical_xor_scalar""",
    "ndarray.ops.elementwise": """
        abs sign negative reciprocal square sqrt rsqrt cbrt rcbrt exp expm1 log log10 log2 log1p sin cos tan arcsin
        arccos arctan sinh cosh tanh arcsinh arccosh arctanh degrees radians erf erfinv gamma gammaln sigmoid relu
        softsign round rint ceil floor trunc fix logical_not _copy identity BlockGrad stop_gradient zeros_like ones_like
        isnan _contrib_isnan isinf _contrib_isinf isfinite _contrib_isfinite Cast cast amp_cast polygamma hard_sigmoid
        clip _contrib_div_sqrt_dim _contrib_quadratic""",
    "ndarray.ops.reduce": """
        sum sum_axis mean prod nansum nanprod max max_axis min min_axis norm argmax argmin argmax_channel""",
    "ndarray.ops.statistics": """
        cumsum _np_cumsum moments _histogram""",
    "ndarray.ops.shape": """
        reshape Reshape Flatten flatten transpose SwapAxis swapaxes expand_dims squeeze reshape_like
        _identity_with_attr_like_rhs""",
    "ndarray.ops.rearrange": """
        diag depth_to_space space_to_depth shape_array size_array""",
    "ndarray.ops.join": """
        Concat concat stack SliceChannel split _split_v2 add_n ElementWiseSum _sum""",
    "ndarray.ops.repeat": """
        broadcast_to broadcast_axis broadcast_axes broadcast_like _unbroadcast tile repeat reverse flip Pad pad""",
    "ndarray.ops.slicing": """
        slice crop _unslice slice_axis slice_like Crop""",
    "ndarray.ops.indexing": """
        take _untake one_hot pick batch_take fill_element_0index _onehot_encode onehot_encode gather_nd scatter_nd""",
    "ndarray.ops.multi_index": """
        ravel_multi_index _ravel_multi_index unravel_index _unravel_index""",
    "ndarray.ops.order": """
        sort argsort topk _take_along_axis _put_along_axis""",
    "ndarray.ops.dot": """
        dot batch_dot _matmul khatri_rao""",
    "ndarray.ops.linalg": """
        linalg_gemm2 _linalg_gemm2 linalg_gemm _linalg_gemm linalg_syrk _linalg_syrk linalg_potrf _linalg_potrf
        linalg_inverse _linalg_inverse""",
    "ndarray.ops.linalg_triangular": """
        linalg_trmm _linalg_trmm linalg_trsm _linalg_trsm linalg_potri _linalg_potri linalg_sumlogdiag
        _linalg_sumlogdiag linalg_extractdiag _linalg_extractdiag linalg_makediag _linalg_makediag linalg_extracttrian
        _linalg_extracttrian linalg_maketrian _linalg_maketrian""",
    "ndarray.ops.linalg_decompose": """
        linalg_gelqf _linalg_gelqf _linalg_syevd linalg_det _linalg_det linalg_slogdet _linalg_slogdet""",
    "ndarray.ops.select": """
        where""",
    "ndarray.ops.sequence": """
        SequenceMask SequenceReverse SequenceLast""",
    "ndarray.ops.creation": """
        _zeros _ones _full _arange _linspace _eye""",
    "ndarray.ops.sample": """
        _random_of_key _random_uniform random_uniform uniform _random_uniform_like _sample_uniform sample_uniform
        _random_normal random_normal normal _random_normal_like _sample_normal sample_normal _random_gamma random_gamma
        _random_gamma_like _sample_gamma sample_gamma _random_exponential random_exponential _random_exponential_like
        _sample_exponential sample_exponential _random_poisson random_poisson _random_poisson_like _sample_poisson
        sample_poisson _random_negative_binomial random_negative_binomial _random_negative_binomial_like
        _sample_negative_binomial sample_negative_binomial _random_generalized_negative_binomial
        random_generalized_negative_binomial _random_generalized_negative_binomial_like
        _sample_generalized_negative_binomial sample_generalized_negative_binomial _random_randint random_randint
        _shuffle shuffle _sample_multinomial sample_multinomial""",
    "ndarray.ops.internal": """
        _constant _sum_sq""",
    "ndarray.ops.nn": """
        FullyConnected Activation LeakyReLU SoftmaxActivation Dropout _uniform_of_key Embedding""",
    "ndarray.ops.softmax": """
        softmax softmin log_softmax""",
    "ndarray.ops.loss": """
        SoftmaxOutput Softmax LinearRegressionOutput LogisticRegressionOutput MAERegressionOutput SVMOutput MakeLoss
        make_loss softmax_cross_entropy smooth_l1""",
    "ndarray.ops.normalize": """
        BatchNorm BatchNorm_v1 LayerNorm L2Normalization InstanceNorm GroupNorm LRN""",
    "ndarray.ops.conv": """
        Convolution Convolution_v1 Deconvolution""",
    "ndarray.ops.pooling": """
        Pooling Pooling_v1 _contrib_AdaptiveAvgPooling2D""",
    "ndarray.ops.upsampling": """
        UpSampling""",
    "ndarray.ops.rnn": """
        RNN _rnn_param_concat""",
    "ndarray.ops.optimizer_sign": """
        signsgd_update signum_update lion_update""",
    "ndarray.ops.optimizer_sgd": """
        sgd_update _sparse_sgd_update sgd_mom_update _sparse_sgd_mom_update mp_sgd_update mp_sgd_mom_update
        nag_mom_update mp_nag_mom_update""",
    "ndarray.ops.optimizer_multi_sgd": """
        multi_sgd_update multi_sgd_mom_update multi_mp_sgd_update multi_mp_sgd_mom_update""",
    "ndarray.ops.optimizer_preloaded": """
        preloaded_multi_sgd_update preloaded_multi_sgd_mom_update preloaded_multi_mp_sgd_update
        preloaded_multi_mp_sgd_mom_update""",
    "ndarray.ops.optimizer_adam": """
        adam_update _sparse_adam_update adabelief_update""",
    "ndarray.ops.optimizer_adamw": """
        _adamw_update adamw_update _mp_adamw_update mp_adamw_update _multi_adamw_update multi_adamw_update
        _multi_mp_adamw_update multi_mp_adamw_update""",
    "ndarray.ops.optimizer_adamax": """
        adamax_update adadelta_update""",
    "ndarray.ops.optimizer_nadam": """
        nadam_update""",
    "ndarray.ops.optimizer_radam": """
        amsgrad_update radam_update""",
    "ndarray.ops.optimizer_rprop": """
        rprop_update asgd_update""",
    "ndarray.ops.optimizer_dcasgd": """
        dcasgd_update""",
    "ndarray.ops.optimizer_sgld": """
        sgld_update""",
    "ndarray.ops.optimizer_lars": """
        multi_lars multi_sum_sq clip_global_norm""",
    "ndarray.ops.layerwise": """
        _decayed_sum_sq _corrected_momentum _move_statistics""",
    "ndarray.ops.optimizer_lamb": """
        lamb_update_phase1 lamb_update_phase2 mp_lamb_update_phase1 mp_lamb_update_phase2""",
    "ndarray.ops.optimizer_multi_lamb": """
        _multi_lamb_update multi_lamb_update _multi_mp_lamb_update multi_mp_lamb_update""",
    "ndarray.ops.optimizer_lans": """
        _multi_lans_update multi_lans_update""",
    "ndarray.ops.optimizer_other": """
        rmsprop_update rmspropalex_update ftrl_update _sparse_ftrl_update ftml_update""",
    "ndarray.ops.optimizer_adagrad": """
        _sparse_adagrad_update adagrad_update _contrib_group_adagrad_update group_adagrad_update""",
    "ndarray.ops.optimizer_dampened": """
        sgd_dampened_update rmsprop_mom_update rmsprop_centered_update adagrad_lr_decay_update""",
    "ndarray.ops.optimizer_sparse": "",
    "ndarray.ops.optimizer_yogi": """
        yogi_update""",
    "ndarray.ops.optimizer_adan": """
        adan_update""",
    "ndarray.ops.optimizer_adopt": """
        adopt_update""",
    "ndarray.ops.optimizer_ademamix": """
        ademamix_update""",
    "ndarray.ops.optimizer_sophia": """
        sophia_update""",
    "ndarray.ops.optimizer_novograd": """
        novograd_update""",
    "ndarray.ops.optimizer_sm3": """
        sm3_update""",
    "ndarray.ops.optimizer_mars": """
        mars_update""",
    "ndarray.ops.optimizer_adamp": """
        adamp_update""",
    "ndarray.ops.optimizer_schedule_free": """
        schedule_free_sgd_update schedule_free_adamw_update""",
    "ndarray.ops.optimizer_schedule_free_radam": """
        schedule_free_radam_update schedule_free_average""",
    "ndarray.ops.optimizer_muon": """
        muon_update""",
    "ndarray.ops.optimizer_adafactor": """
        adafactor_update adafactor_mom_update""",
    "ndarray.ops.optimizer_came": """
        came_update""",
    "ndarray.ops.optimizer_shampoo": """
        shampoo_update""",
    "ndarray.ops.optimizer_soap": """
        soap_update""",
    "ndarray.ops.optimizer_prodigy": """
        multi_prodigy_update""",
    "ndarray.ops.optimizer_dadapt": """
        multi_dadapt_adam_update multi_dadapt_sgd_update""",
    "ndarray.ops.optimizer_combined": "",
    "ndarray.ops.finite": """
        all_finite multi_all_finite reset_arrays""",
    "ndarray.ops.precision": "",
}
