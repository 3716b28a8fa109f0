//! `/apis/weft/v1/sync/..`: what `weft sync` carries runs of other stores here with. What arrives, and when it counts, is the library's matter.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::json;
use weft::artifacts::ContentId;
use weft::metadata::RunStamp;
use weft::{CarriedRun, PIECE, SyncTarget as _};

use super::table::{Body, ParameterKind, Table, about};
use super::write::{Json, done};
use crate::error::{Error, Result};
use crate::router::blocking;
use crate::server::Server;

/// Bytes of a run's record.
const MAX_RECORD: u64 = 1 << 30;

pub(super) fn table() -> Table {
    Table::default()
        .post(
            "/apis/weft/v1/sync/wanted",
            about("Sync_Wanted", "Tells which of the runs of another store are wanted here.")
                .takes("NewSyncStamps")
                .gives("SyncRuns"),
            wanted,
        )
        .post(
            "/apis/weft/v1/sync/absent",
            about("Sync_Absent", "Tells which files of content are not here.").takes("SyncFiles").gives("SyncFiles"),
            absent,
        )
        .get(
            "/apis/weft/v1/sync/content/{file}",
            about("Sync_Arrived", "Tells how many bytes of a file have arrived that is not whole.")
                .gives("SyncArrived"),
            arrived,
        )
        .post(
            "/apis/weft/v1/sync/content/{file}",
            about("Sync_Take", "Takes the next piece of a file, at most 1 MiB.")
                .query("length", ParameterKind::Number, "Bytes of the whole file.")
                .query("offset", ParameterKind::Number, "Where the piece begins: where the one before ended.")
                .takes_up_to(Body::Bytes("application/octet-stream"), PIECE),
            take,
        )
        .post(
            "/apis/weft/v1/sync/runs",
            about("Sync_Record", "Records a run of another store, whose record and content have arrived.")
                .takes("NewSyncRecord"),
            record,
        )
}

#[derive(Deserialize)]
struct Stamps {
    runs: Vec<RunStamp>,
    #[serde(default)]
    whole: bool,
}

#[derive(Deserialize)]
struct Files {
    files: Vec<String>,
}

#[derive(Deserialize)]
struct Piece {
    length: u64,
    offset: u64,
}

#[derive(Deserialize)]
struct Record {
    /// The file with the run's record.
    record: String,
}

async fn wanted(State(server): State<Server>, body: Bytes) -> Result<Json> {
    blocking(&server, move |server| {
        let Stamps { runs, whole } = read(&body)?;
        Ok(Json(json!({ "runs": server.0.weft.store().wanted(&runs, whole)? })))
    })
    .await
}

async fn absent(State(server): State<Server>, body: Bytes) -> Result<Json> {
    blocking(&server, move |server| {
        let Files { files } = read(&body)?;
        let files = files.iter().map(|file| id(file)).collect::<Result<Vec<_>>>()?;
        let absent = server.0.weft.store().absent(&files)?;
        Ok(Json(json!({ "files": absent.iter().map(ContentId::to_string).collect::<Vec<_>>() })))
    })
    .await
}

async fn arrived(State(server): State<Server>, Path(file): Path<String>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(json!({ "arrived": server.0.weft.store().arrived(id(&file)?)? })))).await
}

async fn take(
    State(server): State<Server>,
    Path(file): Path<String>,
    Query(Piece { length, offset }): Query<Piece>,
    piece: Bytes,
) -> Result<Json> {
    blocking(&server, move |server| {
        server.0.weft.store().take(id(&file)?, length, offset, &piece)?;
        Ok(done())
    })
    .await
}

async fn record(State(server): State<Server>, body: Bytes) -> Result<Json> {
    blocking(&server, move |server| {
        let Record { record } = read(&body)?;
        let store = server.0.weft.store();
        let file = store.artifacts.open_blob(&id(&record)?.digest()).map_err(weft::Error::from)?;
        if file.len() > MAX_RECORD {
            return Err(Error::invalid("the record is larger than 1 GiB"));
        }
        let mut bytes = vec![0; usize::try_from(file.len()).unwrap_or_default()];
        file.read_at(0, &mut bytes).map_err(weft::Error::from)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::invalid("the record is no text"))?;
        let carried: CarriedRun =
            weft::pipeline::nested::from_nested_json(&text).map_err(|error| Error::unreadable(&error))?;
        store.record(&carried)?;
        Ok(done())
    })
    .await
}

fn id(text: &str) -> Result<ContentId> {
    text.parse()
        .map_err(|_| Error::invalid(format!("`{}` is no id of content", text.chars().take(80).collect::<String>())))
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| Error::unreadable(&error))
}
