"""Which penguins are male? A pipeline of ordinary KFP functions: pandas, scikit-learn and matplotlib, nothing of weft.

`python pipeline.py [OUTPUT]` compiles it with the KFP SDK.
"""

import sys
from pathlib import Path
from typing import List, NamedTuple

from kfp import compiler, dsl

STACK = ["pandas==3.0.6", "scikit-learn==1.9.1"]
IMAGE = "python:3.12"


@dsl.component(base_image=IMAGE, packages_to_install=STACK)
def prepare(
    raw: dsl.Input[dsl.Dataset],
    train: dsl.Output[dsl.Dataset],
    test: dsl.Output[dsl.Dataset],
    test_fraction: float,
    seed: int,
) -> NamedTuple("Prepared", [("train_rows", int), ("test_rows", int), ("left_out", int)]):
    """Leaves out penguins of unknown sex, and splits the others."""
    from collections import namedtuple

    import pandas as pd
    from sklearn.model_selection import train_test_split

    rows = pd.read_csv(raw.path, na_values=["NA"])
    known = rows[rows["sex"].isin(["male", "female"])]
    parts = train_test_split(known, test_size=test_fraction, random_state=seed, stratify=known["sex"])
    for part, output in zip(parts, (train, test)):
        part.to_csv(output.path, index=False)
        output.metadata["rows"] = len(part)
    prepared = namedtuple("Prepared", ["train_rows", "test_rows", "left_out"])
    return prepared(len(parts[0]), len(parts[1]), len(rows) - len(known))


@dsl.component(base_image=IMAGE, packages_to_install=STACK)
def cross_validate(train: dsl.Input[dsl.Dataset], candidate: dict, seed: int) -> float:
    """The mean accuracy of one candidate over five folds."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = pd.read_csv(train.path)
    numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["species", "island"]),
        ]
    )
    settings = dict(candidate)
    kinds = {"logistic": LogisticRegression, "forest": RandomForestClassifier}
    model = kinds[settings.pop("kind")](random_state=seed, **settings)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    scores = cross_val_score(make_pipeline(columns, model), rows[numbers + ["species", "island"]], rows["sex"], cv=folds)
    print(f"{candidate}: {scores.mean():.4f} +- {scores.std():.4f}")
    return float(scores.mean())


@dsl.component(base_image=IMAGE)
def choose(candidates: List[dict], scores: List[float]) -> NamedTuple("Choice", [("candidate", dict), ("score", float)]):
    """The candidate with the best score, the first of those that are equal."""
    from collections import namedtuple

    best = max(range(len(scores)), key=scores.__getitem__)
    return namedtuple("Choice", ["candidate", "score"])(candidates[best], scores[best])


@dsl.component(base_image=IMAGE, packages_to_install=STACK)
def fit(train: dsl.Input[dsl.Dataset], candidate: dict, seed: int, model: dsl.Output[dsl.Model]):
    """Fits the chosen candidate to all rows, and keeps it by joblib."""
    import joblib
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = pd.read_csv(train.path)
    numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["species", "island"]),
        ]
    )
    settings = dict(candidate)
    kinds = {"logistic": LogisticRegression, "forest": RandomForestClassifier}
    chosen = make_pipeline(columns, kinds[settings.pop("kind")](random_state=seed, **settings))
    chosen.fit(rows[numbers + ["species", "island"]], rows["sex"])
    joblib.dump(chosen, model.path)
    model.metadata["framework"] = "scikit-learn"


@dsl.component(base_image=IMAGE, packages_to_install=STACK + ["matplotlib==3.11.2"])
def evaluate(
    model: dsl.Input[dsl.Model],
    test: dsl.Input[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
    curves: dsl.Output[dsl.ClassificationMetrics],
    report: dsl.Output[dsl.HTML],
) -> float:
    """Accuracy, ROC and confusion matrix on rows that the model has not seen, and a page with the curve."""
    import base64
    import io

    import joblib
    import matplotlib
    import pandas as pd
    from sklearn.metrics import accuracy_score, auc, confusion_matrix, roc_curve

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = pd.read_csv(test.path)
    fitted = joblib.load(model.path)
    labels = list(fitted.classes_)
    guesses = fitted.predict(rows)
    chances = fitted.predict_proba(rows)[:, labels.index("male")]
    false_positive, true_positive, thresholds = roc_curve(rows["sex"], chances, pos_label="male")
    accuracy, area = accuracy_score(rows["sex"], guesses), auc(false_positive, true_positive)
    metrics.log_metric("accuracy", float(accuracy))
    metrics.log_metric("auc", float(area))
    curves.log_roc_curve(false_positive.tolist(), true_positive.tolist(), thresholds.tolist())
    curves.log_confusion_matrix(labels, confusion_matrix(rows["sex"], guesses, labels=labels).tolist())

    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot(false_positive, true_positive, label=f"AUC {area:.3f}")
    axes.plot([0, 1], [0, 1], linestyle="--", linewidth=1)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title="Is it male?")
    axes.legend(loc="lower right")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    image = base64.b64encode(picture.getvalue()).decode()
    with open(report.path, "w") as page:
        page.write(f"<h1>Accuracy {accuracy:.4f}</h1><img alt='ROC' src='data:image/png;base64,{image}'>\n")
    return float(accuracy)


CANDIDATES = [
    {"kind": "logistic", "C": 0.1},
    {"kind": "logistic", "C": 1.0},
    {"kind": "logistic", "C": 10.0},
    {"kind": "forest", "n_estimators": 50, "max_depth": 6},
]


@dsl.pipeline(name="penguins-by-sex")
def pipeline(
    data: dsl.Input[dsl.Dataset], candidates: List[dict] = CANDIDATES, test_fraction: float = 0.25, seed: int = 7
) -> float:
    """Cross-validates the candidates side by side, fits the best, and shows how good it is."""
    split = prepare(raw=data, test_fraction=test_fraction, seed=seed)
    with dsl.ParallelFor(candidates) as candidate:
        score = cross_validate(train=split.outputs["train"], candidate=candidate, seed=seed)
    choice = choose(candidates=candidates, scores=dsl.Collected(score.output))
    fitted = fit(train=split.outputs["train"], candidate=choice.outputs["candidate"], seed=seed)
    return evaluate(model=fitted.outputs["model"], test=split.outputs["test"]).outputs["Output"]


if __name__ == "__main__":
    output = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).with_suffix(".yaml"))
    compiler.Compiler().compile(pipeline, output)
