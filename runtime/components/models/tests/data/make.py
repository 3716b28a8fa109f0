"""Makes the reference: models by real converters and libraries, rows, and the answers of onnxruntime (or, for the files of XGBoost and LightGBM,
of the library itself). Each case is a folder as onnx's backend tests have them: the model, `input_N.pb` and `output_N.pb`.

    python3.13 -m venv env && env/bin/pip install -r requirements.txt && env/bin/python make.py
"""

import pathlib
import shutil
import warnings

import lightgbm
import numpy as np
import onnx
import onnxruntime
import pandas
import xgboost
from onnx import TensorProto, helper, numpy_helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MlFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_extraction,
    gaussian_process,
    impute,
    linear_model,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent / "cases"
OPSETS = {"": 18, "ai.onnx.ml": 3}
ROWS = 40

rng = np.random.default_rng(7)
COUNT = 400
X = rng.normal(size=(COUNT, 5)).astype(np.float32)
LINEAR = X[:, 0] - 0.5 * X[:, 1] + 0.3 * X[:, 2] * X[:, 3]
BINARY = (LINEAR + rng.normal(scale=0.5, size=COUNT) > 0).astype(np.int64)
MULTI = np.digitize(LINEAR + rng.normal(scale=0.3, size=COUNT), [-0.7, 0.6])
SPECIES = np.array(["Adelie", "Chinstrap", "Gentoo"])[MULTI]
REAL = LINEAR + rng.normal(scale=0.1, size=COUNT)
POSITIVE = np.exp(REAL / 2).astype(np.float32)
HOLES = np.where(rng.random(X.shape) < 0.15, np.nan, X).astype(np.float32)
ISLAND = rng.choice(["Biscoe", "Dream", "Torgersen"], COUNT)
FRAME = pandas.DataFrame({"mass": HOLES[:, 0], "depth": X[:, 1], "island": ISLAND, "sex": rng.choice(["f", "m"], COUNT)})
CODES = np.column_stack([HOLES[:, :3], rng.integers(0, 7, COUNT), rng.integers(0, 40, COUNT)]).astype(np.float64)
CODES[::13, 4] = np.nan
CODED = (np.nan_to_num(CODES[:, 0]) + (CODES[:, 3] % 3) - (np.nan_to_num(CODES[:, 4]) % 5) * 0.4 > 0.3).astype(np.int64)


def folder(name):
    path = HERE / name
    path.mkdir(parents=True)
    return path


def store(path, kind, arrays):
    for at, (name, array) in enumerate(arrays):
        (path / f"{kind}_{at}.pb").write_bytes(numpy_helper.from_array(np.ascontiguousarray(array), name).SerializeToString())


