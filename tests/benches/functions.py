"""A pipeline of five Python functions: `functions.py compile FILE`, `functions.py run`, which prints how long kfp.local took, or
`functions.py submit URL TOKEN ROUNDS`, which prints how long each run took as a client of `weft serve` sees it."""

import sys
import tempfile
import time

from kfp import compiler, dsl, local


@dsl.component
def load(rows: int, data: dsl.Output[dsl.Dataset]):
    import csv
    import random
    with open(data.path, 'w', newline='') as file:
        writer = csv.writer(file)
        for _ in range(rows):
            x = random.uniform(-1, 1)
            writer.writerow([x, int(x > 0)])


@dsl.component
def split(data: dsl.Input[dsl.Dataset], train: dsl.Output[dsl.Dataset], test: dsl.Output[dsl.Dataset]):
    with open(data.path) as file:
        lines = file.readlines()
    cut = len(lines) * 3 // 4
    with open(train.path, 'w') as file:
        file.writelines(lines[:cut])
    with open(test.path, 'w') as file:
        file.writelines(lines[cut:])


@dsl.component
def fit(train: dsl.Input[dsl.Dataset], model: dsl.Output[dsl.Model]):
    import csv
    import json
    with open(train.path) as file:
        rows = [(float(x), int(y)) for x, y in csv.reader(file)]
    best = max((sum((x > t) == bool(y) for x, y in rows), t) for t in (i / 20 - 1 for i in range(41)))
    model.metadata['hits'] = best[0]
    with open(model.path, 'w') as file:
        json.dump({'threshold': best[1]}, file)


@dsl.component
def evaluate(test: dsl.Input[dsl.Dataset], model: dsl.Input[dsl.Model], metrics: dsl.Output[dsl.Metrics]) -> float:
    import csv
    import json
    with open(model.path) as file:
        threshold = json.load(file)['threshold']
    with open(test.path) as file:
        rows = [(float(x), int(y)) for x, y in csv.reader(file)]
    accuracy = sum((x > threshold) == bool(y) for x, y in rows) / len(rows)
    metrics.log_metric('accuracy', accuracy)
    return accuracy


@dsl.component
def report(accuracy: float, page: dsl.Output[dsl.HTML]) -> str:
    with open(page.path, 'w') as file:
        file.write(f'<p>accuracy {accuracy:.3f}</p>')
    return 'good' if accuracy > 0.9 else 'bad'


@dsl.pipeline
def functions(rows: int = 200) -> str:
    data = load(rows=rows)
    parts = split(data=data.output)
    model = fit(train=parts.outputs['train'])
    score = evaluate(test=parts.outputs['test'], model=model.output)
    return report(accuracy=score.outputs['Output']).outputs['Output']


def submit(url, token, rounds):
    import kfp
    client = kfp.Client(url, existing_token=token)
    for _ in range(int(rounds)):
        started = time.perf_counter()
        run = client.create_run_from_pipeline_func(functions, enable_caching=False).run_id
        # The client's own wait looks every five seconds.
        while (state := client.get_run(run).state) not in ('SUCCEEDED', 'FAILED', 'CANCELED'):
            time.sleep(0.01)
        assert state == 'SUCCEEDED', state
        print(time.perf_counter() - started, file=sys.__stdout__)


if __name__ == '__main__':
    if sys.argv[1] == 'compile':
        compiler.Compiler().compile(functions, sys.argv[2])
    elif sys.argv[1] == 'submit':
        submit(*sys.argv[2:])
    else:
        local.init(local.SubprocessRunner(use_venv=False), pipeline_root=tempfile.mkdtemp())
        started = time.perf_counter()
        functions()
        print(time.perf_counter() - started, file=sys.__stdout__)
