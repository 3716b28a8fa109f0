#!/usr/bin/env bash
# DataFusion 55.0.0 takes a JSON file's types from its first 1000 rows, and cuts numbers behind them: after 1200 whole prices 12.5 is 12 and -0.7 is 0, and the
# text "12" is 12, too, without a word, in sums and filters alike. The same rows as CSV are refused, as are "x" and true in JSON; with 900 whole prices before
# them they are read as they are. Guess: what is no whole number is refused in a column of whole numbers, as in CSV, or read as a float.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datafusion==55.0.0 pyarrow==25.0.1
cat >read.py <<'PY'
from datafusion import SessionContext


def last(name, rows):
    with open(name, 'w') as file:
        file.write(rows)
    context = SessionContext()
    try:
        return (context.read_json(name) if name.endswith('json') else context.read_csv(name)).to_pydict()['price'][-2:]
    except Exception:
        return 'refused'


for whole in 900, 1200:
    prices = ['10'] * whole + ['12.5', '-0.7']
    lines = ''.join(f'{{"price": {price}}}\n' for price in prices)
    print(last('prices.json', lines), last('prices.csv', '\n'.join(['price', *prices]) + '\n'))
for price in '"12"', '"x"', 'true':
    print(last('prices.json', '{"price": 10}\n' * 1200 + f'{{"price": {price}}}\n'), end=' ')
print()
context = SessionContext()
with open('prices.json', 'w') as file:
    file.write('{"price": 10}\n' * 1200 + '{"price": 12.5}\n' * 1200)
context.register_json('prices', 'prices.json')
print(context.sql('select sum(price) as total, count(*) filter (where price > 12) as above from prices').to_pydict())
PY
python read.py >seen
expect '12.5 and -0.7 behind 900 rows, of JSON and of CSV' "$(sed -n 1p seen)" '[12.5, -0.7] [12.5, -0.7]'
expect 'behind 1200 rows' "$(sed -n 2p seen)" '[12, 0] refused'
expect '"12", "x" and true behind 1200 rows' "$(sed -n 3p seen)" '[10, 12] refused refused '
expect 'the sum of 1200 times 10 and 12.5' "$(sed -n 4p seen)" "{'total': [26400], 'above': [0]}"
