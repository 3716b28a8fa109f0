"""A Python process a step, which adds two numbers that it is given and prints the sum."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def step(a):
    command = [sys.executable, "-c", "import sys; print(int(sys.argv[1]) + 1)", str(a)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


kind, count = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
if kind == "chain":
    total = 0
    for _ in range(count):
        total = step(total)
    assert total == count
else:
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(step, range(count))) == [n + 1 for n in range(count)]
print(json.dumps({"seconds": time.perf_counter() - started}))
