//! Models that answer: an unmodified client of the protocol, updates under load, rollback, canaries, and models that misbehave.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

#[cfg(target_os = "linux")]
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::served::{Served, status};
use common::{Folder, component, project};
use serde_json::{Value, json};

/// A model with rows, and what onnxruntime answered to them.
fn case(name: &str) -> PathBuf {
    project().join("runtime/components/models/tests/data/cases").join(name)
}

fn model(name: &str) -> String {
    case(name).join("model.onnx").display().to_string()
}

/// Deploys a model of the test component, which does what requests ask.
fn deploy_served(folder: &Folder, name: &str, more: &[&str]) -> Value {
    std::fs::write(folder.path().join("model.txt"), "answer").unwrap();
    let component = component("served").display().to_string();
    let mut words = vec!["deploy", "model.txt", "--name", name, "--component", &component, "--json"];
    words.extend(more);
    folder.json(&words)
}

/// A connection that is kept, as clients do.
struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Connection {
    fn new(served: &Served) -> Self {
        let stream = TcpStream::connect(&served.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self { stream: BufReader::new(stream), token: served.token.clone() }
    }

    /// The status and the document of the answer.
    fn post(&mut self, path: &str, body: &str) -> (u16, Value) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            }
            if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn infer(&mut self, model: &str, values: &[i64]) -> (u16, Value) {
        let input = json!({ "name": "x", "datatype": "INT64", "shape": [values.len()], "data": values });
        self.post(&format!("/v2/models/{model}/infer"), &json!({ "inputs": [input] }).to_string())
    }
}

