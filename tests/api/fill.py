"""Puts something of everything into a server: `fill.py URL TOKEN`."""
import json
import sys
import time
import urllib.error
import urllib.request

url, token = sys.argv[1:]


def ask(method, path, body=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/apis/v2beta1/{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}")


def container(script, *args):
    return {"container": {"image": "alpine", "command": ["sh", "-c", script], "args": list(args)}}


def task(name, **more):
    return {"taskInfo": {"name": name}, "componentRef": {"name": name}, "cachingOptions": {}, **more}


dataset = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
spec = {
    "pipelineInfo": {"name": "write-and-count"},
    "schemaVersion": "2.1.0",
    "root": {"dag": {"tasks": {
        "write": task("write"),
        "count": task("count", dependentTasks=["write"], inputs={"artifacts": {
            "data": {"taskOutputArtifact": {"producerTask": "write", "outputArtifactKey": "data"}}}}),
    }}},
    "components": {
        "write": {"executorLabel": "write", "outputDefinitions": {"artifacts": {"data": dataset}}},
        "count": {"executorLabel": "count", "inputDefinitions": {"artifacts": {"data": dataset}}},
    },
    "deploymentSpec": {"executors": {
        "write": container('mkdir -p "$(dirname "$0")" && echo a,b > "$0"', "{{$.outputs.artifacts['data'].path}}"),
        "count": container('wc -c < "$0"', "{{$.inputs.artifacts['data'].path}}"),
    }},
}

experiment = ask("POST", "experiments", {"display_name": "filled"})["experiment_id"]
ask("POST", "pipelines/create", {
    "pipeline": {"display_name": "filled"}, "pipeline_version": {"display_name": "first", "pipeline_spec": spec}})
ask("POST", "recurringruns", {
    "display_name": "filled", "pipeline_spec": spec, "mode": "ENABLE", "max_concurrency": 1, "experiment_id": experiment,
    "trigger": {"cron_schedule": {"cron": "0 0 4 1 1 *"}}})
run = ask("POST", "runs", {"display_name": "filled", "pipeline_spec": spec, "experiment_id": experiment})["run_id"]
end = time.time() + 60
while ask("GET", f"runs/{run}")["state"] not in ("SUCCEEDED", "FAILED"):
    assert time.time() < end, "the run does not end"
    time.sleep(0.1)
state = ask("GET", f"runs/{run}")
assert state["state"] == "SUCCEEDED", json.dumps(state, indent=1)
