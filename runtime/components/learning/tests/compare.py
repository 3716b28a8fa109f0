"""Compares boosted trees with LightGBM's on generated tables: accuracy and AUC at equal parameters, and the time of learning with one thread, in one run.

python compare.py PATH/TO/train

PATH/TO/train is the example of this crate, built with --release. Packages: see data/README.md. Fails beyond 0.5 % of LightGBM's figures or 3 times its time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"

import lightgbm as lgb  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn import metrics  # noqa: E402


def clicks(rows, random):
    """Like advertising data: numbers with long tails and gaps, categories of 6 and 300 words, a rare positive class, much noise."""
    x = random.lognormal(0, 1, (rows, 8))
    region = random.integers(0, 6, rows)
    site = np.minimum(random.zipf(1.4, rows), 300)
    effect = np.random.default_rng(1).normal(0, 0.8, 301)
    score = (
        np.sin(x[:, 0] * 2) + 0.5 * np.log(x[:, 1]) * (region % 3) - 0.7 * (x[:, 2] > x[:, 3]) + effect[site] - 1.5
    )
    frame = pd.DataFrame(x, columns=[f"n{i}" for i in range(8)]).round(4)
    frame["n1"] = frame["n1"].mask(random.random(rows) < 0.15)
    frame["n4"] = frame["n4"].mask(random.random(rows) < 0.5 * (score > 0))
    frame["region"] = np.array(["north", "south", "east", "west", "mid", "far"])[region]
    frame["site"] = [f"s{number}" for number in site]
    frame["y"] = (random.random(rows) < 1 / (1 + np.exp(-score))).astype(int)
    return frame, ["region", "site"]


def census(rows, random):
    """Like physics data: twenty dense numbers, of which some matter together."""
    x = random.normal(0, 1, (rows, 20))
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - x[:, 3] ** 2 + 0.5 * x[:, 4] + np.where(x[:, 5] > 0.5, x[:, 6], -x[:, 7])
    frame = pd.DataFrame(x, columns=[f"n{i}" for i in range(20)]).round(4)
    frame["y"] = (score + random.normal(0, 1, rows) > 0).astype(int)
    return frame, []


def ours(train, frame, test, categories, folder):
    frame.to_csv(f"{folder}/train.csv", index=False)
    command = [train, f"{folder}/train.csv", "y", "gradient-boosting", f"{folder}/model.onnx"]
    out = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    session = ort.InferenceSession(f"{folder}/model.onnx")
    feed = {}
    for name in test.columns.drop("y"):
        values = test[name].fillna("") if name in categories else test[name].astype(np.float32)
        feed[name] = values.to_numpy(dtype=object if name in categories else np.float32).reshape(-1, 1)
    return out["seconds"], session.run(["probability"], feed)[0][:, 1]


def lightgbm(frame, test, categories):
    words = {name: pd.CategoricalDtype(sorted(frame[name].unique())) for name in categories}
    frame, test = frame.astype(words), test.astype(words)
    model = lgb.LGBMClassifier(n_estimators=100, num_leaves=31, learning_rate=0.1, n_jobs=1, verbose=-1, deterministic=True)
    x, y = frame.drop(columns="y"), frame["y"]
    start = time.perf_counter()
    model.fit(x, y)
    return time.perf_counter() - start, model.predict_proba(test.drop(columns="y"))[:, 1]


failed = False
for make in (clicks, census):
    random = np.random.default_rng(7)
    frame, categories = make(125_000, random)
    frame, test = frame[:100_000], frame[100_000:].reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        seconds, found = ours(sys.argv[1], frame, test, categories, folder)
    their_seconds, expected = lightgbm(frame, test, categories)
    y = test["y"].to_numpy()
    figures = {
        "accuracy": lambda p: metrics.accuracy_score(y, p > 0.5),
        "auc": lambda p: metrics.roc_auc_score(y, p),
        "log_loss": lambda p: metrics.log_loss(y, p),
    }
    for name, of in figures.items():
        a, b = of(found), of(expected)
        worse = (a / b - 1) if name == "log_loss" else (1 - a / b)
        print(f"{make.__name__}: {name} {a:.5f}, LightGBM {b:.5f} ({100 * worse:+.2f} % worse)")
        failed |= name != "log_loss" and worse > 0.005
    print(f"{make.__name__}: {seconds:.2f} s, LightGBM {their_seconds:.2f} s ({seconds / their_seconds:.2f} times)")
    failed |= seconds > 3 * their_seconds
sys.exit(failed)
