//! Files that are given for a pipeline and are something else: what each is, and what to do with it.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::ir::read::looks_like_ir;
use crate::model::{Location, Span};

/// What a file is, if it is known to be no pipeline: packages and archives, sources, components, and pipelines of other systems.
pub fn choose_executor(bytes: &[u8]) -> Option<Diagnostic> {
    if let Some(problem) = binary(bytes) {
        return Some(problem);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    // What is in a pipeline of KFP, its leading comment too, may look like anything.
    if looks_like_ir(text) { None } else { yaml(text).or_else(|| python(text)) }
}

/// What a file is whose first bytes tell it.
fn binary(bytes: &[u8]) -> Option<Diagnostic> {
    let inside = "unpack it, and give the pipeline's YAML file in it";
    let (what, hint) = match bytes {
        [b'P', b'K', 3, 4, ..] => ("this is a zip archive, not a pipeline's file", inside),
        [0x1f, 0x8b, ..] => ("this is a gzip archive, not a pipeline's file", inside),
        [0x80, 2..=5, ..] => (
            "this is a Python pickle, not a pipeline's file: it is not read, for that would run code out of it",
            "compile the pipeline with the KFP SDK: `compiler.Compiler().compile(pipeline, \"pipeline.yaml\")`",
        ),
        [0, b'a', b's', b'm', ..] => (
            "this is a WebAssembly component, not a pipeline's file",
            "`weft call` calls a function of it, `weft inspect` says what is in it; a pipeline names it as the `component` of a step",
        ),
        _ if bytes.get(257..262) == Some(b"ustar") => ("this is a tar archive, not a pipeline's file", inside),
        _ => return None,
    };
    Some(Diagnostic::error(what).hint(hint))
}

fn json(text: &str) -> Option<Diagnostic> {
    if !["\"nbformat\"", "\"apiVersion\""].into_iter().any(|key| text.contains(key)) {
        return None;
    }
    let document: Value = serde_json::from_str(text).ok()?;
    if document.get("nbformat").is_some() {
        let problem = Diagnostic::error("this is a Jupyter notebook, not a pipeline's file");
        return Some(problem.hint(COMPILE));
    }
    Some(kubernetes(document.get("apiVersion")?.as_str()?, text.contains("pipelineSpec")))
}

fn yaml(text: &str) -> Option<Diagnostic> {
    let fields = || text.lines().enumerate().filter_map(|(n, line)| Some((n, field(line)?)));
    let at = |line: usize, key: &str| Span {
        at: Location { line: u32::try_from(line + 1).unwrap_or(u32::MAX), column: 1 },
        length: u32::try_from(key.chars().count()).unwrap_or(1),
    };
    for (line, (key, value)) in fields() {
        match key {
            "apiVersion" => {
                let value = value.trim_matches(['"', '\'']);
                return Some(kubernetes(value, text.contains("pipelineSpec")).at(at(line, key)));
            }
            "implementation" if !fields().any(|(_, (key, _))| matches!(key, "steps" | "pipelineInfo")) => {
                let problem = Diagnostic::error("this is a component of KFP (a `component.yaml`), not a pipeline")
                    .at(at(line, key));
                return Some(problem.hint(
                    "load it with the KFP SDK, `components.load_component_from_file(\"component.yaml\")`, use it in a pipeline, and \
                     compile that",
                ));
            }
            _ => {}
        }
    }
    None
}

/// A field at the top of a YAML document, with what stands beside it.
fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_matches(['"', '\'']);
    (!key.starts_with([' ', '\t', '#', '-']) && key.chars().all(char::is_alphanumeric)).then(|| (key, value.trim()))
}

