"""The steps that `wit/world.wit` declares: artifacts in, artifacts out. What they compute is in `table`."""

import wit_world
from componentize_py_types import Err
from wit_world.imports.artifacts import Dataset
from wit_world.imports.run import Level, log

import table as tables

PIECE = 1 << 20


class WitWorld(wit_world.WitWorld):
    def filter(self, table: Dataset, column: str, minimum: float) -> wit_world.Filtered:
        try:
            kept, rows = tables.filter(read(table), column, minimum)
        except ValueError as error:
            raise Err(str(error))
        log(Level.INFO, f"kept {rows} rows")

        output = Dataset()
        output.append(kept.encode())
        return wit_world.Filtered(kept=output, rows=rows)


def read(data: Dataset) -> str:
    """The whole of an input, asked for in pieces that the runtime is glad to give."""
    length = data.length()
    pieces = (data.read(at, min(PIECE, length - at)) for at in range(0, length, PIECE))
    return b"".join(pieces).decode()
