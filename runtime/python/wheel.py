"""Makes the wheel of a `weft` that is built already.

    runtime/python/shipped.sh
    WEFT_BINARY=target/release/weft python runtime/python/wheel.py DIST

It is laid out as `pip wheel runtime/python` lays it out, which compiles the release binary first; `tests/test_wheel.py` holds the two against
each other. The metadata is maturin's own. The same files give the same bytes. Prints the wheel's path.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent
#: Kinds of processors as ELF files number them.
_MACHINES = {62: "x86_64", 183: "aarch64"}


def contents(binary: Path, project: Path) -> Iterator[tuple[str, Path]]:
    """The files of the wheel, as `NAME.data` and the package's own, but for what `NAME.dist-info` holds."""
    for file in sorted((project / "src").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(project / "src").as_posix(), file
    data = project / "weftwork.data"
    for file in sorted(data.rglob("*")):
        if file.is_file():
            yield "{data}/" + file.relative_to(data).as_posix(), file
    yield "{data}/scripts/weft", binary


def tag(binary: Path) -> str:
    """The wheel's tag: any Python 3, and a Linux with the C library that the binary asks for, or a newer one."""
    content = binary.read_bytes()
    machine = _MACHINES.get(int.from_bytes(content[18:20], "little")) if content.startswith(b"\x7fELF") else None
    needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)]
    if machine is None or not needed:
        sys.exit(
            f"{binary} is no program for {' or '.join(_MACHINES.values())} that is linked against the GNU C library"
        )
    return f"py3-none-manylinux_2_{max(*needed, 17)}_{machine}"


def metadata(project: Path, folder: Path) -> tuple[str, bytes]:
    """`NAME-VERSION` and METADATA, by maturin, out of pyproject.toml and the binary's Cargo.toml. Nothing is compiled."""
    command = [
        "maturin",
        "pep517",
        "write-dist-info",
        "--metadata-directory",
        str(folder),
        "--interpreter",
        sys.executable,
    ]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    (made,) = folder.glob("*.dist-info")
    return made.name[: -len(".dist-info")], (made / "METADATA").read_bytes()


def write(binary: Path, project: Path, destination: Path) -> Path:
    """Writes the wheel into a folder and returns its path."""
    with tempfile.TemporaryDirectory() as folder:
        name, described = metadata(project, Path(folder))
    tags = tag(binary)
    info = f"{name}.dist-info"
    files = [(path.replace("{data}", f"{name}.data"), file.read_bytes()) for path, file in contents(binary, project)]
    files += [
        (f"{info}/METADATA", described),
        (f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: weftwork\nRoot-Is-Purelib: false\nTag: {tags}\n".encode()),
        (f"{info}/licenses/LICENSE", (project / "LICENSE").read_bytes()),
    ]
    record = (
        "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files) + f"{info}/RECORD,,\n"
    )
    destination.mkdir(parents=True, exist_ok=True)
    wheel = destination / f"{name}-{tags}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in [*files, (f"{info}/RECORD", record.encode())]:
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, content)
    return wheel


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    """Reads arguments."""
    arguments = argparse.ArgumentParser(description="Makes the wheel of a weft that is built already.")
    arguments.add_argument("destination", type=Path, help="the folder that the wheel goes to")
    arguments.add_argument(
        "--binary", type=Path, default=os.environ.get("WEFT_BINARY"), help="the program [default: $WEFT_BINARY]"
    )
    given = arguments.parse_args()
    if given.binary is None:
        arguments.error("say which binary: --binary, or WEFT_BINARY")
    print(write(Path(given.binary), HERE, given.destination))


if __name__ == "__main__":
    main()
