"""pandas: tables from reading to writing."""

import io

import numpy as np
import pandas as pd

from cases import close, exact

SALES = '''day,shop,item,price,count,note
2024-01-05,North,tea,"1,200.50",3,
2024-01-05,South,tea,1150.00,,late
2024-01-06,North,coffee,2300.25,1,n/a
2024-01-07,East,coffee,2100.00,4,ok
2024-02-01,South,juice,-,2,ok
2024-02-03,North,tea,1210.00,5,"said ""no"""
'''


def sales():
    return pd.read_csv(io.StringIO(SALES), parse_dates=['day'], thousands=',', na_values=['-', 'n/a'])


def hours(count=24 * 10):
    """Hourly measurements."""
    one = np.random.default_rng(21)
    index = pd.date_range('2024-03-28', periods=count, freq='h')
    return pd.DataFrame({'load': one.normal(100, 15, count).round(2), 'on': one.integers(0, 2, count).astype('int64')}, index=index)


@exact
def reading_csv():
    table = sales()
    typed = pd.read_csv(io.StringIO(SALES), usecols=['shop', 'count'], dtype={'shop': 'category', 'count': 'Int64'})
    parts = pd.concat(pd.read_csv(io.StringIO(SALES), chunksize=2, usecols=['count']))
    wide = pd.read_csv(io.StringIO('x;y\n1,5;2,25\n'), sep=';', decimal=',')
    return {
        'table': table, 'typed': typed, 'sum': parts['count'].sum(), 'wide': wide, 'missing': table.isna().sum(),
        'fixed': pd.read_fwf(io.StringIO('ab  12\ncd   3\n'), header=None),
        'large': pd.read_csv(io.StringIO('a\n3000000000\n9223372036854775807\n')),
    }


@exact
def writing_text():
    table = sales()
    return {
        'csv': table.to_csv(index=False), 'formatted': table.to_csv(float_format='%.2f', sep='\t', na_rep='NULL'),
        'shown': table.to_string(),
        'html': table.head(2).to_html(), 'thirds': pd.DataFrame({'x': [1 / 3, 2e-300, 1e22]}).to_csv(), 'info': shape_of(table),
    }


def shape_of(table):
    out = io.StringIO()
    table.info(buf=out, memory_usage=False)
    return out.getvalue()


@exact
def merging():
    left = pd.DataFrame({'key': ['a', 'b', 'b', 'd'], 'x': [1, 2, 3, 4]})
    right = pd.DataFrame({'key': ['b', 'b', 'c', 'd'], 'x': [10, 20, 30, 40]})
    quotes = pd.DataFrame({'time': pd.to_datetime([1, 4, 9], unit='s'), 'bid': [1.5, 1.6, 1.7]})
    trades = pd.DataFrame({'time': pd.to_datetime([2, 3, 8, 10], unit='s'), 'size': [7, 8, 9, 10]})
    return {
        **{how: left.merge(right, on='key', how=how, suffixes=('_left', '_right')) for how in ('inner', 'left', 'right', 'outer')},
        'cross': left.merge(right, how='cross').shape, 'indicator': left.merge(right, on='key', how='outer', indicator=True)['_merge'],
        'nearest': pd.merge_asof(trades, quotes, on='time', tolerance=pd.Timedelta('2s')),
        'joined': left.set_index('key').join(right.set_index('key'), rsuffix='2'),
        'stacked': pd.concat([left, right], keys=['l', 'r']), 'filled': left.set_index('x').combine_first(right.set_index('x')),
    }


@close
def grouping():
    table = sales().assign(total=lambda t: t['price'] * t['count'])
    groups = table.groupby('shop')
    return {
        'named': groups.agg(revenue=('total', 'sum'), mean=('price', 'mean'), spread=('price', 'std'), items=('item', 'nunique'),
                            first=('day', 'min')),
        'several': table.groupby(['shop', 'item'])[['price', 'count']].agg(['sum', 'max']),
        'share': groups['count'].transform(lambda c: c / c.sum()),
        'sizes': groups.size(), 'rank': groups['price'].rank(), 'running': groups['count'].cumsum(),
        'quantiles': groups['price'].quantile([0.25, 0.75]),
        'kept': groups.filter(lambda g: len(g) > 1)['shop'].tolist(), 'ranges': groups['price'].apply(lambda p: p.max() - p.min()),
        'by month': table.groupby(table['day'].dt.to_period('M'))['count'].sum(), 'number': groups.ngroup(),
        'filled': groups['price'].ffill(),
    }


