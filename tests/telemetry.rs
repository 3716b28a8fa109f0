//! What `weft serve --otlp` tells a collector: the test is one, and reads what arrives.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::Folder;
use common::served::{Served, status};
use serde_json::{Value, json};

/// How soon something must have arrived.
const SOON: Duration = Duration::from_mins(1);

/// A request: its path, its head, and its document.
type Sent = (String, String, Value);

/// A collector on a port of its own, and what it is sent.
fn collector() -> (String, Receiver<Sent>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let (sender, sent) = channel();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
            }
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            write!(reader.get_mut(), "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}").unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            if sender.send((path, head, serde_json::from_slice(&body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, sent)
}

/// A pipeline of KFP of two steps, one after the other, of which the second ends with this status.
fn two_steps(code: u8) -> Value {
    let task = |name: &str, after: &[&str]| json!({"taskInfo": {"name": name}, "componentRef": {"name": name}, "cachingOptions": {}, "dependentTasks": after});
    let container = |script: String| json!({"container": {"image": "alpine", "command": ["sh", "-c", script]}});
    json!({
        "pipelineInfo": {"name": "two-steps"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"first": task("first", &[]), "second": task("second", &["first"])}}},
        "components": {"first": {"executorLabel": "first"}, "second": {"executorLabel": "second"}},
        "deploymentSpec": {"executors": {"first": container("true".to_owned()), "second": container(format!("exit {code}"))}},
    })
}

