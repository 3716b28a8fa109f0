#!/usr/bin/env bash
# prince 0.23.0's fitted `FAMD` places a row by how frequent its categories are among the rows that are transformed with it, not among those it was fitted to: a
# row alone is where its numbers put it, whatever its categories are, so that two people of one age and income are one, from Ulm with a cat or Kiel with a dog.
# `MCA` and `PCA` place a row alike, alone or not. Guess: a fitted transform of a row depends on the row, as in scikit-learn, whose ways it has.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages prince==0.23.0 pandas==2.3.3 numpy==2.4.6 scikit-learn==1.9.1
cat >places.py <<'PY'
import pandas as pd
import prince

train = pd.DataFrame({
    'age': [20.0, 30, 40, 50, 60, 70],
    'income': [1.0, 3, 2, 5, 4, 3],
    'city': ['Ulm', 'Ulm', 'Bonn', 'Bonn', 'Bonn', 'Kiel'],
    'pet': ['cat', 'dog', 'cat', 'dog', 'cat', 'dog'],
})
twins = train.iloc[[0, 0]].assign(city=['Ulm', 'Kiel'], pet=['cat', 'dog'])
for name, columns in ('FAMD', list(train)), ('MCA', ['city', 'pet']):
    model = getattr(prince, name)(n_components=2, random_state=0).fit(train[columns])
    places = [model.transform(rows[columns]).iloc[-1] for rows in (pd.concat([train, twins]), twins, twins.iloc[[0]], twins.iloc[[1]])]
    print(name, *(f'{place.iloc[0] ** 2 + place.iloc[1] ** 2:.3f}' for place in places), end='; ')
PY
python -W ignore places.py >seen
expect 'squared distance from the middle of one from Kiel among all, with a twin from Ulm, of the twin alone, and alone' "$(cat seen)" \
    'FAMD 3.797 1.743 2.832 2.832; MCA 2.686 2.686 1.250 2.686; '
