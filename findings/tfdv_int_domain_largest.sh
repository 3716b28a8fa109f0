#!/usr/bin/env bash
# TFDV 1.21.0: 9223372036854775807 is no anomaly of an integer that may be 10 at most: as a double it is 2^63, which becomes the smallest integer when it is
# compared. A smaller one is found. Guess: the largest integer, which often stands for "none", is what such a domain finds first.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tfdv
cat >largest.py <<'PY'
import tensorflow_data_validation as tfdv

for largest in [2**63 - 1, 2**63 - 1024]:
    with open('table.csv', 'w') as file:
        file.write(f'x\n5\n{largest}\n')
    statistics = tfdv.generate_statistics_from_csv('table.csv')
    schema = tfdv.infer_schema(statistics)
    domain = tfdv.get_feature(schema, 'x').int_domain
    domain.min, domain.max = 0, 10
    print([info.description for info in tfdv.validate_statistics(statistics, schema).anomaly_info.values()])
PY
expect 'anomalies' "$(python -W ignore largest.py 2>/dev/null)" "[]
['Unexpectedly large value: 9223372036854774784.']"
