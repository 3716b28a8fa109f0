"""KFP's functions run as kfp's own executor runs them: the same outputs, the same files, the same status."""

import json
import os
import shutil
import sys
import typing
import unittest
import unittest.mock
import warnings
from pathlib import Path

from runner import COMPONENT, Ended, RunnerCase, ended

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python import kfp_function  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import functions

KINDS = {"data": "Dataset", "model": "Model", "other": "Artifact", "page": "HTML", "text": "Markdown", "plain": "Metrics"} | {
    "classes": "ClassificationMetrics",
    "sliced": "SlicedClassificationMetrics",
    "given": "Dataset",
    "table": "Dataset",
    "Output": "Dataset",
}


def source_of(component: object) -> str:
    """The module's source that KFP puts into the command."""
    return component.component_spec.implementation.container.command[-1]


class NamedTuples(unittest.TestCase):
    @unittest.skipIf(COMPONENT, "it is the host's own")
    def test_fields_are_named_by_keywords_in_any_python(self) -> None:
        by_keywords = kfp_function.named_tuple("Outputs", rows=int, name=str)
        self.assertEqual(by_keywords(1, "a")._asdict(), {"rows": 1, "name": "a"})
        self.assertEqual(by_keywords.__module__, __name__)
        self.assertEqual(by_keywords.__annotations__, {"rows": int, "name": str})
        self.assertEqual(kfp_function.named_tuple("Pairs", [("rows", int)])(2).rows, 2)
        with unittest.mock.patch("typing.NamedTuple", kfp_function.named_tuple):

            class Derived(typing.NamedTuple):
                rows: int = 3

        self.assertEqual(Derived(), (3,))


