"""Makes tables, and what onnxruntime answers to rows with models that this crate learned, and scikit-learn with models of its own.

python make.py PATH/TO/train

PATH/TO/train is the example of this crate. Packages: see README.md.
"""

import json
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS, WORDS = ["size", "year", "count"], ["colour", "site"]
LABELS = ["two", "three", "digit", "value"]


def table(rows, random):
    frame = pd.DataFrame(
        {
            "size": random.normal(40, 5, rows).round(2),
            "colour": random.choice(["red", "green", "blue", ""], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "year": random.integers(2001, 2010, rows),
            "site": [f"s{number}" for number in np.minimum(random.geometric(0.12, rows), 25)],
            "count": random.poisson(3, rows),
        }
    )
    effect = {"red": 1.0, "green": -0.5, "blue": 0.0, "": -1.0}
    score = (frame["size"] - 40) / 5 + frame["colour"].map(effect) + 0.4 * (frame["year"] - 2005) * (frame["count"] > 2)
    score += 0.8 * np.sin(frame["site"].str[1:].astype(int))
    score += random.normal(0, 0.7, rows)
    frame["size"] = frame["size"].mask(random.random(rows) < 0.15)
    frame["count"] = frame["count"].astype("Int64").mask(random.random(rows) < 0.1)
    frame["two"] = np.where(score > 0, "yes", "no")
    frame["three"] = np.select([score < -1, score < 1], ["low", "mid"], "high")
    frame["digit"] = np.select([score < -1, score < 1], [10, 2], 7)
    frame["value"] = (100 + 20 * score).round(3)
    return frame


random = np.random.default_rng(3)
frame = table(700, random)
rows = table(100, random)
rows.loc[:9, "colour"] = "violet"
rows.loc[5:14, "site"] = "s999"
rows.loc[10:12, NUMBERS] = np.nan
frame.to_csv("train.csv", index=False)
rows.to_csv("rows.csv", index=False)
# As they are read again: empty cells of texts stay texts.
frame, rows = (pd.read_csv(name, keep_default_na=False, na_values={name: [""] for name in NUMBERS}) for name in ("train.csv", "rows.csv"))

MODELS = [
    (algorithm, label, parameters)
    for algorithm, parameters in {
        "linear": [],
        "random-forest": ["trees=20", "min-leaf-rows=3"],
        "gradient-boosting": ["trees=30", "min-leaf-rows=5", "leaves=8"],
        "neural-network": ["width=8", "epochs=20"],
    }.items()
    for label in LABELS
] + [("k-means", "", ["clusters=4"])]
feed = {name: rows[name].to_numpy(np.float32).reshape(-1, 1) for name in NUMBERS}
feed |= {name: rows[name].to_numpy(object).reshape(-1, 1) for name in WORDS}
answers = {}
with tempfile.TemporaryDirectory() as folder:
    for algorithm, label, parameters in MODELS:
        others = [name for name in LABELS if name != label]
        frame.drop(columns=others).to_csv(f"{folder}/train.csv", index=False)
        command = [sys.argv[1], f"{folder}/train.csv", label, algorithm, f"{folder}/model.onnx", "seed=5", *parameters]
        subprocess.run(command, check=True, capture_output=True)
        onnx.checker.check_model(f"{folder}/model.onnx", full_check=True)
        session = ort.InferenceSession(f"{folder}/model.onnx", providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        outputs = dict(zip(names, session.run(names, feed)))
        answers[f"{algorithm} {label}".strip()] = {name: values.ravel().tolist() for name, values in outputs.items()}

encode = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS),
    ]
)
# Dense, as Ridge solves sparse tables by a method that stops early. Only rows without gaps: deviations here are those of the values that are there.
expected = {}
complete = frame.dropna()
complete.to_csv("complete.csv", index=False)
x, asked = complete[NUMBERS + WORDS], rows.dropna()[NUMBERS + WORDS]
for label in ("two", "three", "digit"):
    model = make_pipeline(encode, LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000)).fit(x, complete[label])
    expected[f"linear {label}"] = model.predict_proba(asked).ravel().tolist()
expected["linear value"] = make_pipeline(encode, Ridge(alpha=2.0)).fit(x, complete["value"]).predict(asked).tolist()
inputs = encode.fit_transform(x)
expected["inertia"] = KMeans(4, n_init=20, random_state=0).fit(inputs).inertia_
# Forests differ tree by tree; what they reach on rows that they did not see does not by much.
held = table(1000, random)
held.to_csv("held.csv", index=False)
held = pd.read_csv("held.csv", keep_default_na=False, na_values={name: [""] for name in NUMBERS})
forest = make_pipeline(encode, RandomForestClassifier(100, min_samples_leaf=3, random_state=0))
expected["forest accuracy"] = forest.fit(frame[NUMBERS + WORDS], frame["two"]).score(held[NUMBERS + WORDS], held["two"])
forest = make_pipeline(encode, RandomForestRegressor(100, min_samples_leaf=3, random_state=0))
expected["forest r2"] = forest.fit(frame[NUMBERS + WORDS], frame["value"]).score(held[NUMBERS + WORDS], held["value"])
with open("answers.json", "w") as file:
    json.dump({"onnxruntime": answers, "scikit-learn": expected}, file, indent=0)
