use super::*;

const INSTALL: &str = "\nif ! [ -x \"$(command -v pip)\" ]; then\n    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install \
python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location --index-url \
https://example.com/simple 'tabulate==0.9.0' 'My_Package[extra]>=1'  &&  python3 -m pip install --quiet --no-warn-script-location \
'kfp==2.17.3' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<\"3.9\"' && \"$0\" \"$@\"\n";

const EXECUTE: &str = "program_path=$(mktemp -d)\n\nprintf \"%s\" \"$0\" > \"$program_path/ephemeral_component.py\"\n_KFP_RUNTIME=true python3 -m \
kfp.dsl.executor_main                         --component_module_path                         \
\"$program_path/ephemeral_component.py\"                         \"$@\"\n";

fn step(image: &str, command: &[&str], args: &[&str]) -> CommandStep {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    CommandStep { image: image.to_owned(), command: own(command), args: own(args), ..CommandStep::default() }
}

#[test]
fn a_function_is_handed_to_the_python_runner_without_installing_anything() {
    let source = "def f():\n    pass\n";
    let args = ["--executor_input", "{{$}}", "--function_to_execute", "f"];
    let call =
        choose_executor(&step("python:3.11", &["sh", "-c", INSTALL, "sh", "-ec", EXECUTE, source], &args)).unwrap();
    assert_eq!(call.executor, ExecutorKind::Python);
    assert_eq!(call.argv[..3], ["python3", FUNCTION_FLAG, source]);
    assert_eq!(call.argv[3..], args);
    let names: Vec<String> = call.packages.iter().map(Requirement::name).collect();
    assert_eq!(names, ["tabulate", "my-package"]);
    assert_eq!(call.packages[1].0, "My_Package[extra]>=1");
    // Without packages and without kfp there is nothing in front.
    let bare = choose_executor(&step("python:3.11", &["sh", "-ec", EXECUTE, source], &args)).unwrap();
    assert_eq!((bare.argv, bare.packages), (call.argv, Vec::new()));
}

#[test]
fn pythons_and_shells_are_called_as_they_are() {
    let call = choose_executor(&step("python:3.12", &["/usr/bin/python3.12", "-u", "-c", "print(1)"], &["a"])).unwrap();
    assert_eq!((call.executor, call.argv.join(" ")), (ExecutorKind::Python, "python3 -u -c print(1) a".to_owned()));
    let call = choose_executor(&step("alpine", &["sh", "-c", "echo $0"], &["{{$.inputs.parameters['x']}}"])).unwrap();
    assert_eq!(call.executor, ExecutorKind::Shell);
    assert_eq!(call.argv, ["sh", "-c", "echo $0", "{{$.inputs.parameters['x']}}"]);
    assert_eq!(choose_executor(&step("alpine", &["echo"], &["hi"])).unwrap().executor, ExecutorKind::Shell);
}

#[test]
fn a_script_can_call_python() {
    let script = |text: &str| choose_executor(&step("python:3.12", &["sh", "-c", text], &["a"])).unwrap();
    let call = script("mkdir -p x && python -c 'print(1)' | tee x/y");
    assert_eq!((call.executor, call.python), (ExecutorKind::Shell, Some(ExecutorKind::Python)));
    let call = script("pip install -q 'pandas==2.2' tabulate && python3.12 train.py");
    assert_eq!(call.any_python(), Some(&ExecutorKind::Science));
    assert_eq!(call.packages, [Requirement("pandas==2.2".to_owned()), Requirement("tabulate".to_owned())]);
    for other in ["echo monty-python", "ls /usr/lib/python-apt", "echo $0"] {
        assert_eq!(script(other).python, None, "{other}");
    }
    assert_eq!(choose_executor(&step("alpine", &["echo", "python"], &[])).unwrap().python, None);
}

#[test]
fn an_image_can_name_a_component() {
    let call = choose_executor(&step("file:tools/sort.wasm", &[], &["-n"])).unwrap();
    assert_eq!(
        (call.executor, call.argv),
        (ExecutorKind::File("tools/sort.wasm".into()), vec!["sort".into(), "-n".into()])
    );
    assert_eq!(component_path("file:///opt/a.wasm#train"), Some("/opt/a.wasm"));
    assert_eq!(component_path("components/a.wasm"), Some("components/a.wasm"));
    assert_eq!(component_path("python:3.11"), None);
    assert_eq!(component_path("oci://localhost:5000/a/b:1.2#train"), Some("oci://localhost:5000/a/b:1.2"));
    let call = choose_executor(&step("oci://localhost:5000/a/sort:1.2", &[], &["-n"])).unwrap();
    assert_eq!(call.argv, ["sort", "-n"]);
}

#[test]
fn what_only_an_image_knows_is_refused_with_the_ways_out() {
    let refused = |step: CommandStep| choose_executor(&step).unwrap_err();
    let silent = refused(step("gcr.io/x/trainer:1", &[], &["--epochs", "3"]));
    assert!(silent.message.contains("gcr.io/x/trainer:1"), "{silent:?}");
    let built = refused(step("me/image", &["python3", "-m", "kfp.dsl.executor_main"], &["--executor_input", "{{$}}"]));
    assert!(built.hint.contains("target_image"), "{built:?}");
}

#[test]
fn native_packages_are_known_by_name() {
    let of = |text: &str| Requirement(text.to_owned());
    let packages = [of("scikit_learn==1.5"), of("tabulate"), of("numpy<2"), of("numpydoc")];
    assert_eq!(native(&packages), [&packages[0], &packages[2]]);
}

#[test]
fn packages_and_imports_decide_which_python_runs_a_function() {
    let chosen = |install: &str, source: &str| {
        let args = ["--executor_input", "{{$}}", "--function_to_execute", "f"];
        let install = INSTALL.replace("'tabulate==0.9.0' 'My_Package[extra]>=1'", install);
        let call = choose_executor(&step("python:3.11", &["sh", "-c", &install, "sh", "-ec", EXECUTE, source], &args));
        call.unwrap().executor
    };
    let plain = "def f():\n    import json\n";
    let pandas = "def f():\n    import pandas as pd\n";
    assert_eq!(chosen("", plain), ExecutorKind::Python);
    assert_eq!(chosen("'tabulate'", plain), ExecutorKind::Python);
    assert_eq!(chosen("'tabulate' 'joblib'", plain), ExecutorKind::Python);
    assert_eq!(chosen("'Pillow'", plain), ExecutorKind::Science);
    assert_eq!(chosen("'pandas' 'pyarrow'", plain), ExecutorKind::Science);
    assert_eq!(chosen("'nbclient>=0.10,<1' 'ipykernel>=6,<7' 'jupyter_client>=7,<9'", plain), ExecutorKind::Python);
    assert_eq!(chosen("'nbclient>=0.10,<1' 'pandas'", plain), ExecutorKind::Science);
    // The image may hold what is imported.
    assert_eq!(chosen("", pandas), ExecutorKind::Science);
    assert_eq!(chosen("'pandas' 'lightgbm>=4'", plain), ExecutorKind::Boosting);
    assert_eq!(chosen("'xgboost' 'torch'", plain), ExecutorKind::Python);
    assert_eq!(chosen("'tabulate'", pandas), ExecutorKind::Science);
    // What no executor has is told where the packages are looked for.
    assert_eq!(chosen("'pandas' 'catboost'", pandas), ExecutorKind::Python);
}
