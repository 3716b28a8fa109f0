"""scikit-learn: models from preparing data to judging them."""

import io
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn import calibration, cluster, compose, datasets, decomposition, ensemble, feature_selection, impute, inspection, linear_model
from sklearn import metrics, mixture, model_selection, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree
from sklearn.feature_extraction import text

from cases import close, digest, exact, iterates


def two_kinds(count=200):
    """Points of two kinds, made without matrix products: those differ in the last bit from machine to machine."""
    one = np.random.default_rng(41)
    x = one.normal(size=(count, 8))
    return x, (x[:, 0] + x[:, 1] * x[:, 2] - x[:, 3] + one.normal(0, 0.5, count) > 0).astype('int64')


def halves(x, y):
    return model_selection.train_test_split(x, y, test_size=0.3, random_state=1, stratify=y)


def passengers(count=150):
    one = np.random.default_rng(42)
    table = pd.DataFrame({'age': one.normal(35, 12, count).round(), 'fare': one.gamma(2, 15, count).round(2),
        'cabin': one.choice(['first', 'second', 'third'], count),
                          'port': one.choice(['S', 'C', None], count)})
    table.loc[one.random(count) < 0.15, 'age'] = np.nan
    score = -0.03 * table['age'].fillna(35) + 0.02 * table['fare'] + (table['cabin'] == 'first')
    return table, (one.random(count) < 1 / (1 + np.exp(-score))).astype('int64')


@close
def prepared_columns():
    table, lived = passengers()
    numbers = pipeline.make_pipeline(impute.SimpleImputer(strategy='median', add_indicator=True), preprocessing.StandardScaler())
    words = pipeline.make_pipeline(impute.SimpleImputer(strategy='most_frequent'), preprocessing.OneHotEncoder(handle_unknown='ignore'))
    prepared = compose.ColumnTransformer([('numbers', numbers, ['age', 'fare']), ('words', words, ['cabin', 'port'])])
    matrix = prepared.fit_transform(table)
    return {
        'names': prepared.get_feature_names_out(), 'matrix': matrix[:4],
        'ranks': preprocessing.OrdinalEncoder().fit_transform(table[['cabin']])[:5],
        'labels': preprocessing.LabelEncoder().fit_transform(table['cabin'])[:6],
        'products': preprocessing.PolynomialFeatures(2).fit_transform(table[['fare']])[:2],
        'quantiles': preprocessing.QuantileTransformer(n_quantiles=20, output_distribution='normal').fit_transform(table[['fare']])[:4],
        'bins': preprocessing.KBinsDiscretizer(3, encode='ordinal',
            quantile_method='averaged_inverted_cdf').fit_transform(table[['fare']])[:6],
        'nearest': impute.KNNImputer(n_neighbors=3).fit_transform(table[['age', 'fare']])[:6],
        'robust': preprocessing.RobustScaler().fit_transform(table[['fare']])[:3],
        'targets': preprocessing.TargetEncoder(random_state=0).fit_transform(table[['cabin']], lived)[:3], 'living': lived.sum(),
        'powers': preprocessing.PowerTransformer().fit(table[['fare']]).lambdas_.round(5),
        'several': preprocessing.MultiLabelBinarizer().fit_transform([['a', 'b'], ['c']]),
        'names of one': str(prepared.transformers_[1][0]),
    }


@iterates
def whole_pipeline():
    table, lived = passengers()
    prepared = compose.make_column_transformer(
        (pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()), ['age', 'fare']),
        (preprocessing.OneHotEncoder(), ['cabin', 'port']),
    )
    model = pipeline.make_pipeline(prepared, linear_model.LogisticRegression(tol=1e-8, max_iter=500))
    a, b, kept, left = halves(table, lived)
    model.fit(a, kept)
    return {
        'weights': model[-1].coef_, 'start': model[-1].intercept_, 'probabilities': model.predict_proba(b)[:5],
        'predicted': model.predict(b), 'right': model.score(b, left), 'classes': model.classes_, 'rows': b.index[:5].tolist(),
    }


