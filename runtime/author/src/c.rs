//! Building C: bindings of wit-bindgen, `make` with zig or wasi-sdk as the compiler, and a component made of the core
//! module.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use heck::ToSnakeCase as _;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use weft_pipeline::diagnostic::Diagnostic;
use wit_bindgen_core::Files;
use wit_component::ComponentEncoder;
use wit_parser::TypeDefKind;

use crate::build::Job;
use crate::explain;
use crate::steps;
use crate::tools::{self, Event, Host, Report};
use crate::{Error, Language, Problem, Result};

/// The version of zig on `PyPI`.
const ZIG: &str = "0.17.1";
/// The target of the Makefile.
const CORE: &str = "build/core.wasm";
const BINDINGS: &str = "build/bindings";

/// Builds the component. Returns its bytes.
pub(crate) fn build(job: &Job<'_>, report: Report<'_>) -> Result<Vec<u8>> {
    let problems = unset_fields(job);
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    let compiler = compiler(job.host, job.install, report)?;
    write_bindings(job)?;
    let core = job.dir.join(CORE);
    let mut make = Command::new("make");
    // Always: the compiler or its flags may have changed, and zig caches what it compiled.
    make.current_dir(job.dir).args(["--always-make", "--no-print-directory", CORE]).arg(format!("CC={compiler}"));
    if job.debug {
        make.args(["CFLAGS=-O0 -g", "LDFLAGS="]);
    } else {
        make.arg("LDFLAGS=-s");
    }
    report(Event::Tool(&format!("make {CORE} CC=\"{compiler}\"")));
    let ended = tools::run(&mut make, report).map_err(|_| Error::Missing {
        tool: "make",
        why: "it runs the compiler as the Makefile says".to_owned(),
        install: "`apt-get install make`, `brew install make`, or your system's like".to_owned(),
    })?;
    for note in explain::notes(job.interface, Language::C, &ended.said) {
        report(Event::Line(&note));
    }
    ended.check("make")?;
    let module = std::fs::read(&core).map_err(|source| Error::io("read", &core, source))?;
    componentize(&module)
}

/// The command of a compiler for WebAssembly.
fn compiler(host: &Host, install: bool, report: Report<'_>) -> Result<String> {
    if let Some(sdk) = &host.wasi_sdk {
        let clang = sdk.join("bin/clang");
        if clang.is_file() {
            let (clang, sysroot) = (clang.display(), sdk.join("share/wasi-sysroot"));
            return Ok(format!("{clang} --target=wasm32-wasip1 --sysroot={}", sysroot.display()));
        }
        return Err(Error::Missing {
            tool: "wasi-sdk",
            why: format!("WASI_SDK_PATH is {}, and there is no bin/clang", sdk.display()),
            install: "set WASI_SDK_PATH to where wasi-sdk is unpacked, or unset it".to_owned(),
        });
    }
    if tools::output_of(Command::new("zig").arg("version")).is_some() {
        return Ok("zig cc --target=wasm32-wasi".to_owned());
    }
    let venv = match tools::python_package(host, "ziglang", ZIG) {
        Some(venv) => venv,
        None if install => tools::install_python_package(host, "ziglang", ZIG, report)?,
        None => {
            return Err(Error::Missing {
                tool: "a C compiler for WebAssembly",
                why: "there is neither zig nor wasi-sdk".to_owned(),
                install: "`weft build --install` installs zig (from PyPI, into weft's cache); or put zig on the PATH, or set WASI_SDK_PATH"
                    .to_owned(),
            });
        }
    };
    Ok(format!("{} -m ziglang cc --target=wasm32-wasi", tools::in_venv(&venv, "python").display()))
}

/// Writes the output of `wit-bindgen c`. Unchanged files are not touched, obsolete ones are removed.
fn write_bindings(job: &Job<'_>) -> Result<()> {
    let folder = job.dir.join(BINDINGS);
    let mut files = Files::default();
    let mut resolve = job.interface.resolve.clone();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut resolve, job.interface.world, &mut files)
        .map_err(|error| Error::Component { tool: "wit-bindgen", why: format!("{error:#}"), hint: None })?;
    std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
    let wanted: BTreeSet<&str> = files.iter().map(|(name, _)| name).collect();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        if !wanted.contains(&*entry.file_name().to_string_lossy()) {
            _ = std::fs::remove_file(entry.path());
        }
    }
    for (name, content) in files.iter() {
        let path = folder.join(name);
        if std::fs::read(&path).is_ok_and(|old| old == content) {
            continue;
        }
        std::fs::write(&path, content).map_err(|source| Error::io("write", &path, source))?;
    }
    Ok(())
}

/// A component made of a core module for WASI 0.1, with the adapter to WASI 0.2.
fn componentize(module: &[u8]) -> Result<Vec<u8>> {
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| {
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
        })
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| Error::Component {
        tool: "the C compiler",
        why: format!("{error:#}"),
        hint: Some("the Makefile must link everything in build/bindings, with -mexec-model=reactor".to_owned()),
    })
}

