"""The rules of recent years beside their judges: 50 updates of four shapes, which ``record_recent`` has recorded."""

from pathlib import Path

import numpy as np
import pytest

from symbolic.parity.judged import JUDGED, OF_WAY, OF_WAY_WITH_SUMS, OF_WEIGHT, RATES, TOLERANCE, WITH_SUMS
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.test_papers import trained

GOLDEN = Path(__file__).parents[2] / "golden/rules"
CASES = [(judge, case) for judge in JUDGED for case in JUDGED[judge]]


def recorded(judge):
    with np.load(GOLDEN / f"{judge}_50.npz") as file:
        return dict(file)


def both(judge, case, dtype):
    """Return the weights after each update, of ours and of the judge in float64."""
    rule, params, shared = JUDGED[judge][case]
    factors = {} if shared else {"lr_mult": paths.LR_MULT} | ({"wd_mult": paths.WD_MULT} if "wd" in params else {})
    found = trained("update", rule, params, dtype, RATES.get(case, 0.02), shapes=paths.FOUR, number=paths.MANY,
                    **factors)
    theirs = recorded(judge)
    return found, [{n: theirs[f"{case}.{n}"][k] for n in paths.FOUR} for k in range(paths.MANY)]


@pytest.mark.parametrize(("judge", "case"), CASES)
def test_a_path_beside_its_judge(judge, case):
    assert paths.distance(*both(judge, case, "float64"), paths.FOUR) < TOLERANCE.get(case, 1e-11)


@pytest.mark.parametrize(("judge", "case"), CASES)
def test_a_path_in_single_precision_beside_its_judge(judge, case):
    """Each element after each update, by its own size and way."""
    of_way = OF_WAY_WITH_SUMS if case in WITH_SUMS else OF_WAY
    assert paths.within(*both(judge, case, "float32"), OF_WEIGHT, of_way, paths.FOUR) <= 1


@pytest.mark.parametrize("judge", JUDGED)
def test_every_recording_is_compared(judge):
    assert {key.partition(".")[0] for key in recorded(judge)} == JUDGED[judge].keys()
