"""The rules of recent years beside their judges: 50 updates of four shapes, which ``record_recent`` has recorded."""

from pathlib import Path

import numpy as np
import pytest

from symbolic.parity.judged import JUDGED, RATES, TOLERANCE
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.test_papers import trained

GOLDEN = Path(__file__).parents[2] / "golden/rules"
CASES = [(judge, case) for judge in JUDGED for case in JUDGED[judge]]


def recorded(judge):
    with np.load(GOLDEN / f"{judge}_50.npz") as file:
        return dict(file)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("judge", "case"), CASES)
def test_a_path_beside_its_judge(judge, case, dtype):
    rule, params, shared = JUDGED[judge][case]
    factors = {} if shared else {"lr_mult": paths.LR_MULT} | ({"wd_mult": paths.WD_MULT} if "wd" in params else {})
    found = trained("update", rule, params, dtype, RATES.get(case, 0.02), shapes=paths.FOUR, number=paths.MANY,
                    **factors)
    theirs = recorded(judge)
    expected = [{n: theirs[f"{case}.{n}"][k] for n in paths.FOUR} for k in range(paths.MANY)]
    bound = TOLERANCE.get(case, 1e-11) if dtype == "float64" else max(100 * TOLERANCE.get(case, 0), 3e-5)
    assert paths.distance(found, expected, paths.FOUR) < bound


@pytest.mark.parametrize("judge", JUDGED)
def test_every_recording_is_compared(judge):
    assert {key.partition(".")[0] for key in recorded(judge)} == JUDGED[judge].keys()
