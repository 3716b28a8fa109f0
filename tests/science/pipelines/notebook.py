"""A notebook component, and the same notebook run by hand, of which the outputs are told."""

import pathlib

from kfp import dsl

NOTEBOOK = pathlib.Path(__file__).resolve().parent.parent / 'notebooks/report.ipynb'


@dsl.notebook_component(notebook_path=str(NOTEBOOK), base_image='python:3.11', packages_to_install=['pandas', 'matplotlib', 'nbclient', 'nbformat', 'ipykernel'])
def report(rows: int, text: str, table: dsl.Output[dsl.Dataset]) -> str:
    dsl.run_notebook(rows=rows, text=text, path=table.path)
    with open(table.path) as file:
        return file.read()


@dsl.component(base_image='python:3.11', packages_to_install=['pandas', 'matplotlib', 'nbclient', 'nbformat', 'ipykernel'])
def shown(sources: dsl.Input[dsl.Artifact], executed: dsl.Output[dsl.Artifact]) -> list:
    import sys

    sys.path.insert(0, sources.path)
    import nbformat
    import summary

    cells, notebook = summary.of(f'{sources.path}/report.ipynb')
    nbformat.write(notebook, executed.path)
    return cells


@dsl.component(base_image='python:3.11', packages_to_install=['nbclient', 'nbformat'])
def refused() -> list:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    told = []
    for source in ('%%bash\nls', '!ls', '!pip install rich', '%pip install rich', 'x = %time 1', 'range?', 'x = (1', 'import sys\nsys.exit(3)'):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        try:
            NotebookClient(notebook).execute()
            told.append('nothing')
        except CellExecutionError as error:
            told.append(f'{error.ename}: {error.evalue}')
    return told


@dsl.pipeline
def pipeline(sources: dsl.Input[dsl.Artifact], rows: int = 3, text: str = 'given'):
    report(rows=rows, text=text)
    shown(sources=sources)
    refused()
