"""Drives `weft serve` with the unmodified client of the KFP SDK: `serve_client.py PART URL TOKEN [ARGUMENT..]`.

Each part is a function; what it finds is held against what KFP's documentation of the client promises. Ends with an error otherwise.
"""
import json
import sys
import tarfile
import time
import warnings
import zipfile

warnings.filterwarnings("ignore")

import kfp  # noqa: E402
import kfp_server_api  # noqa: E402
from kfp import compiler, dsl  # noqa: E402

FINISHED = {"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"}


@dsl.container_component
def shout(text: str, out: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$1")" && printf "%s!" "$0" > "$1"'], args=[text, out])


@dsl.container_component
def fail_unless(text: str, wanted: str):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'test "$0" = "$1"'], args=[text, wanted])


@dsl.container_component
def wait(seconds: int):
    # A busy loop: waits for time end in a moment by a step's clock.
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", "i=0; while [ $i -lt $0 ]; do i=$((i+1)); done"], args=[seconds])


@dsl.container_component
def write(data: dsl.Output[dsl.Dataset]):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$0")" && echo a,b > "$0"'], args=[data.path])


@dsl.container_component
def count(data: dsl.Input[dsl.Dataset], out: dsl.OutputPath(int)):
    return dsl.ContainerSpec(
        image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$1")" && wc -c < "$0" > "$1"'], args=[data.path, out])


@dsl.pipeline(name="greeting", description="Greets")
def greeting(text: str = "hello") -> str:
    return shout(text=text).outputs["out"]


@dsl.pipeline(name="data")
def data_pipeline():
    made = write()
    count(data=made.outputs["data"])


@dsl.pipeline(name="inner")
def inner(text: str):
    shout(text=text)


@dsl.pipeline(name="nested")
def nested():
    inner(text="in")


@dsl.pipeline(name="write-and-count")
def write_and_count():
    count(data=write().outputs["data"])


@dsl.pipeline(name="chain")
def chain():
    write_and_count()


@dsl.pipeline(name="strict")
def strict(text: str = "wrong"):
    first = shout(text="a")
    fail_unless(text=text, wanted="right").after(first)


@dsl.pipeline(name="slow")
def slow(seconds: int = 1000000000):
    wait(seconds=seconds)


@dsl.pipeline(name="long")
def long():
    # Long enough to be killed in, short enough to end: six steps one after another.
    before = None
    for _ in range(6):
        task = wait(seconds=4000)
        if before:
            task.after(before)
        before = task


def client(url, token):
    return kfp.Client(host=url, existing_token=token or None)


def until(what, wanted, seconds=60, pause=0.1):
    """The value of a function, once it is wanted."""
    end = time.time() + seconds
    while True:
        value = what()
        if wanted(value):
            return value
        assert time.time() < end, f"not in time: {value}"
        time.sleep(pause)


def ended(api, run_id, seconds=90):
    return until(lambda: api.get_run(run_id), lambda run: run.state in FINISHED, seconds)


def refused(status, work):
    """The error of a request that the server refuses with this status: the JSON of google.rpc.Status."""
    try:
        work()
    except kfp_server_api.ApiException as error:
        assert error.status == status, error
        body = json.loads(error.body)
        assert body["message"] and isinstance(body["code"], int), body
        return body
    raise AssertionError("it was not refused")


def runs(url, token):
    api = client(url, token)
    result = api.create_run_from_pipeline_func(greeting, arguments={"text": "hi"}, run_name="one", experiment_name="e1")
    run = result.wait_for_run_completion(timeout=90)
    assert run.state == "SUCCEEDED", run
    assert run.display_name == "one" and run.storage_state == "AVAILABLE"
    assert run.runtime_config.parameters == {"text": "hi"}, run.runtime_config
    assert run.pipeline_spec["pipelineInfo"]["name"] == "greeting", run.pipeline_spec
    states = [status.state for status in run.state_history]
    assert states[0] == "PENDING" and "RUNNING" in states and states[-1] == "SUCCEEDED", states
    assert run.created_at <= run.finished_at and run.created_at.tzinfo is not None
    tasks = {task.display_name: task for task in run.run_details.task_details}
    assert tasks["shout"].state == "SUCCEEDED" and tasks["shout"].run_id == run.run_id, tasks
    assert [status.state for status in tasks["shout"].state_history] == ["RUNNING", "SUCCEEDED"]

    # The same again comes from the cache, unless it may not.
    again = ended(api, api.create_run_from_pipeline_func(greeting, arguments={"text": "hi"}).run_id)
    assert again.run_details.task_details[0].state == "SKIPPED", again.run_details
    fresh = ended(api, api.create_run_from_pipeline_func(greeting, arguments={"text": "hi"}, enable_caching=False).run_id)
    assert fresh.run_details.task_details[0].state == "SUCCEEDED", fresh.run_details

    # Artifacts are named by their rows, and tasks lie in one another.
    data = ended(api, api.create_run_from_pipeline_func(data_pipeline).run_id)
    tasks = {task.display_name: task for task in data.run_details.task_details}
    made = tasks["write"].outputs["data"].artifact_ids
    assert len(made) == 1 and tasks["count"].inputs["data"].artifact_ids == made, tasks
    inner = ended(api, api.create_run_from_pipeline_func(nested).run_id)
    tasks = {task.display_name: task for task in inner.run_details.task_details}
    assert tasks["shout"].parent_task_id == tasks["inner"].task_id, tasks
    assert [child.task_id for child in tasks["inner"].child_tasks] == [tasks["shout"].task_id]

    # A failure, told with its cause; then again, which fails again.
    failed = ended(api, api.create_run_from_pipeline_func(strict).run_id)
    assert failed.state == "FAILED" and failed.error.message, failed
    tasks = {task.display_name: task for task in failed.run_details.task_details}
    assert tasks["fail-unless"].state == "FAILED" and tasks["fail-unless"].error.message, tasks
    generated = api._run_api
    generated.run_service_retry_run(failed.run_id)
    retried = until(lambda: api.get_run(failed.run_id), lambda run: run.state in FINISHED and len(run.state_history) > 4)
    states = [status.state for status in retried.state_history]
    assert states == ["PENDING", "RUNNING", "FAILED", "PENDING", "RUNNING", "FAILED"], states
    refused(400, lambda: generated.run_service_retry_run(run.run_id))

    # Stopped while it is at work.
    stopped = api.create_run_from_pipeline_func(slow, enable_caching=False).run_id
    until(lambda: api.get_run(stopped), lambda run: run.run_details is not None)
    api.terminate_run(stopped)
    assert ended(api, stopped).state == "CANCELED"
    refused(400, lambda: api.terminate_run(stopped))

    # Put away and taken back, and forgotten.
    api.archive_run(stopped)
    assert api.get_run(stopped).storage_state == "ARCHIVED"
    api.unarchive_run(stopped)
    assert api.get_run(stopped).storage_state == "AVAILABLE"
    api.delete_run(stopped)
    assert refused(404, lambda: api.get_run(stopped))["code"] == 5
    slower = api.create_run_from_pipeline_func(slow, enable_caching=False).run_id
    api.delete_run(slower)
    refused(404, lambda: api.get_run(slower))

    wrong = refused(400, lambda: api.create_run_from_pipeline_func(greeting, arguments={"txt": "hi"}))
    assert "txt" in wrong["message"] and wrong["code"] == 3, wrong
    spec = {"pipelineInfo": {"name": "x"}, "root": {"dag": {"tasks": {"a": {"componentRef": {"name": "none"}}}}}, "schemaVersion": "2.1.0"}
    refused(400, lambda: generated.run_service_create_run(kfp_server_api.V2beta1Run(display_name="x", pipeline_spec=spec)))
    refused(400, lambda: generated.run_service_create_run(kfp_server_api.V2beta1Run(display_name="x")))


def lists(url, token):
    api = client(url, token)
    experiment = api.create_experiment("lists")
    for n in range(5):
        api._experiment_api.experiment_service_create_experiment(
            kfp_server_api.V2beta1Experiment(display_name=f"list {n}", description="even" if n % 2 == 0 else "odd"))
    ids = [api.create_run_from_pipeline_func(greeting, arguments={"text": str(n)}, run_name=f"r{n}", experiment_id=experiment.experiment_id).run_id
           for n in range(7)]
    for run_id in ids:
        ended(api, run_id)

    # Pages hold every entry once, in order.
    found, token_of_page = [], ""
    while True:
        page = api.list_runs(page_size=3, sort_by="display_name desc", experiment_id=experiment.experiment_id, page_token=token_of_page)
        assert page.total_size == 7, page
        found += [run.display_name for run in page.runs]
        token_of_page = page.next_page_token
        if not token_of_page:
            break
        assert len(page.runs) == 3
    assert found == [f"r{n}" for n in reversed(range(7))], found

    def names(predicates, **more):
        query = json.dumps({"predicates": predicates})
        return sorted(run.display_name for run in api.list_runs(filter=query, page_size=100, experiment_id=experiment.experiment_id, **more).runs or [])

    every = [f"r{n}" for n in range(7)]
    first = api.get_run(ids[0])
    assert names([{"operation": "EQUALS", "key": "display_name", "stringValue": "R3"}]) == ["r3"]
    assert names([{"operation": "NOT_EQUALS", "key": "display_name", "stringValue": "r3"}]) == [name for name in every if name != "r3"]
    assert names([{"operation": "GREATER_THAN", "key": "display_name", "stringValue": "r3"}]) == every[4:]
    assert names([{"operation": "GREATER_THAN_EQUALS", "key": "display_name", "stringValue": "r3"}]) == every[3:]
    assert names([{"operation": "LESS_THAN", "key": "display_name", "stringValue": "r3"}]) == every[:3]
    assert names([{"operation": "LESS_THAN_EQUALS", "key": "display_name", "stringValue": "r3"}]) == every[:4]
    assert names([{"operation": "IN", "key": "display_name", "stringValues": {"values": ["r1", "r5", "x"]}}]) == ["r1", "r5"]
    assert names([{"operation": "IS_SUBSTRING", "key": "display_name", "stringValue": "R"}]) == every
    assert names([{"operation": "EQUALS", "key": "state", "stringValue": "SUCCEEDED"}]) == every
    assert names([{"operation": "EQUALS", "key": "state", "stringValue": "FAILED"}]) == []
    assert names([{"operation": "EQUALS", "key": "storage_state", "stringValue": "ARCHIVED"}]) == []
    created = first.created_at.isoformat()
    assert names([{"operation": "GREATER_THAN", "key": "created_at", "timestampValue": created}]) == every[1:]
    assert names([{"operation": "LESS_THAN_EQUALS", "key": "created_at", "timestampValue": created}]) == ["r0"]
    both = [{"operation": "GREATER_THAN", "key": "display_name", "stringValue": "r2"},
            {"operation": "LESS_THAN", "key": "display_name", "stringValue": "r5"}]
    assert names(both) == ["r3", "r4"]
    refused(400, lambda: names([{"operation": "EQUALS", "key": "colour", "stringValue": "red"}]))
    refused(400, lambda: api.list_runs(sort_by="colour"))
    refused(400, lambda: api.list_runs(page_token="nonsense"))

    odd = json.dumps({"predicates": [{"operation": 1, "key": "description", "stringValue": "odd"}]})
    assert sorted(e.display_name for e in api.list_experiments(filter=odd).experiments) == ["list 1", "list 3"]
    assert api.get_experiment(experiment_name="lists").experiment_id == experiment.experiment_id
    refused(409, lambda: api._experiment_api.experiment_service_create_experiment(kfp_server_api.V2beta1Experiment(display_name="lists")))
    api.archive_experiment(experiment.experiment_id)
    assert api.get_experiment(experiment.experiment_id).storage_state == "ARCHIVED"
    assert names([{"operation": "EQUALS", "key": "storage_state", "stringValue": "ARCHIVED"}]) == every
    refused(400, lambda: api.create_run_from_pipeline_func(greeting, experiment_id=experiment.experiment_id))
    api.unarchive_experiment(experiment.experiment_id)
    api.delete_experiment(experiment.experiment_id)
    refused(404, lambda: api.get_experiment(experiment.experiment_id))


def pipelines(url, token):
    api = client(url, token)
    compiler.Compiler().compile(greeting, "greeting.yaml")
    with tarfile.open("greeting.tar.gz", "w:gz") as archive:
        archive.add("greeting.yaml", "pipeline.yaml")
    with zipfile.ZipFile("greeting.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write("greeting.yaml", "pipeline.yaml")
    made = api.upload_pipeline("greeting.yaml", "g", description="d")
    assert made.display_name == "g" and made.description == "d", made
    assert api.get_pipeline_id("g") == made.pipeline_id and api.get_pipeline_id("none") is None
    assert api.get_pipeline(made.pipeline_id) == made
    refused(409, lambda: api.upload_pipeline("greeting.yaml", "g"))
    for n, package in enumerate(["greeting.tar.gz", "greeting.zip"]):
        version = api.upload_pipeline_version(package, f"v{n}", pipeline_id=made.pipeline_id, description="later")
        assert version.display_name == f"v{n}" and version.pipeline_spec["pipelineInfo"]["name"] == "greeting", version
    listed = api.list_pipeline_versions(made.pipeline_id, sort_by="created_at").pipeline_versions
    assert [version.display_name for version in listed] == ["g", "v0", "v1"], listed
    assert api.get_pipeline_version(made.pipeline_id, listed[2].pipeline_version_id) == listed[2]
    by_name = api.upload_pipeline_version_from_pipeline_func(greeting, "v2", pipeline_name="g")
    other = api.upload_pipeline_from_pipeline_func(data_pipeline, "other")
    assert sorted(pipeline.display_name for pipeline in api.list_pipelines().pipelines) == ["g", "other"]

    experiment = api.create_experiment("pipelines")
    run = api.run_pipeline(experiment.experiment_id, "by version", params={"text": "x"}, pipeline_id=made.pipeline_id,
                           version_id=by_name.pipeline_version_id)
    assert run.pipeline_version_reference.pipeline_version_id == by_name.pipeline_version_id, run
    assert ended(api, run.run_id).state == "SUCCEEDED"
    run = api.run_pipeline(experiment.experiment_id, "by package", pipeline_package_path="greeting.zip")
    assert ended(api, run.run_id).state == "SUCCEEDED"

    generated = api._pipelines_api
    assert generated.pipeline_service_get_pipeline_by_name("g").pipeline_id == made.pipeline_id
    changed = generated.pipeline_service_update_pipeline(made.pipeline_id, kfp_server_api.V2beta1Pipeline(display_name="G", tags={"a": "b"}))
    assert changed.display_name == "G" and changed.name == "g" and changed.tags == {"a": "b"}, changed
    spec = listed[0].pipeline_spec
    whole = generated.pipeline_service_create_pipeline_and_version(kfp_server_api.V2beta1CreatePipelineAndVersionRequest(
        pipeline=kfp_server_api.V2beta1Pipeline(display_name="whole"),
        pipeline_version=kfp_server_api.V2beta1PipelineVersion(display_name="first", pipeline_spec=spec)))
    only = api.list_pipeline_versions(whole.pipeline_id).pipeline_versions
    assert [version.display_name for version in only] == ["first"]
    version = generated.pipeline_service_update_pipeline_version(
        whole.pipeline_id, only[0].pipeline_version_id, kfp_server_api.V2beta1PipelineVersion(description="new"))
    assert version.description == "new" and version.display_name == "first", version
    empty = generated.pipeline_service_create_pipeline(kfp_server_api.V2beta1Pipeline(display_name="empty"))
    added = generated.pipeline_service_create_pipeline_version(
        empty.pipeline_id, kfp_server_api.V2beta1PipelineVersion(display_name="added", pipeline_spec=spec))
    assert added.pipeline_id == empty.pipeline_id

    refused(400, lambda: api.delete_pipeline(made.pipeline_id))
    api.delete_pipeline_version(made.pipeline_id, listed[1].pipeline_version_id)
    refused(404, lambda: api.get_pipeline_version(made.pipeline_id, listed[1].pipeline_version_id))
    generated.pipeline_service_delete_pipeline(made.pipeline_id, cascade=True)
    refused(404, lambda: api.get_pipeline(made.pipeline_id))
    api.delete_pipeline_version(other.pipeline_id, api.list_pipeline_versions(other.pipeline_id).pipeline_versions[0].pipeline_version_id)
    api.delete_pipeline(other.pipeline_id)
    with open("broken.yaml", "w") as file:
        file.write("name: [\n")
    refused(400, lambda: api._upload_api.upload_pipeline("broken.yaml", name="broken"))


def recurring(url, token):
    api = client(url, token)
    experiment = api.create_experiment("recurring")
    compiler.Compiler().compile(greeting, "greeting.yaml")
    made = api.create_recurring_run(experiment.experiment_id, "often", cron_expression="* * * * * *", no_catchup=True,
                                    pipeline_package_path="greeting.yaml", params={"text": "[[Index]] [[ScheduledTime.2006]]"})
    assert made.status == "ENABLED" and made.trigger.cron_schedule.cron == "* * * * * *", made
    mine = json.dumps({"predicates": [{"operation": 1, "key": "recurring_run_id", "stringValue": made.recurring_run_id}]})
    fired = until(lambda: api.list_runs(filter=mine, sort_by="created_at").runs or [], lambda runs: len(runs) >= 2)
    api.disable_recurring_run(made.recurring_run_id)
    assert api.get_recurring_run(made.recurring_run_id).status == "DISABLED"
    run = ended(api, fired[0].run_id)
    assert run.state == "SUCCEEDED" and run.recurring_run_id == made.recurring_run_id, run
    assert run.runtime_config.parameters["text"] == f"1 {time.gmtime().tm_year}", run.runtime_config
    assert fired[1].scheduled_at > fired[0].scheduled_at
    time.sleep(2.5)
    count = api.list_runs(filter=mine).total_size
    time.sleep(2.5)
    assert api.list_runs(filter=mine).total_size == count
    api.enable_recurring_run(made.recurring_run_id)
    until(lambda: api.list_runs(filter=mine).total_size, lambda total: total > count)

    slow_one = api.create_recurring_run(experiment.experiment_id, "later", interval_second=3600, enabled=False,
                                        pipeline_package_path="greeting.yaml", start_time="2030-01-01T00:00:00Z", max_concurrency=3)
    assert slow_one.trigger.periodic_schedule.interval_second == "3600" and slow_one.max_concurrency == "3", slow_one
    assert slow_one.status == "DISABLED" and slow_one.trigger.periodic_schedule.start_time.year == 2030
    listed = api.list_recurring_runs(experiment_id=experiment.experiment_id, sort_by="created_at").recurring_runs
    assert [one.display_name for one in listed] == ["often", "later"], listed
    for one in listed:
        api.delete_recurring_run(one.recurring_run_id)
    refused(404, lambda: api.get_recurring_run(made.recurring_run_id))
    wrong = refused(400, lambda: api.create_recurring_run(experiment.experiment_id, "wrong", cron_expression="61 * * * * *",
                                                          pipeline_package_path="greeting.yaml"))
    assert "second" in wrong["message"], wrong


def known_operations():
    """Every operation of the generated client: method and path, whose parameters are called as the OpenAPI document of the server does."""
    import inspect
    import re
    found = set()
    for name, service in inspect.getmembers(kfp_server_api, inspect.isclass):
        if name.endswith("Api"):
            found |= set(re.findall(r"call_api\(\s*'([^']+)', '([A-Z]+)'", inspect.getsource(service)))
    return {(method, plain_path(path)) for path, method in found}


def plain_path(path):
    import re
    return re.sub(r"\{\w+\.(\w+)\}", r"{\1}", path)


def get_json(url, token, path):
    import urllib.error
    import urllib.request
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return {"status": error.code, **json.loads(error.read())}


def answers_as_described(document):
    """Has every answer that the generated client gets held against the server's OpenAPI document."""
    import re
    schemas = document["components"]["schemas"]
    operations = [
        (method.upper(), re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+?", re.escape(path)) + "$"), operation["responses"])
        for path, methods in document["paths"].items() for method, operation in methods.items()]

    def check(schema, value, at):
        if "$ref" in schema:
            return check(schemas[schema["$ref"].rsplit("/", 1)[1]], value, at)
        kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
        assert "type" not in schema or isinstance(value, kinds[schema["type"]]), f"{at}: {value} is no {schema['type']}"
        assert "enum" not in schema or value in schema["enum"], f"{at}: {value}"
        assert "pattern" not in schema or re.search(schema["pattern"], value), f"{at}: {value}"
        if isinstance(value, list):
            for n, item in enumerate(value):
                check(schema.get("items", {}), item, f"{at}[{n}]")
        if isinstance(value, dict):
            assert len(value) <= schema.get("maxProperties", len(value)), f"{at}: {value}"
            absent = set(schema.get("required", [])) - set(value)
            assert not absent, f"{at} lacks {absent}"
            known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
            for name, field in value.items():
                assert name in known or others is not False, f"{at} has {name}"
                check(known.get(name, others or {}), field, f"{at}.{name}")

    rest = kfp_server_api.rest.RESTClientObject
    plain = rest.request
    held = []

    def hold(method, url, status, body):
        path = re.sub(r"^\w+://[^/]+|\?.*$", "", url)
        [responses] = [responses for known, pattern, responses in operations if known == method and pattern.match(path)]
        response = responses.get(str(status)) or responses[f"{status // 100}XX"]
        check(response["content"]["application/json"]["schema"], json.loads(body), f"{method} {path}")
        held.append(path)

    def request(self, method, url, **more):
        try:
            answer = plain(self, method, url, **more)
        except kfp_server_api.ApiException as error:
            hold(method, url, error.status, error.body)
            raise
        hold(method, url, answer.status, answer.data)
        return answer
    rest.request = request
    return held


def operations(url, token):
    """Calls every operation that the generated client has, each once with success, but those that have no meaning here: 501, with a sentence."""
    api = client(url, token)
    called = set()
    plain = kfp_server_api.ApiClient.call_api

    def noted(self, resource_path, method, *arguments, **more):
        called.add((method, plain_path(resource_path)))
        return plain(self, resource_path, method, *arguments, **more)
    kfp_server_api.ApiClient.call_api = noted
    document = get_json(url, token, "/openapi.json")
    held = answers_as_described(document)

    compiler.Compiler().compile(greeting, "greeting.yaml")
    import yaml
    with open("greeting.yaml") as file:
        spec = yaml.safe_load(file)
    runs, pipelines, recurring, experiments, upload = (
        api._run_api, api._pipelines_api, api._recurring_run_api, api._experiment_api, api._upload_api)
    make = kfp_server_api
    assert api._healthz_api.healthz_service_get_healthz().multi_user is False
    generated = runs.api_client
    make.AuthServiceApi(generated).auth_service_authorize()
    for refusal in [
        lambda: make.DummyFilterServiceApi(generated).dummy_filter_service_get_filter(),
        lambda: make.ReportServiceApi(generated).report_service_report_workflow("{}"),
        lambda: make.ReportServiceApi(generated).report_service_report_scheduled_workflow("{}"),
        lambda: make.VisualizationServiceApi(generated).visualization_service_create_visualization_v1("ns", make.V2beta1Visualization()),
    ]:
        body = refused(501, refusal)
        assert body["code"] == 12 and len(body["message"].split()) > 5, body

    experiment = experiments.experiment_service_create_experiment(make.V2beta1Experiment(display_name="operations")).experiment_id
    assert experiments.experiment_service_get_experiment(experiment).display_name == "operations"
    assert experiments.experiment_service_list_experiments(page_size=50).total_size >= 2
    experiments.experiment_service_archive_experiment(experiment)
    experiments.experiment_service_unarchive_experiment(experiment)

    uploaded = upload.upload_pipeline("greeting.yaml", name="uploaded").pipeline_id
    upload.upload_pipeline_version("greeting.yaml", name="second", pipelineid=uploaded)
    empty = pipelines.pipeline_service_create_pipeline(make.V2beta1Pipeline(display_name="empty")).pipeline_id
    added = pipelines.pipeline_service_create_pipeline_version(empty, make.V2beta1PipelineVersion(display_name="v", pipeline_spec=spec))
    pipelines.pipeline_service_create_pipeline_and_version(make.V2beta1CreatePipelineAndVersionRequest(
        pipeline=make.V2beta1Pipeline(display_name="whole"), pipeline_version=make.V2beta1PipelineVersion(display_name="v", pipeline_spec=spec)))
    assert pipelines.pipeline_service_list_pipelines().total_size == 3
    assert pipelines.pipeline_service_get_pipeline(empty).display_name == "empty"
    assert pipelines.pipeline_service_get_pipeline_by_name("empty").pipeline_id == empty
    pipelines.pipeline_service_update_pipeline(empty, make.V2beta1Pipeline(description="changed"))
    assert pipelines.pipeline_service_get_pipeline_version(empty, added.pipeline_version_id) == added
    pipelines.pipeline_service_update_pipeline_version(empty, added.pipeline_version_id, make.V2beta1PipelineVersion(description="changed"))
    assert pipelines.pipeline_service_list_pipeline_versions(uploaded).total_size == 2
    pipelines.pipeline_service_delete_pipeline_version(empty, added.pipeline_version_id)
    pipelines.pipeline_service_delete_pipeline(empty)

    compiler.Compiler().compile(chain, "chain.yaml")
    with open("chain.yaml") as file:
        chained = yaml.safe_load(file)
    run = runs.run_service_create_run(make.V2beta1Run(display_name="chain", pipeline_spec=chained, experiment_id=experiment)).run_id
    assert ended(api, run).state == "SUCCEEDED"
    assert runs.run_service_get_run(run, experiment_id=experiment).run_id == run
    assert runs.run_service_list_runs(experiment_id=experiment).total_size == 1
    runs.run_service_archive_run(run)
    runs.run_service_unarchive_run(run)
    compiler.Compiler().compile(slow, "slow.yaml")
    with open("slow.yaml") as file:
        slowly = yaml.safe_load(file)
    stopped = runs.run_service_create_run(make.V2beta1Run(display_name="slow", pipeline_spec=slowly)).run_id
    for _ in range(2):
        until(lambda: api.get_run(stopped), lambda run: run.state == "RUNNING")
        runs.run_service_terminate_run(stopped)
        assert ended(api, stopped).state == "CANCELED"
        runs.run_service_retry_run(stopped)
    runs.run_service_delete_run(stopped)

    every = recurring.recurring_run_service_create_recurring_run(make.V2beta1RecurringRun(
        display_name="every", pipeline_spec=spec, mode="DISABLE", max_concurrency="1", experiment_id=experiment,
        trigger=make.V2beta1Trigger(periodic_schedule=make.V2beta1PeriodicSchedule(interval_second="3600")))).recurring_run_id
    assert recurring.recurring_run_service_get_recurring_run(every).status == "DISABLED"
    assert recurring.recurring_run_service_list_recurring_runs(experiment_id=experiment).total_size == 1
    recurring.recurring_run_service_enable_recurring_run(every)
    recurring.recurring_run_service_disable_recurring_run(every)
    recurring.recurring_run_service_delete_recurring_run(every)
    experiments.experiment_service_delete_experiment(experiment)
    missing = known_operations() - called
    assert not missing and len(called) == 40, (missing, len(called))

    # The document of the server describes them all, as it does the answers, and those of KFP's master.
    assert len(held) > 40, held
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert called <= described, called - described
    base = "/apis/v2beta1/"
    masters = [("GET", "artifacts"), ("GET", "artifacts/{artifact_id}"), ("POST", "artifacts"), ("POST", "artifacts:batchCreate"),
               ("GET", "artifact_tasks"), ("POST", "artifact_tasks"), ("POST", "artifact_tasks:batchCreate"),
               ("GET", "tasks"), ("POST", "tasks"), ("GET", "tasks/{task_id}"), ("PATCH", "tasks/{task_id}"), ("POST", "tasks:batchUpdate")]
    assert {(method, base + path) for method, path in masters} <= described
    recorded_by_runs(url, token, run)


def recorded_by_runs(url, token, run):
    """Artifacts and tasks as KFP's master has them, of a run of `chain`."""
    def get(path):
        return get_json(url, token, "/apis/v2beta1/" + path)
    tasks = get(f"tasks?run_id={run}")
    by_name = {task["display_name"]: task for task in tasks["tasks"]}
    assert set(by_name) == {"write-and-count", "write", "count"} and tasks["total_size"] == 3, tasks
    assert {task["state"] for task in tasks["tasks"]} == {"SUCCEEDED"}, tasks
    inside = get(f"tasks?parent_id={by_name['write-and-count']['task_id']}")["tasks"]
    assert [task["display_name"] for task in inside] == ["write", "count"], inside
    newest = get(f"tasks?run_id={run}&order_by=create_time%20desc&page_size=1")
    assert len(newest["tasks"]) == 1 and newest["next_page_token"], newest
    rest = get(f"tasks?run_id={run}&order_by=create_time%20desc&page_size=5&page_token={newest['next_page_token']}")
    assert len(rest["tasks"]) == 2 and "next_page_token" not in rest, rest
    write, count = by_name["write"], by_name["count"]
    assert get(f"tasks/{write['task_id']}") == write
    assert get("tasks/999999")["status"] == 404 and get("tasks?order_by=color")["status"] == 400

    artifacts = get(f"artifacts?run_id={run}")["artifacts"]
    [data] = [artifact for artifact in artifacts if artifact["type"] == "Dataset"]
    assert data["artifact_id"] in write["outputs"]["data"]["artifact_ids"], (data, write)
    assert data["name"] == "data" and data["uri"] and data["created_at"] >= write["start_time"], data
    assert get(f"artifacts/{data['artifact_id']}") == data
    assert get("artifacts/999999")["status"] == 404

    links = get(f"artifact_tasks?run_ids={run}&artifact_ids={data['artifact_id']}&task_ids={write['task_id']}&task_ids={count['task_id']}")
    found = sorted((link["type"], link["task_id"], link["key"]) for link in links["artifact_tasks"])
    assert found == [("OUTPUT", write["task_id"], "data"), ("TASK_OUTPUT_INPUT", count["task_id"], "data")], links
    outputs = get(f"artifact_tasks?run_ids={run}&task_ids={write['task_id']}&type=OUTPUT")["artifact_tasks"]
    assert [link["producer"] for link in outputs] == [{"task_name": "write"}], outputs
    assert get("artifact_tasks")["status"] == 400

    import base64
    read = get(f"runs/{run}/nodes/{write['task_id']}/artifacts/data:read")
    assert base64.b64decode(read["data"]) == b"a,b\n", read
    assert get(f"runs/{run}/nodes/{write['task_id']}/artifacts/none:read")["status"] == 404


def submit(url, token, name):
    """Submits a run of the pipeline of this name, and prints its id."""
    print(client(url, token).create_run_from_pipeline_func(globals()[name], enable_caching=False).run_id)


def wait_for(url, token, run_id):
    """Polls as clients do, whether or not the server answers, and prints how the run ended."""
    def look():
        try:
            return client_without_check(url, token).run_service_get_run(run_id)
        except Exception:  # The server is away.
            return None
    print(until(look, lambda run: run is not None and run.state in FINISHED, 120).state)


def client_without_check(url, token):
    configuration = kfp_server_api.Configuration(host=url)
    configuration.api_key = {"authorization": token}
    configuration.api_key_prefix = {"authorization": "Bearer"}
    return kfp_server_api.RunServiceApi(kfp_server_api.ApiClient(configuration))


def load(url, token, seconds):
    """Submits runs as long as this, whether or not the server answers; prints the ids of those that were accepted."""
    api, spec, end = client_without_check(url, token), {}, time.time() + float(seconds)
    compiler.Compiler().compile(greeting, "load.json.yaml")
    import yaml
    with open("load.json.yaml") as file:
        spec = yaml.safe_load(file)
    count = 0
    while time.time() < end:
        count += 1
        try:
            body = kfp_server_api.V2beta1Run(display_name=f"load {count}", pipeline_spec=spec)
            print(api.run_service_create_run(body).run_id, flush=True)
        except Exception:  # The server is away.
            time.sleep(0.02)
        time.sleep(0.05)


def first_look(url, token):
    """Waits until the server has looked at its triggers for the first time: what is there then is where they begin."""
    import re
    import urllib.request

    def unseen():
        request = urllib.request.Request(url + "/schedules", headers={"Cookie": f"weft-token={token}"})
        with urllib.request.urlopen(request) as answer:
            page = answer.read().decode()
        return len(re.findall(r'action="/triggers/[^"]*".*?</form>', page)), len(re.findall(r'<button[^>]* disabled', page))
    until(unseen, lambda found: found[0] == 3 and found[1] == 0)


def load_triggers(url, folder, seconds):
    """Gives triggers something to do as long as this, whether or not the server answers: files in a folder, one after another, and requests to a
    webhook, each sent until it is taken. Prints the numbers of both."""
    import os
    import webhook
    files = requests = 0
    end = time.time() + float(seconds)
    while time.time() < end:
        files += 1
        # Moved into place, as whoever writes whole files does.
        with open("incoming.tmp", "w") as file:
            file.write(f"{files}\n")
        os.replace("incoming.tmp", os.path.join(folder, f"{files:05}.csv"))
        requests += 1
        while True:
            try:
                body = json.dumps({"n": requests}).encode()
                status, _ = webhook.send(url, "asked", f"msg-{requests}", body=body, signs=body)
            except OSError:  # The server is away.
                status = 0
            if status in (200, 202):
                break
            assert status in (0, 429, 500, 503), status
            time.sleep(0.02)
        time.sleep(0.1)
    print(files, requests)


def every_second(url, token):
    """Makes a recurring run that is due every second and catches up, and prints its id."""
    api = client(url, token)
    compiler.Compiler().compile(greeting, "every.yaml")
    made = api.create_recurring_run(api.create_experiment("kills").experiment_id, "every", cron_expression="* * * * * *",
                                    pipeline_package_path="every.yaml", params={"text": "[[Index]]"}, max_concurrency=10)
    print(made.recurring_run_id)


def all_runs(api):
    runs, page = [], ""
    while True:
        listed = api.list_runs(page_size=200, sort_by="scheduled_at", page_token=page)
        runs += listed.runs or []
        page = listed.next_page_token
        if not page:
            return runs


def settled(url, token, recurring_id, files, requests, *accepted):
    """Every accepted run ended well, once; every second, every file, every request and every artifact was served once."""
    api = client(url, token)
    api.disable_recurring_run(recurring_id)
    files, requests = int(files), int(requests)

    # What happened before a kill may be seen by the server after it: triggers are done when there is a run for each.
    def served_by_triggers():
        counts = {}
        for run in all_runs(api):
            name = run.display_name.rsplit("-", 1)[0]
            counts[name] = counts.get(name, 0) + 1
        given = [path for run in all_runs(api) if run.display_name.startswith("arrivals-") for path in run.runtime_config.parameters["files"]]
        return len(given), counts.get("asked", 0), counts.get("chain", 0)
    until(served_by_triggers, lambda found: all(a >= b for a, b in zip(found, (files, requests, requests))), 180 + 2 * files, 1)
    # And nothing more comes in several looks.
    time.sleep(3)
    assert served_by_triggers() == (files, requests, requests), (served_by_triggers(), files, requests)

    def unfinished():
        query = {"predicates": [{"operation": "IN", "key": "state", "stringValues": {"values": ["PENDING", "RUNNING"]}}]}
        return api.list_runs(filter=json.dumps(query), page_size=1).total_size
    until(unfinished, lambda count: count == 0, 180 + 2 * files)
    runs = all_runs(api)
    assert len({run.run_id for run in runs}) == len(runs)
    by_id = {run.run_id: run for run in runs}
    for run_id in accepted:
        assert by_id[run_id].state == "SUCCEEDED", by_id.get(run_id)
    # What was accepted although its client did not hear of it is there, too, and once.
    names = [run.display_name for run in runs if run.display_name.startswith("load ")]
    assert len(names) == len(set(names)) and len(names) >= len(accepted), names
    for run in runs:
        assert run.state == "SUCCEEDED", run
        ends = [status.state for status in api.get_run(run.run_id).state_history if status.state == "SUCCEEDED"]
        assert ends == ["SUCCEEDED"], run
    served = [run.scheduled_at for run in runs if run.recurring_run_id == recurring_id]
    steps = {(later - earlier).total_seconds() for earlier, later in zip(served, served[1:])}
    assert len(served) > 3 and steps == {1.0}, steps
    indexes = sorted(int(run.runtime_config.parameters["text"]) for run in runs if run.recurring_run_id == recurring_id)
    assert indexes == list(range(1, len(served) + 1)), indexes
    of = {name: [run for run in runs if run.display_name.rsplit("-", 1)[0] == name] for name in ("arrivals", "asked", "chain")}
    given = [path.rsplit("/", 1)[1] for run in of["arrivals"] for path in run.runtime_config.parameters["files"]]
    assert sorted(given) == [f"{n:05}.csv" for n in range(1, files + 1)], given
    assert sorted(run.runtime_config.parameters["n"] for run in of["asked"]) == list(range(1, requests + 1))
    assert sorted(run.runtime_config.parameters["note"] for run in of["chain"]) == sorted(run.run_id for run in of["asked"])

    # No step was finished twice, whoever was killed meanwhile.
    import sqlite3
    store = sqlite3.connect("file:.weft/metadata.sqlite?mode=ro", uri=True)
    twice = store.execute(
        "SELECT c.name, p.string_value, count(*) FROM Execution e JOIN Association a ON a.execution_id = e.id "
        "JOIN Context c ON c.id = a.context_id JOIN Type t ON t.id = c.type_id AND t.name = 'system.PipelineRun' "
        "JOIN ExecutionProperty p ON p.execution_id = e.id AND p.name = 'task_name' "
        "WHERE e.last_known_state IN (3, 5) GROUP BY c.id, p.string_value").fetchall()
    assert len(twice) >= len(runs) and all(count == 1 for *_, count in twice), [row for row in twice if row[2] != 1]
    print(f"{len(accepted)} accepted, {len(names)} found, {len(served)} seconds, {files} files, {requests} requests and as many artifacts served")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
