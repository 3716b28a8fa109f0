#!/usr/bin/env python3
"""Writes malformed and hostile pipeline specifications: `malformed.py OUT`.

Makes one file a case, and `OUT/expect.json`: `{FILE: {"verdict": ..., "words": [...]}}`. The verdict is what reading and
checking the file must come to, within a second and bounded memory: `refused` with an error that holds the words (what is
wrong is named), `accepted`, or `either`. Needs the standard library only.
"""

import copy
import json
import pathlib
import sys

CASES = {}


def base():
    """A good pipeline: `first` gives a text and a dataset, `second` takes them."""
    def executor(*args):
        return {'container': {'image': 'alpine', 'command': ['sh', '-c'], 'args': list(args)}}

    return {
        'components': {
            'comp-first': {
                'executorLabel': 'exec-first',
                'inputDefinitions': {'parameters': {
                    'text': {'parameterType': 'STRING'},
                    'count': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 1, 'isOptional': True},
                }},
                'outputDefinitions': {
                    'parameters': {'out': {'parameterType': 'STRING'}},
                    'artifacts': {'data': {'artifactType': {'schemaTitle': 'system.Dataset', 'schemaVersion': '0.0.1'}}},
                },
            },
            'comp-second': {
                'executorLabel': 'exec-second',
                'inputDefinitions': {
                    'parameters': {'text': {'parameterType': 'STRING'}},
                    'artifacts': {'data': {'artifactType': {'schemaTitle': 'system.Dataset', 'schemaVersion': '0.0.1'}}},
                },
            },
        },
        'deploymentSpec': {'executors': {
            'exec-first': executor(
                'printf "%s" "$0" > "$1"; cp "$1" "$2"', "{{$.inputs.parameters['text']}}",
                "{{$.outputs.parameters['out'].output_file}}", "{{$.outputs.artifacts['data'].path}}"),
            'exec-second': executor('cat "$0"', "{{$.inputs.artifacts['data'].path}}"),
        }},
        'pipelineInfo': {'name': 'a-pipeline'},
        'root': {
            'dag': {'tasks': {
                'first': {
                    'componentRef': {'name': 'comp-first'},
                    'inputs': {'parameters': {'text': {'componentInputParameter': 'text'}}},
                    'taskInfo': {'name': 'first'},
                },
                'second': {
                    'componentRef': {'name': 'comp-second'},
                    'dependentTasks': ['first'],
                    'inputs': {
                        'parameters': {'text': {'taskOutputParameter': {'producerTask': 'first', 'outputParameterKey': 'out'}}},
                        'artifacts': {'data': {'taskOutputArtifact': {'producerTask': 'first', 'outputArtifactKey': 'data'}}},
                    },
                    'taskInfo': {'name': 'second'},
                },
            }},
            'inputDefinitions': {'parameters': {'text': {'parameterType': 'STRING', 'defaultValue': 'x', 'isOptional': True}}},
        },
        'schemaVersion': '2.1.0',
        'sdkVersion': 'kfp-2.17.3',
    }


def case(name, content, *words, verdict='refused'):
    """One file: text, bytes, or a specification to be written as JSON."""
    if isinstance(content, dict):
        content = json.dumps(content, indent=1)
    if isinstance(content, str):
        content = content.encode()
    assert name not in CASES, name
    CASES[name] = content, list(words), verdict


def changed(name, change, *words, verdict='refused'):
    """The good pipeline with a change."""
    spec = base()
    result = change(spec)
    case(f'{name}.json', spec if result is None else result, *words, verdict=verdict)


def tasks(spec):
    return spec['root']['dag']['tasks']


def put(*path_and_value):
    """A change that sets what is at a path."""
    *path, last, value = path_and_value

    def change(spec):
        for key in path:
            spec = spec.setdefault(key, {})
        spec[last] = value
    return change


def drop(*path):
    """A change that takes away what is at a path."""
    *path, last = path

    def change(spec):
        for key in path:
            spec = spec[key]
        del spec[last]
    return change


TASKS = ('root', 'dag', 'tasks')


