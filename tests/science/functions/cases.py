"""What the functions of this folder share: how near to its answer each must come, and results as plain data.

A function takes no argument, draws from seeded generators alone, asks no network, and gives what `plain` makes data of.
"""

import hashlib
import math

import numpy as np
import pandas as pd


def exact(function):
    """Every bit is to be the same: integers, texts, types, forests."""
    function.tolerance = 0.0
    return function


def close(function):
    """Sums and products may be rounded in another order: floats within 1e-9 of each other."""
    function.tolerance = 1e-9
    return function


def iterates(function):
    """An algorithm that goes on until it is near enough: floats within 1e-6 of each other."""
    function.tolerance = 1e-6
    return function


def cases(module):
    """The functions of a module that have a tolerance, by name, in the order in which they are written."""
    written = {name: item for name, item in vars(module).items() if getattr(item, '__module__', None) == module.__name__}
    return {name: function for name, function in written.items() if hasattr(function, 'tolerance')}


def digest(data):
    """SHA-256 of bytes or text."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def plain(value):
    """A result as data that JSON holds without loss: types of arrays, scalars and columns beside their values."""
    if value is None or isinstance(value, (bool, int, str)) and not isinstance(value, np.generic):
        return value
    if value is pd.NaT or value is pd.NA:
        return str(value)
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return value.isoformat()
    if isinstance(value, (pd.Interval, pd.Period)):
        return str(value)
    if isinstance(value, np.generic):
        return {'dtype': value.dtype.name, 'value': plain(value.item())}
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return {'dtype': str(value.dtype), 'values': plain(value.tolist())}
    if isinstance(value, pd.DataFrame):
        columns = value.columns
        return {
            'columns': plain(columns.tolist()), 'index': plain(value.index),
            'dtypes': [str(kind) for kind in value.dtypes], 'rows': [plain(row) for row in value.astype(object).values.tolist()],
        }
    if isinstance(value, (pd.Series, pd.Index)):
        shown = {'dtype': str(value.dtype), 'values': plain(value.tolist())}
        return {'index': plain(value.index), **shown} if isinstance(value, pd.Series) else shown
    return str(value)
