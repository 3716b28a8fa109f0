"""Large runs and large stores: time and memory a task from 100 to 30,000 tasks, and queries over them."""

import os

from measure import Folder, median
from pipelines import chain, fan


#: A file may have 400,000 values, eleven of which make a step.
LARGEST = 30_000


def measure(report):
    group = "Scale"
    with Folder() as folder:
        folder.file("p.yaml", chain(2))
        least = median(3, lambda: folder.fresh_run("p.yaml"))
        base = None
        for count in (100, 1000, 10_000, LARGEST):
            folder.file("p.yaml", fan(count))
            one = folder.fresh_run("p.yaml") if count > 1000 else median(3, lambda: folder.fresh_run("p.yaml"))
            base = base or one.wall / count
            report.row(group, f"{count:,} steps, a step", one.wall / count, "us", base, "of 100 steps")
            report.row(group, f"memory a step of {count:,}", (one.memory - least.memory) / count, "KiB")
        size = sum(file.stat().st_size for file in (folder.path / ".weft").rglob("*") if file.is_file())
        report.row(group, f"store of {LARGEST:,} steps, a step", size / LARGEST, "KiB")
        for name, command in (
            ("runs", ["runs"]),
            ("runs show latest --json", ["runs", "show", "latest", "--json"]),
            (f"why s{LARGEST - 1}", ["why", f"s{LARGEST - 1}"]),
            ("fsck", ["fsck"]),
            ("gc --dry-run", ["gc", "--dry-run"]),
        ):
            report.row(group, f"`weft {name}` there", median(3, lambda: folder.weft(*command)).wall, "ms")
    os.sync()
