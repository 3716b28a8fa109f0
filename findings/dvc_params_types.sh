#!/usr/bin/env bash
# DVC 3.67.1 finds parameters unchanged if Python's `==` does, for which the type of a number is nothing: `max_features: 1` to `1.0`, which are one feature
# and all features to scikit-learn, leaves a stage that depends on it unrun, with the old result beside the new parameters, and `dvc params diff` tells of no
# change. By way of 2 the stage is run, and has the other result. Guess: what a file of parameters says otherwise, and a program reads otherwise, is a change.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages dvc==3.67.1 scikit-learn==1.9.1 numpy==2.4.6
export DVC_NO_ANALYTICS=1 PYTHONWARNINGS=ignore
git init --quiet .
dvc init --quiet
cat >fit.py <<'PY'
import yaml
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

with open('params.yaml') as file:
    options = yaml.safe_load(file)['tree']
model = DecisionTreeClassifier(random_state=0, **options).fit(*load_iris(return_X_y=True))
with open('model.txt', 'w') as file:
    print(options, model.max_features_, file=file)
PY
cat >dvc.yaml <<'YAML'
stages:
  fit:
    cmd: python fit.py
    deps: [fit.py]
    params: [tree]
    outs: [model.txt]
YAML
# fit VALUE: what the model was made with, and of how many features a node chooses.
fit() {
    echo "tree: {max_features: $1}" >params.yaml
    dvc repro --quiet >/dev/null
    cat model.txt
}
expect 'at 1' "$(fit 1)" "{'max_features': 1} 1"
git add . && git -c user.name=a -c user.email=a@a commit --quiet -m first
expect 'at 1.0' "$(fit 1.0)" "{'max_features': 1} 1"
expect 'changes' "$(dvc params diff)" ''
expect 'at 2' "$(fit 2)" "{'max_features': 2} 2"
expect 'at 1.0 after that' "$(fit 1.0)" "{'max_features': 1.0} 4"