@exact
def grid_search():
    x, y = two_kinds()
    search = model_selection.GridSearchCV(tree.DecisionTreeClassifier(random_state=0),
        {'max_depth': [2, 4, None], 'min_samples_leaf': [1, 5]}, cv=4, scoring='accuracy').fit(
        x, y,
    )
    drawn = model_selection.RandomizedSearchCV(neighbors.KNeighborsClassifier(),
        {'n_neighbors': list(range(1, 20)), 'weights': ['uniform', 'distance']}, n_iter=5, random_state=2, cv=3).fit(
        x, y,
    )
    return {
        'best': search.best_params_, 'score': search.best_score_, 'scores': search.cv_results_['mean_test_score'],
        'ranks': search.cv_results_['rank_test_score'], 'drawn': [str(one) for one in drawn.cv_results_['params']],
        'drawn scores': drawn.cv_results_['mean_test_score'], 'refitted': digest(search.predict(x).astype('int64').tobytes()),
        'depth': search.best_estimator_.get_depth(),
    }


@exact
def forests():
    x, y = two_kinds()
    forest = ensemble.RandomForestClassifier(30, oob_score=True, random_state=3).fit(x, y)
    extra = ensemble.ExtraTreesRegressor(20, random_state=4).fit(x, x[:, 0] * x[:, 1])
    return {
        'probabilities': forest.predict_proba(x[:6]), 'importances': forest.feature_importances_, 'out of bag': forest.oob_score_,
        'leaves': forest.apply(x[:3])[:, :5], 'all': digest(forest.predict_proba(x).tobytes()),
        'nodes': [one.tree_.node_count for one in forest.estimators_[:8]], 'thresholds': forest.estimators_[0].tree_.threshold[:5],
        'regressed': extra.predict(x[:4]), 'all regressed': digest(extra.predict(x).tobytes()),
    }


@exact
def one_tree():
    flowers = datasets.load_iris(as_frame=True)
    model = tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(flowers.data, flowers.target)
    pruned = tree.DecisionTreeRegressor(ccp_alpha=0.01, random_state=0).fit(flowers.data.iloc[:, :3], flowers.data.iloc[:, 3])
    return {
        'rules': tree.export_text(model, feature_names=flowers.feature_names), 'importances': model.feature_importances_,
        'predicted': model.predict(flowers.data.iloc[::30]), 'leaves': pruned.get_n_leaves(),
        'regressed': pruned.predict(flowers.data.iloc[::40, :3]), 'classes': model.classes_,
        'path': model.cost_complexity_pruning_path(flowers.data, flowers.target).ccp_alphas, 'data': digest(flowers.data.to_csv()),
    }


@exact
def boosting():
    x, y = two_kinds()
    boosted = ensemble.GradientBoostingRegressor(n_estimators=20, max_depth=2, random_state=5).fit(x, x[:, 0] + x[:, 1] ** 2)
    binned = ensemble.HistGradientBoostingRegressor(max_iter=15, max_leaf_nodes=8, random_state=6).fit(x, x[:, 2] - x[:, 3])
    holes = np.where(np.random.default_rng(7).random(x.shape) < 0.1, np.nan, x)
    missing = ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=6).fit(holes, y)
    return {
        'regressed': boosted.predict(x[:5]), 'losses': boosted.train_score_[-3:], 'binned': binned.predict(x[:5]), 'rounds': binned.n_iter_,
        'importances': boosted.feature_importances_,
        'predicted': digest(missing.predict(holes).astype('int64').tobytes()), 'right': missing.score(holes, y),
        'stages': [float(stage[0]) for stage in list(boosted.staged_predict(x[:1]))[:3]],
    }


@close
def boosted_classes():
    x, y = two_kinds()
    boosted = ensemble.GradientBoostingClassifier(n_estimators=15, subsample=0.8, random_state=8).fit(x, y)
    voted = ensemble.VotingClassifier([('tree', tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
        ('bayes', naive_bayes.GaussianNB())], voting='soft').fit(
        x, y,
    )
    stacked = ensemble.StackingRegressor([('tree', tree.DecisionTreeRegressor(max_depth=2, random_state=0)),
        ('near', neighbors.KNeighborsRegressor(3))], linear_model.RidgeCV()).fit(
        x, x[:, 4],
    )
    return {
        'boosted': boosted.predict_proba(x[:5]),
        'adaptive': ensemble.AdaBoostClassifier(n_estimators=10, random_state=0).fit(x, y).decision_function(x[:5]),
        'voted': voted.predict_proba(x[:4]), 'stacked': stacked.predict(x[:4]),
        'binned': ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=1).fit(x, y).predict_proba(x[:4]),
        'bagged': ensemble.BaggingClassifier(n_estimators=5, random_state=0).fit(x, y).predict_proba(x[:4]),
    }


