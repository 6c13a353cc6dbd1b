"""How long `import ndarray` and `import symbolic` take, compared with `import numpy`: fresh processes in turn, medians.

Run with ``python -m benchmarks.import_time [rounds]``.
"""

import os
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.arguments import number

MODULES = ("numpy", "ndarray", "symbolic")
PROMISE = 1.3
"""What an import may cost, in imports of numpy."""

_CODE = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def milliseconds(module, env):
    """Return how long one fresh process takes to import `module`."""
    run = subprocess.run([sys.executable, "-c", _CODE.format(module)], env=env, check=True, capture_output=True,
                         text=True)
    return 1e3 * float(run.stdout)


def ratios(rounds):
    """Return the median time of each module in ms, and its median ratio to numpy in the same round."""
    with TemporaryDirectory() as folder:
        # Byte code is kept, as it is where the packages are installed.
        env = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        milliseconds("symbolic", env)
        times = [{m: milliseconds(m, env) for m in MODULES} for _ in range(rounds)]
    return {m: (median(t[m] for t in times), median(t[m] / t["numpy"] for t in times)) for m in MODULES}


def main(rounds):
    """Print the table."""
    print(f"{'import':10}{'ms':>8}{'x numpy':>10}")
    for module, (time, ratio) in ratios(rounds).items():
        print(f"{module:10}{time:8.1f}{ratio:10.2f}")


if __name__ == "__main__":
    main(number(__doc__, "ROUNDS", 21))
