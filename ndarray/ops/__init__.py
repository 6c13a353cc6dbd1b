"""The operators, declared by the files of this folder; `index` records which file has which."""

FILES = """
    arithmetic elementwise reduce statistics shape rearrange join repeat slicing indexing multi_index order dot
    linalg linalg_triangular linalg_decompose select sequence creation sample internal nn softmax loss normalize
    conv pooling upsampling rnn optimizer_sign optimizer_sgd optimizer_multi_sgd optimizer_preloaded optimizer_adam
    optimizer_adamw optimizer_adamax optimizer_nadam optimizer_radam optimizer_rprop optimizer_dcasgd optimizer_sgld
    optimizer_lars layerwise optimizer_lamb optimizer_multi_lamb optimizer_lans optimizer_other optimizer_adagrad
    optimizer_dampened optimizer_sparse optimizer_yogi optimizer_adan optimizer_adopt optimizer_ademamix
    optimizer_sophia optimizer_novograd optimizer_sm3 optimizer_mars optimizer_adamp optimizer_schedule_free
    optimizer_schedule_free_radam optimizer_muon optimizer_adafactor optimizer_came optimizer_shampoo optimizer_soap
    optimizer_prodigy optimizer_dadapt optimizer_combined finite precision
""".split()
"""The files that declare operators, or families of operators that follow from others; they are listed in this order."""
