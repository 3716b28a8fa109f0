#!/usr/bin/env bash
# kfp 2.17.3: `local.init(.., workspace_root=FOLDER)` has each pipeline that is called delete that folder at its end, with all that was in it before, although the pipeline uses no workspace. A component
# that is called leaves it. Guess: only a temporary folder of its own is removed.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages kfp==2.17.3
cat >workspace.py <<'PY'
import os
from kfp import dsl, local

os.mkdir('mine')
with open('mine/notes.txt', 'w') as file:
    file.write('of the user')
local.init(runner=local.SubprocessRunner(use_venv=False), workspace_root='mine')

@dsl.component
def one() -> int:
    return 1

@dsl.pipeline
def pipeline() -> int:
    return one().output

one()
print('after a component:', os.path.exists('mine/notes.txt'))
pipeline()
print('after a pipeline:', os.path.exists('mine/notes.txt'), os.path.exists('mine'))
PY
expect 'kfp 2.17.3: the file is there' "$(python -W ignore workspace.py | grep '^after' | tr '\n' ';')" \
    'after a component: True;after a pipeline: False False;'
