#!/usr/bin/env bash
# papermill 2.7.0 writes a tuple among the parameters into a notebook as a text: (0.25, 0.75) is '(0.25, 0.75)' there, also within lists, so that a loop
# over it has 12 characters; bytes are "b'x'", and the keys 1 and True of a dictionary are '1' and 'True'. The notebook's metadata, which is to tell what it
# ran with, has [0.25, 0.75], 'x' and 'true'. Other types, as sets and NumPy's, are refused. Guess: a tuple or a list, and the keys that were given, or
# refused as well.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages papermill==2.7.0
cat >parameters.py <<'PY'
import nbformat
import papermill

cell = nbformat.v4.new_code_cell('x = None', metadata={'tags': ['parameters']})
kernel = {'name': 'python3', 'language': 'python', 'display_name': 'Python'}
nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={'kernelspec': kernel}), 'in.ipynb')
for value in ([0.25, 0.75], (0.25, 0.75), [(1, 2)], b'x', {1: 'a', 2: 'b'}, {True: 0.9}):
    papermill.execute_notebook('in.ipynb', 'out.ipynb', parameters={'x': value}, prepare_only=True, progress_bar=False)
    notebook = nbformat.read('out.ipynb', 4)
    names = {}
    for cell in notebook.cells:
        exec(cell.source, names)
    print(value, '|', repr(names['x']), '|', notebook.metadata.papermill.parameters['x'])
try:
    papermill.execute_notebook('in.ipynb', 'out.ipynb', parameters={'x': {1, 2}}, prepare_only=True, progress_bar=False)
except TypeError:
    print('a set is refused')
PY
python -W ignore parameters.py 2>/dev/null >seen
expect 'given | in the notebook | in its metadata' "$(cat seen)" "[0.25, 0.75] | [0.25, 0.75] | [0.25, 0.75]
(0.25, 0.75) | '(0.25, 0.75)' | [0.25, 0.75]
[(1, 2)] | ['(1, 2)'] | [[1, 2]]
b'x' | \"b'x'\" | x
{1: 'a', 2: 'b'} | {'1': 'a', '2': 'b'} | {'1': 'a', '2': 'b'}
{True: 0.9} | {'True': 0.9} | {'true': 0.9}
a set is refused"
