#!/usr/bin/env bash
# ranx 0.3.21 keeps the order of up to 15 documents of a run, and lets equal scores change places from the 16th on: the first of 15 equal ones is 1st, of 16
# it is 15th, of 30 29th, and of 100 73rd. Where scores are equal in pairs, as rounded ones of a reranker are, some pairs are turned round and some are not.
# Guess: documents with equal scores stay in the order that they were given in, or are ordered by their names as by trec_eval, however many there are.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages ranx==0.3.21 numba==0.68.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
cat >ties.py <<'PY'
from ranx import Qrels, Run, evaluate


def rank(scores, name):
    return round(1 / float(evaluate(Qrels({'q': {name: 1}}), Run({'q': scores}), 'mrr')))


for number in 10, 15, 16, 30, 100:
    print(number, rank({f'd{place}': 1.0 for place in range(number)}, 'd0'), end='; ')
print()
for number in 14, 30, 100:
    scores = {f'd{place}': 1.0 - place // 2 / number for place in range(number)}
    print(number, sum(rank(scores, name) != place for place, name in enumerate(scores, 1)) // 2, end='; ')
PY
python -W ignore ties.py >seen
expect 'ranks of the first of 10, 15, 16, 30 and 100 documents with one score' "$(sed -n 1p seen)" '10 1; 15 1; 16 15; 30 29; 100 73; '
expect 'pairs turned round of 7, 15 and 50' "$(sed -n 2p seen)" '14 0; 30 1; 100 9; '
