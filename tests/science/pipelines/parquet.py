"""Files of Parquet by several writers, read by pandas; tables, written; damaged files, which must be refused."""

from kfp import dsl


@dsl.component(base_image='python:3.11', packages_to_install=['pandas==3.0.6', 'pyarrow'])
def read_all(files: dsl.Input[dsl.Dataset], sources: dsl.Input[dsl.Artifact]) -> dict:
    import json
    import os
    import sys
    import traceback

    sys.path.insert(0, sources.path)
    import cases
    import pandas as pd
    import written

    answers = {}
    for name in sorted(os.listdir(files.path)):
        try:
            found = pd.read_parquet(f'{files.path}/{name}')
            answer = json.loads(json.dumps(cases.plain(found)))
            answers[name] = written.digest(answer) if len(found) > 100 else answer
        except Exception:
            answers[name] = traceback.format_exc()
    return answers


@dsl.component(base_image='python:3.11', packages_to_install=['pandas==3.0.6', 'pyarrow'])
def write_all(sources: dsl.Input[dsl.Artifact], folder: dsl.Output[dsl.Dataset]) -> dict:
    import hashlib
    import io
    import os
    import sys

    sys.path.insert(0, sources.path)
    import pandas as pd
    import written

    digests = {}
    for name, frame in written.frames().items():
        file = io.BytesIO()
        frame.to_parquet(file)
        digests[name] = hashlib.sha256(file.getvalue()).hexdigest()
        # What was written is read as it was, by path and for chosen rows and columns.
        os.makedirs(folder.path, exist_ok=True)
        path = f'{folder.path}/{name}.parquet'
        frame.to_parquet(path, compression='gzip')
        again = pd.read_parquet(path)
        # Rows without columns are not kept, nor are they by pyarrow.
        assert list(again.columns) == list(frame.columns) and len(again) == len(frame) * bool(len(frame.columns)), name
    long = written.frames()['long']
    chosen = pd.read_parquet(f'{folder.path}/long.parquet', columns=['x'], filters=[('w', '=', 'red'), ('n', '<', 100)])
    wanted = long[(long['w'] == 'red') & (long['n'] < 100)][['x']].reset_index(drop=True)
    pd.testing.assert_frame_equal(chosen, wanted)
    long.to_parquet(f'{folder.path}/parted', partition_cols=['w'])
    parted = pd.read_parquet(f'{folder.path}/parted')
    assert parted['w'].dtype == 'category' and len(parted) == 500 and sorted(os.listdir(f'{folder.path}/parted'))[0] == 'w=blue'
    return digests


@dsl.component(base_image='python:3.11', packages_to_install=['pandas==3.0.6', 'pyarrow'])
def read_damaged(files: dsl.Input[dsl.Dataset]) -> dict:
    import io
    import random

    import pandas as pd

    with open(f'{files.path}/types_small_pages.parquet', 'rb') as file:
        whole = file.read()
    outcomes = {}
    one = random.Random(3)
    footer = int.from_bytes(whole[-8:-4], 'little') + 8
    damaged = [whole[:size] for size in range(0, len(whole), len(whole) // 10)]
    for _ in range(60):
        data = bytearray(whole)
        at = len(data) - 1 - one.randrange(one.choice([footer, len(data)]))
        # A bit, a very large number, a few bytes that are not there.
        change = one.choice([bytes([data[at] ^ 1 << one.randrange(8)]), b'\xff' * 8 + b'\x7f', b''])
        data[at:at + max(1, len(change))] = change
        damaged.append(bytes(data))
    for data in damaged:
        try:
            pd.read_parquet(io.BytesIO(data))
            outcome = 'read'
        except Exception as error:
            outcome = type(error).__name__
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


@dsl.pipeline
def pipeline(files: dsl.Input[dsl.Dataset], sources: dsl.Input[dsl.Artifact]):
    read_all(files=files, sources=sources)
    write_all(sources=sources)
    read_damaged(files=files)
