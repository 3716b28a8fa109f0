"""Luigi, whose tasks leave files."""

import json
import sys
import tempfile
import time
from pathlib import Path

# This file has the name of the package.
sys.path.pop(0)
import luigi  # noqa: E402

FOLDER = Path(tempfile.mkdtemp())


class Step(luigi.Task):
    number = luigi.IntParameter()
    chained = luigi.BoolParameter()

    def requires(self):
        return [Step(self.number - 1, self.chained)] if self.chained and self.number else []

    def output(self):
        return luigi.LocalTarget(str(FOLDER / f"{self.number}"))

    def run(self):
        before = int(self.input()[0].open().read()) if self.input() else 0
        with self.output().open("w") as file:
            file.write(str(before + 1))


kind, count = sys.argv[1], int(sys.argv[2])
tasks = [Step(count - 1, True)] if kind == "chain" else [Step(n, False) for n in range(count)]
sys.setrecursionlimit(10 * count + 1000)
started = time.perf_counter()
assert luigi.build(tasks, local_scheduler=True, log_level="ERROR")
print(json.dumps({"seconds": time.perf_counter() - started}))