/// Fields of output records that no source sets. The compiler does not report them, as outputs are filled in one by
/// one.
///
/// A field counts as set if a source that includes the bindings assigns it or takes its address, or writes a record of
/// its type as a whole (`(type){ .. }`).
fn unset_fields(job: &Job<'_>) -> Vec<Problem> {
    let code = sources(&job.dir.join("src"), &format!("{}.h", job.interface.world_name().to_snake_case()));
    let resolve = &job.interface.resolve;
    let mut problems: Vec<Problem> = Vec::new();
    for exported in steps::exported(resolve, job.interface.world) {
        let Some(id) = steps::output_record(resolve, exported.function) else { continue };
        let (TypeDefKind::Record(record), Some(name)) = (&resolve.types[id].kind, &resolve.types[id].name) else {
            continue;
        };
        if is_written_whole(&code, &format!("_{}_t", name.to_snake_case())) {
            continue;
        }
        for field in &record.fields {
            let member = field.name.to_snake_case();
            if !is_set(&code, &member) {
                let message = format!("no source sets the output `{}` of `{}`", field.name, exported.function.name);
                let hint = format!("set `ret->{member}` before the function returns true");
                problems.push(job.interface.problem(field.span, Diagnostic::error(message).hint(hint)));
            }
        }
    }
    problems
}

/// Whether a record of a type is written with all its fields in order: `(type){ a, b }`.
fn is_written_whole(code: &str, ty: &str) -> bool {
    code.match_indices(ty).any(|(at, _)| {
        let rest = code[at + ty.len()..].trim_start();
        // The type may be followed by a variable that is initialised.
        let rest = match rest.split_once('=') {
            Some((variable, value)) if variable.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ' ') => value,
            _ => rest.strip_prefix(')').unwrap_or(rest),
        };
        rest.trim_start().strip_prefix('{').is_some_and(|fields| !fields.trim_start().starts_with(['.', '0', '}']))
    })
}

/// Whether a member of this name is assigned, has its address taken, or has members that are.
fn is_set(code: &str, member: &str) -> bool {
    code.match_indices(member).any(|(at, _)| {
        let before = code[..at].trim_end();
        let Some(object) = before.strip_suffix("->").or_else(|| before.strip_suffix('.')) else { return false };
        let object = object.trim_end().trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').trim_end();
        let after = &code[at + member.len()..];
        if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        let after = after.trim_start();
        let is_assigned = after.starts_with('=') && !after.starts_with("==");
        let is_changed =
            ["+=", "-=", "*=", "/=", "|=", "++", "--", "[", ".", "->"].iter().any(|sign| after.starts_with(sign));
        is_assigned || is_changed || (object.ends_with('&') && !object.ends_with("&&"))
    })
}

/// The text without comments of the C sources that include the bindings, or of all sources if a header includes them.
fn sources(folder: &Path, bindings: &str) -> String {
    let mut files = Vec::new();
    let mut queue = vec![folder.to_owned()];
    while let Some(next) = queue.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                queue.push(path);
            } else if path.extension().is_some_and(|extension| extension == "c" || extension == "h") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                files.push((path.extension().is_some_and(|extension| extension == "h"), text.contains(bindings), text));
            }
        }
    }
    let knows = |is_meant: &dyn Fn(bool) -> bool| files.iter().any(|(header, knows, _)| *knows && is_meant(*header));
    let all = knows(&|header| header) || !knows(&|_| true);
    files.iter().filter(|(_, knows, _)| all || *knows).map(|(_, _, text)| without_comments(text) + "\n").collect()
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(quote) = rest.chars().next().filter(|c| *c != '/') {
            let mut escaped = false;
            rest.char_indices()
                .skip(1)
                .find(|(_, c)| {
                    let ends = *c == quote && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                })
                .map_or(rest.len(), |(end, _)| end + 1)
        } else {
            out.push('/');
            1
        };
        out.push(' ');
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_set_are_seen() {
        for code in [
            "ret->rows = 1;",
            "r.rows=n;",
            "f(&ret->rows)",
            "ret->rows.ptr = p;",
            "t r = { .rows = 1 }",
            "ret -> rows += 2",
        ] {
            assert!(is_set(code, "rows"), "{code}");
        }
        for code in
            ["x = found.rows;", "if (ret->rows == 1)", "int rows = 1;", "ret->rowsets = 1;", "a && ret->rows", ""]
        {
            assert!(!is_set(code, "rows"), "{code}");
        }
        assert!(is_written_whole("*ret = (w_filtered_t){ output, 3 };", "_filtered_t"));
        assert!(is_written_whole("w_filtered_t all = { output, 3 };", "_filtered_t"));
        assert!(!is_written_whole("w_filtered_t *ret, int n) { x = 1; }", "_filtered_t"));
        assert!(!is_written_whole("(w_filtered_t){ .kept = 3 }", "_filtered_t"));
    }

    #[test]
    fn comments_and_texts_are_left_out() {
        let code = "a = b / c; // ret->rows\nx /* ret->rows */ = \"// \\\" ret->rows\"; y = '\\'';z";
        let plain = without_comments(code);
        assert!(!plain.contains("rows"), "{plain}");
        assert!(plain.contains("b /") && plain.ends_with('z'), "{plain}");
    }
}
