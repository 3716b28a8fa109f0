#!/usr/bin/env python3
"""Writes `pipelines.json`: what pipelines of `pipelines/` give by `kfp.local`, in the environment of
`answers.py` with `kfp==2.17.3` as well.

Output parameters, the metadata of output artifacts, and the text of those that hold text.
"""

import importlib.util
import json
import pathlib
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'kfp'))
NAMES = {'iris': {}, 'digits': {}, 'parallel': {}}


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, HERE / 'pipelines' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pipeline


def plain(value):
    from kfp import dsl
    if not isinstance(value, dsl.Artifact):
        return value
    told = {'type': value.schema_title, 'metadata': value.metadata}
    if isinstance(value, dsl.Dataset):
        told['text'] = pathlib.Path(value.path).read_text(encoding='utf-8')
    return told


def main():
    warnings.filterwarnings('ignore')
    from kfp import local
    from kfp.local import subprocess_task_handler

    import local as corpus_local  # tests/kfp/local.py
    corpus_local.without_installing(subprocess_task_handler.SubprocessTaskHandler)
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=scratch, raise_on_error=True)
        for name, arguments in NAMES.items():
            task = loaded(name)(**arguments)
            found[name] = {key: plain(value) for key, value in task.outputs.items()}
    (HERE / 'pipelines.json').write_text(json.dumps(found, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
