"""Our forms of the workloads in a process of their own, for what can only be measured from outside.

See `benchmarks.contest`.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import ours
from benchmarks.contest import local
from benchmarks.workloads import Workload


def main():
    """Answer requests: the workload first, then how many steps to time, again and again."""
    request = json.loads(sys.stdin.readline())
    workload = Workload("", request["kind"], tuple(map(tuple, request["shapes"])))
    seconds = local(getattr(ours, request["form"])(workload))
    for line in sys.stdin:
        print(seconds(int(line)), flush=True)


main()
