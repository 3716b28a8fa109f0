"""What a step costs: whole runs of the program beside the floor of plain wasmtime and plain SQLite; starting; memory."""

import os
import re

from measure import ROOT, WEFT, Folder, median, once
from pipelines import chain, fan


def measure(report):
    group = "Steps"
    # `dev` is built sooner; what it says of the engine is then a little too much.
    profile = os.environ.get("WEFT_BENCH_PROFILE", "bench")
    told = once(["cargo", "bench", "--quiet", "--profile", profile, "-p", "weft", "--bench", "steps"], ROOT).output
    floor = float(re.search(r"= ([\d.]+) us a step", told)[1]) / 1e6
    for name, micros in re.findall(r"^(chain.*|1,000 steps.*): ([\d.]+) us a step", told, re.M):
        report.row(group, f"{name}, in the engine", float(micros) / 1e6, "us", floor, "wasmtime and SQLite alone")
    with Folder() as folder:
        for name, make, counts in (("chain", chain, (100, 1000)), ("fan", fan, (200, 1000))):
            for count in counts:
                folder.file("p.yaml", make(count))
                one = median(5, lambda: folder.fresh_run("p.yaml"))
                report.row(group, f"`weft run` of a {name} of {count:,}, a step", one.wall / count, "us", floor, "wasmtime and SQLite alone")
        cached = median(9, lambda: folder.weft("run", "p.yaml", "--quiet"))
        report.row(group, "the same 1,000 from the cache, a step", cached.wall / 1000, "us")
        folder.file("p.yaml", chain(5))
        folder.fresh_run("p.yaml")
        started = median(9, lambda: once([WEFT, "--version"], folder.path))
        warm = median(9, lambda: folder.weft("run", "p.yaml", "--quiet", "--no-cache"))
        cached = median(9, lambda: folder.weft("run", "p.yaml", "--quiet"))
        report.row(group, "five steps, whole process", warm.wall, "ms", started.wall, "`weft --version`")
        report.row(group, "five steps from the cache, whole process", cached.wall, "ms", started.wall, "`weft --version`")
        report.row(group, "memory of that", warm.memory, "MB")
