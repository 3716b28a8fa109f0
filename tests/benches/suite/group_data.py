"""Bytes in, out and from step to step, beside copying a file and digesting it."""

import time

from measure import BENCHES, COMPONENTS, Folder, median, once

TRIVIAL = COMPONENTS / "trivial.wasm"


def measure(report):
    group = "Data"
    with Folder() as folder:
        for name, size in (("1 KiB", 1 << 10), ("1 MiB", 1 << 20), ("1 GiB", 1 << 30)):
            source = folder.path / "source.bin"
            with source.open("wb") as file:
                block = bytes(range(256)) * 4096
                left = size
                while left:
                    left -= file.write(block[: min(left, len(block))])
            folder.file(
                "p.yaml",
                f'name: data\ninputs: {{ file: dataset }}\nsteps:\n  copy: {{ component: "{TRIVIAL}#copy", with: {{ input: "${{inputs.file}}" }} }}\n'
                f'  count: {{ component: "{TRIVIAL}#count", with: {{ input: "${{copy}}" }} }}\n',
            )
            rounds = 3 if size > 1 << 24 else 5
            baseline = median(rounds, lambda: copied(folder, source))
            run = median(rounds, lambda: folder.fresh_run("p.yaml", "-w", f"file={source}"))
            # In, out of the copy, and into the count: three passes over the bytes.
            report.row(group, f"{name} in, copied and counted", run.wall, "ms", 3 * baseline.wall, "three times `cp` and BLAKE3")
            report.row(group, f"memory at {name}", run.memory, "MB")


def copied(folder, source):
    """`cp` and a pass of BLAKE3 by one thread, which `weft import` is without its record."""
    target = folder.path / "copy.bin"
    started = time.perf_counter()
    one = once(["cp", source, target], folder.path)
    two = once([BENCHES / "v2" / "release" / "kernels", "digest", target], folder.path)
    one.wall = time.perf_counter() - started
    one.memory = max(one.memory, two.memory)
    target.unlink()
    return one
