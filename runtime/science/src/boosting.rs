//! The library of the executor `boosting`: LightGBM and XGBoost, whose C++ is compiled for the sandbox where the executor is built, by the compiler
//! that the wheel `ziglang` holds. Their packages of Python are their own.
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

/// What pip installs beside the interpreter: the compiler, as it is for any of these machines.
pub(crate) const COMPILER: &str = "\
ziglang==0.17.1 --hash=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54 \
--hash=sha256:b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e --hash=sha256:d65ae4223b0c351cb3b4596262b8d9773acc9ca94ef8ea9b5fe3ddfa07dd204f \
--hash=sha256:09953b6af7f64168b915180a42774f520f92d86ef6331b28e33915c7e1f0bb23 --hash=sha256:4e0b4b9c02b8d0d220e9948010f860b62ff11d96abb39762eca5fa2ef3f7bc97
";

/// What pip downloads as sources, and does not build.
pub(crate) const SOURCES: &str = "\
lightgbm==4.7.0 --hash=sha256:f8e20f682c9aabd000bcf4a7ed8aa6f473c1adfecccae34ec24e823d156f4af0
xgboost==3.4.1 --hash=sha256:6968a4c71efdfa859df0dfcad0d99211c95c28c4ffd6aecff46efff77d18026a
";

/// What is compiled.
struct Library {
    /// Its package of Python, and what its own file here is called.
    name: &'static str,
    /// The folder that its archive is unpacked to.
    folder: &'static str,
    /// Folders of sources.
    sources: &'static [&'static str],
    /// What the names of sources end with.
    ending: &'static str,
    /// How names of files and folders begin that are left out: for other processors, other machines, or programs.
    left_out: &'static [&'static str],
    /// Folders of headers.
    headers: &'static [&'static str],
    /// Files that declare the functions, and what their declarations begin with.
    declared_in: &'static [&'static str],
    declaration: &'static str,
    /// How names of functions begin, and functions that take functions, which cannot be handed over.
    prefix: &'static str,
    take_functions: &'static [&'static str],
    options: &'static str,
}

const LIBRARIES: [Library; 2] = [
    Library {
        name: "lightgbm",
        folder: "lightgbm-4.7.0",
        sources: &["src"],
        ending: ".cpp",
        left_out: &["cuda", "gpu_", "linkers_", "main.cpp"],
        headers: &[
            "include",
            "src",
            "external_libs/eigen",
            "external_libs/fmt/include",
            "external_libs/fast_double_parser/include",
            "external_libs/nanoarrow/src",
        ],
        declared_in: &["include/LightGBM/c_api.h"],
        declaration: "LIGHTGBM_C_EXPORT",
        prefix: "LGBM_",
        take_functions: &["LGBM_DatasetCreateFromCSRFunc", "LGBM_RegisterLogCallback"],
        options: "-std=c++17 -include platform.h -DEIGEN_MPL2_ONLY -DEIGEN_DONT_PARALLELIZE",
    },
    Library {
        name: "xgboost",
        folder: "xgboost-3.4.1",
        sources: &["cpp_src/src", "cpp_src/dmlc-core/src"],
        ending: ".cc",
        // The last two are in `xgboost.cpp`.
        left_out: &["s3_filesys", "azure_filesys", "hdfs_filesys", "host_device_vector", "loop.cc"],
        headers: &["cpp_src/include", "cpp_src/dmlc-core/include", "cpp_src/src"],
        declared_in: &[
            "cpp_src/src/c_api/c_api.cc",
            "cpp_src/src/c_api/coll_c_api.cc",
            "cpp_src/src/c_api/c_api_error.cc",
        ],
        declaration: "XGB_DLL",
        prefix: "XG",
        take_functions: &[
            "XGBRegisterLogCallback",
            "XGDMatrixCreateFromCallback",
            "XGDMatrixCreateFromDataIter",
            "XGExtMemQuantileDMatrixCreateFromCallback",
            "XGQuantileDMatrixCreateFromCallback",
        ],
        options: "-std=c++17 -Wno-c++11-narrowing -include system.h -include platform.h -DDMLC_ENABLE_STD_THREAD=0 -DDMLC_USE_FOPEN64=0 -DDMLC_LOG_STACK_TRACE=0 \
                  -DDMLC_LOG_CUSTOMIZE=1 -DDMLC_CMAKE_LITTLE_ENDIAN=1 -DDMLC_USE_HDFS=0 -DDMLC_USE_S3=0 -DDMLC_USE_AZURE=0 \
                  -DXGBOOST_BUILTIN_PREFETCH_PRESENT=1",
    },
];