@iterates
def support_vectors():
    x, y = two_kinds()
    x = preprocessing.scale(x)
    radial = svm.SVC(C=2, tol=1e-8).fit(x, y)
    return {
        'distances': radial.decision_function(x[:6]), 'support': radial.n_support_,
        'weights': svm.SVC(kernel='linear', tol=1e-8).fit(x, y).coef_, 'regressed': svm.SVR(tol=1e-8).fit(x, x[:, 0] ** 2).predict(x[:4]),
        'several': svm.SVC(tol=1e-8).fit(*datasets.load_iris(return_X_y=True)).predict(datasets.load_iris().data[::25]),
        'linear': svm.LinearSVC(dual=False, tol=1e-10).fit(x, y).coef_, 'outliers': svm.OneClassSVM(nu=0.1).fit_predict(x)[:10],
    }


@close
def clustering():
    x, _ = datasets.make_blobs(150, centers=4, cluster_std=0.8, random_state=43)
    means = cluster.KMeans(4, n_init=3, random_state=0).fit(x)
    mixed = mixture.GaussianMixture(4, random_state=0, tol=1e-10).fit(x)
    return {
        'centres': means.cluster_centers_[means.cluster_centers_[:, 0].argsort()], 'inertia': means.inertia_, 'labels': means.labels_[:12],
        'rounds': means.n_iter_, 'density': cluster.DBSCAN(eps=0.9).fit_predict(x)[:15],
        'tree': cluster.AgglomerativeClustering(4).fit_predict(x)[:15],
        'batches': np.sort(cluster.MiniBatchKMeans(4, random_state=1, n_init=1).fit(x).cluster_centers_[:, 0]),
        'silhouette': metrics.silhouette_score(x, means.labels_),
        'mixture': np.sort(mixed.means_[:, 0]).round(6), 'agreement': metrics.adjusted_rand_score(means.labels_, mixed.predict(x)),
        'hierarchy': np.unique(cluster.HDBSCAN(min_cluster_size=8, copy=True).fit_predict(x)),
        'shifted': np.sort(cluster.MeanShift(bandwidth=2).fit(x).cluster_centers_[:, 1]), 'distances': means.transform(x[:2]),
    }


@iterates
def components():
    x, y = datasets.load_iris(return_X_y=True)
    full = decomposition.PCA(3).fit(x)
    digits = datasets.load_digits().data[:200]
    return {
        'axes': full.components_, 'shares': full.explained_variance_ratio_, 'moved': full.transform(x[:3]),
        'back': full.inverse_transform(full.transform(x[:2])),
        'random': decomposition.PCA(5, svd_solver='randomized', random_state=0).fit(digits).singular_values_,
        'truncated': decomposition.TruncatedSVD(3, random_state=0).fit(digits).singular_values_,
        'parts': decomposition.NMF(3, init='nndsvda', max_iter=300, random_state=0).fit(digits).reconstruction_err_,
        'independent': np.abs(decomposition.FastICA(2, random_state=0, whiten='unit-variance', tol=1e-10, max_iter=500).fit(x).components_),
        'whitened': np.abs(decomposition.PCA(2, whiten=True).fit_transform(x)[:3]),
        'kernel': np.abs(decomposition.KernelPCA(2, kernel='rbf', gamma=0.1).fit_transform(x)[:3]),
        'best': feature_selection.SelectKBest(k=2).fit(x, y).get_support(),
        'information': feature_selection.mutual_info_classif(x, y, random_state=0),
        'factors': decomposition.FactorAnalysis(2, svd_method='lapack', tol=1e-4).fit(x).noise_variance_,
        'topics': decomposition.LatentDirichletAllocation(2, random_state=0, max_iter=5).fit(digits).components_[:, 2:6],
    }


