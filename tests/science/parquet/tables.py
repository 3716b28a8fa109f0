"""Random tables of all the types that Parquet has, and whether two tables of pandas are the same in every respect."""

import datetime
import decimal
import math
import string
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa

WORDS = ['', 'a', 'ä', 'naïve', '漢字', 'x' * 40, 'long ' * 30, '😀', *string.ascii_lowercase]
ZONES = ['UTC', 'Europe/Paris', 'America/New_York', '+02:00', '-05:30']


def scalars(one):
    """A type, and a function that draws a value of it."""
    bits = int(one.choice([8, 16, 32, 64]))
    digits = int(one.integers(1, 60))
    scale = int(one.integers(0, digits + 1))
    unit = str(one.choice(['s', 'ms', 'us', 'ns']))
    few = one.random() < 0.5
    size = int(one.integers(1, 20))
    words = [str(word) for word in one.choice(WORDS, 3)]

    def number(low, high):
        return int(one.integers(low, high, endpoint=True)) if not few else int(one.integers(max(low, -2), 3))

    def word():
        return words[int(one.integers(3))] if few else WORDS[int(one.integers(len(WORDS)))] + str(one.integers(1000))

    return {
        'bool': (pa.bool_(), lambda: bool(one.integers(2))),
        'int': (getattr(pa, f'int{bits}')(), lambda: number(-2 ** (bits - 1), 2 ** (bits - 1) - 1)),
        'uint': (getattr(pa, f'uint{bits}')(), lambda: abs(number(0, 2 ** (bits - 1) - 1)) * (1 if few else 2)),
        'float32': (pa.float32(), lambda: float(np.float32(one.choice([one.normal(), 0.0, -0.0, math.inf, math.nan])))),
        'float64': (pa.float64(), lambda: float(one.choice([one.normal(), 1e300, 0.0, -0.0, -math.inf, math.nan])) if not few else 1.5),
        'float16': (pa.float16(), lambda: np.float16(one.normal())),
        'decimal': (pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale),
                    lambda: decimal.Decimal(number(-10**min(digits, 18) + 1, 10**min(digits, 18) - 1) if digits > 1 else 1).scaleb(-scale)),
        'string': (pa.string(), word),
        'large_string': (pa.large_string(), word),
        'binary': (pa.binary(), lambda: word().encode() + bytes([int(one.integers(256))])),
        'fixed': (pa.binary(size), lambda: bytes(one.integers(0, 256, size, np.uint8))),
        'date32': (pa.date32(), lambda: datetime.date(2000, 1, 1) + datetime.timedelta(number(-300000, 300000))),
        'date64': (pa.date64(), lambda: datetime.date(2000, 1, 1) + datetime.timedelta(number(-300000, 300000))),
        'time32': (pa.time32(unit if unit in ('s', 'ms') else 'ms'), lambda: abs(number(0, 86399))),
        'time64': (pa.time64('us'), lambda: abs(number(0, 86_399_999_999))),
        'timestamp': (pa.timestamp(unit), lambda: number(-10**9, 10**9) * (1 if unit in ('s', 'ms') else 7919)),
        'zoned': (pa.timestamp(unit, str(one.choice(ZONES))), lambda: number(-10**9, 10**9) * (1 if unit in ('s', 'ms') else 7919)),
        'duration': (pa.duration(unit), lambda: number(-10**9, 10**9)),
        'null': (pa.null(), lambda: None),
        'uuid': (pa.uuid(), lambda: uuid.UUID(int=abs(number(0, 2**62)))),
    }


