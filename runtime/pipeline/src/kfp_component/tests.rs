use super::*;
use crate::types::{ArtifactType, ParameterType};

fn kind(title: &str, list: bool) -> PortType {
    PortType::Artifact { kind: ArtifactType(title.into()), list }
}

fn every_type() -> Signature {
    use ParameterType as T;
    let parameters = [
        ("flag", T::Bool),
        ("epochs", T::U32),
        ("learning-rate", T::F64),
        ("label", T::String),
        ("names", T::List(Box::new(T::String))),
        ("weights", T::Map(Box::new(T::F64))),
        ("mode", T::Enum(vec!["fast".into(), "exact".into()])),
    ];
    let parameters =
        parameters.into_iter().map(|(name, ty)| (name.to_owned(), Port::required(PortType::Parameter(ty))));
    Signature {
        inputs: parameters
            .chain([
                ("train-data".to_owned(), Port::required(kind("system.Dataset", false))),
                ("others".to_owned(), Port::required(kind("system.Artifact", true))),
                ("base".to_owned(), Port::optional(kind("acme.EmbeddingIndex", false))),
                ("note".to_owned(), Port::optional(PortType::Parameter(T::String))),
            ])
            .collect(),
        outputs: [
            ("model".to_owned(), Port::required(kind("system.Model", false))),
            ("test-accuracy".to_owned(), Port::required(PortType::Parameter(T::F64))),
        ]
        .into_iter()
        .collect(),
    }
}

fn write(signature: &Signature) -> String {
    let component = KfpComponent {
        name: "train_Model!",
        description: Some("Trains: \"well\"\nor not"),
        image: "file:components/x.wasm#train",
        command: &[],
    };
    component_yaml(&component, signature)
}

#[test]
fn component_has_the_shape_that_the_kfp_compiler_writes() {
    insta::assert_snapshot!(write(&every_type()));
}

#[test]
fn what_is_written_can_be_read_again() {
    let value = crate::yaml::value(&write(&every_type())).unwrap();
    assert_eq!(value["root"]["inputDefinitions"], value["components"]["comp-train-model"]["inputDefinitions"]);
    assert_eq!(value["root"]["inputDefinitions"]["parameters"]["epochs"]["parameterType"], "NUMBER_INTEGER");
    assert_eq!(value["root"]["inputDefinitions"]["artifacts"]["base"]["isOptional"], true);
    assert_eq!(value["pipelineInfo"]["description"], "Trains: \"well\"\nor not");
}

#[test]
fn component_without_ports_has_no_empty_sections() {
    let text = write(&Signature::default());
    assert!(!text.contains("Definitions") && !text.contains("{}"), "{text}");
}

/// `WEFT_PYTHON_KFP` is a Python that has the kfp SDK; `python3` if it is not set.
#[test]
#[ignore = "needs the kfp SDK"]
fn the_kfp_sdk_loads_it() {
    let python = std::env::var("WEFT_PYTHON_KFP").unwrap_or_else(|_| "python3".to_owned());
    let script = "import sys; from kfp import components; c = components.load_component_from_text(sys.stdin.read()); \
                  print(c.name, sorted(c.component_spec.inputs), sorted(c.component_spec.outputs))";
    let mut child = std::process::Command::new(python)
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), write(&every_type()).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "train-model ['base', 'epochs', 'flag', 'label', 'learning_rate', 'mode', 'names', 'note', 'others', \
         'train_data', 'weights'] ['model', 'test_accuracy']"
    );
}
