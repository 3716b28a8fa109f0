"""Flowers told apart: measurements scaled one way or the other, models with several numbers of neighbours, each pickled, and the score of
the best one."""

from typing import List, NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component(packages_to_install=['pandas', 'scikit-learn'])
def load(flowers: Output[Dataset]):
    from sklearn import datasets
    table = datasets.load_iris(as_frame=True)
    names = dict(enumerate(table.target_names))
    data = table.data.assign(kind=table.target.map(names))
    flowers.metadata['rows'] = len(data)
    data.to_csv(flowers.path, index=False)


@dsl.component(packages_to_install=['pandas==3.0.6', 'scikit-learn==1.9.1'])
def scale(flowers: Input[Dataset], standard: bool, scaled: Output[Dataset]):
    import pandas as pd
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    data = pd.read_csv(flowers.path)
    labels = data.pop('kind')
    scaler = StandardScaler() if standard else MinMaxScaler()
    pd.DataFrame(scaler.fit_transform(data), columns=data.columns).assign(kind=labels).to_csv(scaled.path, index=False, float_format='%.9f')
    scaled.metadata['columns'] = list(data.columns)


@dsl.component(packages_to_install=['pandas', 'scikit-learn'])
def train(scaled: Input[Dataset], neighbours: int, model: Output[Model], metrics: Output[Metrics]) -> float:
    import pickle

    import pandas as pd
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split
    from sklearn.neighbors import KNeighborsClassifier
    data = pd.read_csv(scaled.path)
    labels = data.pop('kind')
    seen, unseen, known, wanted = train_test_split(data, labels, test_size=0.4, random_state=3)
    fitted = KNeighborsClassifier(n_neighbors=neighbours).fit(seen, known)
    guessed = fitted.predict(unseen)
    metrics.log_metric('f1', f1_score(wanted, guessed, average='macro'))
    metrics.log_metric('accuracy', float((guessed == wanted).mean()))
    model.framework = 'scikit-learn'
    model.metadata['neighbours'] = neighbours
    with open(model.path, 'wb') as file:
        pickle.dump(fitted, file)
    return fitted.score(unseen, wanted)


@dsl.component(packages_to_install=['pandas', 'scikit-learn'])
def choose(
    models: Input[List[Model]], scores: List[float], scaled: Input[Dataset], summary: Output[Metrics],
) -> NamedTuple('Chosen', neighbours=int, counts=dict):
    import pickle

    import numpy as np
    import pandas as pd
    best = int(np.argmax(scores))
    with open(models[best].path, 'rb') as file:
        model = pickle.load(file)
    data = pd.read_csv(scaled.path)
    guessed = pd.Series(model.predict(data.drop(columns='kind')))
    summary.log_metric('best', scores[best])
    summary.log_metric('right', float((guessed == data['kind']).mean()))
    return (model.n_neighbors, guessed.value_counts().to_dict())


@dsl.pipeline(name='iris')
def pipeline(
    standard: bool = True, neighbours: List[int] = [3, 6, 9],
) -> NamedTuple('Outputs', neighbours=int, counts=dict, scaled=Dataset, summary=Metrics):
    flowers = load()
    scaled = scale(flowers=flowers.outputs['flowers'], standard=standard).outputs['scaled']
    with dsl.ParallelFor(neighbours) as number:
        trained = train(scaled=scaled, neighbours=number)
    chosen = choose(models=dsl.Collected(trained.outputs['model']), scores=dsl.Collected(trained.outputs['Output']), scaled=scaled)
    outputs = NamedTuple('Outputs', neighbours=int, counts=dict, scaled=Dataset, summary=Metrics)
    return outputs(
        neighbours=chosen.outputs['neighbours'], counts=chosen.outputs['counts'], scaled=scaled, summary=chosen.outputs['summary'],
    )