/// Waits until a version answers.
fn wait_for(connection: &mut Connection, model: &str, version: &str) {
    let until = Instant::now() + Duration::from_mins(2);
    while connection.infer(model, &[1]).1["model_version"] != version {
        assert!(Instant::now() < until, "version {version} of {model} does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_client_of_the_protocol_gets_what_onnxruntime_answers() {
    for (part, name) in [("columns", "columns_one_hot"), ("matrix", "forest_binary")] {
        let folder = Folder::default();
        folder.ok(&["deploy", &model(name), "--name", "model"]);
        let served = Served::start(&folder);
        served.wait_for_models();
        let case = case(name).display().to_string();
        let told = folder.python("attest-venv", "serving_client.py", &[part, &served.url(), &served.token, &case]);
        if part == "columns" {
            assert_eq!(told.trim(), "['output_label', 'output_probability'] [['Adelie', 'Chinstrap', 'Gentoo']]");
        }
    }
}

#[test]
fn updates_under_load_drop_no_request_and_every_version_can_be_gone_back_to() {
    let folder = Folder::default();
    deploy_served(&folder, "double", &[]);
    let served = Served::start(&folder);
    served.wait_for_models();
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (served, stop, answered) = (&served, &stop, &answered);
            scope.spawn(move || {
                let mut connection = Connection::new(served);
                while !stop.load(Ordering::Relaxed) {
                    let (status, answer) = connection.infer("double", &[client, 5]);
                    assert_eq!(status, 200, "{answer}");
                    assert_eq!(answer["outputs"][0]["data"], json!([2 * client, 10]), "{answer}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut connection = Connection::new(&served);
        for version in 2..=4 {
            let before = answered.load(Ordering::Relaxed);
            assert_eq!(deploy_served(&folder, "double", &[])["version"], version);
            wait_for(&mut connection, "double", &version.to_string());
            assert!(answered.load(Ordering::Relaxed) > before);
        }
        let back = folder.ok("deploy --name double --rollback");
        assert_eq!(back.stdout, "double: version 3 answers all requests\n");
        wait_for(&mut connection, "double", "3");
        folder.ok("deploy --name double --rollback 1");
        wait_for(&mut connection, "double", "1");
        stop.store(true, Ordering::Relaxed);
    });
    // What it needs stays, whatever becomes of all else.
    folder.ok("gc");
    // A version that answers nothing can be asked by its number, and none that there is not.
    let mut connection = Connection::new(&served);
    let body = json!({ "inputs": [{ "name": "x", "datatype": "INT64", "shape": [1], "data": [4] }] }).to_string();
    let (status, answer) = connection.post("/v2/models/double/versions/4/infer", &body);
    assert_eq!((status, &answer["model_version"]), (200, &json!("4")), "{answer}");
    assert_eq!(connection.post("/v2/models/double/versions/9/infer", &body).0, 404);
    // What is deployed is in the store: a server that was killed leaves nothing to be done.
    served.kill();
    let again = Served::start(&folder);
    again.wait_for_models();
    let mut connection = Connection::new(&again);
    assert_eq!(connection.infer("double", &[1]).1["model_version"], "1");
    let listed = folder.json("deployments --json");
    assert_eq!(listed["deployments"][0]["current"], 1);
    assert_eq!(listed["deployments"][0]["versions"].as_array().unwrap().len(), 4);
    drop(again);
    folder.assert_whole();
}

#[test]
fn a_canary_gets_its_share_and_then_all_by_the_server() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    let at = served.url();
    let deploy = |words: &[&str]| {
        let mut all = vec!["deploy", "--name", "forest", "--server", &at, "--json"];
        all.extend(words);
        folder.json(&all)
    };
    assert_eq!(deploy(&[&model("forest_binary")])["version"], 1);
    assert_eq!(deploy(&[&model("forest_binary"), "--canary", "10"])["version"], 2);
    let mut connection = Connection::new(&served);
    let row = json!({ "name": "X", "datatype": "FP32", "shape": [1, 5], "data": [0.1, 0.2, 0.3, 0.4, 0.5] });
    let body = json!({ "inputs": [row] }).to_string();
    let mut count = |times: usize| {
        let answers = (0..times).map(|_| connection.post("/v2/models/forest/infer", &body).1["model_version"].clone());
        answers.filter(|version| version == "2").count()
    };
    assert_eq!(count(200), 20);
    assert_eq!(deploy(&["--rollback"])["version"], 1);
    assert_eq!(count(50), 0);
    assert_eq!(deploy(&[&model("forest_binary"), "--canary", "50"])["version"], 3);
    let promoted = deploy(&["--promote"]);
    assert_eq!((&promoted["version"], &promoted["deployment"]["canary"]), (&json!(3), &Value::Null));
    let table = folder.ok(&["deployments", "--server", &at]).stdout;
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("forest        3  all"), "{table}");

    // What cannot be served is not deployed.
    std::fs::write(folder.path().join("none.onnx"), "no model").unwrap();
    let refused = folder.weft(&["deploy", "none.onnx", "--name", "forest", "--server", &at]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("`forest` cannot be served: "), "{}", refused.stderr);
    assert_eq!(folder.json(&["deployments", "--json"])["deployments"][0]["current"], 3);
    deploy(&["--remove"]);
    assert_eq!(connection.post("/v2/models/forest/infer", &body).0, 404);
}

#[test]
fn a_model_that_loops_traps_or_takes_memory_is_cut_off_while_another_answers() {
    let folder = Folder::default();
    deploy_served(&folder, "bad", &["--time", "2s", "--memory", "64MiB", "--instances", "1"]);
    deploy_served(&folder, "good", &[]);
    let served = Served::start(&folder);
    served.wait_for_models();
    let (mut bad, mut good) = (Connection::new(&served), Connection::new(&served));
    for (value, why) in [(-1, "asked to trap"), (-2, "time limit of 2s"), (-3, "its limit is 64 MiB")] {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (status, answer) = bad.infer("bad", &[value]);
                done.store(true, Ordering::Relaxed);
                assert_eq!(status, 500, "{answer}");
                assert!(answer["error"].as_str().unwrap().contains(why), "{answer}");
            });
            loop {
                assert_eq!(good.infer("good", &[3]).1["outputs"][0]["data"], json!([6]));
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        // Another instance has taken its place.
        assert_eq!(bad.infer("bad", &[4]).1["outputs"][0]["data"], json!([8]));
    }
    let (status, answer) = bad.infer("bad", &[-4]);
    assert_eq!((status, &answer["error"]), (400, &json!("it was asked to refuse")));

    // Requests that wait are answered together; if one of them ends the instance, it alone fails.
    let mut answers = std::thread::scope(|scope| {
        let ask = |value: i64| {
            let served = &served;
            scope.spawn(move || Connection::new(served).infer("bad", &[value]))
        };
        let looping = ask(-2);
        // It has the only instance for two seconds, and the others wait behind it.
        std::thread::sleep(Duration::from_millis(500));
        let waiting: Vec<_> = [10, -1, 11, 12].into_iter().map(ask).collect();
        let mut answers = vec![looping.join().unwrap()];
        answers.extend(waiting.into_iter().map(|one| one.join().unwrap()));
        answers
    });
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [500, 200, 500, 200, 200], "{answers:?}");
    assert_eq!(answers.remove(1).1["outputs"][0]["data"], json!([20]));

    // What does not load is not deployed.
    for (text, why) in [("trap", "asked to trap"), ("refuse", "it was asked to refuse")] {
        std::fs::write(folder.path().join("bad.txt"), text).unwrap();
        let component = component("served").display().to_string();
        let refused = folder.weft(&["deploy", "bad.txt", "--name", "bad", "--component", &component]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
}

/// The threads of a process: name, number of filters of system calls, and processor time in ticks, by their number.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> BTreeMap<String, (String, u32, u64)> {
    let read = |thread: &Path| {
        let status = std::fs::read_to_string(thread.join("status")).ok()?;
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        let times = std::fs::read_to_string(thread.join("stat")).ok()?;
        // User and system time are the 12th and the 13th field after the name, which may hold blanks.
        let ticks =
            times.rsplit(')').next()?.split(' ').skip(12).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Some((field("Name:"), field("Seccomp_filters:").parse().unwrap_or(0), ticks))
    };
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let paths = tasks.map(|entry| entry.unwrap().path());
    paths.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), read(&path)?))).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn models_are_asked_on_threads_that_the_system_confines() {
    let folder = Folder::default();
    if !std::fs::read_to_string("/proc/self/status").unwrap().contains("Seccomp_filters:") {
        eprintln!("PASSED OVER: the system does not tell of filters of system calls");
        return;
    }
    deploy_served(&folder, "loops", &["--time", "1s", "--instances", "1"]);
    let served = Served::start(&folder);
    served.wait_for_models();
    let mut connection = Connection::new(&served);
    for _ in 0..2 {
        let before = threads(served.process());
        let (status, answer) = connection.infer("loops", &[-2]);
        assert_eq!(status, 500, "{answer}");
        let after = threads(served.process());
        let spent =
            |(id, thread): (&String, &(String, u32, u64))| thread.2 - before.get(id).map_or(0, |before| before.2);
        let looped = after.iter().max_by_key(|thread| spent(*thread)).unwrap();
        assert!(looped.1.0 == "weft-step" && looped.1.1 > 0, "{looped:?} of {after:?}");
    }
}

