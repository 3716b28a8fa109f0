#!/usr/bin/env bash
# TFDV 1.21.0: `max_examples_count` of a schema is looked at only where there is a `min_examples_count` as well, and data without any row has no anomaly,
# whatever columns and however many rows the schema demands: only `data_missing` is set. Guess: each is checked by itself, no rows first of all.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tfdv
cat >counts.py <<'PY'
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2


def statistics(rows):
    with open('table.csv', 'w') as file:
        file.writelines(f'{value}\n' for value in ['x', *range(rows)])
    return tfdv.generate_statistics_from_csv('table.csv')


fifty = statistics(50)
for bounds, data in [
    (dict(max_examples_count=20), fifty),
    (dict(max_examples_count=20, min_examples_count=1), fifty),
    (dict(min_examples_count=20), statistics(1)),
    (dict(min_examples_count=20), statistics(0)),
]:
    schema = tfdv.infer_schema(fifty)
    schema.dataset_constraints.CopyFrom(schema_pb2.DatasetConstraints(**bounds))
    anomalies = tfdv.validate_statistics(data, schema)
    print(anomalies.dataset_anomaly_info.short_description or None, len(anomalies.anomaly_info))
PY
expect 'anomalies' "$(python -W ignore counts.py 2>/dev/null)" 'None 0
High num examples in dataset. 0
Low num examples in dataset. 0
None 0'
