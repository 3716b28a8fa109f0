"""Time zones, which a system has files of and a sandbox has not: those of the package tzdata, kept in memory."""

import importlib.resources
import io
import zlib
import zoneinfo
import zoneinfo._common
import zoneinfo._tzpath

zones: dict[str, bytes] = {}
"""The zones by their name, compressed."""
load_from_package = zoneinfo._common.load_tzdata
names_from_package = zoneinfo.available_timezones


def install() -> None:
    """Packs the zones of tzdata, which can be imported now, for `zoneinfo` to fall back to."""
    data = importlib.resources.files("tzdata")
    for name in data.joinpath("zones").read_text().splitlines():
        zones[name] = zlib.compress(data.joinpath("zoneinfo", name).read_bytes(), 9)
    zoneinfo._common.load_tzdata = load
    zoneinfo.available_timezones = zoneinfo._tzpath.available_timezones = names


def load(key: str) -> io.IOBase:
    """A zone's file: of a tzdata that the program brings, else of ours."""
    try:
        return load_from_package(key)
    except zoneinfo.ZoneInfoNotFoundError:
        if key not in zones:
            raise
    return io.BytesIO(zlib.decompress(zones[key]))


def names() -> set[str]:
    return names_from_package() | zones.keys()