const RAW: &str = "island,mass,species\nBiscoe,3750,Adelie\nDream,3800,Chinstrap\nBiscoe,5400,Gentoo\nTorgersen,3250,Adelie\nDream,,Chinstrap\nBiscoe,5000,Gentoo\n";
const TRAINING: &str = r#"
name: raw-rows
steps:
  rows: { import: raw.csv, type: dataset }
  features:
    component: weft:transform#fit
    with:
      examples: ${rows}
      features:
        - { name: mass, of: [mass], fill: mean, z-score: true }
        - { name: island, of: [island], one-hot: { columns: true } }
        - { name: species, of: [species] }
  train:
    component: weft:trainer
    with: { examples: "${features.transformed-examples}", label: species, algorithm: random-forest, seed: 7 }
outputs: { model: "${train.model}", graph: "${features.transform-graph}" }
"#;

#[test]
fn a_model_takes_raw_rows_through_its_transform_graph_and_logs_what_it_answers() {
    let folder = Folder::default();
    folder.file("raw.csv", RAW);
    folder.file("pipeline.yaml", TRAINING);
    assert_eq!(folder.json("run pipeline.yaml --json")["state"], "COMPLETE");
    folder.ok("deploy latest/model --name penguins --transform latest/graph --log 50");
    let served = Served::start(&folder);
    served.wait_for_models();
    let authorized = format!("\r\nauthorization: Bearer {}", served.token);
    let (_, described) = served.get("/v2/models/penguins", &authorized);
    let described: Value = serde_json::from_str(&described).unwrap();
    // What the label is made of is not asked for.
    let inputs = json!([{ "name": "mass", "datatype": "INT64", "shape": [-1, 1] }, { "name": "island", "datatype": "BYTES", "shape": [-1, 1] }]);
    assert_eq!(described["inputs"], inputs, "{described}");
    let mut connection = Connection::new(&served);
    let body = json!({ "id": "a", "inputs": [
        { "name": "island", "datatype": "BYTES", "shape": [2, 1], "data": ["Biscoe", "Dream"] },
        { "name": "mass", "datatype": "FP64", "shape": [2, 1], "data": [5400, null] },
    ] });
    let mut labels = Value::Null;
    for _ in 0..4 {
        let (status, answer) = connection.post("/v2/models/penguins/infer", &body.to_string());
        assert_eq!(status, 200, "{answer}");
        labels = answer["outputs"][0]["data"].clone();
    }
    // The same without a server, where the features are made of a file.
    folder.file("two.csv", "island,mass\nBiscoe,5400\nDream,\n");
    folder.ok("artifact export latest/model model.onnx");
    folder.ok("artifact export latest/graph graph");
    let predicted = folder.json("predict model.onnx two.csv --transform graph --json");
    let rows: Vec<&Value> = predicted["predictions"].as_array().unwrap().iter().map(|row| &row["prediction"]).collect();
    assert_eq!(json!(rows), labels, "{predicted}");

    // Half of the requests, all their rows, as examples.
    served.end();
    let log = folder.path().join(".weft/predictions/penguins/predictions-000001.jsonl");
    let lines = std::fs::read_to_string(&log).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["island"], &first["mass"], &first["weft_version"], &first["weft_id"]),
        (&json!("Biscoe"), &json!(5400.0), &json!(1), &json!("a"))
    );
    let examples = "name: log\nsteps:\n  log: { import: log, type: dataset }\n  examples: { component: weft:example-gen, with: { data: \"${log}\" } }\n";
    std::fs::create_dir(folder.path().join("log")).unwrap();
    std::fs::copy(log, folder.path().join("log/predictions.jsonl")).unwrap();
    folder.file("log.yaml", examples);
    assert_eq!(folder.json("run log.yaml --json")["state"], "COMPLETE");
}

