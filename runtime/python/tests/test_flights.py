"""The notebook of the flights, on the sample of them that lies beside it."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.fixture
def example(project, folder):
    """The example in a folder of its own, laid out with the sample."""
    source = project.parent.parent / "guest-examples" / "flights"
    component = Path(os.environ["WEFT_COMPONENTS"], "flights.wasm").resolve()
    for name in ("pipeline.yaml", "monitor.yaml"):
        text = (source / name).read_text().replace("../../target/components/flights.wasm", str(component))
        (folder / name).write_text(text)
    sample = source / "sample" / "nycflights13-sample.tar.gz"
    subprocess.run([sys.executable, source / "prepare.py", sample, folder / "data"], check=True)
    return nbformat.read(source / "flights.ipynb", as_version=4)


def printed(cell):
    return "".join(output["text"] for output in cell.get("outputs", []) if output.get("name") == "stdout")


def test_the_notebook_tells_what_the_example_does(example, folder):
    NotebookClient(example, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    figures, to_come, stopped, leaking, months = [text for cell in example.cells if (text := printed(cell))]
    assert figures.startswith("{'auc': 0.") and figures.endswith("} True\n")
    assert to_come.startswith("439 2013-07-")
    assert "the data does not fit the schema of the environment SERVING" in stopped and "arr_delay" in stopped
    assert "wanted: at least 0.6, at most 0.9" in leaking and leaking.endswith("1.0 False\n")
    july, august = months.splitlines()
    assert july.startswith("2013-07 0.") and "temp" in july and august.startswith("2013-08 0.")
