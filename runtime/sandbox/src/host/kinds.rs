//! Linking of the resource types of artifact kinds. Built-in and custom types share one implementation of their methods.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceDynamic, ResourceType};

use super::State;
use super::artifact::Artifact;
use super::error::RocPoint;
use super::metrics::{self, Curve};
use super::property::Value;

/// The methods that a built-in kind has in addition to the common ones.
pub(super) fn extra(resource: &str) -> &'static [&'static str] {
    match resource {
        "metrics" => &["log"],
        "classification-metrics" => &["log-roc-point", "log-roc-curve", "log-confusion-matrix"],
        "sliced-classification-metrics" => {
            &["log-slice-roc-point", "log-slice-roc-curve", "log-slice-confusion-matrix"]
        }
        "html" | "markdown" => &["text", "set-text"],
        _ => &[],
    }
}

/// The resource and the method that an import such as `[method]dataset.read` or `[constructor]dataset` names.
pub(super) fn parse(import: &str) -> Option<(&str, &str)> {
    match import.strip_prefix("[constructor]") {
        Some(resource) => Some((resource, "constructor")),
        None => import.strip_prefix("[method]")?.split_once('.'),
    }
}

/// Defines the resource type of a kind. Dropping a handle discards an output that was not returned.
pub(super) fn resource(instance: &mut LinkerInstance<'_, State>, name: &str, kind: u32) -> wasmtime::Result<()> {
    instance.resource(name, ResourceType::host_dynamic(kind), |mut store, handle| {
        let state = store.data_mut();
        let artifact = state.table.delete(Resource::<Artifact>::new_own(handle))?;
        state.discard(&artifact);
        Ok(())
    })
}

type Store<'a> = StoreContextMut<'a, State>;
type This = ResourceDynamic;

/// Defines a method of a kind; false if no kind has a method of this name.
pub(super) fn method(
    instance: &mut LinkerInstance<'_, State>,
    resource: &str,
    kind: u32,
    method: &str,
) -> wasmtime::Result<bool> {
    // The methods for slices have the same names in the interface, and take the name of the slice first.
    let name = match (method, method.strip_prefix("log-slice-")) {
        ("constructor", _) => format!("[constructor]{resource}"),
        (_, Some(rest)) => format!("[method]{resource}.log-{rest}"),
        _ => format!("[method]{resource}.{method}"),
    };
    Ok(common(instance, &name, kind, method)? || special(instance, &name, method)?)
}

