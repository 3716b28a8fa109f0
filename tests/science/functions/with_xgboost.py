"""XGBoost: what pipelines do with it, by its own interface and by scikit-learn's."""

import functools
import json
import os
import pickle
import tempfile

import joblib
import numpy as np
import pandas as pd
import xgboost
from scipy import sparse
from sklearn import metrics, model_selection

import rides
from cases import close, exact, iterates

QUIET = {'verbosity': 0, 'nthread': 1, 'seed': 3}
points = functools.partial(rides.points, 61)
trips = functools.partial(rides.trips, 62)


@exact
def trees_of_a_regression():
    x, y = points()
    data = xgboost.DMatrix(x, y)
    model = xgboost.train({**QUIET, 'max_depth': 4}, data, 30)
    return {
        'answers': model.predict(data)[:6], 'leaves': model.predict(data, pred_leaf=True)[:3], 'first': model.predict(data, iteration_range=(0, 5))[:4],
        'rounds': model.num_boosted_rounds(), 'gain': json.dumps(model.get_score(importance_type='gain'), sort_keys=True), 'trees': model.get_dump()[3],
        'table': model.trees_to_dataframe().head(8), 'rows': data.num_row(), 'labels': data.get_label()[:3],
    }


@exact
def shares_of_columns():
    x, y = points()
    model = xgboost.train(QUIET, xgboost.DMatrix(x, y), 12)
    rows = xgboost.DMatrix(x[:4])
    return {'shares': model.predict(rows, pred_contribs=True), 'pairs': model.predict(rows, pred_interactions=True)[0]}


@exact
def tables_with_categories():
    table, minutes = trips()
    model = xgboost.XGBRegressor(n_estimators=30, enable_categorical=True, n_jobs=1, random_state=5).fit(table, minutes)
    return {'answers': model.predict(table.head(6)), 'importance': model.feature_importances_, 'columns': list(model.feature_names_in_), 'score': model.score(table, minutes)}


@exact
def ways_to_grow():
    x, y = points()
    given = {}
    for name, more in {
        'exact': {'tree_method': 'exact'}, 'approximate': {'tree_method': 'approx'}, 'by loss': {'grow_policy': 'lossguide', 'max_leaves': 9},
        'monotone': {'monotone_constraints': '(1,0,0,0,0,0)'}, 'bound': {'interaction_constraints': '[[0,1],[2,3]]'}, 'absolute': {'objective': 'reg:absoluteerror'},
        'forest': {'num_parallel_tree': 3, 'learning_rate': 1}, 'bins': {'max_bin': 16}, 'pruned': {'gamma': 2, 'alpha': 1, 'min_child_weight': 8},
    }.items():
        given[name] = xgboost.train({**QUIET, **more}, xgboost.DMatrix(x, y), 10).predict(xgboost.DMatrix(x[:3]))
    return given


@exact
def rows_and_columns_that_are_drawn():
    x, y = points()
    given = {}
    for name, more in {
        'rows': {'subsample': 0.5}, 'rows by exact': {'subsample': 0.7, 'tree_method': 'exact'}, 'by gradient': {'subsample': 0.4, 'sampling_method': 'gradient_based'},
        'columns': {'colsample_bytree': 0.5}, 'at levels': {'colsample_bylevel': 0.6, 'colsample_bynode': 0.7},
    }.items():
        given[name] = xgboost.train({**QUIET, **more}, xgboost.DMatrix(x, y), 10).predict(xgboost.DMatrix(x[:3]))
    return given


