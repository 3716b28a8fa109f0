#!/usr/bin/env bash
# LightGBM 4.7.0: with `use_quantized_grad`, whose rounding is random, `deterministic=True` and a seed give one model for each number of threads: of 1,600 rows
# 1, 2 and 3 threads make three. Without quantized gradients they make one. The random numbers are drawn in a block for each thread, from a generator that is
# seeded by the thread's number. The documentation of `deterministic` promises stable results for the same data and parameters and another `num_threads`.
# Guess: one model, as promised. So a machine with other processors trains another one.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages lightgbm==4.7.0 numpy==2.4.6 scipy==1.17.1
cat >threads.py <<'PY'
import lightgbm as lgb
import numpy as np

one = np.random.default_rng(0)
x = one.normal(size=(1600, 4))
y = x[:, 0] * 2 + np.abs(x[:, 1]) + one.normal(size=1600)


def models(**more):
    answers = []
    for threads in (1, 2, 3, 1):
        parameters = {'objective': 'regression', 'verbose': -1, 'deterministic': True, 'force_col_wise': True, 'seed': 7}
        parameters |= {'num_threads': threads, **more}
        answers.append(lgb.train(parameters, lgb.Dataset(x, y), 20).predict(x))
    largest = max(np.abs(answers[0] - answer).max() for answer in answers[1:3])
    return len({answer.round(9).tobytes() for answer in answers[:3]}), np.array_equal(answers[0], answers[3]), f'{largest:.1f}'


print(*models())
print(*models(use_quantized_grad=True))
print(*models(use_quantized_grad=True, stochastic_rounding=False)[:2])
PY
python threads.py >seen
expect 'models by 1, 2 and 3 threads, whether the first comes again, and the largest difference between answers' "$(sed -n 1p seen)" '1 True 0.0'
expect 'with quantized gradients' "$(sed -n 2p seen | sed 's/ [0-9.]*$//')" '3 True'
expect 'rounded without chance' "$(sed -n 3p seen)" '1 True'
