#!/usr/bin/env bash
# tritonclient 2.73.0 (HTTP) writes `Inference-Header-Content-Length` into the dictionary of headers that the caller gives to `infer`, and leaves it there. A later
# request with the same dictionary and without binary data then carries the length of another request's JSON, at which a server cuts it off. Guess: headers
# that are given to a call are read; a token in one dictionary can be used for all calls.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages 'tritonclient[http]==2.73.0' numpy==2.4.6
cat >ask.py <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import tritonclient.http as triton

seen = []


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        told = self.headers["inference-header-content-length"]
        seen.append("none" if told is None else "all of it" if int(told) == len(body) else "a part of it")
        answer = b'{"model_name":"m","model_version":"1","outputs":[]}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = triton.InferenceServerClient(f"127.0.0.1:{server.server_port}")
headers = {"Authorization": "Bearer token"}
for binary in (False, True, False):
    rows = triton.InferInput("x", [1, 9], "FP32")
    rows.set_data_from_numpy(np.full((1, 9), 0.1, np.float32), binary_data=binary)
    client.infer("m", [rows], headers=headers)
print(f"{', '.join(seen)}; {sorted(headers)}")
PY
expect 'tritonclient 2.73.0: JSON that the header announces, of requests with data in JSON, in binary form, in JSON; the headers of the caller' "$(python ask.py)" \
    "none, a part of it, a part of it; ['Authorization', 'Inference-Header-Content-Length']"
