#!/usr/bin/env bash
# implicit 0.7.3's item-to-item recommenders recommend what a user has, with `filter_already_liked_items=True` (the default), where fewer than N other items are
# near: they set the scores of those to 0, keep them, and leave out the items of which the user has none. Of ten items and a user with 0, 1 and 2 the best four
# are 3, 8, 2 and 1, and for one with 0 to 3 and 8 all are his own. Among `items=[0, 1, 3, 5]` his own 1 and 0 come before 5. ALS has them last.
# Guess: what a user has comes after all that he lacks, or not at all, as the documentation says ("don't return items present in the training set").
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages implicit==0.7.3 numpy==2.3.5 scipy==1.17.1
cat >recommend.py <<'PY'
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, ItemItemRecommender
from scipy.sparse import csr_matrix

liked = [[0, 1, 2], [0, 1, 2, 3, 8], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5, 6, 7], [4, 5, 6, 7]]
table = np.zeros((6, 10))
for user, items in enumerate(liked):
    table[user, items] = 1
table = csr_matrix(table)
for model in (ItemItemRecommender(num_threads=1), CosineRecommender(num_threads=1), BM25Recommender(num_threads=1),
              AlternatingLeastSquares(factors=4, random_state=0, num_threads=1)):
    model.fit(table, show_progress=False)
    his = [[int(item) for item in model.recommend(user, table[user], N=4)[0] if item in liked[user]] for user in (0, 1)]
    among = model.recommend(0, table[0], N=4, items=[0, 1, 3, 5])[0].tolist()
    print(type(model).__name__, *his, among)
PY
OPENBLAS_NUM_THREADS=1 python -W ignore recommend.py >seen
expect 'liked ones of the best 4 of two users, order among 0, 1, 3 and 5' "$(cat seen)" 'ItemItemRecommender [2, 1] [8, 3, 2, 1] [3, 1, 0, 5]
CosineRecommender [2, 1] [8, 3, 2, 1] [3, 1, 0, 5]
BM25Recommender [2, 1] [8, 3, 2, 1] [3, 1, 0, 5]
AlternatingLeastSquares [] [] [3, 5, 1, 0]'
