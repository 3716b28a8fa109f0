//! The library of the executor `boosting`: LightGBM, whose C++ is compiled for the sandbox where the executor is built, by the compiler that
//! the wheel `ziglang` holds. Its packages of Python are LightGBM's own.
//!
//! Zig's C++ library for WASI is built without exceptions and threads. What throws and catches them is compiled here of the same sources; what
//! it lacks else is in `platform.h`.

use std::fs;
use std::path::{Path, PathBuf};

use weft_pipeline::step::StepObserver;

use crate::error::{Error, Result};
use crate::{link, stage};

mod compiler;

use compiler::{Compiler, Unit};

/// The version of LightGBM.
pub(crate) const VERSION: &str = "4.7.0";

/// What pip installs beside the interpreter: the compiler, as it is for any of these machines.
pub(crate) const COMPILER: &str = "\
ziglang==0.17.1 --hash=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54 \
--hash=sha256:b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e --hash=sha256:d65ae4223b0c351cb3b4596262b8d9773acc9ca94ef8ea9b5fe3ddfa07dd204f \
--hash=sha256:09953b6af7f64168b915180a42774f520f92d86ef6331b28e33915c7e1f0bb23 --hash=sha256:4e0b4b9c02b8d0d220e9948010f860b62ff11d96abb39762eca5fa2ef3f7bc97
";

/// What pip downloads as sources, and does not build.
pub(crate) const SOURCES: &str = "\
lightgbm==4.7.0 --hash=sha256:f8e20f682c9aabd000bcf4a7ed8aa6f473c1adfecccae34ec24e823d156f4af0
";

macro_rules! files {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("../../executors/boosting/", $name))),)*] };
}

/// Ours of the library: paths below `runtime/executors/boosting`, and texts.
pub(crate) const FILES: [(&str, &str); 6] =
    files!["exception.s" "library.cpp" "library.h" "lightgbm.cpp" "nanoarrow/nanoarrow_config.h" "platform.h"];

/// What every source is compiled with: exceptions as WebAssembly has them today.
const EXCEPTIONS: &str = "--target=wasm32-wasi -O2 -g0 -w -msimd128 -fwasm-exceptions -Xclang -exception-model=wasm -Xclang -target-feature -Xclang \
                          +exception-handling -mllvm -wasm-enable-eh -mllvm -wasm-use-legacy-eh=false";

/// What LightGBM's sources are compiled with.
const LIGHTGBM: &str = "-std=c++17 -include platform.h -DEIGEN_MPL2_ONLY -DEIGEN_DONT_PARALLELIZE";

/// Where the headers of what LightGBM rests on lie in its sources.
const HEADERS: [&str; 6] = [
    "include",
    "src",
    "external_libs/eigen",
    "external_libs/fmt/include",
    "external_libs/fast_double_parser/include",
    "external_libs/nanoarrow/src",
];

/// What throws and catches: files of libc++abi.
const THROWING: &str = "abort_message cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_guard cxa_handlers cxa_personality cxa_vector cxa_virtual \
                        fallback_malloc private_typeinfo stdlib_exception stdlib_new_delete stdlib_stdexcept stdlib_typeinfo";

/// What they are compiled with.
const RUNTIME: &str = "-std=c++23 -D_LIBCXXABI_BUILDING_LIBRARY -D_LIBCPP_BUILDING_LIBRARY -D_LIBCXXABI_HAS_NO_THREADS -D_LIBUNWIND_HAS_NO_THREADS \
                       -D_LIBUNWIND_HIDE_SYMBOLS -DLIBCXXABI_NON_DEMANGLING_TERMINATE -DNDEBUG";

/// Zig's own libraries, which it compiles when they are first linked.
const LIBRARIES: [&str; 4] = ["libc++.a", "libc.a", "libzigc.a", "libcompiler_rt.a"];

/// The library's stack, bytes.
const STACK: u64 = 4 << 20;

