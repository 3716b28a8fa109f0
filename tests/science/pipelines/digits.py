"""Handwritten digits told apart: a grid search with a model by joblib, a confusion matrix, a ROC curve, and pictures as HTML."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import ClassificationMetrics, Dataset, HTML, Input, Metrics, Model, Output


@dsl.component(packages_to_install=['numpy', 'scikit-learn'])
def load(train: Output[Dataset], test: Output[Dataset]) -> int:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x, y, test_size=0.5, random_state=0, stratify=y)
    for artifact, pixels, digits in [(train, parts[0], parts[2]), (test, parts[1], parts[3])]:
        with open(artifact.path, 'wb') as file:
            np.savez(file, x=pixels, y=digits)
        artifact.metadata['sum'] = int(digits.sum())
    return len(y)


@dsl.component(packages_to_install=['numpy', 'scikit-learn', 'joblib'])
def train(data: Input[Dataset], model: Output[Model], metrics: Output[Metrics]) -> dict:
    import joblib
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler
    read = np.load(data.path)
    chain = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=5000, tol=1e-10))
    search = GridSearchCV(chain, {'logisticregression__C': [0.1, 1.0]}, cv=3, n_jobs=-1).fit(read['x'], read['y'])
    metrics.log_metric('score', search.best_score_)
    joblib.dump(search.best_estimator_, model.path)
    return search.best_params_


@dsl.component(packages_to_install=['numpy', 'scikit-learn', 'matplotlib', 'joblib'])
def evaluate(
    data: Input[Dataset], model: Input[Model],
    matrix: Output[ClassificationMetrics], curve: Output[ClassificationMetrics], page: Output[HTML],
) -> float:
    import base64
    import io

    import joblib
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    import numpy as np
    from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, confusion_matrix, roc_curve
    read, fitted = np.load(data.path), joblib.load(model.path)
    guessed = fitted.predict(read['x'])
    matrix.log_confusion_matrix([str(digit) for digit in range(10)], confusion_matrix(read['y'], guessed).tolist())
    false, true, limits = roc_curve(read['y'] == 8, fitted.predict_proba(read['x'])[:, 8].round(6))
    # JSON has no infinity, where the curve begins.
    curve.log_roc_curve(false.tolist(), true.tolist(), np.nan_to_num(limits, posinf=1.0).tolist())
    figure, axes = plt.subplots()
    ConfusionMatrixDisplay.from_predictions(read['y'], guessed, ax=axes)
    drawn = io.BytesIO()
    figure.savefig(drawn, format='png')
    with open(page.path, 'w') as file:
        file.write(f'<img src="data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}">')
    return accuracy_score(read['y'], guessed)


@dsl.pipeline(name='digits')
def pipeline() -> NamedTuple(
    'Outputs', rows=int, accuracy=float, best=dict, matrix=ClassificationMetrics, curve=ClassificationMetrics, metrics=Metrics,
):
    data = load()
    trained = train(data=data.outputs['train'])
    judged = evaluate(data=data.outputs['test'], model=trained.outputs['model'])
    outputs = NamedTuple(
        'Outputs', rows=int, accuracy=float, best=dict, matrix=ClassificationMetrics, curve=ClassificationMetrics, metrics=Metrics,
    )
    return outputs(rows=data.outputs['Output'], accuracy=judged.outputs['Output'], best=trained.outputs['Output'],
                   matrix=judged.outputs['matrix'], curve=judged.outputs['curve'], metrics=trained.outputs['metrics'])
