#!/usr/bin/env python3
"""Runs the pipelines of this corpus by the SDK's own local runner: `local.py OUT [NAME...]`.

Makes `OUT/NAME.local.json`, what `kfp.local` with its `SubprocessRunner` gave:
`{"outputs": {...}, "artifacts": {NAME: {"type", "text", "metadata"}}, "state": ...}`, for each pipeline whose
`EXPECT["compare"]` is true. Exits with 1 if that differs from what `EXPECT` says. With `--all`, runs also those with a
reason why not, and tells what they give instead: whether the reason still holds.

What it gave is kept in `answers.json` beside this file, and taken from there as long as the pipeline, these scripts and the versions of Python and
of the SDK are the same: each run of a pipeline takes seconds. `--anew` runs all again, and keeps what they give.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import corpus

LIMIT = 600
ANSWERS = corpus.HERE / 'answers.json'


def content(path):
    """What the file of an artifact, or each file of its directory, holds."""
    if not path:
        return ''
    path = pathlib.Path(path)
    if path.is_dir():
        files = sorted(file for file in path.rglob('*') if file.is_file())
        return {str(file.relative_to(path)): file.read_text(encoding='utf-8') for file in files}
    return path.read_text(encoding='utf-8') if path.is_file() else ''


def plain(value):
    """An output as it is compared: artifacts as type, content and metadata."""
    from kfp import dsl
    if isinstance(value, dsl.Artifact):
        text = content(value.path)
        return {'type': value.schema_title, 'text': text, 'metadata': value.metadata}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def artifact(value):
    from kfp import dsl
    return isinstance(value, dsl.Artifact) or isinstance(value, list) and value and all(map(artifact, value))


def without_installing(handler):
    """Makes the runner leave out the command's `pip install`: the SDK is here already, and nothing is fetched."""
    created = handler.__init__

    def create(self, image, full_command, *args, **kwargs):
        if full_command[:2] == ['sh', '-c'] and 'pip install' in full_command[2]:
            full_command = full_command[3:]
        created(self, image, full_command, *args, **kwargs)

    handler.__init__ = create


def with_commands(handler, inputs, outputs):
    """Makes the runner run commands of containers as well, on this machine, which has the few that this corpus uses,
    and treat their outputs as KFP's launcher does: their folders are there, and what is written to the places of output
    artifacts counts."""
    handler.validate_not_container_component = lambda *_: None
    read = outputs.get_outputs_from_executor_output

    def get(executor_output, executor_input, component_spec):
        for name, artifacts in executor_input.outputs.artifacts.items():
            if name not in executor_output.artifacts:
                executor_output.artifacts[name].CopyFrom(artifacts)
        return read(executor_output, executor_input, component_spec)

    construct = inputs.construct_executor_input

    def create(*args, **kwargs):
        executor_input = construct(*args, **kwargs)
        files = [parameter.output_file for parameter in executor_input.outputs.parameters.values()]
        files += [artifact.uri for listed in executor_input.outputs.artifacts.values() for artifact in listed.artifacts]
        for file in [*files, executor_input.outputs.output_file]:
            os.makedirs(os.path.dirname(file), exist_ok=True)
        return executor_input

    outputs.get_outputs_from_executor_output = get
    inputs.construct_executor_input = create


def run(path, result):
    """Runs one pipeline in this process and writes what it gave to `result`."""
    warnings.filterwarnings('ignore')
    from kfp import local
    from kfp.local import executor_input_utils
    from kfp.local import executor_output_utils
    from kfp.local import subprocess_task_handler
    without_installing(subprocess_task_handler.SubprocessTaskHandler)
    with_commands(
        subprocess_task_handler.SubprocessTaskHandler, executor_input_utils, executor_output_utils)
    with tempfile.TemporaryDirectory(prefix='kfp-local-') as scratch:
        module = corpus.load(path, f'{scratch}/work')
        for name, text in module.EXPECT.get('files', {}).items():
            corpus.write(pathlib.Path(scratch) / 'work' / name, text)
        local.init(
            runner=local.SubprocessRunner(use_venv=False), pipeline_root=f'{scratch}/root',
            workspace_root=f'{scratch}/workspace', raise_on_error=False)
        os.makedirs(f'{scratch}/workspace', exist_ok=True)
        os.chdir(scratch)
        try:
            task = module.pipeline(**module.EXPECT.get('arguments', {}))
            given = {name: value for name, value in task.outputs.items() if value is not None}
            failed = Failure.lines
            artifacts = {name: plain(value) for name, value in given.items() if artifact(value)}
            outputs = {name: plain(value) for name, value in given.items() if name not in artifacts}
            state = 'FAILED' if failed else 'SUCCEEDED'
        except Exception as error:  # pylint: disable=broad-except
            print(f'{type(error).__name__}: {error}', file=sys.stderr)
            outputs, artifacts, state = {}, {}, 'FAILED'
        corpus.write_json(pathlib.Path(result), {'state': state, 'outputs': outputs, 'artifacts': artifacts})