/// The methods in [`weft_pipeline::types::ARTIFACT_METHODS`].
fn common(instance: &mut LinkerInstance<'_, State>, name: &str, kind: u32, method: &str) -> wasmtime::Result<bool> {
    match method {
        "constructor" => instance.func_wrap(name, move |mut store: Store<'_>, (): ()| {
            let handle = store.data_mut().table.push(Artifact::output(kind))?;
            Ok((ResourceDynamic::new_own(handle.rep(), kind),))
        })?,
        "type-name" => instance.func_wrap(name, |mut store: Store<'_>, (this,): (This,)| {
            Ok((store.data_mut().type_name(this.rep())?,))
        })?,
        "uri" => instance.func_wrap(name, |mut store: Store<'_>, (this,): (This,)| {
            Ok((store.data_mut().artifact(this.rep())?.0.uri(),))
        })?,
        "display-name" => instance.func_wrap(name, |mut store: Store<'_>, (this,): (This,)| {
            Ok((store.data_mut().artifact(this.rep())?.0.display_name(),))
        })?,
        "set-display-name" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, name): (This, String)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| output.set_name(name)),))
            })?;
        }
        "property" => instance.func_wrap(name, |mut store: Store<'_>, (this, name): (This, String)| {
            Ok((store.data_mut().artifact(this.rep())?.0.property(&name),))
        })?,
        "properties" => instance.func_wrap(name, |mut store: Store<'_>, (this,): (This,)| {
            Ok((store.data_mut().artifact(this.rep())?.0.properties(),))
        })?,
        "set-property" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, name, value): (This, String, Value)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| output.properties.set(name, value)),))
            })?;
        }
        "length" => instance
            .func_wrap(name, |mut store: Store<'_>, (this,): (This,)| Ok((store.data_mut().length(this.rep())?,)))?,
        "read" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, offset, length): (This, u64, u64)| {
                Ok((store.data_mut().read(this.rep(), offset, length)?,))
            })?;
        }
        "append" => instance.func_wrap(name, |mut store: Store<'_>, (this, bytes): (This, Vec<u8>)| {
            let result = store.data_mut().append(this.rep(), &bytes)?;
            store.data_mut().write_result(result)
        })?,
        "write" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, offset, bytes): (This, u64, Vec<u8>)| {
                let result = store.data_mut().write(this.rep(), offset, &bytes)?;
                store.data_mut().write_result(result)
            })?;
        }
        "is-directory" => instance.func_wrap(name, |mut store: Store<'_>, (this,): (This,)| {
            Ok((store.data_mut().artifact(this.rep())?.0.is_directory(),))
        })?,
        "entries" => instance
            .func_wrap(name, |mut store: Store<'_>, (this,): (This,)| Ok((store.data_mut().entries(this.rep())?,)))?,
        "open" => instance.func_wrap(name, |mut store: Store<'_>, (this, name): (This, String)| {
            Ok((store.data_mut().open(this.rep(), &name)?,))
        })?,
        "create" => instance.func_wrap(name, |mut store: Store<'_>, (this, name): (This, String)| {
            let result = store.data_mut().create(this.rep(), name)?;
            store.data_mut().write_result(result)
        })?,
        "path" => instance
            .func_wrap(name, |mut store: Store<'_>, (this,): (This,)| Ok((store.data_mut().path(this.rep())?,)))?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// The methods in [`extra`].
fn special(instance: &mut LinkerInstance<'_, State>, name: &str, method: &str) -> wasmtime::Result<bool> {
    match method {
        "log" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, name, value): (This, String, f64)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| metrics::log(output, name, value)),))
            })?;
        }
        "log-roc-point" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, point): (This, RocPoint)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| metrics::roc(output, None, Curve::Point(point))),))
            })?;
        }
        "log-roc-curve" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, points): (This, Vec<RocPoint>)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| metrics::roc(output, None, Curve::Whole(points))),))
            })?;
        }
        "log-confusion-matrix" => instance.func_wrap(
            name,
            |mut store: Store<'_>, (this, categories, rows): (This, Vec<String>, Vec<Vec<u64>>)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| metrics::confusion(output, None, categories, &rows)),))
            },
        )?,
        "log-slice-roc-point" => {
            instance.func_wrap(name, |mut store: Store<'_>, (this, slice, point): (This, String, RocPoint)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                Ok((artifact.writable().and_then(|output| metrics::roc(output, Some(&slice), Curve::Point(point))),))
            })?;
        }
        "log-slice-roc-curve" => {
            instance.func_wrap(
                name,
                |mut store: Store<'_>, (this, slice, points): (This, String, Vec<RocPoint>)| {
                    let (artifact, _) = store.data_mut().artifact(this.rep())?;
                    Ok((artifact
                        .writable()
                        .and_then(|output| metrics::roc(output, Some(&slice), Curve::Whole(points))),))
                },
            )?;
        }
        "log-slice-confusion-matrix" => instance.func_wrap(
            name,
            |mut store: Store<'_>, (this, slice, categories, rows): (This, String, Vec<String>, Vec<Vec<u64>>)| {
                let (artifact, _) = store.data_mut().artifact(this.rep())?;
                let output = artifact.writable();
                Ok((output.and_then(|output| metrics::confusion(output, Some(&slice), categories, &rows)),))
            },
        )?,
        "text" => instance
            .func_wrap(name, |mut store: Store<'_>, (this,): (This,)| Ok((store.data_mut().text(this.rep())?,)))?,
        "set-text" => instance.func_wrap(name, |mut store: Store<'_>, (this, text): (This, String)| {
            let result = store.data_mut().set_text(this.rep(), &text)?;
            store.data_mut().write_result(result)
        })?,
        _ => return Ok(false),
    }
    Ok(true)
}
