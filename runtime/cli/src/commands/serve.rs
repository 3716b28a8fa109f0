//! `weft serve`

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::ValueHint;
use tokio::sync::watch;
use weft::pipeline::yaml::parse_duration;
use weft_server::{Collector, Listener, Server, Settings, listen, router, stored_token};

use crate::error::{Error, Exit, Result};
use crate::options::{BucketArgs, PolicyArgs, SecretArgs};
use crate::{interrupt, output, screen};

/// How often it looks whether it was asked to end.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The file in the store with the token.
pub const TOKEN: &str = "server.token";

/// Arguments of `weft serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft serve                                        on this machine alone; the link to the page is printed
  weft serve --listen 0.0.0.0:8888 --host pipelines.example.org
  weft serve --triggers pipelines/                  run pipelines when files or artifacts arrive, or on a webhook
  python -c \"import kfp; kfp.Client('http://localhost:8888', existing_token='...')\"

What it executes goes on when it is started again, however it ended. docs/serve.md tells the rest.")]
pub struct Args {
    /// The address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8888")]
    pub listen: SocketAddr,
    /// A name, perhaps with a port, by which others reach it; may be repeated. `localhost` and addresses need not be named
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Read the token that clients show from this file; it is made if there is none [default: server.token in the store]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_auth")]
    pub token_file: Option<PathBuf>,
    /// Let everybody on this machine in; only with a loopback address
    #[arg(long)]
    pub no_auth: bool,
    /// Runs that are executed at the same time
    #[arg(long, value_name = "N", default_value = "16")]
    pub runs: NonZeroUsize,
    /// Steps that are executed at the same time, those of all runs together [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// The time zone of cron expressions that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// How long steps may go on after it was asked to end; then they are interrupted, and go on when it is started again
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub grace: Duration,
    /// Start runs by the triggers in this file, or in the files of this folder that end in `.trigger.yaml`; may be repeated
    #[arg(long = "triggers", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub triggers: Vec<PathBuf>,
    /// Let triggers that are made on the page wait for files in this folder; may be repeated
    #[arg(long = "watch", value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub watched: Vec<PathBuf>,
    /// Tell this OpenTelemetry collector of runs and requests, by OTLP over HTTP as JSON, such as `http://localhost:4318`
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_hint = ValueHint::Url)]
    pub otlp: Option<String>,
    #[command(flatten)]
    pub secrets: SecretArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub bucket: BucketArgs,
}

fn duration(text: &str) -> std::result::Result<Duration, String> {
    parse_duration(text)
}

/// How often metrics are sent, unless the environment says otherwise: OpenTelemetry's default.
const METRICS_EVERY: Duration = Duration::from_mins(1);

/// A collector, with what OpenTelemetry's variables say of it and of this server.
fn collector(endpoint: &str) -> Result<Collector> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let pairs = |name: &str| -> Result<Vec<(String, String)>> {
        let text = variable(name);
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=')?;
            let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((key.trim().to_owned(), value.into_owned()))
        };
        let all = text.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect::<Option<Vec<_>>>();
        all.ok_or_else(|| {
            Error::advised(
                format!("{name} cannot be read"),
                "write it as key=value,key=value, with %XX for what is special",
            )
        })
    };
    let mut resource = pairs("OTEL_RESOURCE_ATTRIBUTES")?;
    let name = variable("OTEL_SERVICE_NAME");
    if !name.is_empty() {
        resource.retain(|(key, _)| key != "service.name");
        resource.push(("service.name".to_owned(), name));
    }
    let every = variable("OTEL_METRIC_EXPORT_INTERVAL").parse().ok().filter(|ms| *ms > 0);
    Ok(Collector {
        endpoint: endpoint.to_owned(),
        headers: pairs("OTEL_EXPORTER_OTLP_HEADERS")?,
        resource,
        metrics_every: every.map_or(METRICS_EVERY, Duration::from_millis),
    })
}

/// Serves until it is asked to end.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    if args.no_auth && !args.listen.ip().is_loopback() {
        return Err(Error::advised(
            format!("`--no-auth` with {} would let everybody in who reaches this machine", args.listen),
            "listen on 127.0.0.1, or leave `--no-auth` out",
        ));
    }
    std::fs::create_dir_all(root).map_err(|source| Error::io("create the store", root, source))?;
    let token = if args.no_auth {
        None
    } else {
        Some(stored_token(&args.token_file.clone().unwrap_or_else(|| root.join(TOKEN)))?)
    };
    let defaults = Settings::default();
    let settings = Settings {
        runs: args.runs,
        steps: args.jobs.unwrap_or(defaults.steps),
        token: token.as_ref().map(|stored| stored.token.clone()),
        hosts: args.hosts.clone(),
        time_zone: args.time_zone.clone(),
        grace: args.grace,
        triggers: args.triggers.clone(),
        watched: args.watched.clone(),
        collector: args.otlp.as_deref().filter(|url| !url.is_empty()).map(collector).transpose()?,
        ..defaults
    };
    let timeouts = settings.timeouts;
    let mut host = args.bucket.over(args.policy.over(args.secrets.host()?)?);
    // Whoever may submit a pipeline does not decide what this machine's credentials read.
    host.remote = host.remote.map(|remote| weft::Remote { listed_only: true, ..remote });
    let server = Server::open(root, host, settings)?;
    let listener = Listener::bind(args.listen)?;
    let address = listener.address();
    let cancel = interrupt::listen()?;
    let running = server.start()?;
    let (stop, stopped) = watch::channel(false);
    let flag = Arc::clone(cancel.flag());
    let waiter = std::thread::spawn(move || {
        while !flag.load(Ordering::Relaxed) && !stop.is_closed() {
            std::thread::sleep(LOOK_EVERY);
        }
        _ = stop.send(true);
    });
    output::print(&format!("http://{address}"))?;
    match &token {
        Some(stored) if stored.new => screen::say(format!(
            "The token was made now and is told this once; it lies in {}\nThe page: http://{address}/?token={}",
            args.token_file.clone().unwrap_or_else(|| root.join(TOKEN)).display(),
            stored.token
        )),
        Some(_) => screen::say("Clients show the token that is in the store's server.token, or in --token-file"),
        None => screen::say("warning: everybody on this machine may do everything here"),
    }
    let outcome = listen(listener, router(server), timeouts, stopped);
    screen::say("Ending: steps at work may end, or go on when the server is started again");
    let left = running.stop();
    _ = waiter.join();
    outcome?;
    if left > 0 {
        screen::say(format!("warning: {left} runs did not stop in time; they go on when the server is started again"));
    }
    Ok(Exit::Success)
}
