//! Stores that keep their artifacts in a bucket, with the folder as a cache of it.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use weft::artifacts::{ContentId, Digest, Store};
use weft::elsewhere::{Bucket, Settings};

use super::common::{Ended, Folder, states, task};
use super::{Objects, peak_until_end};

const AT: &str = "s3://bucket/team/x";

/// An import, a file, a directory and what is read of them.
const PIPELINE: &str = "name: kept
outputs: { table: '${table}', dir: '${dir}' }
steps:
  table: { import: table.csv, type: dataset }
  rows: { component: \"@trivial#count\", with: { input: \"${table}\" } }
  make: { component: \"@trivial#generate\", with: { bytes: 300000, seed: 7 } }
  bytes: { component: \"@trivial#count\", with: { input: \"${make}\" } }
  dir: { component: \"@trivial#make-dir\", with: { files: 5, bytes: 2000 } }
  sum: { component: \"@trivial#sum-dir\", with: { input: \"${dir}\" } }
";

fn prepared() -> Folder {
    let folder = Folder::default();
    folder.file("p.yaml", PIPELINE);
    folder.file("table.csv", "a,b\n1,2\n");
    folder
}

impl Objects {
    fn bucket(&mut self) {
        assert_eq!(self.tell(&json!(["bucket", "bucket"])), "ok");
    }

    fn weft(&self, folder: &Folder, arguments: &str) -> Ended {
        let ended = Ended::from(self.command(folder, arguments).output().unwrap());
        assert!(!format!("{ended:?}").contains("hidden"), "{ended:?}");
        ended
    }

    #[track_caller]
    fn ok(&self, folder: &Folder, arguments: &str) -> Ended {
        let ended = self.weft(folder, arguments);
        assert_eq!(ended.code, Some(0), "{arguments}: {}\n{}", ended.stdout, ended.stderr);
        ended
    }

    /// Runs the pipeline, which must succeed, and gives the tasks that were executed.
    #[track_caller]
    fn executed(&self, folder: &Folder, arguments: &str) -> Vec<String> {
        let outcome = self.ok(folder, &format!("run p.yaml --json {arguments}")).json();
        let done = states(&outcome).into_iter();
        done.filter(|(_, state)| *state == "COMPLETE").map(|(task, _)| task.to_owned()).collect()
    }

    /// The keys of the content in the bucket.
    fn content(&mut self) -> BTreeSet<String> {
        let keys: Vec<String> = serde_json::from_str(&self.tell(&json!(["list", "bucket", "team/x/"]))).unwrap();
        let content = keys.into_iter().filter(|key| !key.contains("/users/"));
        content.map(|key| key.strip_prefix("team/x/").unwrap().to_owned()).collect()
    }

    fn delete(&mut self, key: &str) {
        assert_eq!(self.tell(&json!(["delete", "bucket", format!("team/x/{key}")])), "ok");
    }
}

/// The files of content in a store, as keys below the prefix.
fn here(folder: &Folder) -> BTreeSet<String> {
    let root = folder.path().join(".weft/artifacts");
    let list = |place: &Path| -> Vec<PathBuf> {
        fs::read_dir(place).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
    };
    let files = ["blobs", "trees"].iter().flat_map(|kind| list(&root.join(kind))).flat_map(|shard| list(&shard));
    files.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect()
}

/// The key of a step's artifact.
fn key(outcome: &Value, step: &str) -> String {
    let mut ports = task(outcome, step)["outputs"].as_object().unwrap().values();
    let uri = ports.find_map(|port| port["artifacts"][0]["uri"].as_str()).unwrap();
    let (kind, hex) = uri.split_once(':').unwrap();
    format!("{}/{}/{hex}", if kind == "blake3" { "blobs" } else { "trees" }, &hex[..2])
}

#[test]
fn artifacts_are_in_the_bucket_and_come_back_from_there() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let folder = prepared();
    assert_eq!(objects.executed(&folder, &format!("--artifacts {AT}")).len(), 6);
    assert_eq!(objects.content(), here(&folder));
    objects.ok(&folder, "artifact export latest/dir before");

    // The store remembers. What only the bucket has is a hit, and is not fetched to see that it is there.
    let evicted = objects.ok(&folder, "gc --local 0");
    assert!(evicted.stdout.contains("here that the bucket keeps"), "{}", evicted.stdout);
    assert!(here(&folder).iter().all(|file| file.starts_with("trees/")), "{:?}", here(&folder));
    assert_eq!(objects.executed(&folder, ""), [""; 0]);
    let blobs = here(&folder).into_iter().filter(|file| file.starts_with("blobs/")).count();
    assert_eq!(blobs, 1, "only the import has read its file again");
    // Not so what a new step reads, and whoever looks.
    folder.file(
        "p.yaml",
        &format!(
            "{PIPELINE}  more: {{ component: \"@trivial#copy\", with: {{ input: \"${{make}}\" }} }}\n  \
             other: {{ component: \"@trivial#generate\", with: {{ bytes: 1000, seed: 8 }} }}\n"
        ),
    );
    assert_eq!(
        objects.executed(&folder, "").into_iter().collect::<BTreeSet<_>>(),
        ["more", "other"].map(str::to_owned).into()
    );
    assert_eq!(objects.ok(&folder, "artifact cat latest/table").stdout, "a,b\n1,2\n");
    objects.ok(&folder, "artifact export latest/dir out");
    let differs = Command::new("diff").args(["-r", "before", "out"]).current_dir(folder.path()).status().unwrap();
    assert!(differs.success());
    let verified = objects.ok(&folder, "verify latest --json").json();
    assert!(!verified.to_string().contains("FAILED"), "{verified}");

    // On another machine, with a copy of the metadata alone.
    let other = prepared();
    fs::create_dir(other.path().join(".weft")).unwrap();
    objects.ok(&folder, "gc");
    fs::copy(folder.path().join(".weft/metadata.sqlite"), other.path().join(".weft/metadata.sqlite")).unwrap();
    assert_eq!(objects.executed(&other, ""), [""; 0]);
    assert_eq!(objects.ok(&other, "artifact cat latest/table").stdout, "a,b\n1,2\n");
    objects.ok(&other, "fsck");
    objects.ok(&other, "verify latest");

    // It is another user of the bucket, so that nobody removes what the other needs.
    let run = objects.ok(&folder, "runs --json").json()[0]["id"].as_str().unwrap().to_owned();
    objects.ok(&folder, &format!("runs rm {run}"));
    let before = objects.content();
    let shared = objects.ok(&folder, "gc");
    assert!(shared.stderr.contains("other stores keep artifacts there"), "{}", shared.stderr);
    assert!(shared.stderr.contains(&format!("{AT}/users/")), "{}", shared.stderr);
    assert_eq!(objects.content(), before);
    let note = shared.stderr.split(&format!("{AT}/")).nth(1).unwrap().split(')').next().unwrap().to_owned();
    objects.delete(&note);
    objects.ok(&folder, "gc --dry-run");
    assert_eq!(objects.content(), before);
    let alone = objects.ok(&folder, "gc --json").json();
    assert!(alone["bucket"]["removed"].as_u64().unwrap() > 0, "{alone}");
    objects.ok(&folder, "fsck");
    // While another store removes objects, nobody relies on one.
    objects.tell(&json!(["put", "bucket", "team/x/gc", "host:/elsewhere"]));
    let waits = objects.weft(&folder, "run p.yaml");
    assert!(waits.code != Some(0) && waits.stderr.contains("`weft gc` of another store, host:/elsewhere"), "{waits:?}");
    objects.delete("gc");
    objects.executed(&folder, "");
    let elsewhere = objects.weft(&folder, "run p.yaml --artifacts s3://bucket/other");
    assert!(elsewhere.stderr.contains(&format!("keeps its artifacts in `{AT}`")), "{}", elsewhere.stderr);
    assert_eq!(elsewhere.code, Some(2));
}

#[test]
fn what_is_missing_in_the_bucket_is_made_again() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let folder = prepared();
    let outcome = objects.ok(&folder, &format!("run p.yaml --json --artifacts {AT}")).json();
    objects.ok(&folder, "gc --local 0");
    // Missing, cut, or one file of a directory.
    objects.delete(&key(&outcome, "make"));
    assert_eq!(objects.executed(&folder, ""), ["make"]);
    objects.ok(&folder, "gc --local 0");
    let files = objects.content();
    objects.tell(&json!(["put", "bucket", format!("team/x/{}", key(&outcome, "make")), ""]));
    assert_eq!(objects.executed(&folder, ""), ["make"]);
    objects.ok(&folder, "gc --local 0");
    fs::remove_dir_all(folder.path().join(".weft/artifacts/trees")).unwrap();
    fs::create_dir(folder.path().join(".weft/artifacts/trees")).unwrap();
    assert_eq!(objects.executed(&folder, ""), [""; 0]);
    let manifest = fs::read(folder.path().join(".weft/artifacts").join(key(&outcome, "dir"))).unwrap();
    let digest = Digest::from_bytes(manifest[24..56].try_into().unwrap()).to_string();
    objects.delete(&format!("blobs/{}/{digest}", &digest[..2]));
    let lost = objects.weft(&folder, "fsck");
    assert!(lost.code == Some(1) && lost.stdout.contains("made by step `dir`"), "{}{}", lost.stdout, lost.stderr);
    assert_eq!(objects.executed(&folder, ""), ["dir"]);
    assert_eq!(objects.content(), files);
    objects.ok(&folder, "fsck");

    // What is here still can be put there again.
    objects.delete(&format!("blobs/{}/{digest}", &digest[..2]));
    let lost = objects.weft(&folder, "fsck");
    assert!(lost.code == Some(1) && lost.stdout.contains("it is only here"), "{}{}", lost.stdout, lost.stderr);
    objects.weft(&folder, "fsck --repair");
    assert_eq!(objects.content(), files);
    objects.ok(&folder, "fsck");
}

#[test]
fn wrong_bytes_in_the_bucket_are_refused_by_name() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let folder = prepared();
    let outcome = objects.ok(&folder, &format!("run p.yaml --json --artifacts {AT}")).json();
    objects.ok(&folder, "gc --local 0");
    let table = key(&outcome, "table");
    objects.tell(&json!(["put", "bucket", format!("team/x/{table}"), "a,b\n1,3\n"]));
    let refused = objects.weft(&folder, "artifact cat latest/table");
    let wrong = format!("the object `{AT}/{table}` is not what its name says");
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains(&wrong) && refused.stderr.contains("weft fsck --repair"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    // A step that reads such an object fails, with the same words.
    let make = key(&outcome, "make");
    objects.tell(&json!(["put", "bucket", format!("team/x/{make}"), "x".repeat(300_000)]));
    folder.file("p.yaml", &PIPELINE.replace("  bytes: {", "  bytes: { cache: false,"));
    let failed = objects.weft(&folder, "run p.yaml");
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    let wrong = format!("the object `{AT}/{make}` is not what its name says");
    assert!(failed.stderr.contains("bytes") && failed.stderr.contains(&wrong), "{}", failed.stderr);

    objects.ok(&folder, "fsck");
    let found = objects.weft(&folder, "fsck --read-bucket");
    assert!(found.code == Some(1), "{}{}", found.stdout, found.stderr);
    assert!([&table, &make].iter().all(|key| found.stdout.contains(*key)), "{}", found.stdout);
    assert_eq!(objects.weft(&folder, "fsck --read-bucket --repair").code, Some(1));
    // One of them is here, as the import has read its file again.
    assert!(!objects.content().contains(&make) && objects.content().contains(&table));
    assert_eq!(objects.executed(&folder, ""), ["make", "bytes"]);
    objects.ok(&folder, "fsck --read-bucket");
    objects.ok(&folder, "gc --local 0");
    assert_eq!(objects.ok(&folder, "artifact cat latest/table").stdout, "a,b\n1,2\n");
}

#[test]
fn a_killed_run_leaves_nothing_finished_out_of_the_bucket() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let folder = prepared();
    let steps = (0..12).map(|step| {
        format!(
            "  make-{step}: {{ component: \"@trivial#generate\", with: {{ bytes: 200000, seed: {step} }} }}\n  \
             count-{step}: {{ component: \"@trivial#count\", with: {{ input: \"${{make-{step}}}\" }} }}\n"
        )
    });
    let text = steps.fold("name: chain\nsteps:\n".to_owned(), |text, step| text + &step);
    folder.file("p.yaml", &text);
    let mut ended = false;
    for round in 0..20 {
        let is_recorded = round > 0 && objects.weft(&folder, "runs --json").stdout.contains("chain");
        let arguments = if is_recorded { "resume latest".to_owned() } else { format!("run p.yaml --artifacts {AT}") };
        let mut child = objects.command(&folder, &arguments).stdout(Stdio::null()).spawn().unwrap();
        // Later and later, so that it comes to an end.
        std::thread::sleep(Duration::from_millis(150 + 90 * round));
        ended = child.try_wait().unwrap().is_some_and(|status| status.success());
        _ = child.kill();
        _ = child.wait();
        if ended {
            break;
        }
    }
    if !ended {
        objects.ok(&folder, "resume latest");
    }
    // All that is recorded can be had by who has the metadata alone.
    let other = Folder::default();
    fs::create_dir(other.path().join(".weft")).unwrap();
    objects.ok(&folder, "gc");
    assert_eq!(objects.content(), here(&folder));
    fs::copy(folder.path().join(".weft/metadata.sqlite"), other.path().join(".weft/metadata.sqlite")).unwrap();
    objects.ok(&other, "fsck");
    objects.ok(&other, "verify latest");
}

#[test]
fn a_store_without_its_bucket_catches_up() {
    let Some(mut objects) = Objects::start() else { return };
    let folder = prepared();
    // Nobody is there, or no such bucket.
    let nobody = Ended::from(
        objects
            .command(&folder, &format!("run p.yaml --artifacts {AT}"))
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .output()
            .unwrap(),
    );
    assert!(nobody.code == Some(2) || nobody.code == Some(1), "{nobody:?}");
    assert!(nobody.stderr.contains(AT) && nobody.stderr.contains("cannot be reached"), "{}", nobody.stderr);
    let none = objects.weft(&folder, "run p.yaml");
    assert!(none.stderr.contains("NoSuchBucket") && none.stderr.contains(AT), "{}", none.stderr);
    objects.bucket();
    assert_eq!(objects.executed(&folder, "--offline").len(), 6);
    assert_eq!(objects.content(), BTreeSet::new());
    let kept = objects.ok(&folder, "run p.yaml");
    assert!(kept.stderr.contains(&format!("Bringing what the store holds to {AT}")), "{}", kept.stderr);
    assert_eq!(objects.content(), here(&folder));
    // Offline, what is here is read, and what is not is named.
    objects.ok(&folder, "gc --local 0");
    folder.file("p.yaml", &PIPELINE.replace("rows: {", "rows: { cache: false,"));
    let offline = objects.weft(&folder, "run p.yaml --offline --json");
    assert_eq!(offline.code, Some(0), "what is missing is made again: {}\n{}", offline.stdout, offline.stderr);
}

/// A file, and where it is.
struct File {
    id: ContentId,
    here: bool,
    there: bool,
}

/// Look-ups while objects come and go: `WEFT_LOOKUPS` says how many, 300 if it does not.
#[test]
fn a_look_up_is_no_hit_unless_all_is_there() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let lookups: u32 = std::env::var("WEFT_LOOKUPS").ok().map_or(300, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", objects.port)),
        ("AWS_ACCESS_KEY_ID", "me".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "hidden".to_owned()),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let bucket = Bucket::new(AT, Settings { variables, ..Settings::default() }, false).unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    store.set_backing(Box::new(bucket.clone()));

    let put = |bytes: &[u8]| {
        let mut writer = store.create(None).unwrap();
        writer.append(bytes).unwrap();
        writer.finish().unwrap()
    };
    let text = |file: usize| format!("file {file}");
    let mut files: Vec<File> =
        (0..80).map(|file| File { id: put(text(file).as_bytes()), here: true, there: true }).collect();
    let directories: Vec<ContentId> = files
        .chunks(4)
        .map(|files| {
            let mut tree = store.create_tree(None).unwrap();
            files.iter().enumerate().for_each(|(at, file)| tree.add(&at.to_string(), &file.id).unwrap());
            tree.finish().unwrap()
        })
        .collect();
    let mut go_on = |_, _| ControlFlow::Continue(());
    store.keep(&directories, &mut go_on).unwrap();
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let (mut hits, mut misses) = (0, 0);
    for number in 0..lookups {
        let directory = random(directories.len());
        // A file of the directory is brought, lost here, lost there, or comes again in both places.
        let at = 4 * directory + random(4);
        let file = &mut files[at];
        match random(5) {
            0 => {
                assert_eq!(store.bring(&[file.id], &mut go_on).is_ok(), file.here || file.there);
                file.here |= file.there;
            }
            1 | 2 if file.here => {
                let hex = file.id.digest().to_string();
                fs::remove_file(folder.path().join("store/blobs").join(&hex[..2]).join(hex)).unwrap();
                file.here = false;
            }
            3 => {
                bucket.remove(&[file.id]).unwrap();
                file.there = false;
            }
            _ => {
                assert_eq!(put(text(at).as_bytes()), file.id);
                store.keep(&[file.id], &mut go_on).unwrap();
                (file.here, file.there) = (true, true);
            }
        }
        let whole = files[4 * directory..][..4].iter().all(|file| file.here || file.there);
        assert_eq!(store.contains(&directories[directory]).unwrap(), whole, "look-up {number}");
        if whole {
            hits += 1;
        } else {
            misses += 1;
        }
    }
    println!("{hits} hits, {misses} misses, none wrong");
    assert!(hits > lookups / 10 && misses > lookups / 10, "{hits} {misses}");
}

#[test]
fn a_large_artifact_goes_to_the_bucket_and_back_without_being_held_in_memory() {
    let Some(mut objects) = Objects::start() else { return };
    objects.bucket();
    let folder = Folder::default();
    folder.file("p.yaml", &super::import("large.bin"));
    // No two MiB are equal.
    let bytes: Vec<u8> = (0..128_u32).flat_map(|number| number.to_le_bytes().repeat(1 << 18)).collect();
    fs::write(folder.path().join("large.bin"), &bytes).unwrap();
    let peak = |arguments: &str| {
        let mut command = objects.command(&folder, arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let peak = peak_until_end(&mut child);
        assert!(child.wait().unwrap().success(), "{arguments}");
        assert!(peak < 128 << 20, "{arguments}: {peak} bytes");
        peak
    };
    let sent = peak(&format!("run p.yaml --artifacts {AT}"));
    peak("gc --local 0");
    let brought = peak("artifact export latest/made back.bin");
    println!("peak memory: {} MB to send, {} MB to bring", sent / 1_000_000, brought / 1_000_000);
    assert!(fs::read(folder.path().join("back.bin")).unwrap() == bytes);
}
