//! A page about a model for its technical documentation: what Annex IV and Article 12 of the EU's AI Act (Regulation (EU) 2024/1689) ask for, as far as it is
//! recorded, each item with where in the record it stands. What nobody has recorded is named as missing, to be written by the provider.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use weft_pipeline::step::Grants;

use crate::evidence::{Content, Evidence, Step, hex, time};
use crate::{TOOL, VERSION};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}\
h1,h2{line-height:1.2}section{border-top:1px solid #d0d7de;margin-top:1.5rem}h3 small{font-weight:normal;color:#57606a}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{border:1px solid #d0d7de;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#f6f8fa}.missing{border-left:4px solid #bf8700;padding-left:.7rem}.source,code{font-family:ui-monospace,monospace;font-size:.85em}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th{background:#161b22}th,td,section{border-color:#30363d}h3 small{color:#8b949e}}";

/// The page of an artifact. It has no scripts and loads nothing.
pub fn documentation(evidence: &Evidence) -> String {
    let subject = &evidence.subject;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Record of " (subject.name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Record of " (subject.name) }
                p {
                    "What is recorded of this " (subject.kind) " and of all that it was made of, ordered as Annex IV and Article 12 of Regulation (EU) 2024/1689 ask for it. "
                    strong { "This is not a statement of compliance." }
                    " Items that no record can answer are marked: the provider has to write them."
                }
                h2 { "Annex IV: technical documentation" }
                (general(evidence))
                (development(evidence))
                (missing("3", "Monitoring, functioning and control of the system, its limits and foreseeable risks",
                    "What is recorded of one model does not tell how it is used. Runs of `weft monitor` over what it is asked are records of the same kind."))
                (missing("4", "Why the metrics suit the system", "The metrics stand under 2(g); why they are the right ones does not."))
                (missing("5", "The system of risk management (Article 9)", ""))
                (missing("6", "Changes over the lifecycle", "Each model is a record of its own; `weft diff` tells how two differ."))
                (missing("7", "Standards that were applied", ""))
                (missing("8", "The EU declaration of conformity", ""))
                (missing("9", "The plan of monitoring after it is on the market (Article 72)", ""))
                h2 { "Article 12: record-keeping" }
                (records(evidence))
                p class="source" { "Written by " (TOOL) " " (VERSION) " from the executions and artifacts named above; signed, if at all, by the files beside it." }
            }
        }
    };
    page.into_string()
}

fn item(clause: &str, asked: &str, answer: &Markup) -> Markup {
    html! { section { h3 { (clause) " " small { (asked) } } (answer) } }
}

fn missing(clause: &str, asked: &str, why: &str) -> Markup {
    let answer = html! { p class="missing" { "Not recorded: to be written by the provider. " (why) } };
    item(clause, asked, &answer)
}

fn general(evidence: &Evidence) -> Markup {
    let subject = &evidence.subject;
    let name = html! {
        table {
            tr { th { "Name" } td { (subject.name) } td class="source" { (artifact(subject)) } }
            tr { th { "Version" } td { code { (subject.uri) } } td class="source" { (artifact(subject)) } }
            @if let Some(sha256) = subject.sha256() {
                tr { th { "SHA-256" } td { code { (hex(&sha256)) } } td class="source" { (subject.files.len()) " files, " (subject.size()) " bytes" } }
            }
            @for (name, value) in &subject.properties {
                tr { th { (name) } td { (text(value)) } td class="source" { "property of " (artifact(subject)) } }
            }
        }
    };
    let software = html! {
        table {
            tr { th { "Component" } th { "Digest" } th { "Executed as" } }
            @for (digest, function) in evidence.components() {
                tr {
                    td { (function) }
                    td { code { (digest) } }
                    td class="source" {
                        @let steps = evidence.steps.iter().filter(|step| step.component.as_ref() == Some(&(digest.clone(), function.clone())));
                        @for step in steps { (execution(step)) " " }
                    }
                }
            }
        }
        p { "Executed by " (TOOL) " " (VERSION) "." }
    };
    html! {
        (missing("1(a)", "Intended purpose and provider", ""))
        (item("1(a)", "Name and version", &name))
        (missing("1(b)", "How it interacts with hardware and software around it", ""))
        (item("1(c)", "Versions of the software", &software))
        (missing("1(d) to 1(h)", "Forms in which it is offered, its hardware, its interface, instructions for use", ""))
    }
}

