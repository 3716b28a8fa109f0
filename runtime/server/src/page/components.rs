//! The components that the newest runs of pipelines are made of, with their signatures.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use weft::pipeline::model::{Component, Format, Implementation, Pipeline};
use weft::pipeline::signature::Port;
use weft::words::bytes;

use super::request::answer;
use super::shell::{Page, Section, heading, nothing};
use super::words::{encoded, plain, short};
use super::{step, values};
use crate::error::Result;
use crate::server::Server;

/// Pipelines that are looked at, and components that are listed.
const MAX_PIPELINES: usize = 200;
const MAX_COMPONENTS: usize = 300;

/// A step function, or a program that runs commands, and where it is used.
struct Used {
    program: String,
    digest: Option<String>,
    inputs: Vec<(String, String)>,
    outputs: Vec<(String, String)>,
    is_command: bool,
    pipelines: BTreeSet<String>,
}

/// `/components`
pub(super) async fn page(State(server): State<Server>) -> Response {
    answer(server, move |server| {
        let used = used(server)?;
        Ok(Page::new(Section::Components, "Components").around(&html! {
            (heading(&[], &html! { "Components" }, &html! {}))
            @if used.is_empty() {
                (nothing("No components", &html! { "They are listed once a pipeline has run." }))
            } @else {
                p class="lead" { "What the newest run of each pipeline is made of. The signature is what the binary itself says." }
                ul class="cards" { @for one in used.values().take(MAX_COMPONENTS) { (card(server, one)) } }
                @if used.len() > MAX_COMPONENTS { p class="dim" { "and " (used.len() - MAX_COMPONENTS) " more" } }
            }
        }))
    })
    .await
}

fn used(server: &Server) -> Result<BTreeMap<String, Used>> {
    let metadata = &server.store().metadata;
    let mut used: BTreeMap<String, Used> = BTreeMap::new();
    for pipeline in metadata.pipelines_with_runs(1)?.into_iter().take(MAX_PIPELINES) {
        let Some((run, ..)) = pipeline.latest.first() else { continue };
        let record = metadata.run_without_steps(run)?;
        let Some(read) = weft::recorded_pipeline(&record.spec) else { continue };
        for component in read.components.values() {
            collect(&read, component, &mut used);
        }
    }
    Ok(used)
}

fn collect(pipeline: &Pipeline, component: &Component, used: &mut BTreeMap<String, Used>) {
    let (digest, is_command) = match &component.implementation {
        Implementation::Wasm(step) => (step.digest.clone(), false),
        Implementation::Command(step) => (step.program.as_ref().map(|program| program.digest.clone()), true),
        _ => return,
    };
    let Some(program) = step::program(component) else { return };
    let port = |port: &Port| format!("{}{}", port.ty.text(pipeline.format), if port.optional { "?" } else { "" });
    let inputs: Vec<(String, String)> =
        component.inputs.iter().map(|(name, input)| (name.clone(), port(&input.port))).collect();
    let outputs: Vec<(String, String)> =
        component.outputs.iter().map(|(name, output)| (name.clone(), port(output))).collect();
    // Functions of Python have a component each and one program: their signatures tell them apart.
    let key = format!("{program}\0{}\0{inputs:?}{outputs:?}", digest.as_deref().unwrap_or_default());
    let entry = used.entry(key).or_insert_with(|| Used {
        program: if is_command && pipeline.format == Format::Kfp {
            function_name(component).unwrap_or(program)
        } else {
            program
        },
        digest,
        inputs,
        outputs,
        is_command,
        pipelines: BTreeSet::new(),
    });
    entry.pipelines.insert(pipeline.name.clone());
}

/// The Python function that a container of KFP calls.
fn function_name(component: &Component) -> Option<String> {
    let Implementation::Command(step) = &component.implementation else { return None };
    let call = weft::pipeline::executor::choose_executor(step).ok()?;
    let at = call.argv.iter().position(|word| word == "--function_to_execute")?;
    call.argv.get(at + 1).map(|name| format!("{name}()"))
}

fn card(server: &Server, used: &Used) -> Markup {
    let size = used
        .digest
        .as_ref()
        .and_then(|digest| digest.parse().ok())
        .and_then(|id| server.store().artifacts.size(&id).ok());
    html! {
        li class="card" {
            h2 { (short(&used.program, 90)) @if used.is_command { span class="kind" { "command" } } }
            (signature(&used.inputs, &used.outputs))
            p class="dim foot" {
                @if let Some(digest) = &used.digest { (values::digest(digest)) }
                @if let Some(size) = size { " · " (bytes::size(size)) }
                " · used by "
                @for (at, name) in used.pipelines.iter().take(4).enumerate() {
                    @if at > 0 { ", " }
                    a href={ "/pipelines/" (encoded(name)) } { (short(name, 40)) }
                }
                @if used.pipelines.len() > 4 { " and " (used.pipelines.len() - 4) " more" }
            }
        }
    }
}

fn signature(inputs: &[(String, String)], outputs: &[(String, String)]) -> Markup {
    let list = |ports: &[(String, String)], sign: &str, none: &str| {
        html! {
            ul {
                @for (name, ty) in ports { li { span class="arrow" aria-hidden="true" { (sign) } span { (plain(name.trim_start_matches("pipelinechannel--"))) } code { (short(ty, 60)) } } }
                @if ports.is_empty() { li class="dim" { (none) } }
            }
        }
    };
    html! {
        div class="signature" {
            div { h3 { "Takes" } (list(inputs, "→", "nothing")) }
            div { h3 { "Gives" } (list(outputs, "←", "nothing")) }
        }
    }
}
