#!/usr/bin/env bash
# ranx 0.3.21's `rbp` adds up the grades of relevance, where its documentation has 0 or 1 for a document, by whether it reaches a level: of five documents of
# the grades 3 to 0 in the best order it makes 2.19 at a persistence of 0.5, though rank-biased precision cannot pass 1, and 2 and 1.5 with `-l2` and `-l3`.
# Its `bpref` is NaN for a query without documents judged to be irrelevant, and so is the mean of all queries, where trec_eval's is 1 for a perfect run.
# Guess: a document that reaches the level counts 1, as it does in `precision`, and a measure of a complete run is a number.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages ranx==0.3.21 pytrec-eval-terrier==0.5.11 numba==0.68.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
cat >measures.py <<'PY'
import pytrec_eval
from ranx import Qrels, Run, evaluate

grades = {'a': 3, 'b': 2, 'c': 1, 'd': 1, 'e': 0}
run = {name: 5.0 - rank for rank, name in enumerate(grades)}


def precision(level):
    """Rank-biased precision at a persistence of 0.5 by its definition."""
    return 0.5 * sum(0.5**rank for rank, grade in enumerate(grades.values()) if grade >= level)


for level in 1, 2, 3:
    name = 'rbp.5' if level == 1 else f'rbp.5-l{level}'
    print(level, round(float(evaluate(Qrels({'q': grades}), Run({'q': run}), name)), 4), precision(level), end='; ')
print()
judged = {'q1': grades, 'q2': {'a': 1, 'b': 1}}
runs = {'q1': run, 'q2': {'a': 2.0, 'b': 1.0}}
theirs = pytrec_eval.RelevanceEvaluator(judged, {'bpref'}).evaluate(runs)
print(evaluate(Qrels(judged), Run(runs), 'bpref'), sum(values['bpref'] for values in theirs.values()) / 2)
PY
python -W ignore measures.py >seen
expect 'rank-biased precision from levels 1, 2 and 3 on, and by definition' "$(sed -n 1p seen)" '1 2.1875 0.9375; 2 2.0 0.75; 3 1.5 0.5; '
expect 'bpref of perfect runs of two queries, and that of trec_eval' "$(sed -n 2p seen)" 'nan 1.0'
