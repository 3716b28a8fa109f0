"""What the tests share. They call the `weft` that `$WEFT_BINARY` names; `test.sh` says how it finds its executors."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Each test works in a folder of its own, with a store of its own in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEFT_STORE", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def project():
    """The folder of the Python package."""
    return Path(__file__).parent.parent


def content(path):
    """A file's bytes, those of each file in a directory, or nothing."""
    path = Path(path)
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    return path.read_bytes() if os.path.exists(path) else b""
