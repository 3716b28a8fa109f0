#!/usr/bin/env bash
# ngboost 0.5.11: `NGBClassifier` takes labels for positions, and -1 for the last one, so that a model of the labels -1 and 1 takes every row for 1 with
# certainty; 1 and 2 are refused, 0 and 1 learned. And what `early_stopping_rounds` stops is the fit alone: `predict` goes on with the trees of the
# rounds in which the loss only rose, however many they are, unless `max_iter` is told. Guess: labels are learned or refused; the best round is what predicts.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages ngboost==0.5.11 scikit-learn==1.9.1 numpy==2.4.6
cat >boost.py <<'PY'
import numpy as np
from ngboost import NGBClassifier, NGBRegressor

generator = np.random.default_rng(0)
features = generator.normal(size=(600, 2))
positive = features[:, 0] + generator.normal(size=600) * 0.3 > 0.3
for labels in ([0, 1], [1, 2], [-1, 1]):
    try:
        model = NGBClassifier(n_estimators=100, verbose=False, random_state=0).fit(features, np.where(positive, labels[1], labels[0]))
    except IndexError:
        print(labels, 'refused')
        continue
    predicted = model.predict(features)
    right = (predicted == np.where(positive, labels[1], labels[0])).mean()
    print(labels, sorted(set(predicted.tolist())), f'{right:.1f}')

target = features[:, 0] * 2 + generator.normal(size=600) * 0.5
model = NGBRegressor(n_estimators=500, learning_rate=0.3, verbose=False, random_state=0)
model.fit(features[:400], target[:400], X_val=features[400:], Y_val=target[400:], early_stopping_rounds=20)


def loss(**options):
    return -model.pred_dist(features[400:], **options).logpdf(target[400:]).mean()


print(loss(max_iter=model.best_val_loss_itr + 1) < 1, loss() > 2, np.array_equal(model.predict(features), model.predict(features, max_iter=len(model.base_models))))
PY
python -W ignore boost.py >seen
expect 'labels, predicted, right' "$(sed -n 1,2p seen)" '[0, 1] [0, 1] 0.9
[1, 2] refused'
expect 'labels, predicted, right' "$(sed -n 3p seen)" '[-1, 1] [1] 0.4'
expect 'loss at the best round below 1, by default above 2, the default the last round' "$(sed -n 4p seen)" 'True True True'