/// What a Kubernetes resource is by its `apiVersion`.
fn kubernetes(api: &str, has_spec: bool) -> Diagnostic {
    let (what, hint) = match api.split_once('/').map_or(api, |(group, _)| group) {
        "argoproj.io" => (
            "this is an Argo workflow, as the KFP SDK 1 wrote pipelines; weft runs those of the SDK 2",
            "compile it with `kfp>=2`: its functions become `@dsl.component`, its containers `@dsl.container_component`",
        ),
        "tekton.dev" => (
            "this is a Tekton pipeline, as `kfp-tekton` wrote them; weft runs those of the KFP SDK 2",
            "compile it with `kfp>=2`, whose pipelines do not depend on what runs them",
        ),
        "pipelines.kubeflow.org" if has_spec => (
            "this is a Kubernetes resource enclosing a pipeline",
            "give what is in its `pipelineSpec` as a file of its own",
        ),
        _ => (
            "this is a Kubernetes resource, not a pipeline",
            "weft runs native pipelines (`steps:`) and what the compiler of the KFP SDK 2 writes",
        ),
    };
    Diagnostic::error(what).hint(hint)
}

const COMPILE: &str =
    "compile the pipeline that is in it with the KFP SDK: `compiler.Compiler().compile(pipeline, \"pipeline.yaml\")`";

fn python(text: &str) -> Option<Diagnostic> {
    let imports = |line: &str| ["from kfp", "import kfp"].into_iter().any(|start| line.starts_with(start));
    if !text.lines().any(imports) {
        return None;
    }
    let compile = "compile it, `kfp dsl compile --py pipeline.py --output pipeline.yaml`, and give that";
    Some(Diagnostic::error("this is Python, not a compiled pipeline").hint(compile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::draw;

    #[test]
    fn other_files_are_told_by_what_they_are() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let files: [(&str, &[u8]); 14] = [
            ("argo", b"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"),
            ("argo as JSON", b"{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"Workflow\"}"),
            ("tekton", b"# x\n'apiVersion': \"tekton.dev/v1\"\n"),
            (
                "kfp resource",
                b"apiVersion: pipelines.kubeflow.org/v2beta1\nkind: PipelineVersion\nspec:\n  pipelineSpec: {}\n",
            ),
            ("kubernetes", b"apiVersion: v1\nkind: Pod\n"),
            ("component.yaml", b"name: greet\nimplementation:\n  container: { image: alpine }\n"),
            ("notebook", b"{\"cells\": [], \"nbformat\": 4}"),
            ("python", b"\"\"\"A pipeline.\"\"\"\nfrom kfp import dsl\n"),
            ("zip", b"PK\x03\x04rest"),
            ("gzip", b"\x1f\x8b\x08"),
            ("tar", &tar),
            ("pickle", b"\x80\x04\x95"),
            ("component", b"\0asm\x0d\0\x01\0"),
            (
                "kfp resource as JSON",
                b"{\"apiVersion\":\"pipelines.kubeflow.org/v2beta1\",\"spec\":{\"pipelineSpec\":{}}}",
            ),
        ];
        let told = files.map(|(name, bytes)| {
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            format!("{name}\n{}", draw(text, &[choose_executor(bytes).expect(name)]))
        });
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn pipelines_are_no_foreign_files() {
        for text in [
            "",
            "name: n\nsteps:\n  a: { component: a.wasm }\n",
            "# from kfp import dsl\nname: n\nsteps: {}\n",
            "# PIPELINE DEFINITION\n# Inputs:\n#    text: str [Default: '\napiVersion: v1\nimport kfp']\npipelineInfo: { name: n }\n",
            "{\"pipelineSpec\": {}, \"platformSpec\": {\"apiVersion\": \"v1\"}}",
            "components:\n  c: {}\npipelineInfo: { name: n }\n",
            "{\"pipelineSpec\": {\"root\": {}}}",
            "steps:\n  implementation: { component: a.wasm }\n",
            "name: n\nimplementation: x\nsteps: {}\n",
        ] {
            assert_eq!(choose_executor(text.as_bytes()), None, "{text}");
        }
        assert_eq!(choose_executor(b"\xff\xfe"), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), text in "(apiVersion|\"|:|argoproj.io/|\n|\\{|é| ){0,20}") {
            let _ = choose_executor(&bytes);
            let _ = choose_executor(text.as_bytes());
        }
    }
}
