"""Reads what `weft attest` wrote with the tools that others use: `attest.py FOLDER ARTIFACT`. Ends with an error if one refuses it."""
import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
artifact = folder / sys.argv[2]


def model_signing():
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(artifact), "--signature", str(folder / "model.sig"),
               "--public_key", str(folder / "key.pub")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def in_toto():
    from google.protobuf import json_format
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2

    document = json.loads((folder / "provenance.intoto.json").read_text())
    message = json_format.ParseDict(document, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = json_format.ParseDict(document["predicate"], provenance_pb2.Provenance())
    assert predicate.build_definition.external_parameters["pipeline"], predicate
    assert predicate.run_details.builder.id, predicate


def cyclonedx():
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (folder / "bom.cdx.json").read_text()
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert problem is None, problem
    bom = Bom.from_json(json.loads(text))
    assert bom.metadata.component.type.value == "machine-learning-model", bom.metadata.component


def openlineage():
    from openlineage.client.event_v2 import RunEvent, RunState, Run, Job

    lines = [json.loads(line) for line in (folder / "openlineage.ndjson").read_text().splitlines()]
    assert lines
    for line in lines:
        # The constructors check ids, times and addresses.
        RunEvent(
            eventType=RunState(line["eventType"]), eventTime=line["eventTime"], run=Run(runId=line["run"]["runId"]),
            job=Job(namespace=line["job"]["namespace"], name=line["job"]["name"]), producer=line["producer"])


def rocrate():
    from rocrate.rocrate import ROCrate

    crate = ROCrate(str(folder))
    assert crate.dereference(sys.argv[2]) is not None, [entity.id for entity in crate.get_entities()]
    assert crate.get_by_type("CreateAction"), crate.get_entities()


def croissant():
    import mlcroissant

    if (folder / "croissant.json").exists():
        dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
        assert not dataset.metadata.ctx.issues.errors, dataset.metadata.ctx.issues.report()
        rows = list(dataset.records("rows"))
        assert rows, "no rows"
        print(len(rows))


for part in sys.argv[3:]:
    globals()[part]()
    print(f"{part} accepts it")