@close
def pivoting():
    table = sales()
    pivot = table.pivot_table(index='shop', columns='item', values='price', aggfunc=['mean', 'count'], margins=True)
    return {
        'pivot': pivot, 'counted': pd.crosstab(table['shop'], table['item'], margins=True),
        'shares': pd.crosstab(table['shop'], table['item'], normalize='index'),
        'unstacked': table.groupby(['shop', 'item'])['count'].sum().unstack(fill_value=0),
        'reshaped': table.head(4).pivot(index='day', columns=['shop', 'item'], values='count'),
    }


@exact
def reshaping():
    wide = pd.DataFrame({'id': [1, 2], 'height1': [3, 4], 'height2': [5, 6], 'tags': [['a', 'b'], []]})
    return {
        'melted': wide.melt(id_vars='id', value_vars=['height1', 'height2'], var_name='when', value_name='height'),
        'long': pd.wide_to_long(wide.drop(columns='tags'), 'height', i='id', j='when').sort_index(),
        'exploded': wide.explode('tags')[['id', 'tags']],
        'stacked': wide[['height1', 'height2']].stack(), 'transposed': wide[['height1', 'height2']].T,
        'crossed': pd.MultiIndex.from_product([[1, 2], ['a', 'b']]).tolist(),
        'renamed': wide.rename(columns=str.upper).columns, 'moved': wide.set_index('id').reindex([2, 3, 1])['height1'],
    }


@close
def resampling():
    table = hours()
    daily = table.resample('D')
    local = table['load'].tz_localize('UTC').tz_convert('Europe/Berlin')
    return {
        'daily': daily.agg({'load': 'mean', 'on': 'sum'}), 'candles': table['load'].resample('5D').ohlc(),
        'weekly': table['load'].resample('W-SUN').median(),
        'finer': table['load'].head(3).resample('30min').interpolate(), 'local days': local.resample('D').count(),
        'shifted': table['on'].shift(freq='2h').index[:2],
        'offsets': pd.date_range('2024-01-31', periods=3, freq='ME'), 'quarters': table['load'].resample('QS').sum(),
        'business': pd.bdate_range('2024-03-28', periods=4),
    }


@close
def rolling():
    load = hours()['load']
    return {
        'mean': load.rolling(24).mean().iloc[-3:], 'deviation': load.rolling('12h', min_periods=3).std().iloc[[0, 2, -1]],
        'weighted': load.ewm(span=12).mean().iloc[-3:],
        'median': load.rolling(7, center=True).median().iloc[:6], 'largest': load.expanding().max().iloc[-1],
        'quantile': load.rolling(20).quantile(0.9).iloc[-2:],
        'change': load.pct_change(24).iloc[-2:], 'difference': load.diff().abs().sum(),
        'apply': load.rolling(5).apply(np.ptp, raw=True).iloc[-2:],
        'correlation': load.rolling(30).corr(load.shift(1)).iloc[-2:], 'lag': load.autocorr(3),
    }


@exact
def times():
    mixed = pd.to_datetime(pd.Series(['2024-03-01', '2024-02-30', None, '2024-12-31']), errors='coerce')
    zoned = pd.date_range('2024-10-27', periods=4, freq='h', tz='Europe/Paris')
    spans = pd.to_timedelta(['1 days 02:00:00', '90min', None])
    return {
        'parsed': mixed, 'year': mixed.dt.year, 'week': mixed.dt.isocalendar(), 'name': mixed.dt.day_name(), 'end': mixed.dt.is_month_end,
        'format': pd.to_datetime(['03/02/24 14:05'], format='%d/%m/%y %H:%M'), 'epoch': pd.to_datetime([1_700_000_000], unit='s'),
        'zoned': zoned.strftime('%H:%M %z'),
        'utc': zoned.tz_convert('UTC'), 'spans': spans.total_seconds(), 'rounded': pd.Timestamp('2024-02-29 13:47').round('h'),
        'month': pd.Period('2024-01') + 3,
        'next': pd.Timestamp('2024-01-31') + pd.DateOffset(months=1), 'as numbers': mixed.dropna().astype('int64'),
        'text': mixed.dt.strftime('%d %b %Y'),
        'since': (mixed - mixed.min()).dt.days,
    }


@exact
def categories():
    ages = pd.Series([3, 17, 18, 40, 65, 80, np.nan])
    groups = pd.cut(ages, [0, 18, 65, 120], labels=['child', 'adult', 'old'])
    ordered = pd.Categorical(['low', 'high', 'mid', 'low'], categories=['low', 'mid', 'high'], ordered=True)
    return {
        'groups': groups, 'codes': groups.cat.codes, 'counts': groups.value_counts(), 'quantiles': pd.qcut(ages, 3, labels=False),
        'intervals': pd.qcut(ages, 2).astype(str),
        'dummies': pd.get_dummies(pd.DataFrame({'size': ordered, 'n': [1, 2, 3, 4]}), drop_first=True),
        'whole': pd.get_dummies(groups, dtype=int, dummy_na=True),
        'above': (ordered > 'low'), 'smallest': ordered.min(), 'factors': pd.factorize(pd.Series(['b', 'a', 'b']))[0],
        'used': groups.cat.remove_unused_categories().cat.categories,
    }


