"""New columns from old ones. Each function gives a new table."""

import math
import statistics

from table import MISSING, Table


def fill(table: Table, name: str) -> tuple[Table, int]:
    """Puts the median where numbers are missing; also tells how many were."""
    numbers = table.numbers(name)
    present = [number for number in numbers if number is not None]
    if not present:
        raise ValueError(f"the column `{name}` has no value, and so no median to fill in")
    median = text(statistics.median(present))
    values = [median if number is None else value for number, value in zip(numbers, table.column(name))]
    return table.with_column(name, values), len(numbers) - len(present)


def ratio(table: Table, numerator: str, denominator: str) -> Table:
    """Adds `A_per_B`, missing where one of them is missing or the denominator is 0."""
    pairs = zip(table.numbers(numerator), table.numbers(denominator))
    values = [text(a / b) if a is not None and b else "NA" for a, b in pairs]
    return table.with_column(f"{numerator}_per_{denominator}", values)


def spread(table: Table, name: str) -> Table:
    """Replaces a column of words by one of 0 and 1 for each word, missing where the word is."""
    column = table.column(name)
    columns = {other: values for other, values in table.columns.items() if other != name}
    for word in sorted(set(column) - MISSING):
        columns[f"{name}={word}"] = ["NA" if value in MISSING else str(int(value == word)) for value in column]
    return Table(columns)


def drop(table: Table, names: list[str]) -> Table:
    for name in names:
        table.column(name)
    return Table({name: values for name, values in table.columns.items() if name not in names})


def text(number: float) -> str:
    """The shortest text that gives the number back; `NA` for what no table can hold."""
    return repr(number) if math.isfinite(number) else "NA"
