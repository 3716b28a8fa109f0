#!/usr/bin/env bash
# optuna 5.0.0 finds a categorical value's place among the choices with `==`. Of choices that are equal in Python but no one thing, as 1 (one feature, one sample) and
# 1.0 (all of them) are to scikit-learn's `max_features`, or 0 and False, each is handed to the objective, and the study keeps the first for all of them:
# `best_params` is what was worse, and samplers learn that both are one. Guess: a trial's parameters are what its objective was given.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages optuna==5.0.0
cat >study.py <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
for choices, better in ([1, 1.0], float), ([0, False], bool):
    given = []

    def objective(trial):
        given.append(trial.suggest_categorical('x', choices))
        return float(type(given[-1]) is better)

    study = optuna.create_study(direction='maximize', sampler=optuna.samplers.GridSampler({'x': choices}, seed=0))
    study.optimize(objective)
    print('given', sorted(map(repr, given)), 'kept', [trial.params['x'] for trial in study.trials], 'best', study.best_value, study.best_params)
PY
expect 'what objectives got and studies keep' "$(python -W ignore study.py)" \
    "given ['1', '1.0'] kept [1, 1] best 1.0 {'x': 1}
given ['0', 'False'] kept [0, 0] best 1.0 {'x': 0}"
