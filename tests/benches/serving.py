"""How long one prediction takes: `weft serve` beside FastAPI with onnxruntime, one worker, in one run on the same machine.

    python serving.py PATH-OF-weft [MODEL.onnx]

The environment needs `fastapi==0.115.6 uvicorn==0.34.0 onnxruntime numpy`. Both servers are asked by the same client: a socket that is kept, and a request
whose bytes are made beforehand, of one row in JSON. Their requests alternate, so that what else the machine does meets both. Then 200 clients at once.

Without a model it is the random forest of `runtime/components/models/tests/data/cases/forest_regressor`. Prints one line of JSON.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
REQUESTS = 2000
CLIENTS = 200

FASTAPI = '''
import sys
import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options)
name = session.get_inputs()[0].name
app = FastAPI()


class Rows(BaseModel):
    rows: list[list[float]]


@app.post("/predict")
def predict(rows: Rows):
    outputs = session.run(None, {name: np.array(rows.rows, np.float32)})
    return {"outputs": [np.asarray(output).tolist() for output in outputs]}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", workers=1)
'''


class Client:
    """A connection that is kept."""

    def __init__(self, port, path, body, headers=""):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
        self.request = head.encode() + body

    def ask(self):
        self.socket.sendall(self.request)
        answer = b""
        while True:
            part = self.socket.recv(65536)
            if not part:
                raise OSError("the server hung up")
            answer += part
            head, end, body = answer.partition(b"\r\n\r\n")
            if end:
                length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
                if len(body) >= length:
                    status = int(head.split()[1])
                    return status, body


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(make):
    until = time.monotonic() + 180
    while True:
        try:
            client = make()
            status, body = client.ask()
            if status == 200:
                return client
        except OSError:
            pass
        if time.monotonic() > until:
            raise SystemExit("a server does not answer")
        time.sleep(0.05)


def many(make):
    """200 clients at once, each with ten requests: how many failed, and requests a second."""
    failed = []
    clients = [make() for _ in range(CLIENTS)]

    def work(client):
        for _ in range(10):
            try:
                if client.ask()[0] != 200:
                    failed.append(1)
            except OSError:
                failed.append(1)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(failed), CLIENTS * 10 / (time.monotonic() - begun)


def main(weft, model=None):
    model = Path(model or PROJECT / "runtime/components/models/tests/data/cases/forest_regressor/model.onnx").resolve()
    import onnxruntime

    port = onnxruntime.InferenceSession(str(model)).get_inputs()[0]
    row = [[0.25 * (column % 7) for column in range(port.shape[1])]]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "served.py"
        script.write_text(FASTAPI)
        weft = str(Path(weft).resolve())
        subprocess.run([weft, "deploy", str(model), "--name", "model"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        ports = free_port(), free_port()
        servers = [
            subprocess.Popen([weft, "serve", "--no-auth", "--listen", f"127.0.0.1:{ports[0]}"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
            subprocess.Popen([sys.executable, str(script), str(model), str(ports[1])], cwd=folder),
        ]
        try:
            document = {"inputs": [{"name": port.name, "datatype": "FP32", "shape": [1, len(row[0])], "data": row[0]}]}
            ours = lambda: Client(ports[0], "/v2/models/model/infer", document)
            theirs = lambda: Client(ports[1], "/predict", {"rows": row})
            clients = [wait(ours), wait(theirs)]
            for client in clients * 100:
                client.ask()
            times = [[], []]
            for _ in range(REQUESTS):
                for client, spent in zip(clients, times):
                    begun = time.perf_counter()
                    client.ask()
                    spent.append(time.perf_counter() - begun)
            figures = {}
            for name, spent, make in zip(("weft", "fastapi"), times, (ours, theirs)):
                spent.sort()
                failed, rate = many(make)
                figures[name] = {
                    "p50_ms": round(statistics.median(spent) * 1000, 3),
                    "p99_ms": round(spent[int(len(spent) * 0.99)] * 1000, 3),
                    "failed_of_200_clients": failed,
                    "requests_a_second_of_200_clients": round(rate),
                }
            figures["ratio_of_p50"] = round(figures["weft"]["p50_ms"] / figures["fastapi"]["p50_ms"], 3)
            print(json.dumps(figures))
        finally:
            for server in servers:
                server.kill()
                server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
