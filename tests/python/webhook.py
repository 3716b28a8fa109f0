"""Sends signed requests as the specification Standard Webhooks has it: `webhook.py PART URL TRIGGER`. Prints the run's id."""
import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request

SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = json.dumps({"who": "me", "items": [1, 2]}).encode()


def send(url, trigger, identity, at=None, body=BODY, secret=SECRET, signs=BODY):
    at = str(int(time.time() if at is None else at))
    signed = hmac.new(secret, f"{identity}.{at}.".encode() + signs, hashlib.sha256).digest()
    headers = {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(signed).decode()}
    request = urllib.request.Request(f"{url}/hooks/{trigger}", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def twice(url, trigger):
    status, answer = send(url, trigger, "msg_1")
    assert status == 202, answer
    again, same = send(url, trigger, "msg_1")
    assert (again, same) == (200, answer), same
    print(answer["run_id"])


def wrong(url, trigger):
    for told, sent in {
        "five minutes": {"at": time.time() - 400},
        "not that of this body": {"body": BODY + b" "},
        "by the trigger's secret": {"secret": b"0123456789abcdef"},
    }.items():
        status, answer = send(url, trigger, "msg_2", **sent)
        assert status == 401 and told in answer["message"], answer
    status, answer = send(url, "other", "msg_3")
    assert status == 404, answer


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
