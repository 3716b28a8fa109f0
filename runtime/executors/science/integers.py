"""Integers, dtypes and floating-point flags of the scientific Python, told by some hundred small expressions.

`integers.txt` holds one expression a line, and below it, behind `=`, what the usual 64-bit build of the same versions answers: types,
dtypes and values in full, or the exception. Where the sandbox is known to answer something else, that stands behind `!`.

    python3 integers.py write integers.txt      with the native packages: evaluates every expression and stores the answers
    python3 integers.py check integers.txt      in the sandbox: prints what is not as it is told, then the counts; fails if anything is
"""

import copy
import importlib
import io
import json
import math
import pickle
import sys
import warnings

SCIKIT_LEARN = {
    "cluster": "AgglomerativeClustering DBSCAN KMeans",
    "datasets": "load_digits load_iris make_blobs make_classification",
    "ensemble": "HistGradientBoostingClassifier IsolationForest RandomForestClassifier",
    "feature_extraction.text": "CountVectorizer",
    "feature_selection": "SelectKBest",
    "linear_model": "LinearRegression LogisticRegression",
    "metrics": "accuracy_score classification_report confusion_matrix mean_squared_error multilabel_confusion_matrix"
    " precision_recall_fscore_support r2_score roc_auc_score",
    "metrics.cluster": "contingency_matrix pair_confusion_matrix",
    "model_selection": "GridSearchCV KFold ShuffleSplit StratifiedKFold train_test_split",
    "naive_bayes": "GaussianNB",
    "neighbors": "KNeighborsClassifier",
    "preprocessing": "KBinsDiscretizer LabelBinarizer LabelEncoder OneHotEncoder OrdinalEncoder PolynomialFeatures StandardScaler",
    "svm": "SVC",
    "tree": "DecisionTreeClassifier",
    "utils.class_weight": "compute_class_weight",
}
SCIPY = "cluster.hierarchy interpolate linalg ndimage optimize signal sparse spatial special stats"


def names():
    """What an expression can use."""
    import numpy as np
    import pandas as pd
    import scipy

    found = dict(np=np, pd=pd, scipy=scipy, copy=copy, io=io, json=json, math=math, pickle=pickle)
    found.update(raising=raising, warned=warned)
    for module in SCIPY.split():
        importlib.import_module("scipy." + module)
    for module, members in SCIKIT_LEARN.items():
        module = importlib.import_module("sklearn." + module)
        found.update((name, getattr(module, name)) for name in members.split())
    return found


def raising(function):
    """What a function answers when every floating-point error is to raise."""
    import numpy as np

    with np.errstate(all="raise"):
        return function()


def warned(function):
    """What a function answers and warns of."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer = function()
    return answer, sorted(f"{w.category.__name__}: {w.message}" for w in told)


def tell(x):
    """A value in full, in one line: types, dtypes, and floats to ten digits (the last ones depend on the mathematical library)."""
    import numpy as np
    import pandas as pd
    import scipy.sparse

    if isinstance(x, pd.DataFrame):
        columns = ", ".join(f"{tell(name)}: {tell(x[name].array)}" for name in x)
        return f"DataFrame {{{columns}}} of {tell(x.index)}"
    if isinstance(x, pd.Series):
        return f"Series {tell(x.array)} of {tell(x.index)}"
    if isinstance(x, pd.RangeIndex):
        return f"range({x.start}, {x.stop}, {x.step})"
    if type(x).__name__ == "NumpyExtensionArray":
        return tell(np.asarray(x))
    if isinstance(x, (pd.Index, pd.api.extensions.ExtensionArray)):
        kind = type(x).__name__ + " "
        return f"{kind}{x.dtype} {[tell(y) for y in x] if x.dtype == object else told(x.tolist())}"
    if isinstance(x, np.ma.MaskedArray):
        return f"masked {tell(x.data)} {x.mask.tolist()}"
    if isinstance(x, np.ndarray):
        values = [tell(y) for y in x.ravel()] if x.dtype == object else told(x.tolist())
        return f"{x.dtype} {x.shape} {values}"
    if isinstance(x, np.generic):
        return f"{type(x).__name__} {told(x.item())}"
    if scipy.sparse.issparse(x):
        return f"sparse {tell(x.toarray())}"
    if isinstance(x, tuple):
        return "(" + ", ".join(map(tell, x)) + ")"
    if isinstance(x, list):
        return "[" + ", ".join(map(tell, x)) + "]"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{tell(key)}: {tell(value)}" for key, value in x.items()) + "}"
    return f"{type(x).__name__} {told(x)}"


def told(x):
    """Plain values with floats to ten digits."""
    if isinstance(x, list):
        return "[" + ", ".join(map(told, x)) + "]"
    return f"{x:.10g}" if isinstance(x, float) else repr(x)


def answer(expression, names):
    """What comes of one expression, as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tell(eval(expression, names))  # noqa: S307 (the expressions are ours)
        except Exception as error:
            return f"raises {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def main(command, path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    have = names()
    if command == "write":
        with open(path, "w", encoding="utf-8") as file:
            for line in lines:
                if line.startswith("    = "):
                    continue
                print(line, file=file)
                if line and not line.startswith(("#", "    ")):
                    print("    =", answer(line, dict(have)), file=file)
        return 0
    same = known = other = 0
    for expression, native, here in zip(lines, lines[1:], [*lines[2:], ""]):
        if not native.startswith("    = "):
            continue
        got = answer(expression, dict(have))
        expected = here[6:] if here.startswith("    ! ") else native[6:]
        if got != expected:
            other += 1
            print(f"{expression}\n{native}\n    but {got}")
        elif got == native[6:]:
            same += 1
        else:
            known += 1
    print(f"{same + known + other} expressions: {same} as native, {known} different as known, {other} otherwise")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
