"""Functions that ask for all processors: they run, one after another where there is one, and give the same."""

from kfp import dsl


@dsl.component(packages_to_install=['scikit-learn'])
def parallel() -> dict:
    import joblib
    import numpy as np
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    x, y = load_iris(return_X_y=True)
    forest = RandomForestClassifier(25, random_state=0, n_jobs=-1).fit(x, y)
    backends = {
        backend: joblib.Parallel(n_jobs=-1, backend=backend)(joblib.delayed(pow)(n, 2) for n in range(6))
        for backend in ('loky', 'threading', 'multiprocessing')
    }
    return {
        'importances': forest.feature_importances_.tolist(), 'right': forest.score(x, y), **backends,
        'scores': cross_val_score(KNeighborsClassifier(n_jobs=-1), x, y, cv=5, n_jobs=-1).tolist(),
        'mean': float(np.mean(backends['loky'])),
    }


@dsl.pipeline(name='parallel')
def pipeline() -> dict:
    return parallel().output