#[test]
fn predictions_need_no_server() {
    let folder = Folder::default();
    folder.file("rows.csv", "a,b,c,d,e,truth\n0.1,0.2,0.3,0.4,0.5,1\n-1,0,1,0.5,2,0\n");
    let model = model("forest_binary");
    let printed = folder.ok(&["predict", &model, "rows.csv", "--exclude", "truth", "--keep", "truth"]).stdout;
    let mut lines = printed.lines();
    assert!(lines.next().unwrap().starts_with("truth,"), "{printed}");
    assert_eq!(lines.count(), 2, "{printed}");
    folder.ok(&["predict", &model, "rows.csv", "--features", "a,b,c,d,e", "-o", "out.csv"]);
    let written = std::fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert_eq!(written.lines().count(), 3, "{written}");
    let document = folder.json(&["predict", &model, "rows.csv", "--exclude", "truth", "--json"]);
    assert_eq!(document["predictions"].as_array().unwrap().len(), 2);
    let refused = folder.weft(&["predict", &model, "rows.csv"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("takes [5] columns"), "{}", refused.stderr);
    assert!(!folder.path().join(".weft").exists(), "it leaves no store");
}

#[test]
fn who_has_no_token_gets_no_prediction() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    for (path, expected) in
        [("/v2/health/live", "200"), ("/v2", "401"), ("/v2/models/a", "401"), ("/apis/weft/v1/deployments", "401")]
    {
        let (head, body) = served.get(path, "");
        assert_eq!(status(&head), expected, "{path}: {body}");
    }
    assert!(serde_json::from_str::<Value>(&served.get("/v2/models/a", "").1).unwrap()["error"].is_string());
}

#[test]
fn the_component_for_small_devices_answers_as_the_large_one() {
    let folder = Folder::default();
    let cases = project().join("runtime/components/models/tests/data/cases");
    let mut rows = "a,b,c,d,e\n".to_owned();
    for row in 0..200_u32 {
        let cells: Vec<String> = (1..6_u32)
            .map(|column| format!("{:.3}", f64::from((row * 7 + column) * column % 97) / 16.0 - 3.0))
            .collect();
        rows += &(cells.join(",") + "\n");
    }
    folder.file("rows.csv", &rows);
    let predict = |component: &str, model: &str| {
        let with = [format!("model={}", cases.join(model).display()), "data=rows.csv".to_owned()];
        let call = format!("{component}#predict");
        folder.weft(&["call", &call, "-w", &with[0], "-w", &with[1], "-o", component])
    };
    for model in [
        "forest_binary/model.onnx",
        "boosting_multi/model.onnx",
        "logistic_multi_zipmap/model.onnx",
        "ridge/model.onnx",
        "knn_classifier/model.onnx",
        "xgboost_multi/model.ubj",
    ] {
        let mut answers = Vec::new();
        for component in ["weft:onnx", "weft:onnx-ml"] {
            let ended = predict(component, model);
            assert_eq!(ended.code, Some(0), "{model}: {}", ended.stderr);
            let folder = folder.path().join(component);
            let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
            answers.push(std::fs::read_to_string(file).unwrap());
            std::fs::remove_dir_all(folder).unwrap();
        }
        assert_eq!(answers[0].lines().count(), 201, "{model}");
        assert_eq!(answers[0], answers[1], "{model}");
    }

    let network = predict("weft:onnx-ml", "cnn/model.onnx");
    assert_ne!(network.code, Some(0));
    assert!(network.stderr.contains("`Conv` (2 times)"), "{}", network.stderr);
    assert!(network.stderr.contains("use `weft:onnx`"), "{}", network.stderr);
}