def drawn(one, rows, depth=0):
    """An array of a random type."""
    share = float(one.choice([0, 0, 0.1, 0.5, 1]))
    kinds = scalars(one)
    which = str(one.choice([*kinds] + ['list', 'list', 'struct', 'struct', 'dictionary', 'map'] * (depth < 2)))
    valid = one.random(rows) >= share
    mask = pa.array(~valid)
    if which == 'dictionary':
        values = pa.array([str(word) for word in one.choice(WORDS, rows)]).dictionary_encode()
        return pa.DictionaryArray.from_arrays(pa.array(values.indices.to_numpy(), mask=~valid), values.dictionary, ordered=bool(one.integers(2)))
    if which in ('list', 'map'):
        lengths = one.integers(0, 4, rows) * valid
        ends = np.cumsum(lengths)
        offsets = pa.array(np.concatenate(([0], ends)).astype(np.int32))
        count = int(ends[-1]) if rows else 0
        if which == 'map':
            keys = pa.array([str(number) for number in range(count)], pa.string())
            return pa.MapArray.from_arrays(offsets, keys, drawn(one, count, 2), mask=mask if rows else None)
        return pa.ListArray.from_arrays(offsets, drawn(one, count, depth + 1), mask=mask if rows else None)
    if which == 'struct':
        names = ['x', 'y', 'z'][:int(one.integers(1, 4))]
        return pa.StructArray.from_arrays([drawn(one, rows, depth + 1) for _ in names], names, mask=mask)
    kind, draw = kinds[which]
    values = [draw() if there else None for there in valid]
    if which == 'uuid':
        return pa.ExtensionArray.from_storage(kind, pa.array([value and value.bytes for value in values], pa.binary(16)))
    if which in ('date64',):
        return pa.array(values, pa.date32()).cast(kind)
    return pa.array(values, kind)


def table(seed):
    one = np.random.default_rng(seed)
    rows = int(one.choice([0, 1, 2, 7, 8, 9, 50, 300, 1000]))
    return one, pa.table({f'c{number}': drawn(one, rows) for number in range(int(one.integers(1, 6)))})


def differences(found, wanted, place=''):
    """Where two tables of pandas differ; the storage of texts may."""
    out = []
    if list(map(repr, found.columns)) != list(map(repr, wanted.columns)):
        return [f'columns {found.columns!r} instead of {wanted.columns!r}']
    for name, pair in (('columns', (found.columns, wanted.columns)), ('index', (found.index, wanted.index))):
        out += of_index(*pair, name)
    if found.attrs != wanted.attrs:
        out.append(f'attrs {found.attrs} instead of {wanted.attrs}')
    for number in range(len(wanted.columns)):
        out += of_values(found.iloc[:, number], wanted.iloc[:, number], f'{place}[{wanted.columns[number]!r}]')
    return out


def of_index(found, wanted, place):
    if type(found) is not type(wanted) or found.nlevels != wanted.nlevels or list(found.names) != list(wanted.names):
        return [f'{place}: {found!r} instead of {wanted!r}']
    return [line for level in range(wanted.nlevels) for line in
            of_values(found.get_level_values(level), wanted.get_level_values(level), f'{place}.{level}')]


def type_of(dtype):
    if isinstance(dtype, pd.CategoricalDtype):
        return f'category of {type_of(dtype.categories.dtype)} {dtype.ordered} {list(dtype.categories)}'
    if isinstance(dtype, pd.StringDtype):
        return f'{dtype.name} {dtype.na_value}'
    return str(dtype)


def of_values(found, wanted, place):
    if type_of(found.dtype) != type_of(wanted.dtype):
        return [f'{place}: {type_of(found.dtype)} instead of {type_of(wanted.dtype)}']
    if len(found) != len(wanted):
        return [f'{place}: {len(found)} rows instead of {len(wanted)}']
    pairs = zip(found.tolist(), wanted.tolist())
    return [f'{place}[{row}]: {one!r} instead of {other!r}' for row, (one, other) in enumerate(pairs) if not same(one, other)][:3]


def by_group(one, other):
    """pyarrow makes floats of whole numbers in structures in those groups of rows only that have nulls; we in all of them."""
    return {type(one), type(other)} == {int, float} and float(one) == float(other)


def same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and len(one) == len(other) and all(map(same, one.tolist(), other.tolist()))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) or by_group(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one.hex() == other.hex()
    if isinstance(one, datetime.datetime) and one is not pd.NaT:
        return one == other and one.utcoffset() == other.utcoffset()
    return one is other or bool(one == other)
