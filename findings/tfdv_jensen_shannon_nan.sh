#!/usr/bin/env bash
# TFDV 1.21.0: NaN counts in the Jensen-Shannon divergence of numbers only where both histograms have the same bounds, and then as if it were unlike
# NaN. So a column that becomes nine tenths NaN has not drifted, and is as far as 0.9 from itself. Guess: NaN is a bucket of both.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tfdv
cat >nan.py <<'PY'
import random

import tensorflow_data_validation as tfdv


def statistics(name, values):
    with open(name, 'w') as file:
        file.writelines(f'{value}\n' for value in ['x', *values])
    return tfdv.generate_statistics_from_csv(name)


normal = random.Random(1).gauss
numbers = [normal(0, 1) for _ in range(2000)]
whole = statistics('whole.csv', numbers)
most = statistics('most.csv', [number if n % 10 == 0 else 'nan' for n, number in enumerate(numbers)])
schema = tfdv.infer_schema(whole)
tfdv.get_feature(schema, 'x').drift_comparator.jensen_shannon_divergence.threshold = 0.1
for before in [whole, most]:
    anomalies = tfdv.validate_statistics(most, schema, previous_statistics=before)
    print(round(anomalies.drift_skew_info[0].drift_measurements[0].value, 2), len(anomalies.anomaly_info), end='; ')
PY
expect 'divergence and anomalies of nine tenths NaN, from none and from itself' "$(python -W ignore nan.py 2>/dev/null)" '0.02 0; 0.9 1; '