class Failure:
    """What `kfp.local` says only in its log: that the pipeline failed."""

    lines = []

    @classmethod
    def watch(cls):
        from kfp.local import pipeline_orchestrator
        told = pipeline_orchestrator.log_and_maybe_raise_for_failure

        def tell(*args, **kwargs):
            cls.lines.append(kwargs.get('fail_stack'))
            told(*args, **kwargs)

        pipeline_orchestrator.log_and_maybe_raise_for_failure = tell


def differences(expect, given):
    """What differs between an `EXPECT` and what was given, in words."""
    state = expect.get('state', 'SUCCEEDED')
    if given['state'] != state:
        yield f'it is {given["state"]} rather than {state}'
        return
    if state == 'SUCCEEDED' and given['outputs'] != expect.get('outputs', {}):
        yield f'outputs are {given["outputs"]!r} rather than {expect.get("outputs", {})!r}'
    artifacts = expect.get('artifacts', {})
    for name in sorted({*artifacts, *given['artifacts']}) if state == 'SUCCEEDED' else []:
        yield from artifact_differences(name, artifacts.get(name), given['artifacts'].get(name))


def artifact_differences(name, wanted, got):
    if not isinstance(wanted, dict) or not isinstance(got, dict):
        if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            for index, (one, other) in enumerate(zip(wanted, got)):
                yield from artifact_differences(f'{name}[{index}]', one, other)
        else:
            yield f'artifact {name} is {got!r} rather than {wanted!r}'
        return
    for key, value in wanted.items():
        if got[key] != value:
            yield f"artifact {name}'s {key} is {got[key]!r} rather than {value!r}"


def answers():
    """What was kept: by the name of a pipeline, what it was made of, and what it gave."""
    return json.loads(ANSWERS.read_text(encoding='utf-8')) if ANSWERS.is_file() else {}


def compare(out, name, path, anyway, kept):
    """Runs a pipeline if that was not done before; its name, why not to compare it, and the differences."""
    expect = json.loads((out / f'{name}.json').read_text(encoding='utf-8'))
    reason = expect.get('compare', True)
    if reason is not True and not anyway:
        return name, reason, None
    result = out / f'{name}.local.json'
    mark = corpus.fingerprint(path, __file__)
    if reason is True and kept.get('of') == mark:
        corpus.write_json(result, kept['gave'])
        corpus.made(out, name, 'local', mark)
        return name, reason, list(differences(expect, kept['gave']))
    if not corpus.fresh(out, name, 'local', mark):
        result.unlink(missing_ok=True)
        python = pathlib.Path(sys.executable).parent
        environment = {**os.environ, 'PATH': f'{python}{os.pathsep}{os.environ["PATH"]}', 'PYTHONUTF8': '1'}
        try:
            done = subprocess.run(
                [sys.executable, __file__, '--one', path, result], env=environment, timeout=LIMIT, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors='replace', check=False)
            corpus.write(out / '.made' / f'{name}.local.log', done.stdout)
        except subprocess.TimeoutExpired:
            return name, reason, [f'it did not end within {LIMIT} s']
        if not result.is_file():
            return name, reason, ['it broke off', *done.stdout.splitlines()[-5:]]
    log = (out / '.made' / f'{name}.local.log').read_text(encoding='utf-8')
    found = list(differences(expect, json.loads(result.read_text(encoding='utf-8'))))
    found += [f'its log has no {line!r}' for lines in expect.get('logs', {}).values() for line in lines if line not in log]
    if reason is not True:
        result.unlink()
    elif found:
        result.unlink()
        found += log.splitlines()[-8:]
    else:
        corpus.made(out, name, 'local', mark)
    return name, reason, found


def main(out, names, anyway, anew):
    import compile as compiling
    out = pathlib.Path(out).resolve()
    compiling.main(out, names)
    wrong = []
    paths = corpus.find(names)
    known = {} if anew else answers()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        work = lambda each: compare(out, *each, anyway, known.get(each[0], {}))
        for name, reason, found in pool.map(work, paths.items()):
            if found is None:
                print(f'not compared: {name}: {reason}')
            elif reason is not True:
                print(f'{name}: {reason}')
                print(''.join(f'    {line}\n' for line in found) or '    the same!\n', end='')
            elif found:
                wrong.append(name)
                print(f'DIFFERENT: {name}\n' + '\n'.join(f'    {line}' for line in found))
            else:
                print(f'the same: {name}')
            sys.stdout.flush()
    if anew:
        kept = {name: {'of': corpus.fingerprint(path, __file__), 'gave': json.loads((out / f'{name}.local.json').read_text(encoding='utf-8'))}
                for name, path in paths.items() if (out / f'{name}.local.json').is_file()}
        corpus.write_json(ANSWERS, {**answers(), **kept})
    if wrong:
        sys.exit(f'kfp.local gives something else for {", ".join(wrong)}')


if __name__ == '__main__':
    arguments = sys.argv[1:]
    if arguments[:1] == ['--one']:
        Failure.watch()
        run(pathlib.Path(arguments[1]), arguments[2])
    else:
        everything, anew = '--all' in arguments, '--anew' in arguments
        arguments = [argument for argument in arguments if argument not in {'--all', '--anew'}]
        if not arguments:
            sys.exit(__doc__)
        with corpus.alone(arguments[0]):
            main(arguments[0], arguments[1:], everything, anew)
