"""Tables that are written: natively by pandas with pyarrow, and in the sandbox."""

import datetime
import decimal
import hashlib
import json

import numpy as np
import pandas as pd


def frames():
    """Tables by what is special about them."""
    one = np.random.default_rng(23)
    plain = pd.DataFrame({'i': [3, 1, 2], 'f': [1.5, np.nan, -0.0], 's': ['a', None, 'ö'], 'b': [True, False, True]})
    days = pd.date_range('2024-03-30', periods=3, freq='D')
    return {
        'plain': plain,
        'nullable': plain.convert_dtypes(),
        'objects': pd.DataFrame({
            'date': [datetime.date(2024, 1, 1), None, datetime.date(1969, 7, 20)], 'time': [datetime.time(1, 2, 3, 4), None, datetime.time(0)],
            'decimal': [decimal.Decimal('1.50'), decimal.Decimal('-123.4'), None], 'bytes': [b'\x00\xff', None, b''],
            'list': [[1, 2], None, []], 'array': [np.array([1.5, np.nan]), np.array([]), None], 'words': [['a', None], [], None],
            'dict': [{'x': 1, 'y': 'a'}, None, {'x': None, 'y': 'b'}], 'dicts': [[{'k': 1.5}], [], None], 'none': [None, None, None],
            'bool': [True, None, False], 'instant': [datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), None, None],
            'span': [datetime.timedelta(1), None, datetime.timedelta(0, 5)],
        }),
        'times': pd.DataFrame({
            'ns': days.as_unit('ns'), 'us': days.as_unit('us'), 'ms': days.as_unit('ms'), 's': days.as_unit('s'),
            'paris': days.tz_localize('Europe/Paris'), 'fixed': days.tz_localize('-03:30'), 'span': days - days[0],
        }),
        'categories': pd.DataFrame({
            'text': pd.Categorical(['b', 'a', None], ['c', 'b', 'a'], ordered=True), 'number': pd.Categorical([3, 1, 3]),
            'unused': pd.Categorical(['x', 'x', 'x'], ['x', 'y']),
        }),
        'kinds': pd.DataFrame({
            **{f'i{bits}': np.array([-(2 ** (bits - 1)), 0, 2 ** (bits - 1) - 1], f'i{bits // 8}') for bits in (8, 16, 32, 64)},
            **{f'u{bits}': np.array([0, 1, 2 ** bits - 1], f'u{bits // 8}') for bits in (8, 16, 32, 64)},
            'f2': np.array([0.5, 1, 2], 'f2'), 'f4': np.array([0.1, np.nan, 2], 'f4'),
        }),
        'named_index': plain.set_index('s'),
        'two_indexes': plain.set_index(['i', 's']),
        'days_index': plain.set_index(days.rename('day').tz_localize('UTC')),
        'unnamed_index': plain.set_axis([7, 5, 6]),
        'range_index': plain.set_axis(pd.RangeIndex(4, 10, 2, name='r')),
        'columns_of_numbers': pd.DataFrame(np.arange(6).reshape(3, 2)),
        'columns_of_two_levels': pd.DataFrame(np.arange(4).reshape(2, 2), columns=pd.MultiIndex.from_tuples([('a', 'x'), ('a', 'y')], names=['p', 'q'])),
        'attributes': attributed(plain),
        'periods': pd.DataFrame({'month': pd.period_range('2024-01', periods=3, freq='M'), 'between': pd.interval_range(0, 3)}),
        'no_rows': plain.iloc[:0],
        'no_columns': pd.DataFrame(index=pd.RangeIndex(3)),
        'long': pd.DataFrame({'w': one.choice(['red', 'green', 'blue'], 500), 'x': one.normal(size=500).round(3), 'n': one.integers(0, 300, 500)}),
    }


def attributed(frame):
    frame = frame.copy()
    frame.attrs = {'source': 'tests', 'n': 3}
    return frame


def digest(answer):
    """What is kept of the answer for a long table."""
    return hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()
