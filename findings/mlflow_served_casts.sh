#!/usr/bin/env bash
# MLflow 3.17.2's server casts what it is sent into the types of the model's signature: 2.7 is 2 to a column of whole numbers, 2**32 + 7 is 7 to one of 32 bits, and to a flag
# the text "false" is True and null is False. It answers 200. The same model, loaded and asked in Python, keeps the null and refuses the others, as is documented: only
# conversions that lose nothing are allowed. Guess: the server refuses what the model's signature refuses.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages mlflow-skinny==3.17.2 pandas==3.1.1 numpy==2.4.6 fastapi==0.165.0 httpx==0.28.1 flask==3.1.3 scipy==1.17.1
cat >serve.py <<'PY'
import json

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel, load_model, save_model, scoring_server


class Echo(PythonModel):
    def predict(self, context, model_input, params=None):
        return [str(value) for value in model_input.iloc[0].tolist()]


example = pd.DataFrame({'rooms': [3], 'zone': np.array([7], 'int32'), 'pets': [True]})
save_model('model', python_model=Echo(), signature=infer_signature(example), pip_requirements=[])
model = load_model('model')
client = TestClient(scoring_server.init(model))
for column, value in (None, None), ('rooms', 2.7), ('zone', 2**32 + 7), ('pets', 'false'), ('pets', None):
    row = example if column is None else example.assign(**{column: pd.Series([value], dtype=object).infer_objects()})
    try:
        local = model.predict(row)
    except Exception as error:
        local = type(error).__name__
    sent = {'dataframe_split': {'columns': list(row), 'data': row.astype(object).values.tolist()}}
    got = client.post('/invocations', content=json.dumps(sent), headers={'content-type': 'application/json'})
    print(column, value, local, got.status_code, got.json()['predictions'])
PY
python -W ignore serve.py 2>log >seen || cat log
expect 'column, value, answer in Python, status and answer of the server' "$(cat seen)" \
    "None None ['3', '7', 'True'] 200 ['3', '7', 'True']
rooms 2.7 MlflowException 200 ['2', '7', 'True']
zone 4294967303 MlflowException 200 ['3', '7', 'True']
pets false MlflowException 200 ['3', '7', 'True']
pets None ['3', '7', 'None'] 200 ['3', '7', 'False']"