@close
def scores():
    one = np.random.default_rng(44)
    true, guessed = one.integers(0, 3, 120), one.integers(0, 3, 120)
    chances = one.dirichlet([1, 1, 1], 120)
    real, near = one.normal(10, 2, 80), one.normal(10, 2, 80)
    wanted = one.random(120) < 0.4
    chance = np.clip(wanted * 0.4 + one.random(120) * 0.6, 0, 1).round(2)
    rates, hits, limits = metrics.roc_curve(wanted, chance)
    precision, recall, cuts = metrics.precision_recall_curve(wanted, chance)
    return {
        'report': metrics.classification_report(true, guessed, output_dict=True), 'text': metrics.classification_report(true, guessed),
        'matrix': metrics.confusion_matrix(true, guessed), 'shares': metrics.confusion_matrix(true, guessed, normalize='true'),
        'kappa': metrics.cohen_kappa_score(true, guessed), 'matthews': metrics.matthews_corrcoef(true, guessed),
        'loss': metrics.log_loss(true, chances), 'balanced': metrics.balanced_accuracy_score(true, guessed), 'rates': rates, 'hits': hits,
        'limits': limits,
        'area': metrics.roc_auc_score(wanted, chance), 'of several': metrics.roc_auc_score(true, chances, multi_class='ovr'),
        'average': metrics.average_precision_score(wanted, chance), 'precision': precision[:8], 'recall': recall[:8], 'cuts': cuts[:8],
        'brier': metrics.brier_score_loss(wanted, chance), 'r2': metrics.r2_score(real, near),
        'absolute': metrics.mean_absolute_error(real, near), 'squared': metrics.root_mean_squared_error(real, near),
        'percent': metrics.mean_absolute_percentage_error(real, near),
        'ranking': metrics.ndcg_score([[3, 2, 0]], [[0.2, 0.9, 0.1]]), 'information': metrics.normalized_mutual_info_score(true, guessed),
        'pinball': metrics.mean_pinball_loss(real, near, alpha=0.9), 'top': metrics.top_k_accuracy_score(true, chances, k=2),
    }


@iterates
def calibrated():
    x, y = two_kinds(300)
    a, b, kept, left = halves(x, y)
    sigmoid = calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=3).fit(a, kept)
    steps = calibration.CalibratedClassifierCV(tree.DecisionTreeClassifier(max_depth=4, random_state=0), method='isotonic', cv=3).fit(
        a, kept,
    )
    share, mean = calibration.calibration_curve(left, sigmoid.predict_proba(b)[:, 1], n_bins=5)
    return {
        'sigmoid': sigmoid.predict_proba(b)[:5], 'isotonic': steps.predict_proba(b)[:5], 'share': share, 'mean': mean,
        'loss': metrics.brier_score_loss(left, sigmoid.predict_proba(b)[:, 1]),
    }


@close
def words():
    texts = [
        'The cat sat on the mat.', 'Dogs chase the cat!', 'A dog and a cat: friends?', 'Stocks fell on Monday', 'Markets and stocks rise',
        'The market fell again',
    ]
    kinds = ['pets', 'pets', 'pets', 'money', 'money', 'money']
    weighted = text.TfidfVectorizer(ngram_range=(1, 2), stop_words='english', sublinear_tf=True)
    matrix = weighted.fit_transform(texts)
    counts = text.CountVectorizer(min_df=2).fit(texts)
    model = pipeline.make_pipeline(text.CountVectorizer(), naive_bayes.MultinomialNB()).fit(texts, kinds)
    return {
        'words': weighted.get_feature_names_out(), 'weights': matrix.toarray()[:2], 'rarity': weighted.idf_[:5],
        'counts': counts.transform(texts).toarray(), 'vocabulary': counts.vocabulary_,
        'hashed': text.HashingVectorizer(n_features=16).transform(texts).toarray()[:2],
        'letters': text.CountVectorizer(analyzer='char_wb', ngram_range=(2, 2)).fit(texts).get_feature_names_out()[:8],
        'predicted': model.predict(['my cat and dog', 'stocks and markets']), 'chances': model.predict_proba(['cat stocks']),
        'alike': metrics.pairwise.cosine_similarity(matrix)[0], 'stored': matrix.nnz,
    }


