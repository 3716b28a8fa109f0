"""LightGBM: what pipelines do with it, by its own interface and by scikit-learn's."""

import functools
import json
import os
import pickle
import tempfile

import joblib
import lightgbm
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import metrics, model_selection

import rides
from cases import close, digest, exact

QUIET = {'verbose': -1, 'num_threads': 1, 'seed': 3, 'deterministic': True}
points = functools.partial(rides.points, 51)
trips = functools.partial(rides.trips, 52)


@exact
def trees_of_a_regression():
    x, y = points()
    model = lightgbm.train({**QUIET, 'objective': 'regression', 'num_leaves': 15}, lightgbm.Dataset(x, y), 40)
    return {
        'text': digest(model.model_to_string()), 'answers': model.predict(x[:5]), 'leaves': model.predict(x[:3], pred_leaf=True),
        'first': model.predict(x[:5], num_iteration=10), 'trees': model.num_trees(), 'features': model.num_feature(),
        'gain': model.feature_importance('gain'), 'splits': model.feature_importance(), 'table': model.trees_to_dataframe().shape,
        'json': digest(json.dumps(model.dump_model(), sort_keys=True)), 'bounds': [model.lower_bound(), model.upper_bound()],
    }


@exact
def shares_of_columns():
    x, y = points()
    model = lightgbm.train({**QUIET, 'objective': 'huber'}, lightgbm.Dataset(x, y), 20)
    shares = model.predict(x[:4], pred_contrib=True)
    return {'shares': shares, 'raw': model.predict(x[:4], raw_score=True)}


@exact
def tables_with_categories():
    table, minutes = trips()
    model = lightgbm.LGBMRegressor(n_estimators=30, random_state=5, verbosity=-1).fit(table, minutes)
    return {
        'answers': model.predict(table.head(6)), 'columns': list(model.feature_name_), 'importance': model.feature_importances_,
        'kinds': json.dumps(model.booster_.pandas_categorical), 'score': model.score(table, minutes),
    }


@exact
def early_stopping_and_what_it_saw():
    x, y = points()
    seen = {}
    kept = lightgbm.Dataset(x[:400], y[:400], free_raw_data=False)
    model = lightgbm.train(
        {**QUIET, 'objective': 'regression', 'metric': ['l2', 'l1'], 'learning_rate': 0.3}, kept, 200,
        valid_sets=[lightgbm.Dataset(x[400:], y[400:], reference=kept)], valid_names=['held'],
        callbacks=[lightgbm.early_stopping(5, verbose=False), lightgbm.record_evaluation(seen)],
    )  # fmt: skip
    return {'best': model.best_iteration, 'score': dict(model.best_score['held']), 'seen': len(seen['held']['l2']), 'last': seen['held']['l1'][-1]}


@close
def classes_and_their_shares():
    x, y = points()
    three = np.digitize(y, [-1.0, 1.5])
    model = lightgbm.LGBMClassifier(n_estimators=15, random_state=2, verbosity=-1, class_weight='balanced').fit(x, three)
    shares = model.predict_proba(x[:5])
    words = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1).fit(x, np.where(y > 0, 'more', 'less'))
    return {'shares': shares, 'classes': model.classes_, 'labels': model.predict(x[:8]), 'words': words.predict(x[:6]).tolist()}


@close
def ranks_within_queries():
    x, y = points()
    grades = np.clip(np.digitize(y, [-2.0, 0.0, 2.0, 4.0]), 0, 4)
    groups = [60] * 10
    model = lightgbm.LGBMRanker(n_estimators=12, random_state=1, verbosity=-1).fit(x, grades, group=groups)
    return {'scores': model.predict(x[:6]), 'ndcg': metrics.ndcg_score(grades[:60].reshape(1, -1), model.predict(x[:60]).reshape(1, -1))}


@exact
def validation_in_folds():
    x, y = points()
    found = lightgbm.cv({**QUIET, 'objective': 'regression', 'metric': 'l2'}, lightgbm.Dataset(x, y), 10, nfold=4, stratified=False, return_cvbooster=True)
    shown = {name: values for name, values in found.items() if name != 'cvbooster'}
    scores = model_selection.cross_val_score(lightgbm.LGBMRegressor(n_estimators=8, verbosity=-1), x, y, cv=3)
    return {**shown, 'trees': [one.num_trees() for one in found['cvbooster'].boosters], 'scores': scores}


@exact
def objectives_and_measures_of_ones_own():
    x, y = points()

    def squared(answers, data):
        return answers - data.get_label(), np.ones_like(answers)

    def furthest(answers, data):
        return 'furthest', float(np.abs(answers - data.get_label()).max()), False

    seen = {}
    kept = lightgbm.Dataset(x, y)
    model = lightgbm.train({**QUIET, 'objective': squared}, kept, 15, valid_sets=[kept], feval=furthest, callbacks=[lightgbm.record_evaluation(seen)])
    return {'answers': model.predict(x[:5]), 'furthest': seen['training']['furthest'][::5]}