def texts():
    """Files that are no document, or not one."""
    good = json.dumps(base(), indent=1)
    case('good.json', good, verdict='accepted')
    case('good_as_yaml.yaml', good, verdict='accepted')
    case('empty.yaml', '')
    case('blank.yaml', '\n\n  \n')
    case('comment.yaml', '# PIPELINE DEFINITION\n# Name: nothing\n')
    case('list.yaml', '- components\n- root\n')
    case('scalar.yaml', 'a pipeline\n')
    case('null.json', 'null')
    case('truncated.json', good[:len(good) // 2])
    case('truncated.yaml', 'components:\n  comp-a:\n    executorLabel: exec-a\n    inputDefinitions: {parameters: {text: {parameterType: STR')
    case('unclosed.yaml', 'pipelineInfo:\n  name: "never closed\nroot:\n  dag: {}\n')
    case('tabs.yaml', 'pipelineInfo:\n\tname: a\nroot:\n\tdag: {}\n')
    case('indentation.yaml', 'root:\n    dag:\n  tasks:\n      first: {}\n')
    case('trailing.json', good + '\n}}\n')
    case('two_objects.json', good + good)
    case('not_utf8.yaml', 'pipelineInfo:\n  name: größe\n'.encode('latin-1') + good.encode())
    case('utf16.json', good.encode('utf-16'), verdict='either')
    case('byte_order_mark.json', b'\xef\xbb\xbf' + good.encode(), verdict='either')
    case('binary.yaml', bytes(range(256)) * 16)
    case('nul.json', good.replace('a-pipeline', 'a\0b'))
    case('two_pipelines.yaml', f'{good}\n---\n{good}\n')
    case('three_documents.yaml', f'{good}\n---\nplatforms: {{}}\n---\nplatforms: {{}}\n')
    case('duplicate_key.json', good.replace('"second": {', '"first": {', 1), 'first')
    case('duplicate_key.yaml', 'schemaVersion: 2.1.0\npipelineInfo: {name: a}\npipelineInfo: {name: b}\nroot: {dag: {tasks: {}}}\n', 'pipelineInfo')
    case('other_kind.yaml', 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: x}\nspec: {entrypoint: main}\n')
    case('tagged.yaml', good.replace('"a-pipeline"', '!!python/object/apply:os.system ["true"]', 1))
    case('binary_key.yaml', '? [a, b]\n: c\nroot: {}\n')


def shapes():
    """Documents that lack something, or have something else in its place."""
    changed('no_root', drop('root'), 'root')
    changed('no_version', drop('schemaVersion'), 'schemaVersion')
    changed('version_3', put('schemaVersion', '3.0.0'), '3.0.0')
    changed('version_number', put('schemaVersion', 2.1))
    changed('no_name', drop('pipelineInfo'), 'pipelineInfo', verdict='either')
    changed('root_executor', put('root', {'executorLabel': 'exec-first'}), 'root')
    changed('root_empty', put('root', {}), 'root')
    changed('tasks_list', put('root', 'dag', 'tasks', [{'name': 'first'}]), 'tasks')
    changed('task_null', put(*TASKS, 'first', None), 'first')
    changed('component_text', put('components', 'comp-first', 'exec-first'), 'comp-first')
    changed('component_nothing', put('components', 'comp-first', {}), 'comp-first')
    changed('component_both', put('components', 'comp-first', 'dag', {'tasks': {}}), 'comp-first')
    changed('no_reference', drop(*TASKS, 'first', 'componentRef'), 'first')
    changed('command_text', put('deploymentSpec', 'executors', 'exec-first', 'container', 'command', 'sh -c'), 'command')
    changed('argument_number', put('deploymentSpec', 'executors', 'exec-first', 'container', 'args', [1, True]), 'args')
    changed('executor_nothing', put('deploymentSpec', 'executors', 'exec-first', {}), 'exec-first')
    changed('executor_custom', put('deploymentSpec', 'executors', 'exec-first', {'customJob': {'customJob': {}}}), 'customJob')
    changed('executors_missing', put('deploymentSpec', {}), 'exec-')
    changed('no_image', drop('deploymentSpec', 'executors', 'exec-first', 'container', 'image'), verdict='either')
    changed('type_unknown', put('components', 'comp-first', 'inputDefinitions', 'parameters', 'text', 'parameterType', 'COMPLEX'), 'COMPLEX')
    changed('type_number', put('components', 'comp-first', 'inputDefinitions', 'parameters', 'text', 'parameterType', 17))
    changed('importer_empty', put('deploymentSpec', 'executors', 'exec-first', {'importer': {}}), 'exec-first')
    changed('environment_text', put('deploymentSpec', 'executors', 'exec-first', 'container', 'env', 'A=b'), 'env')
    changed('environment_nameless', put('deploymentSpec', 'executors', 'exec-first', 'container', 'env', [{'value': 'b'}]), 'env')
    changed('memory_words', put(
        'deploymentSpec', 'executors', 'exec-first', 'container', 'resources', {'resourceMemoryLimit': 'lots'}), 'lots')
    good = json.dumps(base(), indent=1)
    case('platforms_list.yaml', f'{good}\n---\nplatforms: []\n', 'platforms')
    mount = {'mountPath': 'relative/path', 'constant': 'x', 'pvcNameParameter': {'runtimeValue': {'constant': 'x'}}}
    platforms = {'platforms': {'kubernetes': {'deploymentSpec': {'executors': {'exec-first': {'pvcMount': [mount]}}}}}}
    case('mount_relative.yaml', f'{good}\n---\n{json.dumps(platforms)}\n', 'relative/path')
    mount['mountPath'] = '/data/../../etc'
    case('mount_escape.yaml', f'{good}\n---\n{json.dumps(platforms)}\n', verdict='either')


def references():
    """Names of what is not there, and circles."""
    changed('component_unknown', put(*TASKS, 'first', 'componentRef', 'name', 'comp-ghost'), 'comp-ghost')
    changed('executor_unknown', put('components', 'comp-first', 'executorLabel', 'exec-ghost'), 'exec-ghost')
    changed('dependency_unknown', put(*TASKS, 'second', 'dependentTasks', ['ghost']), 'ghost')
    producer = (*TASKS, 'second', 'inputs', 'parameters', 'text', 'taskOutputParameter')
    changed('producer_unknown', put(*producer, 'producerTask', 'ghost'), 'ghost')
    changed('output_unknown', put(*producer, 'outputParameterKey', 'nothing'), 'nothing')
    changed('artifact_unknown', put(*TASKS, 'second', 'inputs', 'artifacts', 'data', 'taskOutputArtifact', 'outputArtifactKey', 'nothing'), 'nothing')
    changed('output_is_artifact', put(*producer, 'outputParameterKey', 'data'), 'data')
    changed('input_unknown', put(*TASKS, 'first', 'inputs', 'parameters', 'text', {'componentInputParameter': 'absent'}), 'absent')
    changed('input_missing', drop(*TASKS, 'first', 'inputs'), 'text')
    changed('artifact_missing', drop(*TASKS, 'second', 'inputs', 'artifacts'), 'data')
    changed('cycle', put(*TASKS, 'first', 'dependentTasks', ['second']), 'first', 'second')
    changed('cycle_of_one', put(*TASKS, 'first', 'dependentTasks', ['first']), 'first')

    def data_cycle(spec):
        tasks(spec)['first']['inputs']['parameters']['text'] = {
            'taskOutputParameter': {'producerTask': 'first', 'outputParameterKey': 'out'}}
    changed('cycle_of_data', data_cycle, 'first')

    def recursive(spec):
        spec['components']['comp-dag'] = {'dag': {'tasks': {'again': {'componentRef': {'name': 'comp-dag'}}}}}
        tasks(spec)['third'] = {'componentRef': {'name': 'comp-dag'}}
    changed('recursive', recursive, 'comp-dag')

    def mutual(spec):
        for one, other in [('ping', 'pong'), ('pong', 'ping')]:
            spec['components'][f'comp-{one}'] = {'dag': {'tasks': {other: {'componentRef': {'name': f'comp-{other}'}}}}}
        tasks(spec)['third'] = {'componentRef': {'name': 'comp-ping'}}
    changed('recursive_mutually', mutual, 'comp-p')

    def outputs(kind, value, definition=None):
        def change(spec):
            spec['root']['dag']['outputs'] = {kind: {'result': value}}
            spec['root']['outputDefinitions'] = {kind: {'result': definition or {'parameterType': 'STRING'}}}
        return change
    changed('result_unknown_task', outputs('parameters', {'valueFromParameter': {'producerSubtask': 'ghost', 'outputParameterKey': 'out'}}), 'ghost')
    changed('result_unknown_key', outputs('parameters', {'valueFromParameter': {'producerSubtask': 'first', 'outputParameterKey': 'nothing'}}), 'nothing')
    changed('result_one_of_unknown', outputs('parameters', {'valueFromOneof': {'parameterSelectors': [
        {'producerSubtask': 'ghost', 'outputParameterKey': 'out'}]}}), 'ghost')
    changed('result_one_of_none', outputs('parameters', {'valueFromOneof': {'parameterSelectors': []}}), 'result')
    changed('result_artifact_unknown', outputs(
        'artifacts', {'artifactSelectors': [{'producerSubtask': 'ghost', 'outputArtifactKey': 'data'}]},
        {'artifactType': {'schemaTitle': 'system.Dataset', 'schemaVersion': '0.0.1'}}), 'ghost')
    changed('status_unknown', put(
        *TASKS, 'second', 'inputs', 'parameters', 'text', {'taskFinalStatus': {'producerTask': 'ghost'}}), 'ghost')


def values():
    """Values of the wrong kind, conditions, loops, placeholders, policies."""
    text = (*TASKS, 'first', 'inputs', 'parameters', 'text')
    count = (*TASKS, 'first', 'inputs', 'parameters', 'count')
    changed('constant_wrong', put(*count, {'runtimeValue': {'constant': 'many'}}), 'count')
    changed('constant_fraction', put(*count, {'runtimeValue': {'constant': 1.5}}), 'count')
    changed('constant_null', put(*count, {'runtimeValue': {'constant': None}}), verdict='either')
    changed('default_wrong', put('root', 'inputDefinitions', 'parameters', 'text', {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 'x'}), 'text')
    changed('selector_unknown', put(*text, {'taskOutputOracle': {'producerTask': 'first'}}), 'text')
    changed('selector_empty', put(*text, {}), 'text')
    changed('selector_two', put(*text, {'componentInputParameter': 'text', 'runtimeValue': {'constant': 'x'}}), 'text')
    changed('expression_wrong', put(*text, 'parameterExpressionSelector', 'parseJson(string_value'), 'parseJson')
    changed('condition_wrong', put(*TASKS, 'second', 'triggerPolicy', {'condition': "inputs.parameter_values['text'] == "}), 'second')
    changed('condition_unclosed', put(*TASKS, 'second', 'triggerPolicy', {'condition': "inputs.parameter_values['text'] == 'it's'"}), 'second')
    changed('condition_unknown', put(*TASKS, 'second', 'triggerPolicy', {'condition': "inputs.parameter_values['nope'] == 'x'"}), 'nope')
    changed('condition_number', put(*TASKS, 'second', 'triggerPolicy', {'condition': 7}), 'condition')
    changed('condition_deep', put(
        *TASKS, 'second', 'triggerPolicy', {'condition': '!(' * 20000 + "inputs.parameter_values['text'] == 'x'" + ')' * 20000}), 'second')
    changed('strategy_unknown', put(*TASKS, 'second', 'triggerPolicy', {'strategy': 'SOMETIMES'}), 'SOMETIMES')
    changed('retries_negative', put(*TASKS, 'second', 'retryPolicy', {'maxRetryCount': -1}), 'maxRetryCount')
    changed('retries_without_end', put(*TASKS, 'second', 'retryPolicy', {'maxRetryCount': 10 ** 12}), verdict='either')
    changed('backoff_words', put(*TASKS, 'second', 'retryPolicy', {'maxRetryCount': 1, 'backoffDuration': 'soon'}), 'soon')

    def loop(items, policy=None, **more):
        def change(spec):
            task = tasks(spec)['first']
            task['parameterIterator'] = {'itemInput': 'text', 'items': items, **more}
            if policy:
                task['iteratorPolicy'] = policy
            spec['root']['dag']['tasks'] = {'first': task}
        return change
    changed('loop_not_json', loop({'raw': '[1, 2'}), 'first')
    changed('loop_not_list', loop({'raw': '{"a": 1}'}), 'first')
    changed('loop_number', loop({'raw': 5}), 'raw')
    changed('loop_no_items', loop({}), 'first')
    changed('loop_unknown_input', loop({'inputParameter': 'ghost'}), 'ghost')
    changed('loop_over_text', loop({'inputParameter': 'text'}), verdict='either')
    changed('loop_unknown_item', loop({'raw': '["a"]'}, itemInput='ghost'), 'ghost')
    changed('loop_parallelism', loop({'raw': '["a"]'}, {'parallelismLimit': -3}), 'parallelismLimit')
    changed('loop_both', lambda spec: (
        loop({'raw': '["a"]'})(spec), put(*TASKS, 'first', 'artifactIterator', {'itemInput': 'text', 'items': {'inputArtifact': 'x'}})(spec), None)[-1], 'first')
    changed('loop_of_a_million', loop({'raw': '[' + '1,' * 999_999 + '1]'}), 'first')

    argument = ('deploymentSpec', 'executors', 'exec-first', 'container', 'args')
    changed('placeholder_unknown_input', put(*argument, ["{{$.inputs.parameters['nope']}}"]), 'nope')
    changed('placeholder_unknown_output', put(*argument, ["{{$.outputs.parameters['nope'].output_file}}"]), 'nope')
    changed('placeholder_unknown_artifact', put(*argument, ["{{$.inputs.artifacts['nope'].path}}"]), 'nope')
    changed('placeholder_unclosed', put(*argument, ["{{$.inputs.parameters['text'"]), verdict='either')
    changed('placeholder_struct', put(*argument, ['{"IfPresent": {"Then": "x"}}']), verdict='either')
    changed('placeholder_concat', put(*argument, ['{"Concat": "x"}']), verdict='either')
    changed('placeholder_deep', put(*argument, ['{"Concat": [' * 5000 + '"x"' + ']}' * 5000]), verdict='either')


def names():
    """Names that would lead out of where things are kept."""
    def renamed(old, new):
        return lambda spec: json.loads(json.dumps(spec).replace(f'"{old}"', json.dumps(new)))
    changed('name_escapes', renamed('data', '../../outside'), '../../outside')
    changed('name_absolute', renamed('data', '/etc/passwd'), '/etc/passwd')
    changed('name_of_task_escapes', renamed('second', '../second'), verdict='either')
    changed('name_empty', renamed('data', ''))
    changed('name_controls', renamed('second', 'a\u001b[31m\nb'), verdict='either')
    changed('name_long', renamed('second', 'n' * 100_000), verdict='either')


def bombs():
    """Small files that would grow, and large ones."""
    laughs = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
    laughs += ''.join(f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]\n' for n in range(1, 12))
    case('aliases.yaml', laughs + 'root: {dag: {tasks: *a11}}\n')
    case('aliases_squared.yaml', 'a: &a ' + json.dumps(['y' * 1000] * 100) + '\nb: [' + ', '.join(['*a'] * 20_000) + ']\nroot: {}\n')
    case('aliases_circular.yaml', 'root: &r\n  dag: *r\n')
    case('merge_keys.yaml', 'a0: &a0 {k0: x}\n' + ''.join(f'a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: x}}\n' for n in range(1, 40)) + 'root: {}\n')
    case('deep_lists.yaml', 'root: ' + '[' * 10_000 + ']' * 10_000 + '\n')
    case('deep_objects.json', '{"root":' * 10_000 + '1' + '}' * 10_000)
    case('deep_unclosed.json', '[' * 1_000_000)
    case('deep_blocks.yaml', ''.join(' ' * depth + 'a:\n' for depth in range(2000)) + ' ' * 2000 + 'b\n')
    deep = [1]
    for _ in range(200):
        deep = [deep]
    changed('deep_default', put('root', 'inputDefinitions', 'parameters', 'more', {'parameterType': 'LIST', 'defaultValue': deep}), verdict='either')
    huge_number = json.dumps(base()).replace('"defaultValue": 1', '"defaultValue": 1e999')
    case('infinite_number.json', huge_number, verdict='refused')
    case('long_number.json', json.dumps(base()).replace('"defaultValue": 1', '"defaultValue": ' + '9' * 100_000), verdict='either')
    case('not_a_number.yaml', json.dumps(base()).replace('"defaultValue": 1', '"defaultValue": .nan'))
    case('quoted.yaml', 'root: "' + '\\x41' * 200_000 + '"\n')

    def chain(spec):
        first = tasks(spec)['first']
        every = {f'task-{number}': copy.deepcopy(first) for number in range(5000)}
        for number in range(1, 5000):
            every[f'task-{number}']['dependentTasks'] = [f'task-{number - 1}']
        spec['root']['dag']['tasks'] = every
    changed('long_chain', chain, verdict='accepted')

    def nested(spec):
        for depth in range(2000):
            inner = f'comp-{depth + 1}' if depth < 1999 else 'comp-leaf'
            spec['components'][f'comp-{depth}'] = {'dag': {'tasks': {'inner': {'componentRef': {'name': inner}}}}}
        spec['components']['comp-leaf'] = {'executorLabel': 'exec-second'}
        spec['deploymentSpec']['executors']['exec-second']['container']['args'] = ['true']
        spec['components'].pop('comp-second')
        spec['root']['dag']['tasks'] = {'outer': {'componentRef': {'name': 'comp-0'}}}
    changed('deep_components', nested, verdict='either')

    def growing(spec):
        for depth in range(9):
            inner = f'comp-{depth + 1}' if depth < 8 else 'comp-leaf'
            spec['components'][f'comp-{depth}'] = {'dag': {'tasks': {f't{number}': {'componentRef': {'name': inner}} for number in range(10)}}}
        spec['components']['comp-leaf'] = {'executorLabel': 'exec-second'}
        spec['deploymentSpec']['executors']['exec-second']['container']['args'] = ['true']
        spec['components'].pop('comp-second')
        spec['root']['dag']['tasks'] = {'outer': {'componentRef': {'name': 'comp-0'}}}
    # A milliard of tasks in two kilobytes: whoever writes them all out does not come back.
    changed('growing_components', growing, verdict='either')

    def loops(spec):
        # The same, by loops in loops.
        for depth in range(6):
            inner = f'comp-{depth + 1}' if depth < 5 else 'comp-leaf'
            spec['components'][f'comp-{depth}'] = {
                'inputDefinitions': {'parameters': {'item': {'parameterType': 'NUMBER_INTEGER'}}},
                'dag': {'tasks': {'inner': {
                    'componentRef': {'name': inner}, 'parameterIterator': {'itemInput': 'item', 'items': {'raw': json.dumps(list(range(100)))}}}}},
            }
        spec['components']['comp-leaf'] = {
            'executorLabel': 'exec-second', 'inputDefinitions': {'parameters': {'item': {'parameterType': 'NUMBER_INTEGER'}}}}
        spec['deploymentSpec']['executors']['exec-second']['container']['args'] = ['true']
        spec['components'].pop('comp-second')
        spec['root']['dag']['tasks'] = {'outer': {
            'componentRef': {'name': 'comp-0'}, 'parameterIterator': {'itemInput': 'item', 'items': {'raw': '[1]'}}}}
    changed('growing_loops', loops, verdict='either')


def main(out):
    for group in [texts, shapes, references, values, names, bombs]:
        group()
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for file in out.iterdir():
        if file.name not in CASES:
            file.unlink()
    for name, (content, _, _) in CASES.items():
        (out / name).write_bytes(content)
    expect = {name: {'verdict': verdict, 'words': words} for name, (_, words, verdict) in CASES.items()}
    (out / 'expect.json').write_text(json.dumps(expect, indent=1))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
