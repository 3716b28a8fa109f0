"""The wheel: what is in it, and that it works where it is installed."""

import email
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(project, tmp_path_factory):
    """The wheel of the binary that is tested."""
    command = [sys.executable, project / "wheel.py", tmp_path_factory.mktemp("dist")]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def test_the_wheel_is_laid_out_as_maturins(wheel, project, folder):
    """maturin builds the same wheel of the same project, whose binary is a small program here: compiling weft takes ten minutes."""
    copy = folder / "copy"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("tests", "__pycache__", "target"))
    (copy / "cli" / "src").mkdir(parents=True)
    (copy / "cli" / "src" / "main.rs").write_text("fn main() {}\n")
    manifest = '[package]\nname = "weft-cli"\nversion = "0.1.0"\nedition = "2021"\n[[bin]]\nname = "weft"\npath = "src/main.rs"\n[workspace]\n'
    (copy / "cli" / "Cargo.toml").write_text(manifest)
    configuration = (copy / "pyproject.toml").read_text()
    assert 'manifest-path = "../cli/Cargo.toml"' in configuration
    (copy / "pyproject.toml").write_text(configuration.replace("../cli/Cargo.toml", "cli/Cargo.toml"))
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    subprocess.run(
        ["maturin", "build", "--out", folder / "dist"], cwd=copy, check=True, capture_output=True, env=environment
    )
    (theirs,) = (folder / "dist").glob("*.whl")

    assert names(wheel) == {name for name in names(theirs) if "/sboms/" not in name}
    assert metadata(wheel).items() == metadata(theirs).items()
    assert tags(wheel)[0].startswith("py3-none-manylinux_2_") and tags(theirs)[0].startswith("py3-none-manylinux_2_")


def names(path):
    return set(zipfile.ZipFile(path).namelist())


def metadata(path):
    return email.message_from_bytes(read(path, "METADATA"))


def tags(path):
    return email.message_from_bytes(read(path, "WHEEL")).get_all("Tag")


def read(path, end):
    archive = zipfile.ZipFile(path)
    (name,) = (name for name in archive.namelist() if name.endswith(f".dist-info/{end}"))
    return archive.read(name)


def test_the_same_files_make_the_same_wheel(wheel, project, folder):
    again = subprocess.run(
        [sys.executable, project / "wheel.py", folder], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert Path(again).read_bytes() == wheel.read_bytes()


def test_it_works_where_it_is_installed(wheel, folder, monkeypatch):
    """In an empty environment, without anything that says where weft and its components are."""
    for name in ("WEFT_BINARY", "WEFT_EXECUTORS", "WEFT_COMPONENTS", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    venv.create(folder / "env", with_pip=True)
    programs = folder / "env" / "bin"

    def called(*command):
        told = subprocess.run(command, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        return told.stdout

    called(programs / "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel)
    (folder / "data.csv").write_text("a,b\n1,x\n2,y\n")
    (folder / "pipeline.yaml").write_text(
        "name: described\nsteps:\n  data: { import: data.csv, type: dataset }\n"
        '  describe: { component: "weft:statistics-gen", with: { examples: "${data}" } }\n'
    )
    code = "import weftwork; run = weftwork.run('pipeline.yaml'); print(weftwork.binary(), run.state)"
    assert called(programs / "python", "-c", code).split() == [str(programs / "weft"), "COMPLETE"]

    # In a folder that is no environment.
    target = folder / "target"
    called(
        programs / "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", "--target", target, wheel
    )
    called(programs / "pip", "uninstall", "--quiet", "--yes", "weftwork")
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import weftwork; print(weftwork.binary())"
    assert called(programs / "python", "-I", "-c", code).strip() == str(target / "bin" / "weft")
    assert called(target / "bin" / "weft", "components", "schema-gen").startswith("weft:schema-gen")


def test_it_has_what_the_sandbox_needs(wheel):
    shipped = {name.partition("/share/weft/")[2] for name in names(wheel) if "/share/weft/" in name}
    assert {
        "executors/python.wasm",
        "executors/shell.wasm",
        "components/statistics-gen.wasm",
        "components/distribution-validator.wasm",
    } <= shipped
