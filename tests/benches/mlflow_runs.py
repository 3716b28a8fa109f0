"""As many runs in mlflow's store as weft has, listed by `mlflow server`: `mlflow_runs.py RUNS PAGE ROUNDS` prints the median of a list in seconds.

The rows are written to the tables that mlflow made, all at once: by its API that takes an hour.
"""
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import uuid

import sqlalchemy
from mlflow.store.tracking.dbmodels import models
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

runs, page, rounds = map(int, sys.argv[1:])
uri = "sqlite:///mlflow.db"
SqlAlchemyStore(uri, "artifacts")
engine = sqlalchemy.create_engine(uri)
rows, parameters, metrics = [], [], []
for n in range(runs):
    run, begun, rate = uuid.uuid4().hex, 1_767_225_600_000 + n * 1000, (n % 97) / 97
    rows.append({"run_uuid": run, "name": f"run-{n}", "experiment_id": 0, "user_id": "me", "status": "FINISHED", "source_type": "LOCAL",
                 "lifecycle_stage": "active", "start_time": begun, "end_time": begun + 200, "artifact_uri": f"artifacts/{run}"})
    parameters += [{"run_uuid": run, "key": "learning-rate", "value": str(rate)}, {"run_uuid": run, "key": "seed", "value": str(n)}]
    for key, value in [("accuracy", 1 - rate / 2), ("loss", rate)]:
        metrics.append({"run_uuid": run, "key": key, "value": value, "timestamp": begun, "step": 0, "is_nan": False})
with engine.begin() as connection:
    connection.execute(sqlalchemy.insert(models.SqlRun), rows)
    connection.execute(sqlalchemy.insert(models.SqlParam), parameters)
    connection.execute(sqlalchemy.insert(models.SqlMetric), metrics)
    connection.execute(sqlalchemy.insert(models.SqlLatestMetric), metrics)

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
# In a session of its own: it has workers, which are ended with it.
server = subprocess.Popen(
    [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
    stdout=subprocess.DEVNULL, stderr=open("server.log", "w"), start_new_session=True)


def listed():
    body = json.dumps({"experiment_ids": ["0"], "max_results": page, "order_by": ["attributes.start_time DESC"]})
    connection.request("POST", "/api/2.0/mlflow/runs/search", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    assert answer.status == 200 and len(found["runs"]) == page, found
    return found


try:
    end = time.time() + 120
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            listed()
            break
        except OSError:
            assert time.time() < end and server.poll() is None, open("server.log").read()
            time.sleep(0.5)
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        listed()
        times.append(time.perf_counter() - begun)
    print(statistics.median(times))
finally:
    os.killpg(server.pid, 15)
    server.wait()
