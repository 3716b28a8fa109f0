"""Data that the functions over boosted trees share, drawn from a seed of each."""

import numpy as np
import pandas as pd


def points(seed, count=600, columns=6):
    """Points, and what follows from them."""
    one = np.random.default_rng(seed)
    x = one.normal(size=(count, columns))
    return x, x[:, 0] * 2 + np.abs(x[:, 1]) - x[:, 2] * x[:, 3] + one.normal(0, 0.3, count)


def trips(seed, count=500):
    """A table with a category, a gap and a time."""
    one = np.random.default_rng(seed)
    table = pd.DataFrame({
        'distance': one.gamma(2, 3, count), 'rain': one.random(count) < 0.3, 'stops': one.integers(0, 6, count),
        'kind': pd.Categorical(one.choice(['bus', 'car', 'train'], count)),
    })
    table.loc[one.random(count) < 0.1, 'distance'] = np.nan
    minutes = table['distance'].fillna(4) * 3 + table['stops'] * 2 + (table['kind'] == 'bus') * 7 + one.normal(0, 1, count)
    return table, minutes
