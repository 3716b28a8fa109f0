"""A CSV table by columns."""

import csv
import math
import re
from collections.abc import Iterable, Iterator
from typing import Self, TextIO

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MISSING = {"", "NA"}


class Table:
    """Columns of texts, all equally long, by their names."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        self.columns = columns

    @classmethod
    def read(cls, source: Iterable[str]) -> Self:
        reader = csv.reader(source)
        names = [name.strip() for name in next(reader, [])]
        if not names:
            raise ValueError("the table is empty: it has no header line")
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"the table has two columns `{twice}`")
        columns: dict[str, list[str]] = {name: [] for name in names}
        for row in filter(None, reader):
            if len(row) != len(names):
                raise ValueError(f"line {reader.line_num} has {len(row)} values, but the header names {len(names)} columns")
            for name, value in zip(names, row):
                columns[name].append(value.strip())
        return cls(columns)

    def write(self, target: TextIO) -> None:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows())

    def rows(self) -> Iterator[tuple[str, ...]]:
        return zip(*self.columns.values())

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def column(self, name: str) -> list[str]:
        try:
            return self.columns[name]
        except KeyError:
            raise ValueError(f"the table has no column `{name}`; its columns are {', '.join(self.columns)}") from None

    def numbers(self, name: str) -> list[float | None]:
        """The numbers of a column, None where one is missing."""
        return [number(value, name) for value in self.column(name)]

    def is_numeric(self, name: str) -> bool:
        """Whether there is a value, and all there are are numbers."""
        present = [value for value in self.column(name) if value not in MISSING]
        return bool(present) and all(map(is_number, present))

    def with_column(self, name: str, values: list[str]) -> Self:
        """The same with this column: in its old place, or a new last one."""
        return type(self)({**self.columns, name: values})


def is_number(text: str) -> bool:
    return bool(NUMBER.fullmatch(text)) and math.isfinite(float(text))


def number(text: str, column: str) -> float | None:
    if text in MISSING:
        return None
    if not is_number(text):
        raise ValueError(f"the column `{column}` must hold numbers, and `{text}` is none")
    return float(text)
