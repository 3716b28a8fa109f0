#!/usr/bin/env bash
# safetensors 0.8.0's `safetensors.numpy` writes the memory of an array as if it were in C's order: what a data frame's `to_numpy()` gives, a transposed array and a column of a
# matrix are read back as other numbers, without a word. Its documentation wants tensors "contiguous and dense", as the data frame's are, in Fortran's order,
# and 0.7.0 wrote all of these right. Guess: it is written right or refused.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages safetensors==0.8.0 numpy==2.4.6 pandas==3.0.6
cat >order.py <<'PY'
import pandas as pd
from safetensors.numpy import load, save

frame = pd.DataFrame({'age': [31, 45, 28], 'pay': [1200, 1900, 1100]})
rows = frame.to_numpy()
matrix = rows.copy(order='C')
for name, array in ('frame', rows), ('matrix', matrix), ('transposed', matrix.T), ('column', matrix[:, 0]):
    print(name, array.flags.contiguous, load(save({'x': array}))['x'].tolist() == array.tolist(), end='; ')
print(load(save({'x': rows}))['x'].tolist())
PY
expect "in C's order, read back alike; the frame read back" "$(python order.py)" \
    'frame False False; matrix True True; transposed False False; column False False; [[31, 45], [28, 1200], [1900, 1100]]'
