"""The example notebook: the same outputs by `kfp.local`'s own runner and, with one line changed, by weft, whose runs it shows."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LINE = "local.init(runner=weftwork.WeftRunner())"
BEFORE = "local.init(runner=local.SubprocessRunner(use_venv=False))"


@pytest.fixture
def notebook(project):
    return nbformat.read(project.parent.parent / "guest-examples" / "notebook" / "components.ipynb", as_version=4)


def executed(notebook, folder):
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def results(notebook, mime):
    """Of each cell that has any, the last result of a kind."""
    found = [
        [output["data"][mime] for output in cell.get("outputs", []) if mime in output.get("data", {})]
        for cell in notebook.cells
    ]
    return [each[-1] for each in found if each]


def printed(notebook):
    """The last line that each cell printed: those before are the runner's."""
    texts = [
        "".join(o["text"] for o in cell.get("outputs", []) if o.get("name") == "stdout") for cell in notebook.cells
    ]
    return [text.strip().splitlines()[-1] for text in texts if text.strip()]


def test_one_line_is_changed(notebook, folder):
    assert [cell.source for cell in notebook.cells].count(LINE) == 1
    before = nbformat.from_dict(notebook)
    before.cells = [cell for cell in before.cells if "weft" not in cell.metadata.get("tags", [])]
    for cell in before.cells:
        cell.source = cell.source.replace(LINE, BEFORE)
    (folder / "before").mkdir()
    theirs = printed(executed(before, folder / "before"))

    shown = executed(nbformat.from_dict(notebook), folder)
    assert printed(shown) == theirs == ["201 length,width,kind", theirs[1]]
    run, runs = results(shown, "text/html")
    assert run.count("data:image/svg+xml;base64,") == 2
    assert "COMPLETE" in run and "accuracy" in run
    assert runs.count("<tr>") == 1 + 3
    assert results(shown, "text/plain")[2] == "'CACHED'"


def test_a_failure_is_a_few_lines(folder):
    """Instead of a traceback through this package and the SDK, the notebook shows what weft says."""
    cells = [
        "import weftwork\nfrom kfp import dsl, local\nlocal.init(runner=weftwork.WeftRunner(quiet=True))",
        "@dsl.component(base_image='python:3.12')\ndef fail():\n    raise ValueError('no')\n\nfail()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.raises(CellExecutionError):
        executed(notebook, folder)
    (output,) = notebook.cells[1].outputs
    (text,) = output["traceback"]
    assert re.sub(r"\x1b\[\d+m", "", text).splitlines()[:2] == [
        "PipelineFailed: Task 'fail' finished with status FAILURE",
        "fail: ValueError: no",
    ]
