#!/usr/bin/env bash
# TFDV 1.21.0: the distances of text columns are those of the 1,000 values that its statistics keep, which are, of equally frequent ones, the last by
# bytes. So of identifiers 9,000 in 10,000 can be new without any distance, and where 1,000 new ones sort last, 3,000 old ones count for nothing.
# Guess: distances are of all values, as their definitions have it, or at least a sample of them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tfdv
cat >tops.py <<'PY'
import tensorflow_data_validation as tfdv


def statistics(name, values):
    with open(name, 'w') as file:
        file.writelines(f'{value}\n' for value in ['id', *values])
    return tfdv.generate_statistics_from_csv(name)


old = [f'm{n:05}' for n in range(3000)]
before = statistics('before.csv', old)
schema = tfdv.infer_schema(before)
comparator = tfdv.get_feature(schema, 'id').drift_comparator
comparator.infinity_norm.threshold = comparator.jensen_shannon_divergence.threshold = 0.1
for what, values in [('new before', old[2000:] + [f'a{n:05}' for n in range(9000)]), ('new behind', old + [f'z{n:05}' for n in range(1000)])]:
    anomalies = tfdv.validate_statistics(statistics('after.csv', values), schema, previous_statistics=before)
    print(what, *[round(one.value, 6) for one in anomalies.drift_skew_info[0].drift_measurements], len(anomalies.anomaly_info), end='; ')
PY
expect 'L-infinity, divergence and anomalies' "$(python -W ignore tops.py 2>/dev/null)" 'new before 0.0 0.0 0; new behind 0.001 1.0 1; '
