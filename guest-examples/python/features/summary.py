"""What the features look like, for people to read."""

import statistics

from table import MISSING, Table


def markdown(table: Table, label: str, positive: str) -> str:
    """A row for each numeric column: spread, quartiles, and the correlation with the target."""
    target = [None if word in MISSING else float(word == positive) for word in table.column(label)]
    lines = [
        f"# Features of {len(table)} rows",
        "",
        f"| column | missing | mean | deviation | quartiles | correlation with `{positive}` |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for name in table.columns:
        if name != label and table.is_numeric(name):
            lines.append(row(name, table.numbers(name), target))
    return "\n".join(lines) + "\n"


def row(name: str, numbers: list[float | None], target: list[float | None]) -> str:
    present = [number for number in numbers if number is not None]
    quartiles = statistics.quantiles(present, n=4) if len(present) > 1 else present * 3
    cells = [
        name.replace("|", "\\|"),
        str(len(numbers) - len(present)),
        f"{statistics.fmean(present):.4g}",
        f"{statistics.pstdev(present):.4g}",
        " · ".join(f"{quartile:.4g}" for quartile in quartiles),
        correlation(numbers, target),
    ]
    return f"| {' | '.join(cells)} |"


def correlation(numbers: list[float | None], target: list[float | None]) -> str:
    pairs = [(a, b) for a, b in zip(numbers, target) if a is not None and b is not None]
    try:
        return f"{statistics.correlation(*zip(*pairs)):+.3f}"
    except (statistics.StatisticsError, TypeError):  # one of them is constant, or there are no pairs
        return "–"
