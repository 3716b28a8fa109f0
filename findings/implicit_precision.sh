#!/usr/bin/env bash
# implicit 0.7.3's `precision_at_k` ("P@K") divides the hits of all users by the sum of the smaller of K and of how many items each has in the test, not by K: a
# user with one test item who finds it among 10 counts as precise as one for whom all 10 are right, and users with many items weigh more. Two users who find 1
# of 1 and 3 of 3 in ten have 1 (0.2 by ranx and by hand), and a zero written out in the test's matrix counts as an item to find. Guess: precision.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages implicit==0.7.3 numpy==2.3.5 scipy==1.17.1
cat >precision.py <<'PY'
import numpy as np
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix


class Model:
    def recommend(self, users, items, N=10, **_):
        return np.tile(np.arange(N, dtype=np.int32), (len(users), 1)), np.ones((len(users), N))


def precision(test):
    seen = ranking_metrics_at_k(Model(), csr_matrix(test.shape), test, K=10, show_progress=False, num_threads=1)['precision']
    found = np.mean([len(set(range(10)) & set(row.indices[row.data > 0])) / 10 for row in test])
    return f'{seen:g} {found:g}'


def table(*users):
    test = np.zeros((len(users), 100))
    for user, items in enumerate(users):
        test[user, items] = 1
    return csr_matrix(test)


print(precision(table([4], [0, 3, 8])))
print(precision(table([4], [50, 51, 52, 53, 54, 55, 56, 57, 58])))
zeros = table([4, 60], [0, 3])
zeros.data[1] = 0
print(precision(zeros))
PY
OPENBLAS_NUM_THREADS=1 python -W ignore precision.py >seen
expect '1 of 1 and 3 of 3 found: precision_at_k, by hand' "$(sed -n 1p seen)" '1 0.2'
expect '1 of 1 and 0 of 9' "$(sed -n 2p seen)" '0.1 0.05'
expect '1 of 1 and a zero, 2 of 2' "$(sed -n 3p seen)" '0.75 0.15'
