#!/usr/bin/env bash
# datasets 5.2.0 (Hugging Face): `ClassLabel` takes a text that is none of its names for the number of a class, where it is a small enough whole number. Of
# ratings '1' to '5', '0' (not rated) becomes the class '1', and '-1' no label; of the names '5' and '7' the text '1' is a '7'. So do `cast_column` and files
# that are read with features. Guess: a text that is no name is refused, as 'x' and '6' are.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6
cat >labels.py <<'PY'
from datasets import ClassLabel, Dataset, Features, disable_progress_bars

disable_progress_bars()
ratings = ClassLabel(names=['1', '2', '3', '4', '5'])


def labelled(make):
    try:
        return [ratings.names[label] if label >= 0 else None for label in make()['x']]
    except ValueError:
        return 'refused'


for text in ('4', '0', '-1', '6', 'x'):
    print(text, labelled(lambda: Dataset.from_dict({'x': [text]}).cast_column('x', ratings)))
with open('ratings.csv', 'w') as file:
    file.write('x\n5\n0\n')
print(labelled(lambda: Dataset.from_csv('ratings.csv', features=Features({'x': ratings}), cache_dir='cache')))
sevens = ClassLabel(names=['5', '7'])
print([sevens.int2str(sevens.str2int(text)) for text in ('5', '7', '1')])
PY
HF_HUB_OFFLINE=1 HF_HOME="$FOLDER/hub" python -W ignore labels.py >seen
expect 'what is a name' "$(sed -n 1p seen)" "4 ['4']"
expect 'what is none' "$(sed -n 2,3p seen)" "0 ['1']
-1 [None]"
expect 'what is refused' "$(sed -n 4,5p seen)" '6 refused
x refused'
expect '5 and 0 of a file' "$(sed -n 6p seen)" "['5', '1']"
expect '5, 7 and 1 of the names 5 and 7' "$(sed -n 7p seen)" "['5', '7', '7']"
