//! A process that is killed repeatedly leaves a run that resumes to the result of an undisturbed one.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::*;
use serde_json::json;
use weft_engine::Event;
use weft_metadata::RunState;
use weft_pipeline::model::{Implementation, Importer, Pipeline};

const DIRECTORY: &str = "WEFT_ENGINE_TEST_DIRECTORY";
/// How long a step takes in the process that is killed, in milliseconds. Steps of none share transactions.
const TAKES: &str = "WEFT_ENGINE_TEST_TAKES";

/// 43 steps: three chains that meet, a skip, an import, an uncached one, loops; some 150 ms in all.
fn steps() -> Pipeline {
    let import = Importer { source: literal(json!("data.csv")).from, kind: dataset_type(), properties: [].into() };
    let mut steps = vec![("import".to_owned(), other(Implementation::Import(import)))];
    for chain in 0..3 {
        for link in 0..9 {
            let mut step = step().literal("seed", json!(chain * 100 + link));
            step = match link {
                0 => step.input("data", input(dataset(), false), from_output("import", "artifact")),
                _ => step.reads(&format!("c{chain}-{}", link - 1)),
            };
            if link == 4 {
                step = step.uncached();
            }
            steps.push((format!("c{chain}-{link}"), step));
        }
    }
    steps.push(("skipped".to_owned(), step().when(r#"steps["c0-3"].n > 100"#)));
    steps.push(("join".to_owned(), step().reads("c0-8").reads("c1-8").reads("c2-8")));
    let over = |count: u32| items((0..count).map(|item| json!(item)));
    steps.push(("loop".to_owned(), other(Implementation::default()).each(over(3)).after("c0-1")));
    steps.push(("each".to_owned(), step().each(over(2)).parallelism(1).reads("c1-2")));
    let mut pipeline = pipeline(steps);
    let inside = named([("one", step().value(from_input("value"))), ("two", step().reads("one"))]);
    nest(&mut pipeline, "loop", inside, &[("data", "two", "out")]);
    pipeline
}

fn runner(place: &Place, takes: Duration) -> Fake {
    let mut fake = Fake::new(place);
    let top = steps().components.into_keys().map(|name| name.strip_prefix("comp-").unwrap().to_owned());
    let inside = (0..3).flat_map(|i| [format!("loop[{i}]/one"), format!("loop[{i}]/two"), format!("each[{i}]")]);
    for task in top.chain(inside) {
        let log = Some(format!("this is {task}"));
        fake = fake.with(&task, Behaviour { takes, log, ..Behaviour::default() });
    }
    fake
}

/// Starts or resumes the run, and writes down the tasks that start and those that are reported as finished.
fn begin_or_go_on(directory: &Path, takes: Duration) {
    let place = Place::at(directory.to_owned());
    let fake = runner(&place, takes);
    let session = place.session(&fake, 3);
    let mut journal = std::fs::File::options().create(true).append(true).open(directory.join("journal")).unwrap();
    let mut observer = |event: &Event| match event {
        Event::TaskStarted { task, .. } => journal.write_all(format!("started {task}\n").as_bytes()).unwrap(),
        Event::TaskFinished(report) => journal.write_all(format!("finished {}\n", report.task).as_bytes()).unwrap(),
        _ => {}
    };
    if place.metadata.run("r").is_ok() {
        session.engine().resume("r", &mut observer, &session.interrupt).unwrap();
    } else {
        session.start_observed("r", &steps(), &json!({}), &mut observer).unwrap();
    }
}

/// Not a test: the process that the test below starts and kills.
#[test]
fn child() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let takes = std::env::var(TAKES).unwrap().parse().unwrap();
        begin_or_go_on(Path::new(&directory), Duration::from_millis(takes));
    }
}

#[test]
fn killed_at_any_instant_it_resumes_to_the_same() {
    let undisturbed = Place::new();
    write(undisturbed.dir.join("data.csv"), "a,b\n1,2\n");
    begin_or_go_on(&undisturbed.dir, Duration::ZERO);
    let wanted = essence(&undisturbed, "r");
    assert_eq!(wanted.len(), 43);

    // Instants spread over the duration of the run by the golden ratio, the same in each execution of the test.
    let mut instant = 0.0_f64;
    let mut all_kills = 0;
    for round in 0..16 {
        let (takes, window) = if round % 2 == 0 { ("8", 90) } else { ("0", 30) };
        let directory = tempfile::tempdir().unwrap();
        write(directory.path().join("data.csv"), "a,b\n1,2\n");
        let mut kills = 0;
        loop {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["child", "--exact", "--test-threads=1"])
                .env(DIRECTORY, directory.path())
                .env(TAKES, takes)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            instant = (instant + 0.618_033_988_75).fract();
            let until = Instant::now() + Duration::from_millis(5) + Duration::from_millis(window).mul_f64(instant);
            let ended = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break Some(status),
                    None if kills < 20 && Instant::now() > until => break None,
                    None => std::thread::sleep(Duration::from_micros(200)),
                }
            };
            let Some(status) = ended else {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                continue;
            };
            assert!(status.success(), "round {round}");
            break;
        }
        all_kills += kills;
        let place = Place::at(directory.path().to_owned());
        let record = place.metadata.run("r").unwrap();
        assert_eq!(record.summary.state, RunState::Complete);
        assert_eq!(essence(&place, "r"), wanted, "round {round}, {kills} kills");
        assert_eq!(place.counts(), undisturbed.counts(), "round {round}, {kills} kills");
        assert!(place.fsck_clean());
        let journal = std::fs::read_to_string(directory.path().join("journal")).unwrap();
        let mut finished = BTreeSet::new();
        for line in journal.lines() {
            match line.split_once(' ').unwrap() {
                ("started", task) => assert!(!finished.contains(task), "{task} was finished and ran again"),
                (_, task) => assert!(finished.insert(task), "{task} was finished twice"),
            }
        }
    }
    println!("{all_kills} kills");
    assert!(all_kills > 0, "no process was killed before it had ended");
}
