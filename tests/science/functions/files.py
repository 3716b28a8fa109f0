"""Functions that write a file each, as steps of pipelines leave them: models, tables, figures. Run again, each writes the same bytes.

Nothing here is compared with another machine. Some take what differs from run to run natively: the time, the order of sets, unseeded
generators.
"""

import datetime
import io
import json
import pathlib
import pickle
import sqlite3
import uuid

import joblib
import matplotlib
import numpy as np
import pandas as pd
import scipy
from sklearn import datasets, ensemble, linear_model, pipeline, preprocessing, svm, tree
from statsmodels import api as sm

matplotlib.use('Agg')
from matplotlib import pyplot as plt  # noqa: E402, the back end first


def model():
    """A fitted pipeline and what it was fitted to."""
    x, y = datasets.load_iris(return_X_y=True)
    return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression(max_iter=500)).fit(x, y), x, y


def table():
    one = np.random.default_rng(71)
    return pd.DataFrame(
        {'x': one.normal(size=50), 'n': one.integers(0, 9, 50), 'kind': pd.Categorical(one.choice(list('abc'), 50)),
         'day': pd.date_range('2024-01-01', periods=50)},
    )


def figure():
    plt.close('all')
    made, axes = plt.subplots(figsize=(4, 3))
    axes.plot(table()['x'].cumsum())
    axes.set_title('walk')
    return made


def pipeline_joblib(path):
    joblib.dump(model()[0], path)


def forest_joblib(path):
    _, x, y = model()
    joblib.dump(ensemble.RandomForestClassifier(20, random_state=0).fit(x, y), path, compress=3)


def unseeded_forest_pickle(path):
    _, x, y = model()
    path.write_bytes(pickle.dumps(ensemble.ExtraTreesClassifier(10).fit(x, y)))


def support_vectors_pickle(path):
    _, x, y = model()
    path.write_bytes(pickle.dumps(svm.SVC().fit(x, y), protocol=4))


def boosting_pickle(path):
    _, x, y = model()
    path.write_bytes(pickle.dumps(ensemble.HistGradientBoostingClassifier(max_iter=5).fit(x, y)))


def regression_pickle(path):
    x = sm.add_constant(table()[['n']].astype('float64'))
    sm.OLS(table()['x'], x).fit().save(str(path))


def frame_pickle(path):
    table().to_pickle(path, compression='gzip')


def sets_pickle(path):
    path.write_bytes(pickle.dumps([{'a', 'b', 'c', 'long words', 'd'}, frozenset(table()['kind']), {object.__name__: hash('text')}]))


def arrays_npz(path):
    np.savez_compressed(path, x=np.random.default_rng().normal(size=100), old=np.random.rand(5))


def sparse_npz(path):
    scipy.sparse.save_npz(path, scipy.sparse.random_array((40, 40), density=0.1, rng=np.random.default_rng(1)))


def matlab_mat(path):
    scipy.io.savemat(path, {'x': np.arange(12.0).reshape(3, 4), 'names': ['a', 'bc']})


def table_csv_gz(path):
    table().to_csv(path, index=False)


def table_xlsx(path):
    table().to_excel(path, index=False)


def rows_sqlite(path):
    with sqlite3.connect(path) as base:
        table().astype({'kind': str}).to_sql('rows', base, index=False)
    base.close()


def walk_png(path):
    figure().savefig(path)


def walk_svg(path):
    figure().savefig(path)


def walk_pdf(path):
    figure().savefig(path)


def figure_pickle(path):
    path.write_bytes(pickle.dumps(figure()))


def rules_dot(path):
    _, x, y = model()
    tree.export_graphviz(tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, y), str(path))


def run_json(path):
    """What steps write of themselves: when, which, how large."""
    fitted, x, _ = model()
    size = len(pickle.dumps(fitted, protocol=5))
    told = {
        'id': str(uuid.uuid4()), 'at': datetime.datetime.now().isoformat(), 'size': size, 'hash': joblib.hash(x),
        'sample': table().sample(3).index.tolist(),
    }
    path.write_text(json.dumps(told), encoding='utf-8')


def lines_svmlight(path):
    _, x, y = model()
    out = io.BytesIO()
    datasets.dump_svmlight_file(x, y, out)
    path.write_bytes(out.getvalue())


def write_all(folder):
    """Calls each function above with a path named for it, its last words being the ending; the names of the files."""
    written = []
    for name, function in list(globals().items()):
        stem, _, ending = name.replace('_csv_gz', '_csv.gz').rpartition('_')
        if stem and name != 'write_all' and getattr(function, '__module__', None) == __name__:
            path = pathlib.Path(folder) / f'{stem}.{ending}'
            function(path)
            written.append(path.name)
    return written