class LikeKfp(RunnerCase):
    def artifact(self, port: str, path: str, kind: str, **metadata: object) -> dict:
        named = {"name": port, "uri": self.place(path), "metadata": metadata}
        return named | {"type": {"schemaTitle": f"system.{kind}", "schemaVersion": "0.0.1"}}

    def executor_input(self, parameters: dict, inputs: dict, artifacts: tuple[str, ...], outputs: tuple[str, ...]) -> dict:
        return {
            "inputs": {"parameterValues": parameters, "artifacts": {port: {"artifacts": all} for port, all in inputs.items()}},
            "outputs": {
                "parameters": {port: {"outputFile": self.place(f"tmp/kfp/outputs/{port}")} for port in outputs},
                "artifacts": {port: {"artifacts": [self.artifact(port, f"out/{port}", KINDS[port])]} for port in artifacts},
                "outputFile": self.place("tmp/kfp_outputs/output_metadata.json"),
            },
        }

    def same(
        self, name: str, parameters: dict | None = None, inputs: dict | None = None, artifacts: tuple = (), outputs: tuple = ()
    ) -> tuple[Ended, dict | None]:
        """Runs a function of functions.py both ways; returns what the runner said and the outputs that it wrote."""
        source = source_of(getattr(functions, name))
        given = json.dumps(self.executor_input(parameters or {}, inputs or {}, artifacts, outputs))
        self.clear()
        ours = self.python3("--kfp-function", source, "--executor_input", given, "--function_to_execute", name)
        found = self.files()
        self.clear()

        module = self.root / "tmp/kfp/component/ephemeral_component.py"
        module.parent.mkdir(parents=True)
        module.write_text(source)
        command = [sys.executable, "-m", "kfp.dsl.executor_main", "--component_module_path", str(module)]
        given = self.mapped(given)
        variables = os.environ | {"_KFP_RUNTIME": "true", "PYTHONDONTWRITEBYTECODE": "1"}
        theirs = ended([*command, "--executor_input", given, "--function_to_execute", name], cwd=self.root, env=variables)
        self.assertEqual(ours.status, theirs.status, ours.err + theirs.err)
        self.assertEqual(found, self.files())
        lines = [line for line in theirs.out.splitlines() if not line.startswith(("[KFP Executor", " ", "{", "}"))]
        self.assertEqual([line for line in ours.out.splitlines() if not line.startswith("[KFP Executor")], lines)
        if theirs.status != 0:
            self.assertEqual(ours.err.splitlines()[-1:], theirs.err.splitlines()[-1:])
        output = found.get("tmp/kfp_outputs/output_metadata.json")
        return ours, None if output is None else json.loads(output)

    def clear(self) -> None:
        shutil.rmtree(self.root / "out", ignore_errors=True)
        shutil.rmtree(self.root / "tmp")
        (self.root / "tmp").mkdir()

    def mapped(self, text: str) -> str:
        """A text with paths as the host sees them."""
        if not COMPONENT:
            return text
        for folder in ("tmp/", "out/", "in/"):
            text = text.replace(f'"/{folder}', f'"{self.root}/{folder}')
        return text

    def files(self) -> dict[str, str]:
        """What lies in the folder, and what the files say; paths in there are made the same on both sides."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_dir():
                found[name] = "a folder"
            elif path.is_file():
                found[name] = path.read_text().replace(f"{self.root}/", "/")
        return found

    def test_parameters(self) -> None:
        given = {"a": 1, "b": 2.5, "c": "ä 'x' \"y\" $z\n", "d": True, "e": [1, "a", None, 1.5], "f": {"k": [{}]}}
        _, output = self.same("parameters", given, outputs=("Output",))
        self.assertEqual(output["parameterValues"]["Output"]["types"], "int float str bool list dict NoneType str".split())
        self.same("parameters", given | {"g": 7, "h": ""}, outputs=("Output",))

    def test_returned_values(self) -> None:
        for name in ("returns_str", "returns_list", "returns_dict", "returns_int_for_float", "returns_bool"):
            with self.subTest(name):
                _, output = self.same(name, outputs=("Output",))
                self.assertIn("Output", output["parameterValues"])
        ended, output = self.same("returns_wrong", outputs=("Output",))
        self.assertEqual((ended.status, output), (1, None))
        self.same("returns_named", {"n": 3}, artifacts=("table",), outputs=("half", "name"))
        self.same("returns_artifact", artifacts=("Output",))

    def test_artifacts(self) -> None:
        self.write("in/given/0/data.csv", "a,b\n")
        self.write("in/many/0/one", "1")
        self.write("in/many/1/two", "2")
        inputs = {
            "given": [self.artifact("given", "in/given/0/data.csv", "Dataset", rows=1)],
            "many": [self.artifact("one", "in/many/0/one", "Artifact"), self.artifact("two", "in/many/1/two", "Model")],
        }
        _, output = self.same("artifacts", inputs=inputs, artifacts=("data", "model", "other", "page", "text"))
        self.assertEqual(output["artifacts"]["data"]["artifacts"][0]["metadata"], {"rows": 2, "from": {"rows": 1}})

    def test_metrics(self) -> None:
        _, output = self.same("metrics", artifacts=("plain", "classes"))
        self.assertEqual(output["artifacts"]["plain"]["artifacts"][0]["metadata"], {"accuracy": 0.5, "n": 3})
        self.assertEqual(set(output["artifacts"]["classes"]["artifacts"][0]["metadata"]), {"confidenceMetrics", "confusionMatrix"})
        self.same("sliced_metrics", artifacts=("sliced",))

    def test_paths(self) -> None:
        self.write("in/given/0/data.csv", "a,b\n")
        inputs = {"given": [self.artifact("given", "in/given/0/data.csv", "Dataset")]}
        self.same("paths", inputs=inputs, artifacts=("data",), outputs=("word", "number"))

    def test_final_status(self) -> None:
        status = {"state": "FAILED", "pipelineTaskName": "t", "pipelineJobResourceName": "j", "error": {"code": 9, "message": "m"}}
        _, output = self.same("final_status", {"status": status}, outputs=("Output",))
        self.assertEqual(output["parameterValues"]["Output"], "FAILED t 9 m")
        self.same("final_status", {"status": {"state": "SUCCEEDED", "pipelineTaskName": "t"}}, outputs=("Output",))

    def test_where_artifacts_lie(self) -> None:
        self.same("moved", artifacts=("data",))
        if not COMPONENT:
            self.same("where", artifacts=("data",), outputs=("Output",))

    def test_embedded_files(self) -> None:
        _, output = self.same("embedded", outputs=("Output",))
        self.assertEqual(output["parameterValues"]["Output"], "SOME WORDS")
        self.same("embedded_file", outputs=("Output",))

    def test_the_module_is_one(self) -> None:
        self.same("with_helper", {"n": 4}, outputs=("Output",))
        self.same("uses_itself", {"n": 4}, outputs=("Output",))
        ended, _ = self.same("logs")
        self.assertRegex(ended.out, r"^\[KFP Executor .* INFO\]: a line of the function's\nprinted\n$")

    def test_failures(self) -> None:
        ended, _ = self.same("fails", {"n": 4})
        self.assertRegex(ended.err, r'^Traceback \(most recent call last\):\n  File ".*ephemeral_component.py", line \d+, in fails\n')
        self.assertIn("cannot do 4", ended.err)
        self.assertEqual(self.same("exits")[0].status, 4)

    def test_what_is_left_out(self) -> None:
        source = source_of(functions.logs)
        for arguments, said in [
            (["--function_to_execute", "logs"], "--executor_input"),
            (["--executor_input", "{}"], "--function_to_execute"),
            (["--function_to_execute", "none", "--executor_input", "{}"], "no attribute 'none'"),
            (["--function_to_execute", "logs", "--executor_input", "{"], "JSONDecodeError"),
        ]:
            with self.subTest(said):
                ours = self.python3("--kfp-function", source, *arguments)
                self.assertNotEqual(ours.status, 0)
                self.assertIn(said, ours.err)


if __name__ == "__main__":
    unittest.main()
