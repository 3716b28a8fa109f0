"""Finds and loads the pipelines of this corpus: what `compile.py` and `local.py` share."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PIPELINES = HERE / 'pipelines'
STATES = {'COMPLETE', 'CACHED', 'SKIPPED', 'FAILED', 'CANCELED', 'NEW'}
KEYS = {
    'arguments', 'inputs', 'state', 'outputs', 'artifacts', 'tasks', 'logs', 'compare',
    'warnings', 'error', 'files', 'attempts', 'again', 'options'}


@contextlib.contextmanager
def alone(out):
    """Waits until no other process makes anything in this folder, and keeps others out meanwhile."""
    made = pathlib.Path(out) / '.made'
    made.mkdir(parents=True, exist_ok=True)
    with open(made / 'lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find(names):
    """Paths of the pipelines by name, all of them if `names` is empty."""
    found = {}
    for path in sorted(PIPELINES.rglob('*.py')):
        if 'data' in path.relative_to(PIPELINES).parts:
            continue
        if path.stem in found:
            sys.exit(f'two pipelines are called {path.stem}')
        found[path.stem] = path
    unknown = [name for name in names if name not in found]
    if unknown:
        sys.exit(f'no such pipeline: {", ".join(unknown)}')
    return {name: found[name] for name in names} if names else found


def load(path, workdir=None):
    """The module of a pipeline file, with `{workdir}` in it replaced if one is given."""
    source = path.read_text(encoding='utf-8')
    if workdir and '{workdir}' in source:
        path = pathlib.Path(workdir) / path.name
        write(path, source.replace('{workdir}', workdir))
    spec = importlib.util.spec_from_file_location(f'corpus_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    # The SDK reads the functions' source, and one pipeline may use what lies beside it.
    sys.modules[spec.name] = module
    os.chdir(path.parent)
    spec.loader.exec_module(module)
    check(path, module.EXPECT)
    return module


def check(path, expect):
    """Exits if an `EXPECT` holds what no test would read."""
    for key in set(expect) - KEYS:
        sys.exit(f'{path}: EXPECT has no key {key!r}')
    if expect.get('state', 'SUCCEEDED') not in {'SUCCEEDED', 'FAILED'}:
        sys.exit(f'{path}: the state is SUCCEEDED or FAILED')
    for task, state in expect.get('tasks', {}).items():
        if state not in STATES:
            sys.exit(f'{path}: {task} cannot be {state}')


def installed(package):
    """Version of an installed package."""
    import importlib.metadata
    return importlib.metadata.version(package)


def fingerprint(path, *scripts):
    """Digest of all that decides what is made of a pipeline file."""
    digest = hashlib.sha256()
    python = '.'.join(map(str, sys.version_info[:2]))
    for version in (python, installed('kfp'), installed('kfp-kubernetes')):
        digest.update(version.encode())
    beside = sorted((path.parent / 'data').rglob('*')) if (path.parent / 'data').is_dir() else []
    for file in [pathlib.Path(__file__), *map(pathlib.Path, scripts), path, *beside]:
        if file.is_file() and '__pycache__' not in file.parts:
            digest.update(file.name.encode() + b'\0' + file.read_bytes() + b'\0')
    return digest.hexdigest()


def fresh(out, name, kind, mark):
    """Whether `OUT/NAME.kind` was made from what `mark` is the fingerprint of."""
    marks = out / '.made' / f'{name}.{kind}'
    return marks.is_file() and marks.read_text() == mark


def made(out, name, kind, mark):
    """Remembers what `OUT/NAME.kind` was made from."""
    write(out / '.made' / f'{name}.{kind}', mark)


def write(path, text):
    """Writes a file at once, so that a reader at the same time sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix='.writing-')
    with os.fdopen(handle, 'w', encoding='utf-8') as file:
        file.write(text)
    os.replace(temporary, path)


def write_json(path, value):
    write(path, json.dumps(value, indent=1, ensure_ascii=False) + '\n')
