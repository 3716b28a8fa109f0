"""Runs a notebook by `nbclient`, and tells what its cells have shown."""

import nbformat
from nbclient import NotebookClient


def of(path, **options):
    """The outputs of the cells, without what no two machines have in common; the notebook itself."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=None, kernel_name='python3', **options).execute()
    nbformat.validate(notebook)
    return [cell_of(cell) for cell in notebook.cells if cell.cell_type == 'code'], notebook


def cell_of(cell):
    streams, others = {}, []
    for output in cell.outputs:
        if output.output_type == 'stream':
            # Which of the two comes first is a matter of chance natively.
            streams[output.name] = streams.get(output.name, '') + output.text
        elif output.output_type == 'error':
            others.append({'error': output.ename, 'says': output.evalue})
        else:
            data = {kind: shown if kind.startswith('text/') else bool(shown) for kind, shown in sorted(output.data.items())}
            others.append({'type': output.output_type, 'data': data, 'count': output.get('execution_count')})
    return {'count': cell.execution_count, 'streams': streams, 'others': others}
