//! The prediction log: samples of requests and answers as JSON lines, which `weft:example-gen` reads.
//!
//! Below `predictions/MODEL/` in the store. The file that is written to has a name that begins with a dot, which readers of folders pass over; it
//! gets its own once it is large or old enough, so that a file that is seen is whole. The oldest files are removed when there are too many.
//!
//! Writing has a thread of its own. Where it does not keep up, samples are dropped and counted, and no answer waits.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use weft::Tensor;

use super::tensor;
use crate::time::rfc3339;

/// Samples that wait to be written.
const MOST_WAITING: usize = 256;
/// Bytes of a sample.
const MOST_SAMPLE: usize = 1 << 20;

/// Bounds of the log of one model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of a file.
    pub file: u64,
    /// How long a file is written to.
    pub age: Duration,
    /// Bytes of all files.
    pub all: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { file: 16 << 20, age: Duration::from_hours(1), all: 256 << 20 }
    }
}

/// A request and its answer.
pub(super) struct Sample {
    pub model: String,
    pub version: u64,
    pub at_ms: i64,
    pub id: Option<String>,
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
}

enum Order {
    Write(Box<Sample>),
    /// Looks whether files are old enough.
    Rotate,
}

/// A prediction log.
pub(crate) struct PredictionLog {
    orders: Mutex<Option<SyncSender<Order>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    rotated: Mutex<Instant>,
    dropped: std::sync::atomic::AtomicU64,
}

impl PredictionLog {
    /// A log below this folder, which is made when there is something to write. Finishes what a killed server left.
    pub fn start(folder: PathBuf, bounds: Bounds) -> Self {
        let (orders, received) = sync_channel(MOST_WAITING);
        let writer = std::thread::Builder::new()
            .name("weft-log".to_owned())
            .spawn(move || write(&received, &folder, bounds))
            .map_err(|error| tracing::error!(%error, "there is no prediction log: it has no thread"))
            .ok();
        Self {
            orders: Mutex::new(Some(orders)),
            writer: Mutex::new(writer),
            rotated: Mutex::new(Instant::now()),
            dropped: 0.into(),
        }
    }

    /// Writes a sample, if the writer keeps up.
    pub(super) fn write(&self, sample: Sample) {
        let size = sample.inputs.iter().chain(&sample.outputs).map(|tensor| tensor.data.len()).sum::<usize>();
        let sent = size <= MOST_SAMPLE && self.send(Order::Write(Box::new(sample)));
        if !sent {
            let before = self.dropped.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if before.is_multiple_of(1000) {
                tracing::warn!(
                    dropped = before + 1,
                    "samples of the prediction log were dropped: too many, or too large"
                );
            }
        }
    }

    /// Has files finished that are old enough, once a second.
    pub fn rotate(&self) {
        let mut last = self.rotated.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= Duration::from_secs(1) {
            *last = Instant::now();
            self.send(Order::Rotate);
        }
    }

    /// Writes what waits, and finishes all files.
    pub fn close(&self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the prediction log broke down");
        }
    }

    fn send(&self, order: Order) -> bool {
        match self.orders.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|orders| orders.try_send(order)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        }
    }
}

/// A file that is written to.
struct Open {
    file: File,
    folder: PathBuf,
    number: u64,
    length: u64,
    since: Instant,
}

fn write(orders: &Receiver<Order>, folder: &Path, bounds: Bounds) {
    let mut open: HashMap<String, Open> = HashMap::new();
    if let Err(error) = finish_left(folder) {
        tracing::warn!(%error, "the prediction log of an earlier server could not be finished");
    }
    let tell = |done: io::Result<()>| {
        if let Err(error) = done {
            tracing::warn!(%error, "the prediction log could not be written");
        }
    };
    for order in orders {
        match order {
            Order::Write(sample) => tell(append(&mut open, folder, &sample)),
            Order::Rotate => {}
        }
        let full: Vec<String> = open
            .iter()
            .filter(|(_, one)| one.length >= bounds.file || one.since.elapsed() >= bounds.age)
            .map(|(name, _)| name.clone())
            .collect();
        for name in full {
            tell(open.remove(&name).map_or(Ok(()), |one| one.finish(bounds.all)));
        }
    }
    for (_, one) in open {
        tell(one.finish(bounds.all));
    }
}

fn append(open: &mut HashMap<String, Open>, folder: &Path, sample: &Sample) -> io::Result<()> {
    let lines = lines(sample);
    let one = match open.entry(sample.model.clone()) {
        std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::hash_map::Entry::Vacant(new) => new.insert(Open::create(&folder.join(&sample.model))?),
    };
    one.file.write_all(&lines)?;
    one.length += lines.len() as u64;
    Ok(())
}

impl Open {
    fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let number = numbers(folder)?.last().map_or(1, |(number, _)| number + 1);
        let file = File::options().create(true).truncate(true).write(true).open(folder.join(partial(number)))?;
        Ok(Self { file, folder: folder.to_owned(), number, length: 0, since: Instant::now() })
    }

    /// Gives the file its name, and removes the oldest ones if there is too much.
    fn finish(self, most: u64) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(self.folder.join(partial(self.number)), self.folder.join(finished(self.number)))?;
        let mut files = numbers(&self.folder)?;
        let mut all: u64 = files.iter().map(|(_, length)| length).sum();
        while all > most && files.len() > 1 {
            let (oldest, length) = files.remove(0);
            fs::remove_file(self.folder.join(finished(oldest)))?;
            all -= length;
        }
        Ok(())
    }
}

fn finished(number: u64) -> String {
    format!("predictions-{number:06}.jsonl")
}

fn partial(number: u64) -> String {
    format!(".{}", finished(number))
}

