#!/usr/bin/env bash
# DuckDB 2.0.1: `read_csv` drops rows that begin with `#`, where the first column is one of numbers or dates otherwise, since its sniffer then takes `#` for
# the sign of comments. Spreadsheets write cells that they cannot compute as `#N/A` or `#DIV/0!`: their rows are missing of counts and sums, without a word.
# With `N/A`, a quoted `"#N/A"`, `comment=''` or `store_rejects=true` the rows are there and the column is text; so are they where the cell is in another
# column. Guess: a cell that is no number makes the column one of text, as any other.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages duckdb==2.0.1
cat >prices.py <<'PY'
import duckdb

connection = duckdb.connect()


def read(name, text, options=''):
    with open('prices.csv', 'w') as file:
        file.write(text)
    rows = connection.execute(f"from read_csv('prices.csv'{options})")
    types = [str(column[1]) for column in rows.description]
    print(name, types[0], [row[0] for row in rows.fetchall()])


prices = 'price,item\n1.5,a\n#N/A,b\n2.5,c\n#DIV/0!,d\n'
read('prices', prices)
read('days', 'day,n\n2024-01-01,1\n#N/A,2\n2024-01-03,3\n')
read('rejects', prices, ', store_rejects=true')
read('without', prices.replace('#', ''))
read('quoted', prices.replace('#N/A', '"#N/A"').replace('#DIV/0!', '"#DIV/0!"'))
read('told', prices, ", comment=''")
read('second', 'item,price\na,1.5\nb,#N/A\nc,2.5\n')
PY
python -W ignore prices.py >seen
expect 'prices and days' "$(sed -n 1,2p seen)" 'prices DOUBLE [1.5, 2.5]
days DATE [datetime.date(2024, 1, 1), datetime.date(2024, 1, 3)]'
expect 'with store_rejects' "$(sed -n 3p seen)" "rejects VARCHAR ['1.5', '#N/A', '2.5', '#DIV/0!']"
expect 'without #, in quotes, without comments' "$(sed -n 4,6p seen)" "without VARCHAR ['1.5', 'N/A', '2.5', 'DIV/0!']
quoted VARCHAR ['1.5', '#N/A', '2.5', '#DIV/0!']
told VARCHAR ['1.5', '#N/A', '2.5', '#DIV/0!']"
expect 'in the second column' "$(sed -n 7p seen)" "second VARCHAR ['a', 'b', 'c']"
