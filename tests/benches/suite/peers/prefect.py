"""Prefect with its own temporary server, whose record is in SQLite."""

import json
import logging
import os
import sys
import time

# This file has the name of the package.
sys.path.pop(0)
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
from prefect import flow, task  # noqa: E402


@task
def add(a: int) -> int:
    return a + 1


kind, count = sys.argv[1], int(sys.argv[2])


@flow
def nothing():
    return 0


@flow
def chain():
    total = 0
    for _ in range(count):
        total = add(total)
    return total


@flow
def fan():
    return [future.result() for future in [add.submit(n) for n in range(count)]]


logging.disable(logging.CRITICAL)
# Its server starts with the first flow.
nothing()
started = time.perf_counter()
chain() if kind == "chain" else fan()
print(json.dumps({"seconds": time.perf_counter() - started}))
