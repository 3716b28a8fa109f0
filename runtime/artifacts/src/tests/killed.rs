//! A process that is killed while it writes: published content is complete, and its temporary files can be told from
//! those of living processes.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::{bytes_of, store};
use crate::stage::TAIL;
use crate::{ContentId, Repair, Store};

const STORE: &str = "WEFT_ARTIFACTS_TEST_STORE";

/// Not a test: the process that [`killed_at_any_instant`] kills. It prints each published id.
#[test]
#[ignore = "run by another test, in a process of its own"]
fn writes_until_killed() {
    let Ok(path) = std::env::var(STORE) else { return };
    let store = Store::open(path).unwrap();
    let scratch = store.scratch().unwrap();
    for n in 0u32.. {
        let size = if n.is_multiple_of(3) { 100 } else { TAIL * 4 };
        let mut tree = store.create_tree(None).unwrap();
        let mut writer = tree.entry("dir/file").unwrap();
        for _ in 0..size / 100 {
            writer.append(&[n.to_le_bytes(); 25].concat()).unwrap();
        }
        let blob = writer.finish().unwrap();
        tree.add("dir/file", &blob).unwrap();
        scratch.dir().write("out", n.to_be_bytes().repeat(30_000)).unwrap();
        let adopted = store.adopt(scratch.dir(), "out", None).unwrap();
        println!("\npublished {blob} {} {adopted}", tree.finish().unwrap());
    }
}

#[test]
fn killed_at_any_instant() {
    let (_dir, store) = store();
    let path = store.path().unwrap();
    let mut published = HashSet::new();
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "tests::killed::writes_until_killed", "--nocapture"])
            .env(STORE, path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok).filter(|line| line.starts_with("published "));
        let mut told: Vec<_> = lines.by_ref().take(round + 1).collect();
        std::thread::sleep(std::time::Duration::from_micros(371 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        // The output between the last line read and its end; the last line may be truncated.
        let rest: Vec<_> = lines.collect();
        told.extend(rest.into_iter().rev().skip(1));
        let ids = told.iter().flat_map(|line| line.split(' ').skip(1)).map(|id| id.parse::<ContentId>().unwrap());
        published.extend(ids);

        assert_eq!(store.fsck(Repair::None, &mut |_| {}).unwrap(), []);
        for id in &published {
            assert!(store.contains(id).unwrap(), "{id}");
        }
    }
    // The last process was killed only after 36 ids.
    assert!(published.len() >= 12 * 3);
    let report = store.gc(&published).unwrap();
    assert_eq!(report.leftovers, 24, "a directory and a lock of each of the killed");
    assert!(report.kept >= published.len() as u64);
    assert_eq!(std::fs::read_dir(path.join("tmp")).unwrap().count(), 2);
    let blob = published.iter().find(|id| !id.is_tree()).unwrap();
    assert!(!bytes_of(&store, blob).is_empty());
}
