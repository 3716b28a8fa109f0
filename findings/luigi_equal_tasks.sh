#!/usr/bin/env bash
# Luigi 3.8.1 hands out the first task made in a process for every later one whose parameters are equal to Python, where `True == 1 == 1.0` also within a
# `DictParameter` or `ListParameter`: a `Fit` with `{'max_features': 1.0}`, all features to scikit-learn, is run as that with `1`, one feature, if that was made
# before, and its own result is never written, though the run is told to have gone well; alone it is. And `TimeDeltaParameter` leaves parts of a second out of
# the task's id, so that of windows of 250 and 500 ms one is not run. Guess: what a task's `run` can tell apart is another task.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages luigi==3.8.1
cat >tasks.py <<'PY'
import datetime
import json
import os
import sys

import luigi


class Fit(luigi.Task):
    options = luigi.DictParameter()
    window = luigi.TimeDeltaParameter(default=datetime.timedelta(seconds=1))

    def output(self):
        return luigi.LocalTarget(f'{sys.argv[1]}/{json.dumps(dict(self.options))} {self.window.total_seconds()}')

    def run(self):
        with self.output().open('w') as file:
            file.write('fitted')


def milliseconds(number):
    return datetime.timedelta(milliseconds=number)


tasks = {
    'depths': lambda: [Fit({'depth': 1}), Fit({'depth': 2})],
    'features': lambda: [Fit({'max_features': 1}), Fit({'max_features': 1.0})],
    'alone': lambda: [Fit({'max_features': 1.0})],
    'flags': lambda: [Fit({'warm_start': True}), Fit({'warm_start': 1})],
    'windows': lambda: [Fit({}, milliseconds(250)), Fit({}, milliseconds(500))],
}[sys.argv[1]]()
done = luigi.build(tasks, local_scheduler=True, no_lock=True, log_level='CRITICAL')
print('done' if done else 'failed', *sorted(os.listdir(sys.argv[1])), sep=' | ')
PY
# results NAME: whether all went well, and whose results there are.
results() {
    python -W ignore tasks.py "$1" 2>/dev/null
}
expect 'of two depths' "$(results depths)" 'done | {"depth": 1} 1.0 | {"depth": 2} 1.0'
expect 'of 1.0 alone' "$(results alone)" 'done | {"max_features": 1.0} 1.0'
expect 'of 1 and 1.0' "$(results features)" 'done | {"max_features": 1} 1.0'
expect 'of True and 1' "$(results flags)" 'done | {"warm_start": true} 1.0'
expect 'of windows of 250 and 500 ms' "$(results windows)" 'done | {} 0.5'
