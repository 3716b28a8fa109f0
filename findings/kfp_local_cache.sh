#!/usr/bin/env bash
# kfp 2.17.3: with `local.init(.., enable_caching=True)` a task is looked up by the paths of its artifacts, whatever is in them: a file that an importer names and that has changed since
# gives the answer for what was in it before. Guess: local files are told apart by content, size or time.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages kfp==2.17.3
cat >cache.py <<'PY'
from kfp import dsl, local
from kfp.dsl import Dataset, Input

local.init(runner=local.SubprocessRunner(use_venv=False), enable_caching=True)

@dsl.component
def size(data: Input[Dataset]) -> int:
    return len(open(data.path).read())

@dsl.pipeline
def measure() -> int:
    return size(data=dsl.importer(artifact_uri='data.txt', artifact_class=Dataset).output).output

sizes = []
for text in ('one', 'twelve'):
    with open('data.txt', 'w') as file:
        file.write(text)
    sizes.append(measure().output)
print('sizes of `one` and `twelve`:', sizes)
PY
expect 'kfp 2.17.3' "$(python -W ignore cache.py | grep '^sizes')" 'sizes of `one` and `twelve`: [3, 3]'
