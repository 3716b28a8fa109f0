"""Metaflow, each step a process, with its record in files."""

import json
import os
import subprocess
import sys
import time

kind, count = sys.argv[1], int(sys.argv[2])
lines = ["from metaflow import FlowSpec, step", "", "class Adding(FlowSpec):"]
steps = ["start", *(f"s{n}" for n in range(count - 2)), "end"]
if kind == "chain":
    for name, following in zip(steps, [*steps[1:], None]):
        before = "0" if name == "start" else "self.total"
        lines += ["    @step", f"    def {name}(self):", f"        self.total = {before} + 1"]
        lines += [f"        self.next(self.{following})"] if following else []
else:
    branches = steps[1:-1]
    following = ", ".join(f"self.{name}" for name in branches)
    lines += ["    @step", "    def start(self):", f"        self.next({following})"]
    for name in branches:
        lines += ["    @step", f"    def {name}(self):", "        self.total = 1", "        self.next(self.join)"]
    lines += ["    @step", "    def join(self, inputs):", "        self.next(self.end)"]
    lines += ["    @step", "    def end(self):", "        pass"]
lines += ["", "if __name__ == '__main__':", "    Adding()"]
with open("adding.py", "w") as file:
    file.write("\n".join(lines) + "\n")
environment = {**os.environ, "USERNAME": "bench", "METAFLOW_USER": "bench"}
started = time.perf_counter()
told = subprocess.run([sys.executable, "adding.py", "--quiet", "run"], env=environment, capture_output=True, text=True)
seconds = time.perf_counter() - started
assert told.returncode == 0, told.stderr
print(json.dumps({"seconds": seconds}))
