#!/usr/bin/env bash
# Feast 0.67.0's `get_historical_features` leaves rows of the asked-for data frame out where features are in files (the offline store `dask`, which is the default): a row whose
# features are all older than the view's `ttl` or not there yet, and the first of two rows of one entity and time, whatever else they hold, as a label.
# A row of an entity without any features stays, with nulls. The store `duckdb` keeps all of them, of the same files.
# Guess: a point-in-time join gives each row back, with nulls where no features are valid, and the two stores answer alike.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'feast[duckdb]==0.67.0' dask==2026.8.0 duckdb==2.0.1 pandas==2.3.3
cat >join.py <<'PY'
from datetime import timedelta

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64

days = pd.to_datetime(['2024-01-01', '2024-01-02'], utc=True)
pd.DataFrame({'driver': 1, 'time': days, 'trips': [1.0, 2.0]}).to_parquet('trips.parquet')
asked = pd.DataFrame(
    [(1, '2024-01-02', 'a'), (1, '2024-01-02', 'b'), (1, '2024-01-03', 'c'), (1, '2024-01-04', 'late'), (1, '2023-01-01', 'early'), (2, '2024-01-02', 'other')],
    columns=['driver', 'event_timestamp', 'label'],
)
asked['event_timestamp'] = pd.to_datetime(asked['event_timestamp'], utc=True)
driver = Entity(name='driver', join_keys=['driver'], value_type=ValueType.INT64)
view = FeatureView(
    name='view',
    entities=[driver],
    ttl=timedelta(days=1),
    schema=[Field(name='driver', dtype=Int64), Field(name='trips', dtype=Float64)],
    source=FileSource(name='trips', path='trips.parquet', timestamp_field='time'),
)
for kind in 'dask', 'duckdb':
    config = RepoConfig(project='taxi', provider='local', registry=f'{kind}.db', offline_store={'type': kind}, entity_key_serialization_version=3)
    store = FeatureStore(config=config)
    store.apply([driver, view])
    rows = store.get_historical_features(asked, ['view:trips']).to_df().sort_values('label')
    print(kind, *(f'{row.label}:{row.trips}' for row in rows.itertuples()))
PY
python -W ignore join.py 2>log >seen || cat log
expect 'labels and features of six rows asked for' "$(grep -E '^(dask|duckdb) ' seen)" 'dask b:2.0 c:2.0 other:nan
duckdb a:2.0 b:2.0 c:2.0 early:nan late:nan other:nan'
