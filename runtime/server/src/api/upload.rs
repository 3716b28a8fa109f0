//! `PipelineUploadService`: packages of pipelines as forms.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Multipart, Query, State};
use weft::metadata::control::Spec;

use super::MAX_UPLOAD;
use super::list::Params;
use super::pipelines;
use super::table::{Body, Table, about};
use super::write::Json;
use crate::error::{Error, Kind, Result};
use crate::package::pipeline_text;
use crate::router::blocking;
use crate::server::{NewPipeline, NewVersion, Server};

pub(super) fn table() -> Table {
    const TEXTS: [(&str, &str); 6] = [
        ("name", "Its name; that of the pipeline, or with the time, if it is not given."),
        ("display_name", "Its name for people."),
        ("description", "What it is about."),
        ("tags", "Labels: a JSON object of texts."),
        ("code_source_url", "Where its source code lies."),
        ("namespace", "Without effect: there are no namespaces."),
    ];
    let upload = |id, summary| about(id, summary).takes_up_to(Body::File, MAX_UPLOAD).texts(&TEXTS);
    Table::default()
        .post(
            "/apis/v2beta1/pipelines/upload",
            upload("UploadPipeline", "Makes a pipeline of a file: YAML, JSON, `.zip` or `.tar.gz`.").gives("Pipeline"),
            pipeline,
        )
        .post(
            "/apis/v2beta1/pipelines/upload_version",
            upload("UploadPipelineVersion", "Adds the pipeline in a file as a version.")
                .texts(&[("pipelineid", "The pipeline.")])
                .gives("PipelineVersion"),
            version,
        )
}

async fn pipeline(State(server): State<Server>, Query(params): Query<Params>, form: Multipart) -> Result<Json> {
    let package = package(form).await?;
    blocking(&server, move |server| {
        let version = version_of(&package, &params, true)?;
        let new = NewPipeline {
            name: text(&params, "name"),
            display_name: text(&params, "display_name"),
            description: text(&params, "description"),
            tags: tags(&params)?,
        };
        Ok(Json(pipelines::pipeline(&server.create_pipeline(new, Some(version))?)))
    })
    .await
}

async fn version(State(server): State<Server>, Query(params): Query<Params>, form: Multipart) -> Result<Json> {
    let package = package(form).await?;
    blocking(&server, move |server| {
        let id = text(&params, "pipelineid");
        if id.is_empty() {
            return Err(Error::invalid("`pipelineid` is missing: which pipeline is it a version of?"));
        }
        let version = server.create_version(&id, version_of(&package, &params, false)?)?;
        Ok(Json(pipelines::version_value(&version)))
    })
    .await
}

/// The file of a form.
async fn package(mut form: Multipart) -> Result<Bytes> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        let kind = if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Kind::ResourceExhausted
        } else {
            Kind::InvalidArgument
        };
        Error::new(kind, format!("the form cannot be read: {}", error.body_text()))
    };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("uploadfile") {
            return field.bytes().await.map_err(broken);
        }
    }
    Err(Error::invalid("the form has no field `uploadfile` with the pipeline's file"))
}

/// The version that a package holds. What is said of the pipeline holds for its first version, but for its name.
fn version_of(package: &[u8], params: &Params, first: bool) -> Result<NewVersion> {
    let spec = Spec::text(pipeline_text(package)?);
    let of = |name: &str| if first { String::new() } else { text(params, name) };
    Ok(NewVersion {
        name: of("name"),
        display_name: of("display_name"),
        description: text(params, "description"),
        tags: tags(params)?,
        code_source_url: Some(text(params, "code_source_url")),
        spec,
    })
}

fn text(params: &Params, name: &str) -> String {
    params.get(name).cloned().unwrap_or_default()
}

/// Labels: JSON with texts.
fn tags(params: &Params) -> Result<BTreeMap<String, String>> {
    match params.get("tags").map(String::as_str) {
        None | Some("") => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| Error::invalid("`tags` has to be a JSON object of texts")),
    }
}
