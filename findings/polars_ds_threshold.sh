#!/usr/bin/env bash
# polars-ds 0.13.0 takes a score at the threshold, as half of the trees' votes is, for a 0 in `query_confusion_matrix` and for a 1 in `query_binary_metrics`, so that of
# the same scores one tells of a precision of 1 and a recall of 0.25, and the other of 0.6 and 0.75. Guess: both take one side.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages polars-ds==0.13.0 polars==2.1.0
cat >metrics.py <<'PY'
import polars as pl
import polars_ds as pds

rows = pl.DataFrame({'label': [0, 0, 1, 1, 1, 0, 1, 0], 'score': [0.1, 0.5, 0.5, 0.5, 0.9, 0.5, 0.2, 0.1]})
for metrics, names in (
    (pds.query_confusion_matrix('label', 'score', threshold=0.5, all_metrics=True), ('precision', 'tpr')),
    (pds.query_binary_metrics('label', 'score', threshold=0.5), ('precision', 'recall')),
):
    print(*rows.select(metrics).to_series().struct.unnest().select(*names).row(0), end='; ')
PY
expect 'precision and recall of query_confusion_matrix, of query_binary_metrics' "$(python metrics.py)" '1.0 0.25; 0.6 0.75; '
