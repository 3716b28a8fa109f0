"""A whole training pipeline without any package: measurements of two kinds of penguins, logistic regression, evaluation, deployment if it
is good enough."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import ClassificationMetrics, Dataset, HTML, Input, Metrics, Model, Output


@dsl.component
def load(rows: int, seed: int, data: Output[Dataset]) -> int:
    """Measurements of bills and flippers, drawn around what is known of either kind."""
    import csv
    import random
    generator = random.Random(seed)
    kinds = {'Adelie': (38.8, 18.3, 190.0), 'Gentoo': (47.5, 15.0, 217.2)}
    with open(data.path, 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['species', 'bill_length_mm', 'bill_depth_mm', 'flipper_length_mm'])
        for row in range(rows):
            kind = 'Gentoo' if row % 2 else 'Adelie'
            length, depth, flipper = kinds[kind]
            values = [generator.gauss(length, 2.7), generator.gauss(depth, 1.1), generator.gauss(flipper, 6.5)]
            writer.writerow([kind, *(f'{value:.1f}' for value in values)])
    data.metadata['rows'] = rows
    return rows


@dsl.component
def split(data: Input[Dataset], test_part: float, train: Output[Dataset], test: Output[Dataset]):
    with open(data.path) as file:
        header, *rows = file.readlines()
    cut = round(len(rows) * (1 - test_part))
    for artifact, part in [(train, rows[:cut]), (test, rows[cut:])]:
        with open(artifact.path, 'w') as file:
            file.writelines([header, *part])
        artifact.metadata['rows'] = len(part)


@dsl.component
def fit(data: Input[Dataset], rounds: int, rate: float, model: Output[Model], metrics: Output[Metrics]):
    import csv
    import json
    import math
    with open(data.path, newline='') as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != 'species']
    columns = {name: [float(row[name]) for row in rows] for name in names}
    means = {name: sum(values) / len(values) for name, values in columns.items()}
    spreads = {name: math.sqrt(sum((value - means[name]) ** 2 for value in values) / len(values)) for name, values in columns.items()}
    inputs = [[1.0] + [(float(row[name]) - means[name]) / spreads[name] for name in names] for row in rows]
    labels = [float(row['species'] == 'Gentoo') for row in rows]
    weights = [0.0] * (len(names) + 1)
    for number in range(rounds):
        gradient = [0.0] * len(weights)
        loss = 0.0
        for values, label in zip(inputs, labels):
            guess = 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, values))))
            loss -= math.log(guess if label else 1 - guess)
            for index, value in enumerate(values):
                gradient[index] += (guess - label) * value
        weights = [weight - rate * slope / len(rows) for weight, slope in zip(weights, gradient)]
    metrics.log_metric('loss', loss / len(rows))
    metrics.log_metric('rounds', rounds)
    model.framework = 'logistic regression'
    with open(model.path, 'w') as file:
        json.dump({'names': names, 'means': means, 'spreads': spreads, 'weights': weights}, file)


@dsl.component
def evaluate(
    model: Input[Model], data: Input[Dataset], scores: Output[ClassificationMetrics], page: Output[HTML],
) -> NamedTuple('Evaluated', accuracy=float, rows=int):
    import csv
    import json
    import math
    with open(model.path) as file:
        fitted = json.load(file)
    with open(data.path, newline='') as file:
        rows = list(csv.DictReader(file))
    kinds = ['Adelie', 'Gentoo']
    matrix = [[0, 0], [0, 0]]
    for row in rows:
        values = [1.0] + [(float(row[name]) - fitted['means'][name]) / fitted['spreads'][name] for name in fitted['names']]
        guess = 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(fitted['weights'], values))))
        matrix[kinds.index(row['species'])][int(guess > 0.5)] += 1
    accuracy = (matrix[0][0] + matrix[1][1]) / len(rows)
    scores.log_confusion_matrix(kinds, matrix)
    with open(page.path, 'w') as file:
        file.write(f'<p>{accuracy:.0%} of {len(rows)}</p>')
    return (accuracy, len(rows))


@dsl.component
def deploy(model: Input[Model], accuracy: float, deployed: Output[Model]) -> str:
    import shutil
    shutil.copyfile(model.path, deployed.path)
    deployed.metadata.update(model.metadata)
    deployed.metadata['good'] = accuracy >= 0.9
    return 'deployed'


@dsl.component
def reject(accuracy: float) -> str:
    return f'rejected at {accuracy}'


@dsl.pipeline(name='penguins', description='Tells Gentoo penguins from Adelie penguins.')
def pipeline(rows: int = 120, threshold: float = 0.9, rounds: int = 60) -> NamedTuple('Outputs', decision=str, page=HTML, metrics=Metrics):
    data = load(rows=rows, seed=7)
    parts = split(data=data.outputs['data'], test_part=0.25)
    trained = fit(data=parts.outputs['train'], rounds=rounds, rate=0.5)
    evaluated = evaluate(model=trained.outputs['model'], data=parts.outputs['test'])
    with dsl.If(evaluated.outputs['accuracy'] >= threshold, name='good enough'):
        good = deploy(model=trained.outputs['model'], accuracy=evaluated.outputs['accuracy'])
    with dsl.Else():
        bad = reject(accuracy=evaluated.outputs['accuracy'])
    outputs = NamedTuple('Outputs', decision=str, page=HTML, metrics=Metrics)
    return outputs(
        decision=dsl.OneOf(good.outputs['Output'], bad.output), page=evaluated.outputs['page'], metrics=trained.outputs['metrics'])


EXPECT = {
    'outputs': {'decision': 'deployed'},
    'artifacts': {
        'page': {'type': 'system.HTML', 'text': '<p>100% of 30</p>', 'metadata': {}},
        # The last digits of the loss are the platform's own.
        'metrics': {'type': 'system.Metrics', 'text': ''},
    },
    'tasks': {'fit': 'COMPLETE', 'condition-branches-1/condition-2/deploy': 'COMPLETE', 'condition-branches-1/condition-3': 'SKIPPED'},
    'compare': True,
}
