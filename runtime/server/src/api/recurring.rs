//! `RecurringRunService`.

use axum::extract::{Path, Query, State};
use serde_json::Value;
use weft::metadata::control::{Field, RecurringRun, Schedule};

use super::list::{Names, Params, only, page, query};
use super::message::Message;
use super::runs::{config, new_run};
use super::table::{Table, about};
use super::write::{Json, done, int64, maybe_time, object, time};
use crate::error::{Error, Result};
use crate::prepare::spec_value;
use crate::router::blocking;
use crate::server::{NewRecurringRun, Server};

const NAMES: Names = &[
    ("recurring_run_id", Field::Id),
    ("id", Field::Id),
    ("display_name", Field::DisplayName),
    ("name", Field::DisplayName),
    ("description", Field::Description),
    ("created_at", Field::CreatedAt),
    ("updated_at", Field::UpdatedAt),
    ("status", Field::Enabled),
    ("pipeline_id", Field::Pipeline),
    ("pipeline_version_id", Field::Version),
    ("experiment_id", Field::Experiment),
];

const ALL: &str = "/apis/v2beta1/recurringruns";
const ONE: &str = "/apis/v2beta1/recurringruns/{recurring_run_id}";

pub(super) fn table() -> Table {
    Table::default()
        .get(
            ALL,
            about("RecurringRunService_ListRecurringRuns", "Lists recurring runs.")
                .listed()
                .texts(&[("experiment_id", "The experiment.")])
                .gives("ListRecurringRunsResponse"),
            list,
        )
        .post(
            ALL,
            about("RecurringRunService_CreateRecurringRun", "Makes a recurring run.")
                .takes("NewRecurringRun")
                .gives("RecurringRun"),
            create,
        )
        .get(ONE, about("RecurringRunService_GetRecurringRun", "Gives a recurring run.").gives("RecurringRun"), get)
        .delete(
            ONE,
            about("RecurringRunService_DeleteRecurringRun", "Forgets a recurring run; what it started stays.")
                .texts(&[("propagation_policy", "Without effect.")]),
            delete,
        )
        .action(
            ONE,
            "enable",
            about("RecurringRunService_EnableRecurringRun", "Switches a recurring run on."),
            |server, id| server.enable_recurring(id, true),
        )
        .action(
            ONE,
            "disable",
            about("RecurringRunService_DisableRecurringRun", "Switches a recurring run off."),
            |server, id| server.enable_recurring(id, false),
        )
}

async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let mut query = query(&params, NAMES)?;
        only(&mut query, Field::Experiment, params.get("experiment_id"));
        let listed = server.recurring_runs(&query)?;
        // The generated client and the `.proto` file write this name in two ways; the client's is the one that is read.
        Ok(Json(page("recurringRuns", listed, query, |one| recurring(&one))))
    })
    .await
}

async fn create(State(server): State<Server>, message: Message) -> Result<Json> {
    blocking(&server, move |server| {
        let trigger =
            message.message("trigger")?.ok_or_else(|| Error::invalid("`trigger` is missing: when is it due?"))?;
        let enabled = match message.case("mode")?.as_deref() {
            None | Some("" | "0" | "MODE_UNSPECIFIED") => {
                return Err(Error::invalid("`mode` is missing: ENABLE or DISABLE"));
            }
            Some("1" | "ENABLE") => true,
            Some("2" | "DISABLE") => false,
            Some(_) => return Err(Error::invalid("`mode` is ENABLE or DISABLE")),
        };
        let made = server.create_recurring(NewRecurringRun {
            run: new_run(&message)?,
            schedule: schedule(&trigger)?,
            max_concurrency: message.int("max_concurrency")?.unwrap_or(1),
            no_catchup: message.boolean("no_catchup")?,
            enabled,
        })?;
        Ok(Json(recurring(&made)))
    })
    .await
}

async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(recurring(&server.recurring(&id)?)))).await
}

async fn delete(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| server.delete_recurring(&id)).await?;
    Ok(done())
}

fn schedule(trigger: &Message) -> Result<Schedule> {
    match (trigger.message("cron_schedule")?, trigger.message("periodic_schedule")?) {
        (Some(cron), None) => Ok(Schedule::Cron {
            cron: cron.text("cron")?,
            start_ms: cron.time("start_time")?,
            end_ms: cron.time("end_time")?,
        }),
        (None, Some(periodic)) => Ok(Schedule::Periodic {
            seconds: periodic.int("interval_second")?.unwrap_or(0),
            start_ms: periodic.time("start_time")?,
            end_ms: periodic.time("end_time")?,
        }),
        _ => Err(Error::invalid("`trigger` has to have either `cron_schedule` or `periodic_schedule`")),
    }
}

fn recurring(one: &RecurringRun) -> Value {
    let trigger = match &one.schedule {
        Schedule::Cron { cron, start_ms, end_ms } => {
            let schedule = object([
                ("start_time", maybe_time(*start_ms)),
                ("end_time", maybe_time(*end_ms)),
                ("cron", cron.as_str().into()),
            ]);
            object([("cron_schedule", schedule)])
        }
        Schedule::Periodic { seconds, start_ms, end_ms } => {
            let schedule = object([
                ("start_time", maybe_time(*start_ms)),
                ("end_time", maybe_time(*end_ms)),
                ("interval_second", int64(*seconds)),
            ]);
            object([("periodic_schedule", schedule)])
        }
    };
    let reference = match &one.spec {
        Some(_) => Value::Null,
        None => object([
            ("pipeline_id", one.pipeline.as_deref().unwrap_or_default().into()),
            ("pipeline_version_id", one.version.as_deref().unwrap_or_default().into()),
        ]),
    };
    object([
        ("recurring_run_id", one.id.as_str().into()),
        ("display_name", one.name.as_str().into()),
        ("description", one.description.as_str().into()),
        ("pipeline_version_id", one.version.as_deref().unwrap_or_default().into()),
        ("pipeline_spec", one.spec.as_ref().map(spec_value).unwrap_or_default()),
        ("pipeline_version_reference", reference),
        ("runtime_config", config(&one.parameters)),
        ("service_account", one.service_account.as_str().into()),
        ("max_concurrency", int64(one.max_concurrency)),
        ("trigger", trigger),
        ("mode", if one.enabled { "ENABLE" } else { "DISABLE" }.into()),
        ("created_at", time(one.created_ms)),
        ("updated_at", time(one.updated_ms)),
        ("status", if one.enabled { "ENABLED" } else { "DISABLED" }.into()),
        ("no_catchup", one.no_catchup.into()),
        ("experiment_id", one.experiment.as_str().into()),
    ])
}
