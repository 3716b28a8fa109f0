//! `PipelineService`.

use axum::extract::{Path, Query, State};
use serde_json::Value;
use weft::metadata::control::{Field, PipelineEntry, Spec, VersionEntry};

use super::list::{Names, Params, page, query};
use super::message::Message;
use super::table::{ParameterKind, Table, about};
use super::write::{Json, done, object, time};
use crate::error::{Error, Kind, Result};
use crate::prepare::spec_value;
use crate::router::blocking;
use crate::server::{NewPipeline, NewVersion, Server};

const NAMES: Names = &[
    ("pipeline_id", Field::Id),
    ("id", Field::Id),
    ("display_name", Field::DisplayName),
    ("name", Field::Name),
    ("description", Field::Description),
    ("created_at", Field::CreatedAt),
];

const VERSION_NAMES: Names = &[
    ("pipeline_version_id", Field::Id),
    ("id", Field::Id),
    ("display_name", Field::DisplayName),
    ("name", Field::Name),
    ("description", Field::Description),
    ("created_at", Field::CreatedAt),
    ("pipeline_id", Field::Pipeline),
];

const ALL: &str = "/apis/v2beta1/pipelines";
const ONE: &str = "/apis/v2beta1/pipelines/{pipeline_id}";
const VERSIONS: &str = "/apis/v2beta1/pipelines/{pipeline_id}/versions";
const VERSION: &str = "/apis/v2beta1/pipelines/{pipeline_id}/versions/{pipeline_version_id}";

pub(super) fn table() -> Table {
    Table::default()
        .get(
            ALL,
            about("PipelineService_ListPipelines", "Lists pipelines.").listed().gives("ListPipelinesResponse"),
            list,
        )
        .post(
            ALL,
            about("PipelineService_CreatePipeline", "Makes a pipeline without a version.")
                .takes("NewPipeline")
                .gives("Pipeline"),
            create,
        )
        .post(
            "/apis/v2beta1/pipelines/create",
            about("PipelineService_CreatePipelineAndVersion", "Makes a pipeline with its first version.")
                .takes("NewPipelineAndVersion")
                .gives("Pipeline"),
            create_with_version,
        )
        .get(
            "/apis/v2beta1/pipelines/names/{name}",
            about("PipelineService_GetPipelineByName", "Gives the pipeline of a name.")
                .texts(&[("namespace", "Without effect: there are no namespaces.")])
                .gives("Pipeline"),
            by_name,
        )
        .get(ONE, about("PipelineService_GetPipeline", "Gives a pipeline.").gives("Pipeline"), get)
        .patch(
            ONE,
            about("PipelineService_UpdatePipeline", "Changes what people read about a pipeline.")
                .takes("ChangedTexts")
                .gives("Pipeline"),
            update,
        )
        .delete(
            ONE,
            about("PipelineService_DeletePipeline", "Forgets a pipeline.").query(
                "cascade",
                ParameterKind::Truth,
                "With its versions; without, it must have none.",
            ),
            delete,
        )
        .get(
            VERSIONS,
            about("PipelineService_ListPipelineVersions", "Lists the versions of a pipeline.")
                .listed()
                .gives("ListPipelineVersionsResponse"),
            versions,
        )
        .post(
            VERSIONS,
            about("PipelineService_CreatePipelineVersion", "Adds a version to a pipeline.")
                .takes("NewPipelineVersion")
                .gives("PipelineVersion"),
            create_version,
        )
        .get(
            VERSION,
            about("PipelineService_GetPipelineVersion", "Gives a version of a pipeline.").gives("PipelineVersion"),
            version,
        )
        .patch(
            VERSION,
            about("PipelineService_UpdatePipelineVersion", "Changes what people read about a version.")
                .takes("ChangedTexts")
                .gives("PipelineVersion"),
            update_version,
        )
        .delete(VERSION, about("PipelineService_DeletePipelineVersion", "Forgets a version."), delete_version)
}

async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let query = query(&params, NAMES)?;
        let listed = server.pipelines(&query)?;
        Ok(Json(page("pipelines", listed, query, |one| pipeline(&one))))
    })
    .await
}

async fn create(State(server): State<Server>, message: Message) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(pipeline(&server.create_pipeline(new_pipeline(&message)?, None)?)))).await
}

async fn create_with_version(State(server): State<Server>, message: Message) -> Result<Json> {
    blocking(&server, move |server| {
        let missing = |name: &str| Error::invalid(format!("`{name}` is missing"));
        let new = new_pipeline(&message.message("pipeline")?.ok_or_else(|| missing("pipeline"))?)?;
        let version = message.message("pipeline_version")?.ok_or_else(|| missing("pipeline_version"))?;
        Ok(Json(pipeline(&server.create_pipeline(new, Some(new_version(&version)?))?)))
    })
    .await
}