macro_rules! files {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("../../executors/boosting/", $name))),)*] };
}

/// Ours of the library: paths below `runtime/executors/boosting`, and texts.
pub(crate) const FILES: [(&str, &str); 8] = files!["exception.s" "library.cpp" "library.h" "lightgbm.cpp" "nanoarrow/nanoarrow_config.h" "platform.h" "system.h" "xgboost.cpp"];

/// What every source is compiled with: exceptions as WebAssembly has them today.
const EXCEPTIONS: &str = "--target=wasm32-wasi -O2 -g0 -w -msimd128 -fwasm-exceptions -Xclang -exception-model=wasm -Xclang -target-feature -Xclang \
                          +exception-handling -mllvm -wasm-enable-eh -mllvm -wasm-use-legacy-eh=false";

/// What throws and catches: files of libc++abi.
const THROWING: &str = "abort_message cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_guard cxa_handlers cxa_personality cxa_vector cxa_virtual \
                        fallback_malloc private_typeinfo stdlib_exception stdlib_new_delete stdlib_stdexcept stdlib_typeinfo";

/// What they are compiled with.
const RUNTIME: &str = "-std=c++23 -D_LIBCXXABI_BUILDING_LIBRARY -D_LIBCPP_BUILDING_LIBRARY -D_LIBCXXABI_HAS_NO_THREADS -D_LIBUNWIND_HAS_NO_THREADS \
                       -D_LIBUNWIND_HIDE_SYMBOLS -DLIBCXXABI_NON_DEMANGLING_TERMINATE -DNDEBUG";

/// What libc++ has of files, which Zig leaves out.
const FILE_SYSTEM: [&str; 3] = ["filesystem_error", "operations", "path"];

/// Zig's own libraries, which it compiles when they are first linked.
const ARCHIVES: [&str; 4] = ["libc++.a", "libc.a", "libzigc.a", "libcompiler_rt.a"];

/// The library's stack, bytes.
const STACK: u64 = 4 << 20;

