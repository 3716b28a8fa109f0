//! Measurements, run by hand: `cargo test -p weft-artifacts --release -- --ignored --nocapture measure`.

use std::time::Instant;

use super::store;
use crate::Existing;

/// The peak memory of this process, in KiB.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}

#[test]
#[ignore = "writes 2 GiB several times"]
fn measure_large() {
    const SIZE: usize = 2 << 30;
    let (dir, store) = store();
    let told = |what: &str, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        println!("{what}: {seconds:.2} s, {:.0} MiB/s; peak {}", 2048.0 / seconds, peak_memory());
    };
    let chunk: Vec<u8> = (0..1 << 20).map(|i: u32| u8::try_from(i % 251).unwrap()).collect();
    let mut id = None;
    for piece in [4 << 10, 64 << 10, 1 << 20] {
        let start = Instant::now();
        let mut writer = store.create(None).unwrap();
        for n in 0..SIZE / piece {
            let at = (n * piece) % chunk.len();
            writer.append(&chunk[at..at + piece]).unwrap();
        }
        let written = writer.finish().unwrap();
        told(&format!("append in pieces of {} KiB", piece >> 10), start);
        assert!(id.is_none_or(|id| id == written));
        id = Some(written);
    }
    let id = id.unwrap();
    let start = Instant::now();
    store.export(&id, dir.path().join("out"), Existing::Keep).unwrap();
    told("export", start);
    let start = Instant::now();
    assert_eq!(store.import(dir.path().join("out"), &mut |_| std::ops::ControlFlow::Continue(())).unwrap(), id);
    told("import", start);
    let scratch = store.scratch().unwrap();
    std::fs::rename(dir.path().join("out"), scratch.path().unwrap().join("out")).unwrap();
    let start = Instant::now();
    assert_eq!(store.adopt(scratch.dir(), "out", None).unwrap(), id);
    told("adopt", start);
    let start = Instant::now();
    store.verify(&id).unwrap();
    told("verify", start);
}

#[test]
#[ignore = "says something only when optimised"]
fn measure_small() {
    const COUNT: u32 = 20_000;
    let (_dir, store) = store();
    let mut bytes = [7; 1024];
    let ids: Vec<_> = ["first round (makes the directories)", "created and published", "the same again"]
        .into_iter()
        .enumerate()
        .map(|(round, what)| {
            let start = Instant::now();
            let mut last = None;
            for n in 0..COUNT {
                let unique = n + if round == 0 { 0 } else { COUNT };
                bytes[..4].copy_from_slice(&unique.to_le_bytes());
                let mut writer = store.create(None).unwrap();
                writer.append(&bytes).unwrap();
                last = Some(writer.finish().unwrap());
            }
            println!("{what}: {:.1} us each", start.elapsed().as_secs_f64() * 1e6 / f64::from(COUNT));
            last.unwrap()
        })
        .collect();
    assert_eq!(ids[1], ids[2]);
    let each = |what: &str, work: &dyn Fn(u32)| {
        let start = Instant::now();
        (0..1000).for_each(work);
        println!("{what}: {:.1} us each", start.elapsed().as_secs_f64() * 1e3);
    };
    each("contains", &|_| assert!(store.contains(&ids[0]).unwrap()));
    each("open and read", &|_| {
        let blob = store.open_blob(&ids[0].digest()).unwrap();
        assert_eq!(blob.read_at(0, &mut [0; 1024]).unwrap(), 1024);
    });
    let scratch = store.scratch().unwrap();
    each("materialize", &|n| store.materialize(&ids[0], scratch.dir(), &n.to_string()).unwrap());
    each("scratch made and removed", &|_| drop(store.scratch().unwrap()));
    each("adopt", &|n| {
        scratch.dir().write("out", n.to_le_bytes()).unwrap();
        store.adopt(scratch.dir(), "out", None).unwrap();
    });
}
