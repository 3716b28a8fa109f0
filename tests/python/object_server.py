"""A server that speaks S3, on loopback. It prints its port, and then does what each line of its input says, as a JSON list; for each, it prints a line.

    ["put", "bucket", "key", "text"]    puts an object; the bucket is made if it is not there
    ["fill", "bucket", "key", 64]       puts one of so many MiB, no two MiB equal
    ["bucket", "bucket"]                makes a bucket
    ["list", "bucket", "prefix"]        prints the keys below a prefix, as a JSON list
    ["delete", "bucket", "key"]         deletes an object
    ["gets"]                            prints how often objects, or parts of them, were asked for since it was asked last
"""

import itertools
import json
import sys
import threading

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

counter = itertools.count()
application = DomainDispatcherApplication(create_backend_app)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


def counting(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET" and "list-type" not in environ.get("QUERY_STRING", ""):
        next(counter)
    return application(environ, start_response)


def main():
    global counter
    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="me",
        aws_secret_access_key="hidden",
    )
    print(server.server_port, flush=True)
    for line in sys.stdin:
        what, *rest = json.loads(line)
        said = "ok"
        if what in ("put", "fill"):
            bucket, key, content = rest
            if what == "put":
                body = content.encode()
            else:
                body = b"".join(bytes([number % 251, number // 251]) * (1 << 19) for number in range(content))
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key=key, Body=body)
        elif what == "bucket":
            client.create_bucket(Bucket=rest[0])
        elif what == "list":
            bucket, prefix = rest
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            said = json.dumps([found["Key"] for page in pages for found in page.get("Contents", [])])
        elif what == "delete":
            client.delete_object(Bucket=rest[0], Key=rest[1])
        elif what == "gets":
            said, counter = next(counter), itertools.count()
        print(said, flush=True)


main()
