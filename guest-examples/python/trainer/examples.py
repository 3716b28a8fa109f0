"""The rows to learn from, out of a CSV table."""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MISSING = {"", "NA"}


@dataclass
class Examples:
    """What a table says about one label."""

    label: str
    positive: str
    features: list[str]
    """Names of the numeric columns."""
    rows: list[list[float]]
    """The complete rows: a value for each feature."""
    targets: list[float]
    """1 for each row that is positive, 0 for the others."""
    skipped: int
    """How many rows were left out."""

    @classmethod
    def read(cls, table: Iterable[str], label: str, positive: str) -> Self:
        columns, records = read_table(table)
        if label not in columns:
            raise ValueError(f"the table has no column `{label}`; its columns are {', '.join(columns)}")
        at_label = columns.index(label)
        features = [j for j in range(len(columns)) if j != at_label and is_numeric(record[j] for record in records)]
        if not features:
            raise ValueError(f"no column but `{label}` holds only numbers: there is nothing to learn from")

        complete = [record for record in records if MISSING.isdisjoint(record[j] for j in [at_label, *features])]
        targets = [1.0 if record[at_label] == positive else 0.0 for record in complete]
        if not complete:
            raise ValueError("every row has missing values: there is nothing to learn from")
        if 1.0 not in targets:
            raise ValueError(f"no complete row has `{positive}` in the column `{label}`")
        if 0.0 not in targets:
            raise ValueError(f"every complete row has `{positive}` in the column `{label}`")
        return cls(
            label=label,
            positive=positive,
            features=[columns[j] for j in features],
            rows=[[float(record[j]) for j in features] for record in complete],
            targets=targets,
            skipped=len(records) - len(complete),
        )


def read_table(table: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """The columns' names, and the rows, all as long as that."""
    reader = csv.reader(table)
    columns = [name.strip() for name in next(reader, [])]
    if not columns:
        raise ValueError("the table is empty: it has no header line")
    records = []
    for record in filter(None, reader):
        if len(record) != len(columns):
            raise ValueError(
                f"line {reader.line_num} has {len(record)} values, but the header names {len(columns)} columns"
            )
        records.append([value.strip() for value in record])
    return columns, records


def is_numeric(values: Iterable[str]) -> bool:
    """Whether there is a value, and all there are are numbers. What Python reads besides, such as `inf`, is a word here."""
    present = [value for value in values if value not in MISSING]
    return bool(present) and all(NUMBER.fullmatch(value) and math.isfinite(float(value)) for value in present)