@exact
def early_stopping_and_what_it_saw():
    x, y = points()
    seen = {}
    model = xgboost.train(
        {**QUIET, 'learning_rate': 0.6, 'eval_metric': ['rmse', 'mae']}, xgboost.DMatrix(x[:400], y[:400]), 200, evals=[(xgboost.DMatrix(x[400:], y[400:]), 'held')],
        early_stopping_rounds=5, evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    return {'best': model.best_iteration, 'score': model.best_score, 'seen': len(seen['held']['mae']), 'last': seen['held']['rmse'][-1]}


@iterates
def classes_and_their_shares():
    x, y = points()
    three = np.digitize(y, [-1.0, 1.5])
    model = xgboost.XGBClassifier(n_estimators=12, n_jobs=1).fit(x, three)
    two = xgboost.XGBClassifier(n_estimators=12, n_jobs=1, eval_metric='auc').fit(x, y > 0)
    return {'shares': model.predict_proba(x[:5]), 'labels': model.predict(x[:8]), 'classes': model.classes_, 'two': two.predict_proba(x[:4]), 'area': metrics.roc_auc_score(y > 0, two.predict_proba(x)[:, 1])}


@iterates
def ranks_within_queries():
    x, y = points()
    grades = np.clip(np.digitize(y, [-2.0, 0.0, 2.0, 4.0]), 0, 4)
    model = xgboost.XGBRanker(n_estimators=10, n_jobs=1).fit(x, grades, qid=np.repeat(np.arange(10), 60))
    return {'order': np.argsort(-model.predict(x[:10]))}


@iterates
def counts_and_times():
    x, y = points()
    given = {}
    for name, label in {'count:poisson': np.exp(y / 4).round(), 'reg:gamma': np.exp(y / 4), 'reg:tweedie': np.exp(y / 4), 'survival:cox': np.exp(y / 4)}.items():
        given[name] = xgboost.train({**QUIET, 'objective': name}, xgboost.DMatrix(x, label), 8).predict(xgboost.DMatrix(x[:3]))
    bounds = xgboost.DMatrix(x, label_lower_bound=np.exp(y / 4), label_upper_bound=np.exp(y / 4) + 1)
    given['survival:aft'] = xgboost.train({**QUIET, 'objective': 'survival:aft'}, bounds, 8).predict(xgboost.DMatrix(x[:3]))
    return given


@exact
def validation_in_folds():
    x, y = points()
    found = xgboost.cv(QUIET, xgboost.DMatrix(x, y), 8, nfold=4, seed=1)
    return {'found': found, 'scores': model_selection.cross_val_score(xgboost.XGBRegressor(n_estimators=8, n_jobs=1), x, y, cv=3)}


@exact
def objectives_and_measures_of_ones_own():
    x, y = points()
    seen = {}

    def squared(answers, data):
        return answers - data.get_label(), np.ones_like(answers)

    def furthest(answers, data):
        return 'furthest', float(np.abs(answers - data.get_label()).max())

    data = xgboost.DMatrix(x, y)
    model = xgboost.train(QUIET, data, 12, obj=squared, custom_metric=furthest, evals=[(data, 'all')], evals_result=seen, verbose_eval=False)
    return {'answers': model.predict(data)[:5], 'furthest': seen['all']['furthest'][::5]}


@exact
def matrices_of_quantiles_and_of_batches():
    x, y = points()
    whole = xgboost.QuantileDMatrix(x, y, max_bin=64)

    class Batches(xgboost.DataIter):
        def __init__(self):
            super().__init__()
            self.at = 0

        def reset(self):
            self.at = 0

        def next(self, input_data):
            if self.at == 3:
                return False
            part = slice(self.at * 200, self.at * 200 + 200)
            input_data(data=x[part], label=y[part])
            self.at += 1
            return True

    batches = xgboost.QuantileDMatrix(Batches(), max_bin=64)
    rows = xgboost.DMatrix(x[:4])
    held = xgboost.QuantileDMatrix(x[:50], y[:50], max_bin=64, ref=whole)
    model = xgboost.train({**QUIET, 'max_bin': 64}, whole, 10)
    return {
        'whole': model.predict(rows), 'batches': xgboost.train({**QUIET, 'max_bin': 64}, batches, 10).predict(rows), 'held': model.eval(held),
        'cuts': batches.get_quantile_cut()[1][:10], 'rows': batches.num_row(),
    }


@exact
def sparse_tables():
    x, y = points()
    thin = np.where(np.abs(x) > 1, x, 0)
    rows = sparse.csr_matrix(thin)
    model = xgboost.train(QUIET, xgboost.DMatrix(rows, y), 10)
    columns = xgboost.train(QUIET, xgboost.DMatrix(rows.tocsc(), y), 10)
    return {'rows': model.predict(xgboost.DMatrix(rows[:5])), 'columns': columns.predict(xgboost.DMatrix(rows[:5])), 'in place': model.inplace_predict(rows[:5]), 'missing': xgboost.DMatrix(thin, missing=0).num_nonmissing()}


@exact
def files_of_models_and_models_that_are_kept():
    x, y = points()
    folder = tempfile.mkdtemp()
    here = os.getcwd()
    os.chdir(folder)
    try:
        model = xgboost.XGBRegressor(n_estimators=10, n_jobs=1, random_state=4).fit(x, y)
        model.save_model('model.json')
        model.save_model('model.ubj')
        joblib.dump(model, 'model.joblib')
        loaded = [xgboost.XGBRegressor(), xgboost.XGBRegressor()]
        for one, name in zip(loaded, ['model.json', 'model.ubj']):
            one.load_model(name)
        further = xgboost.train(QUIET, xgboost.DMatrix(x, y), 5, xgb_model='model.ubj')
        raw = xgboost.Booster()
        raw.load_model(model.get_booster().save_raw())
        learner = json.load(open('model.json'))['learner']
        return {
            'loaded': [one.predict(x[:3]) for one in loaded], 'kept': joblib.load('model.joblib').predict(x[:3]), 'further': further.predict(xgboost.DMatrix(x[:3])),
            'pickled': pickle.loads(pickle.dumps(model.get_booster())).predict(xgboost.DMatrix(x[:3])), 'raw': raw.predict(xgboost.DMatrix(x[:3])),
            'config': json.loads(model.get_booster().save_config())['version'], 'keys': sorted(learner), 'first': learner['gradient_booster']['model']['trees'][0]['split_conditions'][:6],
        }  # fmt: skip
    finally:
        os.chdir(here)


@exact
def searches_for_parameters():
    x, y = points(300)
    search = model_selection.GridSearchCV(xgboost.XGBRegressor(n_estimators=8, n_jobs=1), {'max_depth': [2, 5], 'learning_rate': [0.1, 0.4]}, cv=2)
    search.fit(x, y)
    return {'best': json.dumps(search.best_params_, sort_keys=True), 'score': search.best_score_, 'means': search.cv_results_['mean_test_score']}


@close
def linear_and_dropped():
    x, y = points()
    given = {}
    for name, more in {'linear': {'booster': 'gblinear', 'updater': 'coord_descent'}, 'dart': {'booster': 'dart', 'rate_drop': 0.3}}.items():
        given[name] = xgboost.train({**QUIET, **more}, xgboost.DMatrix(x, y), 10).predict(xgboost.DMatrix(x[:3]))
    return given


@exact
def what_is_refused():
    x, y = points(50)
    told = []
    for attempt in (
        lambda: xgboost.train({**QUIET, 'objective': 'no such'}, xgboost.DMatrix(x, y), 2),
        lambda: xgboost.train({**QUIET, 'max_depth': -3}, xgboost.DMatrix(x, y), 2),
        lambda: xgboost.train({**QUIET, 'objective': 'binary:logistic'}, xgboost.DMatrix(x, y), 2),
        lambda: xgboost.DMatrix(x, y[:3]),
        lambda: xgboost.Booster(model_file='nowhere.json'),
        lambda: xgboost.train(QUIET, xgboost.DMatrix(x, y), 2).predict(xgboost.DMatrix(x[:, :3])),
        lambda: xgboost.XGBRegressor().predict(x),
    ):
        try:
            attempt()
            told.append('nothing')
        except Exception as error:  # pylint: disable=broad-except
            told.append(type(error).__name__)
    return told