def case(name, model, feeds, labels=None):
    """An ONNX model, whose answers are onnxruntime's. Where its labels are no classes of the model, they are those of its largest scores."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.run(None, feeds)
    if labels is not None:
        given[0] = np.array(labels)[given[1].argmax(axis=1)]
    answers = []
    for output, answer in zip(session.get_outputs(), given):
        if isinstance(answer, list):  # maps: their values by key, in the order of the keys of the first
            answer = np.array([list(row.values()) for row in answer], dtype=np.float32)
        if answer.dtype == object:
            answer = answer.astype(object)
        answers.append((output.name, answer))
    path = folder(name)
    for node in model.graph.node:
        node.doc_string = ""
    (path / "model.onnx").write_bytes(model.SerializeToString())
    store(path, "input", [(input.name, feeds[input.name]) for input in session.get_inputs()])
    store(path, "output", answers)


def sklearn_case(name, estimator, features, target, options=None, opsets=OPSETS, kind=None):
    fitted = estimator if target is None and hasattr(estimator, "n_features_in_") else estimator.fit(features, target)
    kind = kind or FloatTensorType([None, features.shape[1]])
    options = {id(fitted): options} if options else None
    model = to_onnx(fitted, initial_types=[("X", kind)], options=options, target_opset=opsets)
    case(name, model, {"X": features[:ROWS]})


NOZIP = {"zipmap": False}


def linear():
    sklearn_case("logistic_binary_strings", linear_model.LogisticRegression(), X, np.array(["no", "yes"])[BINARY], NOZIP)
    sklearn_case("logistic_multi_zipmap", linear_model.LogisticRegression(), X, SPECIES)
    sklearn_case("logistic_one_vs_rest", multiclass.OneVsRestClassifier(linear_model.LogisticRegression()), X, MULTI, NOZIP)
    sklearn_case("linear_regression_two_targets", linear_model.LinearRegression(), X, np.column_stack([REAL, POSITIVE]))
    sklearn_case("ridge", pipeline.make_pipeline(preprocessing.PolynomialFeatures(2), linear_model.Ridge()), X, REAL)
    sklearn_case("sgd", linear_model.SGDClassifier(random_state=0), X, MULTI, {"zipmap": False, "raw_scores": True})
    sklearn_case("poisson_regression", linear_model.PoissonRegressor(), X, POSITIVE)
    sklearn_case("lda", discriminant_analysis.LinearDiscriminantAnalysis(), X, MULTI, NOZIP)


def forests():
    few = {"n_estimators": 8, "max_depth": 5, "random_state": 0}
    sklearn_case("tree_classifier", tree.DecisionTreeClassifier(max_depth=4, random_state=0), X, SPECIES, NOZIP)
    sklearn_case("tree_regressor", tree.DecisionTreeRegressor(max_depth=5, random_state=0), X, REAL)
    sklearn_case("forest_binary", ensemble.RandomForestClassifier(**few), X, BINARY, NOZIP)
    sklearn_case("forest_multi_zipmap", ensemble.RandomForestClassifier(**few), X, SPECIES)
    sklearn_case("forest_regressor", ensemble.RandomForestRegressor(**few), X, REAL)
    sklearn_case("forest_regressor_two_targets", ensemble.RandomForestRegressor(**few), X, np.column_stack([REAL, POSITIVE]))
    sklearn_case("extra_trees", ensemble.ExtraTreesClassifier(**few), X, MULTI, NOZIP)
    # Conversion drops the learned direction of missing values; the reference is what onnxruntime answers for the converted model.
    sklearn_case("extra_trees_missing", ensemble.RandomForestClassifier(**few), HOLES, MULTI, NOZIP)
    sklearn_case("forest_double_input", ensemble.RandomForestClassifier(**few), X.astype(np.float64), MULTI, NOZIP, kind=DoubleTensorType([None, 5]))
    sklearn_case("boosting_binary", ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0), X, BINARY, NOZIP)
    sklearn_case("boosting_multi", ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0), X, SPECIES, NOZIP)
    sklearn_case("boosting_regressor", ensemble.GradientBoostingRegressor(n_estimators=8, random_state=0), X, REAL)
    sklearn_case("isolation_forest", ensemble.IsolationForest(n_estimators=5, max_samples=32, random_state=0), X, None, opsets={"": 18, "ai.onnx.ml": 3})
    sklearn_case("ada_boost", ensemble.AdaBoostClassifier(n_estimators=4, random_state=0), X, MULTI, NOZIP)
    sklearn_case("bagging", ensemble.BaggingClassifier(tree.DecisionTreeClassifier(max_depth=3), n_estimators=3, random_state=0), X, MULTI, NOZIP)
    voters = [("a", tree.DecisionTreeClassifier(max_depth=3)), ("b", linear_model.LogisticRegression())]
    sklearn_case("voting_soft", ensemble.VotingClassifier(voters, voting="soft", flatten_transform=False), X, SPECIES, NOZIP)
    sklearn_case("stacking", ensemble.StackingRegressor([("a", tree.DecisionTreeRegressor(max_depth=3)), ("b", linear_model.Ridge())]), X, REAL)


def others():
    sklearn_case("svc_multi_probability", svm.SVC(random_state=0, probability=True), X[:150], MULTI[:150], NOZIP)
    sklearn_case("svc_poly_raw", svm.SVC(kernel="poly"), X[:150], MULTI[:150], {"zipmap": False, "raw_scores": True})
    sklearn_case("svc_binary_sigmoid", svm.SVC(kernel="sigmoid"), X[:150], BINARY[:150], NOZIP)
    sklearn_case("svr", svm.SVR(), X[:150], REAL[:150])
    sklearn_case("linear_svc", svm.LinearSVC(), X, MULTI)
    sklearn_case("one_class_svm", svm.OneClassSVM(nu=0.2), X[:100], None)
    sklearn_case("knn_classifier", neighbors.KNeighborsClassifier(3), X[:60], SPECIES[:60], NOZIP)
    sklearn_case("knn_regressor", neighbors.KNeighborsRegressor(3, weights="distance"), X[:60], REAL[:60])
    sklearn_case("mlp_classifier", neural_network.MLPClassifier((8, 6), max_iter=50, random_state=0), X, SPECIES, NOZIP)
    sklearn_case("mlp_regressor", neural_network.MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", max_iter=50, random_state=0), X, REAL)
    sklearn_case("gaussian_bayes", naive_bayes.GaussianNB(), X, MULTI, NOZIP)
    sklearn_case("multinomial_bayes", naive_bayes.MultinomialNB(), np.abs(X), MULTI, NOZIP)
    sklearn_case("k_means", cluster.KMeans(3, n_init=1, random_state=0), X, None)
    sklearn_case("gaussian_process", gaussian_process.GaussianProcessRegressor(alpha=1.0), X[:30], REAL[:30])
    steps = [preprocessing.StandardScaler(), decomposition.PCA(3), preprocessing.MinMaxScaler(), linear_model.LogisticRegression()]
    sklearn_case("pca_pipeline", pipeline.make_pipeline(*steps), X, MULTI, None)
    steps = [impute.SimpleImputer(add_indicator=False), preprocessing.RobustScaler(), preprocessing.Normalizer(), tree.DecisionTreeRegressor(max_depth=4)]
    sklearn_case("imputed_normalized_tree", pipeline.make_pipeline(*steps), HOLES, REAL)
    steps = [preprocessing.KBinsDiscretizer(4, encode="onehot-dense"), preprocessing.Binarizer(), linear_model.LogisticRegression()]
    sklearn_case("bins", pipeline.make_pipeline(*steps), X, BINARY)
    frame_case("columns_one_hot", preprocessing.OneHotEncoder(handle_unknown="ignore"), linear_model.LogisticRegression(), SPECIES)
    frame_case("columns_ordinal", preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ensemble.RandomForestClassifier(5, max_depth=4, random_state=0), SPECIES)
    frame_case("columns_xgboost_like", preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False), ensemble.GradientBoostingRegressor(n_estimators=5), REAL)


def frame_case(name, encoder, last, target):
    numbers = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    columns = compose.ColumnTransformer([("numbers", numbers, ["mass", "depth"]), ("texts", encoder, ["island", "sex"])])
    fitted = pipeline.make_pipeline(columns, last).fit(FRAME, target)
    kinds = [(name, StringTensorType([None, 1]) if FRAME[name].dtype.kind not in "f" else FloatTensorType([None, 1])) for name in FRAME]
    model = to_onnx(fitted, initial_types=kinds, target_opset=OPSETS)
    rows = FRAME[:ROWS].copy()
    rows.loc[3, "island"] = "Nowhere"
    feeds = {c: rows[[c]].to_numpy().astype(np.float32 if rows[c].dtype.kind == "f" else object) for c in rows}
    case(name, model, feeds)


def boosted():
    few = {"n_estimators": 6, "max_depth": 3}
    for name, target, objective in [("binary", BINARY, None), ("multi", MULTI, None)]:
        fitted = xgboost.XGBClassifier(**few).fit(HOLES, target)
        case(f"xgboost_onnx_{name}", convert_xgboost(fitted, initial_types=[("X", MlFloat([None, 5]))]), {"X": HOLES[:ROWS]})
        fitted = lightgbm.LGBMClassifier(n_estimators=4, num_leaves=7, verbose=-1).fit(HOLES, target)
        case(f"lightgbm_onnx_{name}", convert_lightgbm(fitted, initial_types=[("X", MlFloat([None, 5]))], zipmap=name == "multi"), {"X": HOLES[:ROWS]})
    for objective in ["reg:squarederror", "count:poisson"]:
        fitted = xgboost.XGBRegressor(objective=objective, **few).fit(HOLES, POSITIVE)
        case(f"xgboost_onnx_{objective.split(':')[1]}", convert_xgboost(fitted, initial_types=[("X", MlFloat([None, 5]))]), {"X": HOLES[:ROWS]})
    fitted = lightgbm.LGBMRegressor(n_estimators=5, num_leaves=7, verbose=-1).fit(HOLES, REAL)
    case("lightgbm_onnx_regression", convert_lightgbm(fitted, initial_types=[("X", MlFloat([None, 5]))]), {"X": HOLES[:ROWS]})


def native(name, booster, rows, outputs, suffix):
    path = folder(name)
    booster.save_model(str(path / f"model.{suffix}"))
    store(path, "input", [("features", rows)])
    store(path, "output", outputs)


def xgboost_native():
    kinds = ["q", "q", "q", "c", "c"]
    coded = CODES.astype(np.float32)

    def train(name, suffix, labels, rows=coded, types=kinds, rounds=5, classes=None, single=False, **parameters):
        parameters = {"max_depth": 3, "seed": 0, **parameters}
        if classes and classes > 2:
            parameters["num_class"] = classes
        data = xgboost.DMatrix(rows, label=labels, feature_types=types, enable_categorical=types is not None)
        booster = xgboost.train(parameters, data, rounds)
        shown = rows[:ROWS].copy()
        if types is not None:
            shown[1, 3] = 9  # a category that training did not see
        given = booster.predict(xgboost.DMatrix(shown, feature_types=types, enable_categorical=types is not None))
        if single:
            outputs = [("label", given.astype(np.int64))]
        elif classes == 2:
            outputs = [("label", (given > 0.5).astype(np.int64)), ("probabilities", np.column_stack([1 - given, given]))]
        elif classes:
            outputs = [("label", given.argmax(axis=1).astype(np.int64)), ("probabilities", given)]
        else:
            outputs = [("prediction", given.reshape(ROWS, -1))]
        native(name, booster, shown, outputs, suffix)

    train("xgboost_binary", "ubj", CODED, classes=2, objective="binary:logistic", max_cat_to_onehot=1)
    train("xgboost_binary_one_hot", "json", CODED, classes=2, objective="binary:logistic", max_cat_to_onehot=100)
    train("xgboost_multi", "ubj", MULTI, classes=3, rounds=3, objective="multi:softprob")
    train("xgboost_multi_forest", "ubj", MULTI, classes=3, rounds=2, objective="multi:softprob", num_parallel_tree=3, subsample=0.5, colsample_bynode=0.6)
    train("xgboost_hinge", "json", CODED, single=True, objective="binary:hinge")
    train("xgboost_dart", "json", REAL, booster="dart", rate_drop=0.5, rounds=8)
    train("xgboost_gblinear", "json", REAL, types=None, rows=HOLES, booster="gblinear", learning_rate=0.1)
    train("xgboost_reg_logistic", "ubj", CODED, objective="reg:logistic")
    train("xgboost_logitraw", "ubj", CODED, objective="binary:logitraw")
    for objective in ["count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "reg:absoluteerror"]:
        train("xgboost_" + objective.replace(":", "_"), "ubj", POSITIVE, rounds=3, objective=objective)
    train("xgboost_quantile", "json", REAL, rounds=3, objective="reg:quantileerror", quantile_alpha=[0.2, 0.8], max_depth=2)
    train("xgboost_vector_leaves", "json", np.column_stack([REAL, POSITIVE]), types=None, rows=HOLES, multi_strategy="multi_output_tree", tree_method="hist")


def lightgbm_native():
    def train(name, labels, rows=CODES, categorical=(3, 4), rounds=5, kind="prediction", **parameters):
        parameters = {"num_leaves": 7, "verbose": -1, "seed": 0, "min_data_in_leaf": 5, **parameters}
        data = lightgbm.Dataset(rows, label=labels, categorical_feature=list(categorical), free_raw_data=False)
        booster = lightgbm.train(parameters, data, rounds)
        shown = rows[:ROWS].copy()
        if categorical:
            shown[1, 3], shown[2, 3], shown[4, 4] = 9, -1, 3.7
        given = booster.predict(shown)
        if kind == "binary":
            outputs = [("label", (given > 0.5).astype(np.int64)), ("probabilities", np.column_stack([1 - given, given]))]
        elif kind == "multi":
            outputs = [("label", given.argmax(axis=1).astype(np.int64)), ("probabilities", given)]
        else:
            outputs = [("prediction", given.reshape(ROWS, -1))]
        native(name, booster, shown, outputs, "txt")

    wide = X.astype(np.float64)
    holes = HOLES.astype(np.float64)
    zeros = np.where(np.abs(wide) < 0.4, 0.0, wide)
    train("lightgbm_binary", CODED, kind="binary", objective="binary", max_cat_to_onehot=1, min_data_per_group=5, cat_smooth=1)
    train("lightgbm_multi", MULTI, kind="multi", rounds=3, objective="multiclass", num_class=3)
    train("lightgbm_one_versus_all", MULTI, kind="multi", rounds=3, objective="multiclassova", num_class=3)
    train("lightgbm_forest", CODED, kind="binary", objective="binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1)
    train("lightgbm_dart", REAL, objective="regression", boosting="dart", drop_rate=0.5)
    train("lightgbm_linear", REAL, rows=holes, categorical=(), objective="regression", linear_tree=True)
    train("lightgbm_zero_missing", REAL, rows=zeros, categorical=(), objective="regression", zero_as_missing=True)
    train("lightgbm_no_missing", REAL, rows=wide, categorical=(), objective="regression", use_missing=False)
    train("lightgbm_sqrt", REAL, objective="regression", reg_sqrt=True)
    train("lightgbm_cross_entropy", CODED.astype(float), objective="cross_entropy")
    train("lightgbm_cross_entropy_lambda", CODED.astype(float), objective="cross_entropy_lambda")
    for objective in ["poisson", "gamma", "tweedie", "quantile"]:
        train(f"lightgbm_{objective}", POSITIVE, rounds=3, objective=objective)


def graph(name, nodes, inputs, outputs, constants=(), feeds=None, labels=None):
    made = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(v, k) for k, v in constants])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid(d, v) for d, v in OPSETS.items()])
    model.ir_version = 9
    onnx.checker.check_model(model)
    case(name, model, feeds, labels)


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def networks():
    node = helper.make_node
    weights = lambda *shape: (rng.normal(size=shape) * 0.3).astype(np.float32)
    constants = [
        ("w1", weights(4, 1, 3, 3)), ("b1", weights(4)), ("w2", weights(6, 2, 3, 3)), ("scale", weights(6)), ("shift", weights(6)),
        ("mean", weights(6)), ("variance", np.abs(weights(6)) + 0.5), ("w3", weights(3, 54)), ("b3", weights(3)),
    ]
    nodes = [
        node("Conv", ["image", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Relu", ["c1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "w2"], ["c2"], group=2, strides=[1, 1], auto_pad="SAME_UPPER"),
        node("BatchNormalization", ["c2", "scale", "shift", "mean", "variance"], ["n2"]),
        node("LeakyRelu", ["n2"], ["r2"], alpha=0.1),
        node("AveragePool", ["r2"], ["p2"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1),
        node("GlobalAveragePool", ["r2"], ["g2"]),
        node("Flatten", ["p2"], ["f"]),
        node("Gemm", ["f", "w3", "b3"], ["logits"], transB=1),
        node("Softmax", ["logits"], ["probabilities"]),
    ]
    images = rng.normal(size=(6, 1, 10, 10)).astype(np.float32)
    graph("cnn", nodes, [value("image", TensorProto.FLOAT, [None, 1, 10, 10])],
          [value("probabilities", TensorProto.FLOAT, [None, 3]), value("g2", TensorProto.FLOAT, [None, 6, 1, 1])], constants, {"image": images})


def random_trees(count, depth, width, modes, members=False):
    """Full trees with random splits, as lists of TreeEnsemble*."""
    lists = {key: [] for key in ["treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true"]}
    leaves = []
    for number in range(count):
        inner = 2**depth - 1
        for at in range(2 * inner + 1):
            leaf = at >= inner
            mode = "LEAF" if leaf else str(rng.choice(modes))
            split = round(float(rng.normal()), 1)
            for key, item in [("treeids", number), ("nodeids", at), ("featureids", 0 if leaf else int(rng.integers(width))), ("values", 0.0 if leaf else split),
                              ("modes", mode), ("truenodeids", 0 if leaf else 2 * at + 1), ("falsenodeids", 0 if leaf else 2 * at + 2),
                              ("missing_value_tracks_true", int(rng.integers(2)))]:
                lists[key].append(item)
            if leaf:
                leaves.append((number, at))
    return {f"nodes_{key}": values for key, values in lists.items()}, leaves


def tree_ensembles():
    modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
    rows = np.where(rng.random((ROWS, 4)) < 0.1, np.nan, rng.normal(size=(ROWS, 4)).round(1)).astype(np.float32)
    for aggregate in ["SUM", "AVERAGE", "MIN", "MAX"]:
        lists, leaves = random_trees(5, 3, 4, modes)
        weights = [(t, n, k, float(rng.normal())) for t, n in leaves for k in range(2)]
        ids, nodes, targets, values = zip(*weights)
        node = helper.make_node("TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=2, aggregate_function=aggregate, base_values=[0.5, -0.25],
                                target_treeids=ids, target_nodeids=nodes, target_ids=targets, target_weights=values, **lists)
        graph(f"trees_{aggregate.lower()}", [node], [value("X", TensorProto.FLOAT, [None, 4])], [value("Y", TensorProto.FLOAT, [None, 2])], feeds={"X": rows})
    for transform in ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"]:
        for classes, used in [(2, [0]), (2, [1]), (2, [0, 1]), (3, [0, 1, 2])]:
            for positive in [False, True]:
                lists, leaves = random_trees(3, 2, 4, modes)
                weights = [(t, n, k, abs(w) / 3 if positive else w) for t, n in leaves for k in used for w in [float(rng.normal())]]
                ids, nodes, targets, values = zip(*weights)
                node = helper.make_node("TreeEnsembleClassifier", ["X"], ["L", "P"], domain="ai.onnx.ml", post_transform=transform, classlabels_int64s=[7, 8, 9][:classes],
                                        class_treeids=ids, class_nodeids=nodes, class_ids=targets, class_weights=values, **lists)
                graph(f"trees_{transform.lower()}_{classes}_{''.join(map(str, used))}{'_positive' if positive else ''}", [node], [value("X", TensorProto.FLOAT, [None, 4])],
                      [value("L", TensorProto.INT64, [None]), value("P", TensorProto.FLOAT, [None, classes])], feeds={"X": rows}, labels=[7, 8] if used == [0, 1] else None)
    lists, leaves = random_trees(4, 3, 4, modes)
    lists["nodes_values_as_tensor"] = numpy_helper.from_array(np.array(lists.pop("nodes_values"), dtype=np.float64))
    weights = [(t, n, 0, float(rng.normal())) for t, n in leaves]
    ids, nodes, targets, values = zip(*weights)
    node = helper.make_node("TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, target_treeids=ids, target_nodeids=nodes, target_ids=targets,
                            target_weights_as_tensor=numpy_helper.from_array(np.array(values)), **lists)
    graph("trees_double", [node], [value("X", TensorProto.DOUBLE, [None, 4])], [value("Y", TensorProto.FLOAT, [None, 1])], feeds={"X": rows.astype(np.float64)})


def scores():
    """Scores of linear models and support vector machines that converters seldom write."""
    rows = rng.normal(size=(ROWS, 3)).astype(np.float32)
    for transform in ["NONE", "LOGISTIC", "SOFTMAX"]:
        node = helper.make_node("LinearClassifier", ["X"], ["L", "P"], domain="ai.onnx.ml", post_transform=transform, coefficients=[0.4, -0.2, 0.7], intercepts=[0.1], classlabels_strings=["a", "b"])
        graph(f"linear_one_score_{transform.lower()}", [node], [value("X", TensorProto.FLOAT, [None, 3])], [value("L", TensorProto.STRING, [None]), value("P", TensorProto.FLOAT, [None, 2])], feeds={"X": rows})


def convolutions():
    """Convolutions of each kind that is computed in a way of its own: with many channels, apart, far, one by one, and behind each other in a line."""
    node, own = helper.make_node, np.random.default_rng(8)
    weights = lambda *shape: (own.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    constants = [
        ("w1", weights(12, 3, 3, 3)), ("b1", weights(12)), ("w2", weights(21, 12, 3, 3)), ("b2", weights(21)), ("w3", weights(21, 1, 3, 3)),
        ("w4", weights(9, 21, 1, 1)), ("w5", weights(10, 9, 3, 2)), ("w6", weights(8, 10, 3, 3)), ("w7", weights(13, 8, 3, 3)), ("b7", weights(13)),
        ("shape", np.array([0, 13, -1], dtype=np.int64)), ("w8", weights(7, 13, 3)),
    ]
    nodes = [
        node("Conv", ["image", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1]),
        node("MaxPool", ["c2"], ["p2"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["p2", "w3"], ["c3"], group=21, pads=[1, 1, 1, 1]),
        node("Conv", ["c3", "w4"], ["c4"]),
        node("Conv", ["c4", "w5"], ["c5"], strides=[1, 2], auto_pad="SAME_LOWER"),
        node("Conv", ["c5", "w6"], ["c6"], dilations=[2, 2], pads=[2, 2, 2, 2]),
        node("MaxPool", ["c6"], ["p6"], kernel_shape=[2, 2], strides=[1, 2]),
        node("Conv", ["p6", "w7", "b7"], ["c7"], pads=[0, 2, 2, 1]),
        node("Reshape", ["c7", "shape"], ["line"]),
        node("Conv", ["line", "w8"], ["c8"], strides=[3]),
    ]
    images = own.normal(size=(2, 3, 13, 19)).astype(np.float32)
    graph("convolutions", nodes, [value("image", TensorProto.FLOAT, [None, 3, 13, 19])], [value("c7", TensorProto.FLOAT, [None] * 4), value("c8", TensorProto.FLOAT, [None] * 3)],
          constants, {"image": images})


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    for part in [linear, forests, others, boosted, xgboost_native, lightgbm_native, networks, tree_ensembles, scores, convolutions]:
        part()
    print(len(list(HERE.iterdir())), "cases,", sum(f.stat().st_size for f in HERE.rglob("*") if f.is_file()) // 1024, "KiB")