/// Compiles the library's module. `packages` holds the compiler, `sources` the unpacked sources, `work` is an empty folder.
pub(crate) fn compile(packages: &Path, sources: &Path, work: &Path, observer: &dyn StepObserver) -> Result<Vec<u8>> {
    let lightgbm = folder_of(sources)?;
    for (name, text) in FILES {
        write(&work.join(name), text)?;
    }
    let header = lightgbm.join("include/LightGBM/c_api.h");
    write(&work.join("lightgbm_functions.h"), &functions(&read(&header)?))?;
    let compiler = Compiler::new(&packages.join("ziglang"), work);
    let mut units = Vec::new();
    let headers = HEADERS.iter().map(|folder| format!("-I{}", lightgbm.join(folder).display()));
    // Messages name places in sources.
    let names = format!("-ffile-prefix-map={}/=", lightgbm.display());
    let headers: Vec<String> = ["-I.".to_owned(), names].into_iter().chain(headers).collect();
    let mut own = Vec::new();
    find(&lightgbm.join("src"), &mut own)?;
    own.extend(["library.cpp", "lightgbm.cpp"].map(PathBuf::from));
    for source in own {
        units.push(Unit::new(source, [EXCEPTIONS, LIGHTGBM], &headers));
    }
    for name in ["array", "array_stream", "schema", "utils"] {
        let source = lightgbm.join(format!("external_libs/nanoarrow/src/nanoarrow/common/{name}.c"));
        units.push(Unit::new(source, [EXCEPTIONS, ""], &headers));
    }
    let headers = ["libcxxabi/include", "libcxxabi/src", "libcxx/src", "libunwind/include"];
    let headers = headers.map(|folder| format!("-I{}", compiler.library(folder).display()));
    for name in THROWING.split_whitespace() {
        let source = compiler.library(&format!("libcxxabi/src/{name}.cpp"));
        units.push(Unit::new(source, [EXCEPTIONS, RUNTIME], &headers));
    }
    let unwinding = RUNTIME.trim_start_matches("-std=c++23");
    units.push(Unit::new(compiler.library("libunwind/src/Unwind-wasm.c"), [EXCEPTIONS, unwinding], &headers));
    units.push(Unit::new("exception.s".into(), ["--target=wasm32-wasi -mexception-handling", ""], &[]));
    let objects = compiler.compile(&units, observer)?;
    let archives = compiler.libraries(&LIBRARIES)?;
    let module = work.join("library.wasm");
    let options = format!(
        "--import-memory --no-entry --no-stack-first --gc-sections -s -z stack-size={STACK} --global-base={} --table-base={} --export={} --export={}",
        link::BASE,
        link::TABLE_BASE,
        link::CALL,
        link::CONSTRUCT,
    );
    compiler.link(&options, objects.iter().chain(&archives), &module)?;
    fs::read(&module).map_err(|source| Error::io("read", &module, source))
}

/// Copies the packages that call the library to where the interpreter finds them.
pub(crate) fn lay_out(sources: &Path, site: &Path) -> Result<()> {
    let to = site.join("lightgbm");
    stage::copy(&folder_of(sources)?.join("lightgbm"), &to)?;
    // It looks for a file beside itself.
    let path = to.join("libpath.py");
    fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))
}

/// The folder that an archive of sources was unpacked to.
fn folder_of(sources: &Path) -> Result<PathBuf> {
    let folder = sources.join(format!("lightgbm-{VERSION}"));
    if folder.is_dir() { Ok(folder) } else { Err(Error::compiler(format!("there is no `{}`", folder.display()))) }
}

/// LightGBM's sources but what is for other processors, other machines, and its own program.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries = entries.map_err(|source| Error::io("read", folder, source))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() {
            if name != "cuda" {
                find(&path, found)?;
            }
        } else if name.ends_with(".cpp")
            && !name.starts_with("gpu_")
            && !name.starts_with("linkers_")
            && name != "main.cpp"
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Functions that take functions, which cannot be handed over.
const TAKE_FUNCTIONS: [&str; 2] = ["LGBM_DatasetCreateFromCSRFunc", "LGBM_RegisterLogCallback"];

/// The functions that a header declares, one a line, as `FUNCTION(NAME)`.
fn functions(header: &str) -> String {
    // What is deprecated has its name on the next line.
    let lines = header.lines().zip(header.lines().skip(1).chain([""]));
    let declared = lines.filter(|(line, _)| line.starts_with("LIGHTGBM_C_EXPORT")).filter_map(|(line, next)| {
        let name_in = |line: &'_ str| {
            line.split_once('(')
                .and_then(|(before, _)| before.rsplit([' ', '*']).next()?.strip_prefix("LGBM_").map(str::to_owned))
        };
        name_in(line).or_else(|| name_in(next))
    });
    let mut names: Vec<String> =
        declared.map(|name| format!("LGBM_{name}")).filter(|name| !TAKE_FUNCTIONS.contains(&name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().fold(String::new(), |lines, name| lines + "FUNCTION(" + name + ")\n")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|source| Error::io("read", path, source))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    fs::write(path, text).map_err(|source| Error::io("write", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_in_a_header() {
        let header = "#define LIGHTGBM_C_EXPORT\nLIGHTGBM_C_EXPORT int LGBM_B(int a,\n                  int b);\nLIGHTGBM_C_EXPORT const char* LGBM_A();\n\
                      LIGHTGBM_C_EXPORT int LGBM_RegisterLogCallback(void (*callback)(const char*));\n";
        let deprecated = "LIGHTGBM_C_EXPORT LIGHTGBM_DEPRECATED(\"Use LGBM_A instead.\")\nint LGBM_C(int64_t n,\n";
        assert_eq!(
            functions(&format!("{header}{deprecated}")),
            "FUNCTION(LGBM_A)\nFUNCTION(LGBM_B)\nFUNCTION(LGBM_C)\n"
        );
    }
}
