"""Under two flags of XLA, which the guide names, steps on the processor have NumPy's bits."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

ROOT = Path(__file__).parents[3]

PROGRAM = '''
import numpy as np

from tests.ndarray import test_golden as golden


def recorded(case, engine):
    inputs, _ = golden.load(case)
    outputs, after = golden.run_symbolic(case, inputs, None, engine)
    return [*outputs, *after.values()]


compared = 0
for op in sorted({c["op"] for c in golden.DENSE}):
    for case in [c for c in golden.DENSE if c["op"] == op and not golden.is_eager_only(c)][1::12]:
        with np.errstate(all="ignore"):
            for expected, got in zip(recorded(case, "eager"), recorded(case, "xla"), strict=True):
                np.testing.assert_array_equal(got, expected, err_msg=case["case"])
        compared += 1
print(compared)
'''


def test_recorded_values_have_numpys_bits():
    """Cases that were recorded from MXNet: multiplications and additions are rounded apart, and quotients stay."""
    guide = (ROOT / "docs/jax.rst").read_text(encoding="utf-8")
    flags = re.search(r'XLA_FLAGS="(--xla_cpu_max_isa=\S+ --xla_disable_hlo_passes=\S+)"', guide)[1]
    env = os.environ | {"XLA_FLAGS": flags, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40
