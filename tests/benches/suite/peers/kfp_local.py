"""KFP's own local runner, each step a process, without environments of their own."""

import json
import sys
import tempfile
import time

from kfp import dsl, local


@dsl.component
def add(a: int, b: int) -> int:
    return a + b


kind, count = sys.argv[1], int(sys.argv[2])


@dsl.pipeline
def chain():
    total = add(a=0, b=1)
    for _ in range(count - 1):
        total = add(a=total.output, b=1)


@dsl.pipeline
def fan():
    for n in range(count):
        add(a=n, b=1)


local.init(local.SubprocessRunner(use_venv=False), pipeline_root=tempfile.mkdtemp())
started = time.perf_counter()
chain() if kind == "chain" else fan()
print(json.dumps({"seconds": time.perf_counter() - started}), file=sys.__stdout__)
