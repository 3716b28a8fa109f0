"""Dagster in one process, with its instance's record in SQLite."""

import json
import logging
import sys
import tempfile
import time

# This file has the name of the package.
sys.path.pop(0)
import dagster  # noqa: E402


@dagster.op
def first() -> int:
    return 0


@dagster.op
def add(a: int) -> int:
    return a + 1


kind, count = sys.argv[1], int(sys.argv[2])


@dagster.job
def chain():
    total = first()
    for _ in range(count - 1):
        total = add(total)


@dagster.job
def fan():
    total = first()
    for _ in range(count - 1):
        add(total)


logging.disable(logging.CRITICAL)
with tempfile.TemporaryDirectory() as folder, dagster.DagsterInstance.local_temp(folder) as instance:
    started = time.perf_counter()
    result = (chain if kind == "chain" else fan).execute_in_process(instance=instance)
    seconds = time.perf_counter() - started
    assert result.success
print(json.dumps({"seconds": seconds}))
