"""The component. All of this runs once, when it is built; what then is in memory is what each process starts from."""

import os
import posix
import sys

# The folders that are read here are the building machine's.
sys.dont_write_bytecode = True

from weft_python import snapshot  # noqa: E402

places, loaded = snapshot.prepare()

from componentize_py_types import Err  # noqa: E402
from weft_python import process, warm  # noqa: E402
from wit_world import exports  # noqa: E402
from wit_world.imports import exit  # noqa: E402

# That of the C library knows success and failure only.
os._exit = posix._exit = lambda status: exit.exit_with_code(status & 0xFF)
process.library_path = places
warm.warm_up("/world")
process.preloaded = loaded


class Run(exports.Run):
    """`wasi:cli/run`: a process."""

    def run(self) -> None:
        status = process.main(sys.argv)
        if status == 1:
            raise Err(None)
        if status != 0:
            exit.exit_with_code(status)


snapshot.settle()