fn development(evidence: &Evidence) -> Markup {
    let made = evidence.steps.iter().filter(|step| step.component.is_some());
    let steps = html! {
        table {
            tr { th { "Step" } th { "Parameters" } th { "Read" } th { "Gave" } th { "Record" } }
            @for step in made {
                tr {
                    td { (step.task) }
                    td { (values(&step.parameters)) }
                    td { (ports(evidence, &step.inputs)) }
                    td { (ports(evidence, &step.outputs)) }
                    td class="source" { (execution(step)) }
                }
            }
        }
        @let models: Vec<&Content> = evidence.sources().into_iter().filter(|source| source.kind.ends_with("Model")).collect();
        @if models.is_empty() {
            p { "No model that somebody else trained was imported." }
        } @else {
            p { "Imported models, trained elsewhere: " @for model in models { (artifact(model)) " " } }
        }
    };
    let choices = html! {
        @for run in evidence.runs.values() {
            p { "Parameters of the pipeline " (run.pipeline) ", " span class="source" { "run " (run.id) } ":" }
            (values(&run.parameters))
        }
    };
    let resources = html! {
        table {
            tr { th { "Step" } th { "Began" } th { "Milliseconds" } th { "Record" } }
            @for step in evidence.steps.iter().filter(|step| step.component.is_some()) {
                tr {
                    td { (step.task) } td { (time(step.started_ms)) }
                    td { @if let Some(ended) = step.ended_ms { (ended - step.started_ms) } }
                    td class="source" { (execution(step)) }
                }
            }
        }
    };
    let data = html! {
        table {
            tr { th { "Data" } th { "Type" } th { "Bytes" } th { "SHA-256" } th { "Record" } }
            @for source in evidence.sources() {
                tr {
                    td { (source.name) } td { (source.kind) } td { (source.size()) }
                    td { code { @match source.sha256() { Some(digest) => (hex(&digest)), None => "no longer in the store" } } }
                    td class="source" { (artifact(source)) }
                }
            }
        }
        p class="missing" { "How it was obtained, selected and labelled is not recorded: to be written by the provider." }
    };
    let tests = html! {
        @if evidence.metrics.is_empty() {
            p class="missing" { "No step of the run gave metrics." }
        } @else {
            table {
                tr { th { "Metric" } th { "Value" } }
                @for (name, value) in &evidence.metrics { tr { td { (name) } td { (value) } } }
            }
            @if let Some(maker) = evidence.maker() { p class="source" { "metrics of run " (maker.run) } }
        }
    };
    let security = html! {
        p { "Each component was executed in a sandbox without network, files or a clock, but for what it was granted:" }
        table {
            tr { th { "Step" } th { "Granted" } th { "Record" } }
            @for step in evidence.steps.iter().filter(|step| step.component.is_some()) {
                tr { td { (step.task) } td { (granted(&step.grants)) } td class="source" { (execution(step)) } }
            }
        }
    };
    html! {
        (item("2(a)", "Methods and steps of the development, and what of others was used", &steps))
        (item("2(b)", "Choices of the design, as parameters", &choices))
        (item("2(c)", "Resources of computing", &resources))
        (item("2(d)", "Data that it comes from", &data))
        (missing("2(e) and 2(f)", "Human oversight, and changes that are planned", ""))
        (item("2(g)", "Validation and testing: metrics", &tests))
        (item("2(h)", "Cybersecurity: what steps could touch", &security))
    }
}

fn records(evidence: &Evidence) -> Markup {
    let events = html! {
        table {
            tr { th { "Event" } th { "Began" } th { "Ended" } th { "Record" } }
            @for step in &evidence.steps {
                tr {
                    td { (step.task) } td { (time(step.started_ms)) }
                    td { @if let Some(ended) = step.ended_ms { (time(ended)) } }
                    td class="source" { (execution(step)) }
                }
            }
        }
    };
    html! {
        (item("12(1)", "Events that were recorded automatically while it was made", &events))
        (missing("12(2)", "Events while it is in use", "`weft serve` records what a deployed model is asked and answers."))
    }
}

fn artifact(content: &Content) -> String {
    format!("artifact {}", content.id)
}

fn execution(step: &Step) -> String {
    format!("execution {}, {} of run {}", step.execution, step.task, step.run)
}

/// A value as people read it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn values(values: &BTreeMap<String, Value>) -> Markup {
    html! { @for (name, value) in values { div { (name) ": " (text(value)) } } }
}

fn ports(evidence: &Evidence, ports: &[(String, i64)]) -> Markup {
    html! {
        @for (port, id) in ports {
            div { (port) @if let Some(content) = evidence.contents.get(id) { " " code { (content.uri.get(..20).unwrap_or(&content.uri)) "…" } } }
        }
    }
}

/// What a step was granted, in words.
fn granted(grants: &Grants) -> String {
    let mut all: Vec<String> = Vec::new();
    all.extend(grants.clock.then(|| "the clock".to_owned()));
    all.extend(grants.random.then(|| "randomness".to_owned()));
    all.extend(grants.env.iter().map(|name| format!("the variable {name}")));
    all.extend(grants.directories.iter().map(|(inside, grant)| {
        let how = if grant.write { "to write" } else { "to read" };
        format!("the directory {inside} {how}")
    }));
    all.extend(grants.secrets.iter().map(|_| "a secret".to_owned()));
    all.extend(grants.net.iter().map(|rule| format!("the network: {rule}")));
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
