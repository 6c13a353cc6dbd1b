"""Every rule on weights of bfloat16: the engines agree bit for bit, and states have the dtype of the weight."""

import numpy as np
import pytest

import ndarray as nd
from symbolic import optimizers
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.papers import RATES, STATEMENTS

ml_dtypes = pytest.importorskip("ml_dtypes")


def steps(name, engine):
    weights = {n: nd.array(w, dtype="bfloat16") for n, w in paths.start().items()}
    params = STATEMENTS[name][1][0]
    trainer = optimizers.Trainer(optimizers.update(list(weights), name, **params), weights, lr=RATES.get(name, 0.02),
                                 engine=engine)
    for grads in paths.gradients()[:3]:
        trainer.step(**{f"{n}_grad": g.astype(ml_dtypes.bfloat16) for n, g in grads.items()})
    return {**trainer.executor.arg_dict, **trainer.executor.aux_dict}


@pytest.mark.parametrize("name", STATEMENTS)
def test_engines_agree(name, backend):
    eager, fused = (steps(name, engine) for engine in ("eager", "fused"))
    assert eager["a_weight"].dtype is ml_dtypes.bfloat16
    for key, value in eager.items():
        assert value.dtype is fused[key].dtype
        np.testing.assert_array_equal(value.asnumpy(), fused[key].asnumpy(), err_msg=key)