@exact
def other_ways_to_boost():
    x, y = points()
    given = {}
    for name, more in {
        'dart': {'boosting': 'dart'}, 'goss': {'data_sample_strategy': 'goss'}, 'forest': {'boosting': 'rf', 'bagging_freq': 1, 'bagging_fraction': 0.7},
        'linear': {'linear_tree': True}, 'monotone': {'monotone_constraints': [1, 0, 0, 0, 0, 0]}, 'extra': {'extra_trees': True},
        'quantile': {'objective': 'quantile', 'alpha': 0.9}, 'quantized': {'use_quantized_grad': True},
    }.items():
        model = lightgbm.train({'objective': 'regression', **QUIET, **more}, lightgbm.Dataset(x, y), 12)
        given[name] = model.predict(x[:3]).tolist()
    return given


@close
def counts_and_chances():
    x, y = points()
    counts = lightgbm.train({**QUIET, 'objective': 'poisson'}, lightgbm.Dataset(x, np.exp(y / 4).round()), 12)
    chances = lightgbm.train({**QUIET, 'objective': 'cross_entropy'}, lightgbm.Dataset(x, 1 / (1 + np.exp(-y))), 12)
    return {'counts': counts.predict(x[:4]), 'chances': chances.predict(x[:4])}


@exact
def sparse_tables():
    x, y = points()
    thin = np.where(np.abs(x) > 1, x, 0)
    rows = sparse.csr_matrix(thin)
    model = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset(rows, y), 15)
    columns = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset(rows.tocsc(), y), 15)
    shares = model.predict(rows[:3], pred_contrib=True)
    return {'rows': model.predict(rows[:5]), 'dense': model.predict(thin[:5]), 'columns': columns.predict(rows.tocsc()[:5]), 'shares': shares.toarray()}


@exact
def files_of_models_and_of_data():
    x, y = points()
    folder = tempfile.mkdtemp()
    here = os.getcwd()
    os.chdir(folder)
    try:
        model = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset(x, y), 10)
        model.save_model('model.txt')
        again = lightgbm.Booster(model_file='model.txt')
        further = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset(x, y), 5, init_model='model.txt')
        pd.DataFrame(np.column_stack([y, x])).to_csv('table.csv', index=False, header=False)
        read = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset('table.csv'), 10)
        data = lightgbm.Dataset(x, y)
        data.save_binary('data.bin')
        binary = lightgbm.train({**QUIET, 'objective': 'regression'}, lightgbm.Dataset('data.bin'), 10)
        return {
            'file': digest(open('model.txt', 'rb').read()), 'again': again.predict(x[:4]), 'further': further.predict(x[:4]), 'trees': further.num_trees(),
            'read': read.predict(x[:4]), 'binary': binary.predict(x[:4]), 'predicted': model.predict('table.csv')[:2],
        }  # fmt: skip
    finally:
        os.chdir(here)


@exact
def models_that_are_kept():
    x, y = points()
    folder = tempfile.mkdtemp()
    model = lightgbm.LGBMRegressor(n_estimators=10, random_state=4, verbosity=-1).fit(x, y)
    joblib.dump(model, os.path.join(folder, 'model.joblib'))
    loaded = joblib.load(os.path.join(folder, 'model.joblib'))
    pickled = pickle.loads(pickle.dumps(model.booster_))
    return {'loaded': loaded.predict(x[:4]), 'pickled': pickled.predict(x[:4]), 'parameters': json.dumps(model.get_params(), sort_keys=True)}


@exact
def searches_for_parameters():
    x, y = points(300)
    search = model_selection.GridSearchCV(lightgbm.LGBMRegressor(n_estimators=10, verbosity=-1), {'num_leaves': [4, 16], 'learning_rate': [0.1, 0.4]}, cv=2)
    search.fit(x, y)
    return {'best': json.dumps(search.best_params_, sort_keys=True), 'score': search.best_score_, 'means': search.cv_results_['mean_test_score']}


@exact
def what_is_refused():
    x, y = points(50)
    told = []
    for attempt in (
        lambda: lightgbm.train({**QUIET, 'objective': 'no such'}, lightgbm.Dataset(x, y), 2),
        lambda: lightgbm.train({**QUIET, 'num_leaves': 1}, lightgbm.Dataset(x, y), 2),
        lambda: lightgbm.train({**QUIET, 'objective': 'binary'}, lightgbm.Dataset(x, y), 2),
        lambda: lightgbm.Booster(model_str='tree\nversion=v4\nbroken'),
        lambda: lightgbm.Booster(model_file='nowhere.txt'),
        lambda: lightgbm.train(QUIET, lightgbm.Dataset(x, y), 2).predict(x[:, :3]),
        lambda: lightgbm.LGBMRegressor().predict(x),
    ):
        try:
            attempt()
            told.append('nothing')
        except Exception as error:  # pylint: disable=broad-except
            told.append(f'{type(error).__name__}: {error}'.splitlines()[0].partition(' at ')[0])
    return told