@exact
def splits():
    x, y = two_kinds(60)
    groups = np.arange(60) // 7
    kinds = {
        'folds': model_selection.KFold(3, shuffle=True, random_state=0),
        'stratified': model_selection.StratifiedKFold(3, shuffle=True, random_state=0), 'groups': model_selection.GroupKFold(3),
        'times': model_selection.TimeSeriesSplit(3),
        'shuffled': model_selection.StratifiedShuffleSplit(2, test_size=0.2, random_state=0),
        'repeated': model_selection.RepeatedKFold(n_splits=3, n_repeats=1, random_state=0), 'both': model_selection.StratifiedGroupKFold(3),
    }
    tests = {name: [test for _, test in kind.split(x, y, groups)][:2] for name, kind in kinds.items()}
    model = tree.DecisionTreeClassifier(max_depth=3, random_state=0)
    scored = model_selection.cross_validate(model, x, y, cv=5, scoring=['accuracy', 'f1'], return_train_score=True)
    sizes, learned, tested = model_selection.learning_curve(model, x, y, cv=3, train_sizes=[0.3, 1.0], shuffle=True, random_state=0)
    return {
        **tests, 'accuracy': scored['test_accuracy'], 'f1': scored['test_f1'], 'learned': scored['train_accuracy'],
        'predicted': model_selection.cross_val_predict(model, x, y, cv=3)[:10], 'sizes': sizes, 'tested': tested, 'curve': learned,
        'held out': [part[:5] for part in halves(np.arange(60), y)],
        'permuted': model_selection.permutation_test_score(model, x, y, n_permutations=5, random_state=0, cv=3)[1],
        'limits': model_selection.validation_curve(model, x, y, param_name='max_depth', param_range=[1, 3], cv=3)[1],
    }


@exact
def kept_models():
    """A model that was written and read again answers as before, by `pickle` and by joblib with and without compression."""
    x, y = two_kinds()
    models = [
        ensemble.RandomForestClassifier(8, random_state=0),
        pipeline.make_pipeline(preprocessing.StandardScaler(), neighbors.KNeighborsClassifier(3)),
        ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0),
    ]
    told = {}
    for model in models:
        expected = model.fit(x, y).predict_proba(x)
        read = [pickle.loads(pickle.dumps(model))]
        for compress in (0, 3, ('gzip', 3)):
            file = io.BytesIO()
            joblib.dump(model, file, compress=compress)
            read.append(joblib.load(io.BytesIO(file.getvalue())))
        told[type(model).__name__] = [bool((other.predict_proba(x) == expected).all()) for other in read]
    return {**told, 'parallel': joblib.Parallel(n_jobs=1)(joblib.delayed(pow)(n, 2) for n in range(5)), 'version': joblib.__version__}


@iterates
def linear_and_other_models():
    x, y = two_kinds()
    x, target = preprocessing.scale(x), preprocessing.scale(x) @ np.arange(1, 9) + np.sin(np.arange(200))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        network = neural_network.MLPRegressor(hidden_layer_sizes=(8,), solver='lbfgs', max_iter=15, random_state=0).fit(x, target)
    models = {
        'ordinary': linear_model.LinearRegression(), 'ridge': linear_model.Ridge(2), 'lasso': linear_model.Lasso(0.05, tol=1e-10),
        'elastic': linear_model.ElasticNetCV(cv=3, tol=1e-8, alphas=20), 'huber': linear_model.HuberRegressor(tol=1e-10, max_iter=500),
        'bayes': linear_model.BayesianRidge(tol=1e-8), 'least angle': linear_model.Lars(n_nonzero_coefs=4),
        'descent': linear_model.SGDRegressor(max_iter=20, tol=None, random_state=0),
        'poisson': linear_model.PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000),
    }
    return {
        **{name: model.fit(x, np.abs(target) if name == 'poisson' else target).coef_ for name, model in models.items()},
        'perceptron': linear_model.Perceptron(random_state=0).fit(x, y).coef_, 'network': network.loss_,
        'near': neighbors.KNeighborsRegressor(5, weights='distance').fit(x, target).predict(x[:3] + 0.01),
        'bayesian': naive_bayes.GaussianNB().fit(x, y).predict_proba(x[:3]),
        'isolated': ensemble.IsolationForest(n_estimators=20, random_state=0).fit(x).score_samples(x[:4]),
        'local': neighbors.LocalOutlierFactor(n_neighbors=10).fit(x).negative_outlier_factor_[:4],
        'permuted': inspection.permutation_importance(models['ridge'], x, target, n_repeats=3, random_state=0).importances_mean,
        'partial': inspection.partial_dependence(models['ridge'], x, [0], grid_resolution=4)['average'],
    }