async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(pipeline(&server.pipeline(&id)?)))).await
}

async fn by_name(State(server): State<Server>, Path(name): Path<String>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(pipeline(&server.pipeline_named(&name)?)))).await
}

async fn update(State(server): State<Server>, Path(id): Path<String>, message: Message) -> Result<Json> {
    blocking(&server, move |server| {
        let before = server.pipeline(&id)?;
        let display_name = message.id("display_name")?.unwrap_or(before.display_name);
        let description = message.id("description")?.unwrap_or(before.description);
        let tags = if message.value("tags").is_some() { message.texts("tags")? } else { before.tags };
        let changed = PipelineEntry { display_name, description, tags, id: before.id, name: before.name, ..before };
        Ok(Json(pipeline(&server.update_pipeline(&changed)?)))
    })
    .await
}

async fn delete(State(server): State<Server>, Path(id): Path<String>, Query(params): Query<Params>) -> Result<Json> {
    let cascade =
        params.get("cascade").is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "t" | "1"));
    blocking(&server, move |server| server.delete_pipeline(&id, cascade)).await?;
    Ok(done())
}

async fn versions(State(server): State<Server>, Path(id): Path<String>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let query = query(&params, VERSION_NAMES)?;
        let listed = server.versions(&id, &query)?;
        Ok(Json(page("pipeline_versions", listed, query, |one| version_value(&one))))
    })
    .await
}

async fn create_version(State(server): State<Server>, Path(id): Path<String>, message: Message) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(version_value(&server.create_version(&id, new_version(&message)?)?)))).await
}

async fn version(State(server): State<Server>, Path((id, version)): Path<(String, String)>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(version_value(&server.version(&id, &version)?)))).await
}

async fn update_version(
    State(server): State<Server>,
    Path((id, version)): Path<(String, String)>,
    message: Message,
) -> Result<Json> {
    blocking(&server, move |server| {
        let mut changed = server.version(&id, &version)?;
        if let Some(name) = message.id("display_name")? {
            changed.display_name = name;
        }
        if let Some(description) = message.id("description")? {
            changed.description = description;
        }
        if message.value("tags").is_some() {
            changed.tags = message.texts("tags")?;
        }
        Ok(Json(version_value(&server.update_version(&changed)?)))
    })
    .await
}

async fn delete_version(State(server): State<Server>, Path((id, version)): Path<(String, String)>) -> Result<Json> {
    blocking(&server, move |server| server.delete_version(&id, &version)).await?;
    Ok(done())
}

fn new_pipeline(message: &Message) -> Result<NewPipeline> {
    Ok(NewPipeline {
        name: message.text("name")?,
        display_name: message.text("display_name")?,
        description: message.text("description")?,
        tags: message.texts("tags")?,
    })
}

fn new_version(message: &Message) -> Result<NewVersion> {
    if message.message("package_url")?.map_or(Ok(None), |url| url.id("pipeline_url"))?.is_some() {
        let why =
            "`package_url` is not followed: this server fetches nothing; send `pipeline_spec`, or upload the file";
        return Err(Error::new(Kind::Unimplemented, why));
    }
    let spec = match message.value("pipeline_spec") {
        Some(value @ Value::Object(_)) => Spec::text(value.to_string()),
        _ => return Err(Error::invalid("`pipeline_spec` is missing")),
    };
    Ok(NewVersion {
        name: message.text("name")?,
        display_name: message.text("display_name")?,
        description: message.text("description")?,
        tags: message.texts("tags")?,
        code_source_url: message.id("code_source_url")?,
        spec,
    })
}

/// A pipeline.
pub(super) fn pipeline(one: &PipelineEntry) -> Value {
    object([
        ("pipeline_id", one.id.as_str().into()),
        ("display_name", one.display_name.as_str().into()),
        ("name", one.name.as_str().into()),
        ("description", one.description.as_str().into()),
        ("created_at", time(one.created_ms)),
        ("tags", serde_json::json!(one.tags)),
    ])
}

/// A version of a pipeline.
pub(super) fn version_value(one: &VersionEntry) -> Value {
    object([
        ("pipeline_id", one.pipeline.as_str().into()),
        ("pipeline_version_id", one.id.as_str().into()),
        ("display_name", one.display_name.as_str().into()),
        ("name", one.name.as_str().into()),
        ("description", one.description.as_str().into()),
        ("created_at", time(one.created_ms)),
        ("code_source_url", one.code_source_url.as_deref().unwrap_or_default().into()),
        ("pipeline_spec", spec_value(&one.spec)),
        ("tags", serde_json::json!(one.tags)),
    ])
}
