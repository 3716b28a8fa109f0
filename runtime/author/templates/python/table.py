"""What the step computes: plain Python, tested by `python -m unittest` without a runtime."""

import csv
import io


def filter(table: str, column: str, minimum: float) -> tuple[str, int]:
    """The header and the rows whose number in `column` is at least `minimum`, and how many rows they are."""
    reader = csv.DictReader(io.StringIO(table))
    if not reader.fieldnames:
        raise ValueError("the table is empty")
    if column not in reader.fieldnames:
        raise ValueError(f"there is no column `{column}` in: {','.join(reader.fieldnames)}")
    kept = io.StringIO()
    writer = csv.DictWriter(kept, reader.fieldnames, lineterminator="\n")
    writer.writeheader()
    rows = 0
    for row in reader:
        try:
            value = float(row[column])
        except (TypeError, ValueError):
            raise ValueError(f"line {reader.line_num}: `{row[column]}` is no number") from None
        if value >= minimum:
            writer.writerow(row)
            rows += 1
    return kept.getvalue(), rows