/// Compiles the library's module. `packages` holds the compiler, `sources` the unpacked sources, `work` is an empty folder; `tell` is called with how many
/// files are compiled, of how many.
pub(crate) fn compile(
    packages: &Path,
    sources: &Path,
    work: &Path,
    observer: &dyn StepObserver,
    tell: &dyn Fn(usize, usize),
) -> Result<Vec<u8>> {
    for (name, text) in FILES {
        write(&work.join(name), text)?;
    }
    let compiler = Compiler::new(&packages.join("ziglang"), work);
    let mut units = vec![Unit::new("library.cpp".into(), [EXCEPTIONS, "-std=c++17 -include platform.h"], &[])];
    for library in &LIBRARIES {
        units.extend(library.units(sources, work)?);
    }
    for name in ["array", "array_stream", "schema", "utils"] {
        let nanoarrow = LIBRARIES[0].root(sources)?.join("external_libs/nanoarrow/src");
        let headers = ["-I.".to_owned(), format!("-I{}", nanoarrow.display())];
        units.push(Unit::new(nanoarrow.join(format!("nanoarrow/common/{name}.c")), [EXCEPTIONS, ""], &headers));
    }
    let headers = ["libcxxabi/include", "libcxxabi/src", "libcxx/src", "libunwind/include"];
    let headers = headers.map(|folder| format!("-I{}", compiler.library(folder).display()));
    for name in THROWING.split_whitespace() {
        let source = compiler.library(&format!("libcxxabi/src/{name}.cpp"));
        units.push(Unit::new(source, [EXCEPTIONS, RUNTIME], &headers));
    }
    for name in FILE_SYSTEM {
        let source = compiler.library(&format!("libcxx/src/filesystem/{name}.cpp"));
        let options = format!("{RUNTIME} -include system.h -include platform.h");
        units.push(Unit::new(source, [EXCEPTIONS, &options], &headers));
    }
    let unwinding = RUNTIME.trim_start_matches("-std=c++23");
    units.push(Unit::new(compiler.library("libunwind/src/Unwind-wasm.c"), [EXCEPTIONS, unwinding], &headers));
    units.push(Unit::new("exception.s".into(), ["--target=wasm32-wasi -mexception-handling", ""], &[]));
    let objects = compiler.compile(&units, observer, tell)?;
    let archives = compiler.libraries(&ARCHIVES)?;
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

/// Copies the packages that call the libraries to where the interpreter finds them.
pub(crate) fn lay_out(sources: &Path, site: &Path) -> Result<()> {
    for library in &LIBRARIES {
        let to = site.join(library.name);
        stage::copy(&library.root(sources)?.join(library.name), &to)?;
        // They look for a file beside themselves.
        let path = to.join("libpath.py");
        fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
    }
    Ok(())
}

impl Library {
    /// Its sources, among all that were unpacked.
    fn root(&self, sources: &Path) -> Result<PathBuf> {
        let folder = sources.join(self.folder);
        if folder.is_dir() { Ok(folder) } else { Err(Error::compiler(format!("there is no `{}`", folder.display()))) }
    }

    /// Its sources and our own file for it, for which its functions are listed.
    fn units(&self, sources: &Path, work: &Path) -> Result<Vec<Unit>> {
        let root = self.root(sources)?;
        let declarations = self.declared_in.iter().map(|file| read(&root.join(file))).collect::<Result<String>>()?;
        write(&work.join(format!("{}_functions.h", self.name)), &self.functions(&declarations))?;
        // Messages name places in sources.
        let names = format!("-ffile-prefix-map={}/=", root.display());
        let headers = self.headers.iter().map(|folder| format!("-I{}", root.join(folder).display()));
        let headers: Vec<String> = ["-I.".to_owned(), names].into_iter().chain(headers).collect();
        let mut files = vec![PathBuf::from(format!("{}.cpp", self.name))];
        for folder in self.sources {
            self.find(&root.join(folder), &mut files)?;
        }
        Ok(files.into_iter().map(|source| Unit::new(source, [EXCEPTIONS, self.options], &headers)).collect())
    }

    fn find(&self, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|source| Error::io("read", folder, source))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if self.left_out.iter().any(|beginning| name.starts_with(beginning)) {
                continue;
            }
            if path.is_dir() {
                self.find(&path, found)?;
            } else if name.ends_with(self.ending) {
                found.push(path);
            }
        }
        Ok(())
    }

    /// The functions that are declared, one a line, as `FUNCTION(NAME)`.
    fn functions(&self, declarations: &str) -> String {
        // What is deprecated has its name on the next line.
        let lines = declarations.lines().zip(declarations.lines().skip(1).chain([""]));
        let name_in = |line: &str| {
            let (before, _) = line.split_once('(')?;
            before.rsplit([' ', '*']).next().filter(|name| name.starts_with(self.prefix)).map(str::to_owned)
        };
        let declared = lines.filter(|(line, _)| line.starts_with(self.declaration));
        let mut names: Vec<String> = declared
            .filter_map(|(line, next)| name_in(line).or_else(|| name_in(next)))
            .filter(|name| !self.take_functions.contains(&name.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.iter().fold(String::new(), |lines, name| lines + "FUNCTION(" + name + ")\n")
    }
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
            LIBRARIES[0].functions(&format!("{header}{deprecated}")),
            "FUNCTION(LGBM_A)\nFUNCTION(LGBM_B)\nFUNCTION(LGBM_C)\n"
        );
    }
}
