#!/usr/bin/env bash
# frictionless 5.21.0 takes a missing number or time of a pandas data frame for a value, so that columns that are `required` are valid without it; of the same rows in a CSV file
# it finds both missing. And `to_pandas` and Parquet files have 9007199254740992 for 9007199254740993 where another integer is missing, in a column of
# integers all the same. Guess: NaN and NaT of pandas are missing, and integers stay what they are.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'frictionless[pandas,parquet]==5.21.0' pandas==3.1.1 numpy==2.4.6
cat >check.py <<'PY'
import pandas as pd
from frictionless import Resource, Schema, fields, validate

rows = pd.DataFrame({'key': [1, 2], 'pay': [1.5, None], 'day': pd.to_datetime(['2024-01-01 10:00', None])})
rows.to_csv('rows.csv', index=False, date_format='%Y-%m-%dT%H:%M:%S')
required = {'constraints': {'required': True}}
for name, source in ('frame', rows), ('file', 'rows.csv'):
    schema = Schema(fields=[fields.IntegerField(name='key'), fields.NumberField(name='pay', **required), fields.DatetimeField(name='day', **required)])
    report = validate(Resource(source, schema=schema))
    print(name, report.valid, [error.field_name for task in report.tasks for error in task.errors], end='; ')
print()
with open('numbers.csv', 'w') as file:
    file.write('key,number\na,9007199254740993\nb,\n')
numbers = Resource('numbers.csv').to_pandas()['number']
print(numbers.dtype, numbers[0], Resource('numbers.csv').read_rows()[0]['number'])
PY
python -W ignore check.py >seen
expect 'valid, and the columns at fault' "$(sed -n 1p seen)" "frame True []; file False ['pay', 'day']; "
expect 'an integer beside a missing one in pandas, and as it is read' "$(sed -n 2p seen)" 'Int64 9007199254740992 9007199254740993'
