//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

mod folder;

use std::path::Path;

use weft_guest::types::{Entry, Value};
use weft_guest::{Readable, Result, Writable, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:pusher/pusher",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

/// Where a model of TFX's Trainer has what is served; beside it may be what it is evaluated with.
const SERVING: &str = "Format-Serving/";

/// What the property of a pushed model's version is called.
const VERSION: &str = "pushed_version";

struct Pusher;
export!(Pusher);

impl Guest for Pusher {
    fn push(
        model: &Artifact,
        model_blessing: Option<&ModelBlessing>,
        infra_blessing: Option<&InfraBlessing>,
        previous: Option<&PushedModel>,
        destination: Option<String>,
        version: Option<u64>,
        file_name: Option<String>,
    ) -> Result<Outcome, String> {
        let blessings = [
            (
                "the evaluator",
                model_blessing.map(|blessing| is_blessed(blessing.property("blessed"), &blessing.entries(), "BLESSED")),
            ),
            (
                "the infra validator",
                infra_blessing
                    .map(|blessing| is_blessed(blessing.property("blessed"), &blessing.entries(), "INFRA_BLESSED")),
            ),
        ];
        let refusing: Vec<&str> =
            blessings.iter().filter(|(_, blessed)| *blessed == Some(false)).map(|(name, _)| *name).collect();
        if !refusing.is_empty() {
            warn!("not pushed: not blessed by {}", refusing.join(" and "));
            return Ok(Outcome { pushed_model: None, pushed: false, version: None });
        }
        Ok(push(model, previous, destination.as_deref(), version, file_name)?)
    }
}

/// Whether a blessing says yes: by its property, or by its file where it is another's.
fn is_blessed(property: Option<Value>, files: &[Entry], file: &str) -> bool {
    match property {
        Some(Value::Int(number)) => number == 1,
        Some(Value::Double(number)) => (number - 1.0).abs() < f64::EPSILON,
        Some(Value::Bool(blessed)) => blessed,
        _ => files.iter().any(|entry| entry.name == file),
    }
}

fn push(
    model: &Artifact,
    previous: Option<&PushedModel>,
    destination: Option<&str>,
    version: Option<u64>,
    file_name: Option<String>,
) -> Result<Outcome> {
    let files = files(model, file_name)?;
    let destination = destination.map(Path::new);
    let last = match (destination, previous.and_then(|previous| previous.property(VERSION))) {
        (Some(folder), _) => folder::latest(folder)?,
        (None, Some(Value::String(text))) => match text.parse() {
            Ok(version) => version,
            Err(_) => bail!("the previous model has the version `{text}`, after which none follows: give `version`"),
        },
        (None, _) => 0,
    };
    let version = version.unwrap_or(last + 1);
    if let Some(folder) = destination {
        folder::push(folder, version, |into| {
            for (name, source) in &files {
                let mut file = folder::create(into, name)?;
                source.copy(model, &mut file)?;
                file.sync_all()?;
            }
            Ok(())
        })?;
    }
    let pushed = PushedModel::new();
    for (name, source) in &files {
        let file = pushed.create(name)?;
        let mut writer = file.writer();
        source.copy(model, &mut writer)?;
        std::io::Write::flush(&mut writer)?;
    }
    for (name, value) in model.properties() {
        pushed.set_property(&name, &value)?;
    }
    pushed.set_property("pushed", &1_i64.into())?;
    pushed.set_property(VERSION, &version.to_string().into())?;
    if let Some(folder) = destination {
        let place = folder.join(version.to_string());
        pushed.set_property("pushed_destination", &place.to_string_lossy().into_owned().into())?;
        info!("pushed as version {version} to {}", place.display());
    } else {
        info!("pushed as version {version}");
    }
    pushed.set_display_name("Pushed model")?;
    Ok(Outcome { pushed_model: Some(pushed), pushed: true, version: Some(version) })
}

/// A file of a model.
enum Source {
    /// The model is it.
    Whole,
    /// One of a directory.
    Part(String),
}

impl Source {
    fn copy(&self, model: &Artifact, into: &mut impl std::io::Write) -> Result<()> {
        match self {
            Self::Whole => std::io::copy(&mut model.reader(), into)?,
            Self::Part(name) => std::io::copy(&mut model.open(name)?.reader(), into)?,
        };
        Ok(())
    }
}

fn files(model: &Artifact, file_name: Option<String>) -> Result<Vec<(String, Source)>> {
    if model.is_directory() {
        let mut files: Vec<(String, Source)> =
            model.entries().into_iter().map(|entry| (entry.name.clone(), Source::Part(entry.name))).collect();
        if files.iter().any(|(name, _)| name.starts_with(SERVING)) {
            files.retain_mut(|(name, _)| match name.strip_prefix(SERVING) {
                Some(served) => {
                    *name = served.to_owned();
                    true
                }
                None => false,
            });
        }
        if files.is_empty() {
            bail!("the model is an empty directory");
        }
        return Ok(files);
    }
    if model.length() == 0 {
        bail!("the model is an empty file");
    }
    let is_onnx = matches!(model.property("format"), Some(Value::String(format)) if format == "onnx");
    let name = file_name.unwrap_or_else(|| if is_onnx { "model.onnx" } else { "model" }.to_owned());
    if name.is_empty() || name.contains(['/', '\\']) || name == "." || name == ".." {
        bail!("`{name}` is no name of a file");
    }
    Ok(vec![(name, Source::Whole)])
}
