"""Makes predictions and what scikit-learn and fairlearn say of them. Packages: see README.md.

python make.py
"""

import json
import warnings

import numpy as np
import pandas as pd
from fairlearn import metrics as fair
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
random = np.random.default_rng(12)


def binary(frame, weight=None):
    y, p = (frame["label"] == "yes").to_numpy().astype(int), frame["probability"].to_numpy()
    predicted = (frame["prediction"] == "yes").to_numpy().astype(int)
    out = {
        "accuracy": m.accuracy_score(y, predicted, sample_weight=weight),
        "balanced_accuracy": m.balanced_accuracy_score(y, predicted, sample_weight=weight),
        "mcc": m.matthews_corrcoef(y, predicted, sample_weight=weight),
        "cohen_kappa": m.cohen_kappa_score(y, predicted, sample_weight=weight),
        "precision": m.precision_score(y, predicted, sample_weight=weight),
        "recall": m.recall_score(y, predicted, sample_weight=weight),
        "f1": m.f1_score(y, predicted, sample_weight=weight),
        "auc": m.roc_auc_score(y, p, sample_weight=weight),
        "average_precision": m.average_precision_score(y, p, sample_weight=weight),
        "log_loss": m.log_loss(y, p, sample_weight=weight, labels=[0, 1]),
        "brier_score": m.brier_score_loss(y, p, sample_weight=weight, labels=[0, 1]),
        "selection_rate": fair.selection_rate(y, predicted, sample_weight=weight),
        "false_positive_rate": fair.false_positive_rate(y, predicted, sample_weight=weight),
        "false_negative_rate": fair.false_negative_rate(y, predicted, sample_weight=weight),
    }
    for threshold in (0.3, 0.7):
        cut = p >= threshold
        out[f"precision@{threshold}"] = m.precision_score(y, cut, sample_weight=weight, zero_division=0)
        out[f"recall@{threshold}"] = m.recall_score(y, cut, sample_weight=weight)
        out[f"f1@{threshold}"] = m.f1_score(y, cut, sample_weight=weight)
    return out


def curves(frame):
    y, p = (frame["label"] == "yes").to_numpy().astype(int), frame["probability"].to_numpy()
    false, true, thresholds = m.roc_curve(y, p)
    positive, predicted = calibration_curve(y, p, n_bins=10)
    return {
        "roc": [list(map(float, point)) for point in zip(false[1:], true[1:], thresholds[1:])],
        "calibration": [list(map(float, point)) for point in zip(predicted, positive)],
    }


def multiclass(frame, weight=None):
    classes = ["blue", "green", "red"]
    y, predicted = frame["label"].to_numpy(), frame["prediction"].to_numpy()
    p = frame[[f"probability_{name}" for name in classes]].to_numpy()
    out = {
        "accuracy": m.accuracy_score(y, predicted, sample_weight=weight),
        "balanced_accuracy": m.balanced_accuracy_score(y, predicted, sample_weight=weight),
        "mcc": m.matthews_corrcoef(y, predicted, sample_weight=weight),
        "cohen_kappa": m.cohen_kappa_score(y, predicted, sample_weight=weight),
        "log_loss": m.log_loss(y, p, sample_weight=weight, labels=classes),
        "brier_score": m.brier_score_loss(y, p, sample_weight=weight, labels=classes),
    }
    for average in ("macro", "micro", "weighted"):
        figures = m.precision_recall_fscore_support(y, predicted, average=average, sample_weight=weight, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), figures):
            out[f"{name}_{average}"] = value
    if len(set(y)) == 3:
        for average in ("macro", "weighted"):
            out[f"auc_ovr_{average}"] = m.roc_auc_score(
                y, p, multi_class="ovr", average=average, labels=classes, sample_weight=weight
            )
    return out


def regression(frame, weight=None):
    y, predicted = frame["label"].to_numpy(), frame["prediction"].to_numpy()
    return {
        "mse": m.mean_squared_error(y, predicted, sample_weight=weight),
        "rmse": m.root_mean_squared_error(y, predicted, sample_weight=weight),
        "mae": m.mean_absolute_error(y, predicted, sample_weight=weight),
        "mape": m.mean_absolute_percentage_error(y, predicted, sample_weight=weight),
        "r2": m.r2_score(y, predicted, sample_weight=weight),
        "explained_variance": m.explained_variance_score(y, predicted, sample_weight=weight),
        "max_error": m.max_error(y, predicted),
    }


def slices(frame, measure, specs):
    def line(key, rows):
        return {
            "slice": {name: str(value) for name, value in key.items()},
            "rows": len(rows),
            "plain": {name: float(value) for name, value in measure(rows).items()},
            "weighted": {name: float(value) for name, value in measure(rows, rows["weight"].to_numpy()).items()},
        }

    lines = [line({}, frame)]
    for spec in specs:
        for key, rows in frame.dropna(subset=spec).groupby(spec):
            lines.append(line(dict(zip(spec, key)), rows))
    return lines


def features(rows):
    return {
        "sex": random.choice(["f", "m"], rows),
        "region": random.choice(["north", "south", None], rows, p=[0.5, 0.4, 0.1]),
        "weight": random.choice([0.5, 1.0, 2.25], rows),
    }


rows = 300
frame = pd.DataFrame(features(rows))
probability = np.round(random.beta(0.7, 0.9, rows), 2)
lift = np.where(frame["sex"] == "f", 0.15, 0.0)
frame["label"] = np.where(random.random(rows) < np.clip(probability * 0.8 + lift, 0, 1), "yes", "no")
frame["probability"] = probability
frame["prediction"] = np.where(probability > 0.5, "yes", "no")
frame.to_csv("binary.csv", index=False)
expected = {"binary": slices(frame, binary, [["sex"], ["region"], ["sex", "region"]]), **curves(frame)}
y, predicted = (frame["label"] == "yes").astype(int), (frame["prediction"] == "yes").astype(int)
expected["fairlearn"] = {
    "demographic_parity_difference": float(fair.demographic_parity_difference(y, predicted, sensitive_features=frame["sex"])),
    "demographic_parity_ratio": float(fair.demographic_parity_ratio(y, predicted, sensitive_features=frame["sex"])),
    "equalized_odds_difference": float(fair.equalized_odds_difference(y, predicted, sensitive_features=frame["sex"])),
}

rows = 240
frame = pd.DataFrame(features(rows))
classes = np.array(["blue", "green", "red"])
frame["label"] = random.choice(classes, rows, p=[0.5, 0.4, 0.1])
scores = random.normal(0, 1, (rows, 3)) + 1.2 * (frame["label"].to_numpy()[:, None] == classes)
shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
shares = np.round(shares * 256) / 256
shares[:, 2] = 1 - shares[:, 0] - shares[:, 1]
for at, name in enumerate(classes):
    frame[f"probability_{name}"] = shares[:, at]
frame["prediction"] = classes[shares.argmax(axis=1)]
frame.to_csv("multiclass.csv", index=False)
expected["multiclass"] = slices(frame, multiclass, [["sex"], ["region"], ["sex", "region"]])

rows = 150
frame = pd.DataFrame(features(rows))
frame["label"] = np.round(random.gamma(2, 20, rows), 3)
frame["prediction"] = np.round(frame["label"] * 0.8 + random.normal(5, 6, rows), 3)
frame.to_csv("regression.csv", index=False)
expected["regression"] = slices(frame, regression, [["sex"], ["region"], ["sex", "region"]])

with open("expected.json", "w") as file:
    json.dump(expected, file, indent=1)