/// Numbers and lengths of the finished files of a folder, in order.
fn numbers(folder: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix("predictions-")?.strip_suffix(".jsonl")?.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Finishes the files of a server that was killed: what of a line was not written is cut off.
fn finish_left(folder: &Path) -> io::Result<()> {
    let Ok(models) = fs::read_dir(folder) else { return Ok(()) };
    for model in models {
        let model = model?.path();
        let Ok(entries) = fs::read_dir(&model) else { continue };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(own) = name
                .to_str()
                .and_then(|name| name.strip_prefix('.'))
                .filter(|name| std::path::Path::new(name).extension().is_some_and(|end| end == "jsonl"))
            else {
                continue;
            };
            let mut file = File::options().read(true).write(true).open(entry.path())?;
            let length = whole_lines(&mut file)?;
            if length == 0 {
                fs::remove_file(entry.path())?;
                continue;
            }
            file.set_len(length)?;
            file.sync_all()?;
            fs::rename(entry.path(), model.join(own))?;
        }
    }
    Ok(())
}

/// Bytes of a file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut chunk = vec![0; 64 << 10];
    while end > 0 {
        let start = end.saturating_sub(chunk.len() as u64);
        let part = &mut chunk[..usize::try_from(end - start).unwrap_or(0)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// A line for each row: when it was, which version answered, the columns of the request, and those of the answer. A column of several values is a list.
fn lines(sample: &Sample) -> Vec<u8> {
    let tensors = || sample.inputs.iter().chain(&sample.outputs);
    let first = tensors().next().and_then(|tensor| tensor.shape.first().copied());
    let rows = first.filter(|rows| tensors().all(|tensor| tensor.shape.first() == Some(rows))).unwrap_or(1);
    let rows = usize::try_from(rows).unwrap_or(0);
    let mut lines = Vec::new();
    for row in 0..rows {
        let mut line = Vec::new();
        line.extend(
            format!("{{\"weft_time\":{},\"weft_version\":{}", json!(rfc3339(sample.at_ms)), sample.version).bytes(),
        );
        if let Some(id) = &sample.id {
            line.extend(format!(",\"weft_id\":{}", json!(id)).bytes());
        }
        let inputs = sample.inputs.iter().map(|tensor| (tensor, tensor.name.clone()));
        let outputs = sample.outputs.iter().map(|tensor| {
            let is_taken = sample.inputs.iter().any(|input| input.name == tensor.name);
            (tensor, if is_taken { format!("output_{}", tensor.name) } else { tensor.name.clone() })
        });
        for (tensor, name) in inputs.chain(outputs) {
            let width = tensor::count(&tensor.shape).unwrap_or(0) / rows;
            let mut values = Vec::new();
            if tensor::to_json(tensor, row * width, width, &mut values).is_err() {
                continue;
            }
            line.extend(format!(",{}:", json!(name)).bytes());
            match values.as_slice() {
                [b'[', single @ .., b']'] if width == 1 => line.extend(single),
                list => line.extend(list),
            }
        }
        line.extend(b"}\n");
        lines.append(&mut line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: u64) -> Sample {
        let floats = |name: &str, shape: Vec<u64>| {
            let count = shape.iter().product::<u64>();
            let data =
                (0..u16::try_from(count).unwrap()).flat_map(|value| (f32::from(value) / 2.0).to_le_bytes()).collect();
            Tensor { name: name.to_owned(), datatype: "FP32".to_owned(), shape, data }
        };
        Sample {
            model: "m".to_owned(),
            version: 3,
            at_ms: 1_767_323_045_000,
            id: None,
            inputs: vec![floats("x", vec![rows, 2]), floats("y", vec![rows, 1])],
            outputs: vec![floats("y", vec![rows])],
        }
    }

    #[test]
    fn a_row_is_a_line() {
        let text = String::from_utf8(lines(&sample(2))).unwrap();
        assert_eq!(
            text,
            "{\"weft_time\":\"2026-01-02T03:04:05Z\",\"weft_version\":3,\"x\":[0.0,0.5],\"y\":0.0,\"output_y\":0.0}\n\
             {\"weft_time\":\"2026-01-02T03:04:05Z\",\"weft_version\":3,\"x\":[1.0,1.5],\"y\":0.5,\"output_y\":0.5}\n"
        );
        assert!(lines(&sample(0)).is_empty());
    }

    #[test]
    fn files_are_whole_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let bounds = Bounds { file: 1000, age: Duration::from_hours(1), all: 5000 };
        let log = PredictionLog::start(folder.path().to_owned(), bounds);
        for _ in 0..100 {
            while !log.send(Order::Write(Box::new(sample(1)))) {
                std::thread::yield_now();
            }
        }
        log.close();
        let files = numbers(&folder.path().join("m")).unwrap();
        assert!(files.len() >= 3 && files.iter().map(|(_, length)| length).sum::<u64>() <= 5000, "{files:?}");
        assert!(files[0].0 > 1, "the oldest are gone: {files:?}");
        assert_eq!(fs::read_dir(folder.path().join("m")).unwrap().count(), files.len(), "none is left unfinished");

        // As after a kill in the middle of a line.
        let left = folder.path().join("m").join(partial(900));
        fs::write(&left, "{\"a\":1}\n{\"a\"").unwrap();
        fs::write(folder.path().join("m").join(partial(901)), "{\"a\"").unwrap();
        PredictionLog::start(folder.path().to_owned(), bounds).close();
        assert_eq!(fs::read_to_string(folder.path().join("m").join(finished(900))).unwrap(), "{\"a\":1}\n");
        assert_eq!(fs::read_dir(folder.path().join("m")).unwrap().count(), files.len() + 1);
    }
}