fn ended(served: &Served, spec: &Value) -> (String, String) {
    let body = json!({"display_name": "a run", "pipeline_spec": spec}).to_string();
    let head =
        format!("POST /apis/v2beta1/runs HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json", served.address);
    let (head, answer) = served.request(&head, &body);
    assert_eq!(status(&head), "200", "{answer}");
    let run = serde_json::from_str::<Value>(&answer).unwrap()["run_id"].as_str().unwrap().to_owned();
    let until = Instant::now() + SOON;
    loop {
        let (_, answer) = served.get(&format!("/apis/v2beta1/runs/{run}"), "");
        let state = serde_json::from_str::<Value>(&answer).unwrap()["state"].as_str().unwrap().to_owned();
        if ["SUCCEEDED", "FAILED"].contains(&state.as_str()) {
            return (run, state);
        }
        assert!(Instant::now() < until, "{answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An attribute of a span, a point or a resource.
fn attribute<'a>(of: &'a Value, key: &str) -> &'a Value {
    let found = of["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key);
    let value = found.map(|attribute| attribute["value"].as_object().unwrap().values().next().unwrap());
    value.unwrap_or(&Value::Null)
}

fn spans(document: &Value) -> Vec<Value> {
    document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

#[test]
fn a_run_is_a_trace_and_each_step_a_span() {
    let folder = Folder::default();
    let (url, sent) = collector();
    let mut command = folder.command(&["serve", "--no-auth", "--listen", "127.0.0.1:0", "--otlp", &url]);
    command.env("OTEL_METRIC_EXPORT_INTERVAL", "300").env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b");
    command.env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test").env("OTEL_SERVICE_NAME", "mine");
    let served = Served::of(&folder, command);
    let (good, state) = ended(&served, &two_steps(0));
    assert_eq!(state, "SUCCEEDED");
    let (bad, state) = ended(&served, &two_steps(3));
    assert_eq!(state, "FAILED");
    let mut arrived: Vec<Value> = Vec::new();
    let mut metrics = Value::Null;
    let until = Instant::now() + SOON;
    // Both roots, and metrics that were measured after both.
    while arrived.iter().filter(|span| span.get("parentSpanId").is_none()).count() < 2 || !tells_both(&metrics) {
        let (path, head, document) = sent.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap();
        assert!(head.contains("x-key: a b\r\n"), "{head}");
        let resource = &document[if path == "/v1/traces" { "resourceSpans" } else { "resourceMetrics" }][0]["resource"];
        assert_eq!(attribute(resource, "service.name"), "mine");
        assert_eq!(attribute(resource, "deployment.environment.name"), "test");
        match path.as_str() {
            "/v1/traces" => arrived.extend(spans(&document)),
            "/v1/metrics" => metrics = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].clone(),
            other => panic!("{other}"),
        }
    }
    for (run, result, last) in [(&good, "success", "success"), (&bad, "failure", "failure")] {
        let trace = run.replace('-', "");
        let of_run: Vec<&Value> = arrived.iter().filter(|span| span["traceId"] == trace.as_str()).collect();
        assert_eq!(of_run.len(), 3, "{arrived:#?}");
        let named = |name: &str| *of_run.iter().find(|span| span["name"] == name).unwrap();
        let root = named("RUN two-steps");
        assert_eq!((&root["kind"], root.get("parentSpanId")), (&json!(2), None));
        assert_eq!(attribute(root, "cicd.pipeline.result"), result);
        assert_eq!(attribute(root, "cicd.pipeline.run.id"), run.as_str());
        let nanoseconds = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u128>().unwrap();
        for (name, result) in [("first", "success"), ("second", last)] {
            let step = named(name);
            assert_eq!((&step["parentSpanId"], &step["kind"]), (&root["spanId"], &json!(1)));
            assert_eq!(attribute(step, "cicd.pipeline.task.name"), name);
            assert_eq!(attribute(step, "cicd.pipeline.task.run.result"), result);
            assert_eq!(step["status"]["code"], if result == "failure" { json!(2) } else { Value::Null });
            assert!(nanoseconds(step, "startTimeUnixNano") <= nanoseconds(step, "endTimeUnixNano"));
            assert!(nanoseconds(step, "endTimeUnixNano") <= nanoseconds(root, "endTimeUnixNano"));
        }
        assert!(nanoseconds(named("first"), "endTimeUnixNano") <= nanoseconds(named("second"), "startTimeUnixNano"));
    }
    let metric = |name: &str| metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name).unwrap();
    let requests = metric("http.server.request.duration");
    assert_eq!(requests["unit"], "s");
    let points = requests["histogram"]["dataPoints"].as_array().unwrap();
    let polled = points.iter().find(|point| attribute(point, "http.route") == "/apis/v2beta1/runs/{run_id}").unwrap();
    assert_eq!(
        (attribute(polled, "http.request.method"), attribute(polled, "http.response.status_code")),
        (&json!("GET"), &json!("200"))
    );
    let counts: u64 =
        polled["bucketCounts"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(polled["count"], counts.to_string().as_str());
    assert_eq!(
        polled["bucketCounts"].as_array().unwrap().len(),
        polled["explicitBounds"].as_array().unwrap().len() + 1
    );
    assert_eq!(metric("cicd.pipeline.run.active")["sum"]["isMonotonic"], false);
}

/// Whether metrics have a run that went well and one that failed.
fn tells_both(metrics: &Value) -> bool {
    let durations =
        metrics.as_array().into_iter().flatten().find(|metric| metric["name"] == "cicd.pipeline.run.duration");
    let Some(points) = durations.and_then(|metric| metric["histogram"]["dataPoints"].as_array()) else { return false };
    ["success", "failure"]
        .iter()
        .all(|result| points.iter().any(|point| attribute(point, "cicd.pipeline.result") == *result))
}

#[test]
fn what_was_not_sent_is_sent_at_the_end_and_nothing_waits_for_a_collector() {
    let folder = Folder::default();
    let (url, sent) = collector();
    let served = Served::with(&folder, &["--no-auth", "--otlp", &url]);
    let (run, _) = ended(&served, &two_steps(0));
    served.end();
    let mut names = Vec::new();
    while let Ok((path, _, document)) = sent.recv_timeout(Duration::from_secs(1)) {
        if path == "/v1/traces" {
            names.extend(spans(&document).iter().map(|span| span["name"].as_str().unwrap().to_owned()));
        }
    }
    names.sort();
    assert_eq!(names, ["RUN two-steps", "first", "second"], "{run}");
    // One that is not there keeps neither runs nor the end.
    let served = Served::with(&folder, &["--no-auth", "--otlp", "http://127.0.0.1:1"]);
    assert_eq!(ended(&served, &two_steps(0)).1, "SUCCEEDED");
    let took = served.end();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let refused = folder.weft("serve --no-auth --listen 127.0.0.1:0 --otlp https://collector.example");
    assert!(refused.code == Some(2) && refused.stderr.contains("http://HOST:4318"), "{}", refused.stderr);
}
