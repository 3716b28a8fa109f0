#!/usr/bin/env bash
# ml-confusion-matrix 2.0.0's `getFalseOmissionRate` is the false negative rate: it divides the positives that were missed by all positives, not by all that
# were taken for negative. Of 1000 rows with 10 positives, of which 5 are found, it is 0.5 where 0.5 % of what was passed over is positive, which is 1 less
# its own `getNegativePredictiveValue`, as its false discovery rate is 1 less its positive one. Guess: the rate of its name.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
modules ml-confusion-matrix@2.0.0
cat >rates.mjs <<'JS'
import { ConfusionMatrix } from 'ml-confusion-matrix'

const actual = Array.from({ length: 1000 }, (_, row) => (row < 10 ? 1 : 0))
const predicted = actual.map((_, row) => (row < 5 || row >= 980 ? 1 : 0))
const matrix = ConfusionMatrix.fromLabels(actual, predicted)
const passedOver = actual.filter((_, row) => predicted[row] === 0)
const positive = passedOver.filter((label) => label === 1).length
const rates = [matrix.getFalseOmissionRate(1), matrix.getFalseNegativeRate(1), 1 - matrix.getNegativePredictiveValue(1), positive / passedOver.length]
console.log(rates.map((rate) => rate.toFixed(4)).join(' '))
console.log([matrix.getFalseDiscoveryRate(1), 1 - matrix.getPositivePredictiveValue(1)].map((rate) => rate.toFixed(4)).join(' '))
JS
node rates.mjs >seen
expect 'false omission rate, false negative rate, 1 less negative predictive value, by hand' "$(sed -n 1p seen)" '0.5000 0.5000 0.0051 0.0051'
expect 'false discovery rate, 1 less positive predictive value' "$(sed -n 2p seen)" '0.8000 0.8000'