@exact
def json_round_trip():
    table = sales().head(3)
    nested = [{'id': 1, 'user': {'name': 'ann', 'tags': ['x']}}, {'id': 2 ** 40, 'user': {'name': 'bob'}}]
    return {
        **{orient: table.to_json(orient=orient, date_format='iso') for orient in ('records', 'split', 'columns')},
        'back': pd.read_json(io.StringIO(table.to_json(orient='records', date_format='iso')), convert_dates=['day']),
        'flat': pd.json_normalize(nested),
        'lines': pd.read_json(io.StringIO('{"a":1,"b":"x"}\n{"a":2.5,"b":null}\n'), lines=True),
        'typed': table.to_json(orient='table', index=False),
    }


@exact
def excel_round_trip():
    table, file = sales(), io.BytesIO()
    with pd.ExcelWriter(file, engine='openpyxl') as writer:
        table.to_excel(writer, sheet_name='sales', index=False)
        table.describe().to_excel(writer, sheet_name='summary')
    back = pd.read_excel(io.BytesIO(file.getvalue()), sheet_name=None)
    return {'sheets': list(back), 'sales': back['sales'], 'summary': back['summary'].round(9), 'same': table.equals(back['sales'])}


@exact
def texts():
    names = pd.Series(['Ann Lee <ann@x.org>', 'bob', None, 'Çelik, Ö. <c@y.net>'])
    return {
        'parts': names.str.extract(r'(?P<name>[\w ,.]+?) <(?P<mail>.+)>'), 'split': names.str.split(' ', n=1, expand=True),
        'upper': names.str.upper(),
        'length': names.str.len(), 'has': names.str.contains('@', na=False), 'replaced': names.str.replace(r'\W+', '_', regex=True),
        'padded': names.str.pad(8, fillchar='.').str[:8],
        'all': names.str.findall(r'[a-z]{3}'), 'joined': names.dropna().str.cat(sep='|'),
        'dummies': pd.Series(['a|b', 'b', '']).str.get_dummies(), 'dtype': str(names.dtype),
    }


@exact
def cleaning():
    table = pd.DataFrame({'a': [1, 1, 2, 3], 'b': [1.5, 1.5, np.nan, 9.0], 'c': ['x', 'x', 'y', None]})
    whole = pd.Series([1, None, 3_000_000_000], dtype='Int64')
    return {
        'distinct': table.drop_duplicates(), 'filled': table.fillna({'b': 0, 'c': '?'}), 'complete': table.dropna(),
        'between': table['b'].interpolate(),
        'query': table.query('a > 1 and b.notna()'), 'computed': table.eval('d = a * 3000000000')['d'],
        'replaced': table.replace({'x': 'z', 9.0: -9.0}), 'clipped': table['b'].clip(2, 5),
        'whole': whole + 1, 'sum': whole.sum(), 'numbers': pd.to_numeric(pd.Series(['1', 'x', '3000000000']), errors='coerce'),
        'types': table.convert_dtypes().dtypes.astype(str),
        'chosen': table.loc[table['c'].isin(['x']) & ~table.duplicated(), ['a', 'c']],
        'sorted': table.sort_values(['c', 'b'], ascending=[False, True], na_position='first'),
        'mapped': table['c'].map({'x': 1, 'y': 2}), 'downcast': pd.to_numeric(table['a'], downcast='integer'),
        'int': table['b'].fillna(3e9).astype(int),
    }


@close
def summaries():
    one = np.random.default_rng(23)
    table = pd.DataFrame(one.normal(size=(60, 3)), columns=list('xyz')).assign(
        y=lambda t: t['x'] + t['y'] / 2, kind=one.choice(list('abc'), 60),
    )
    numbers = table[['x', 'y', 'z']]
    return {
        'described': table.describe(include='all'),
        **{method: numbers.corr(method=method) for method in ('pearson', 'spearman', 'kendall')}, 'covariance': numbers.cov(),
        'shares': table['kind'].value_counts(normalize=True), 'largest': table.nlargest(3, 'x')[['x', 'kind']], 'skew': numbers.skew(),
        'kurtosis': numbers.kurt(),
        'quantiles': numbers.quantile([0.1, 0.9]), 'by kind': table.groupby('kind')[['x', 'y']].corr().iloc[:2],
        'scaled': ((numbers - numbers.mean()) / numbers.std()).iloc[:3],
        'sample': table.sample(4, random_state=3).index, 'product': numbers.head(3).prod(axis=1), 'mode': table['kind'].mode(),
        'error': numbers.sem(),
    }
