//! Makes `usual.txt` anew: the interpreter is started with a mark at the beginning of each function, and made to run
//! `runtime/executors/science/usual.py`, which does what pipelines do with the packages. What was called is listed.
//!
//! ```sh
//! WEFT_SCIENCE_PACKAGES=folder cargo nextest run -p weft-science usual --run-ignored all
//! ```
//!
//! The folder is one into which pip installed the executor's requirements. It takes a quarter of an hour. (V8 does the same in two minutes.)

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wasm_encoder::{
    CodeSection, ConstExpr, Encode as _, ExportKind, Function, GlobalType, Instruction, Module, RawSection, ValType,
};
use weft_pipeline::step::SilentObserver;
use weft_sandbox::{Image, Initialization, Initializer, Number};

use crate::sections::{Parts, appended, id, parse};
use crate::{patch, program, stage, wheel};

/// Names of the exported globals that are set where functions begin.
const MARK: &str = "weft mark ";

/// Of the interpreter, of numpy and of what lies below them, everything is listed: the functions before the other packages', and after them.
const PACKAGES: std::ops::Range<usize> = 27_000..86_000;

/// Functions that lie so near between two usual ones are listed as well, which makes the list half as long.
const GAP: usize = 2;

fn executors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../executors")
}

/// A global for each function, and in each function first instructions that set it. (A second memory would do, but the sandbox's pool has no
/// instances with two.)
fn marked(parts: &Parts<'_>) -> Vec<u8> {
    let before = u32::try_from(parts.globals.len()).unwrap();
    let functions = u32::try_from(parts.functions.len()).unwrap();
    let mut module = Module::new();
    for (id, range) in &parts.sections {
        let contents = parts.contents(range);
        match *id {
            id::GLOBAL => {
                let mut global = Vec::new();
                GlobalType { val_type: ValType::I32, mutable: true, shared: false }.encode(&mut global);
                ConstExpr::i32_const(0).encode(&mut global);
                let globals = vec![global; parts.functions.len()];
                module.section(&RawSection { id: *id, data: &appended(contents, &globals).unwrap() });
            }
            id::EXPORT => {
                let exports = (0..functions).map(|at| {
                    let mut export = Vec::new();
                    format!("{MARK}{at}").as_str().encode(&mut export);
                    ExportKind::Global.encode(&mut export);
                    (before + at).encode(&mut export);
                    export
                });
                let data = appended(contents, &exports.collect::<Vec<_>>()).unwrap();
                module.section(&RawSection { id: *id, data: &data });
            }
            id::CODE => {
                let mut code = CodeSection::new();
                for (body, global) in parts.bodies().unwrap().iter().zip(before..) {
                    code.raw(&with_mark(body, global));
                }
                module.section(&code);
            }
            id => _ = module.section(&RawSection { id, data: contents }),
        }
    }
    module.finish()
}

fn with_mark(body: &wasmparser::FunctionBody<'_>, global: u32) -> Vec<u8> {
    let code = body.get_operators_reader().unwrap().original_position() - body.range().start;
    let mut marked = body.as_bytes()[..code].to_vec();
    for instruction in [Instruction::I32Const(1), Instruction::GlobalSet(global)] {
        instruction.encode(&mut marked);
    }
    marked.extend_from_slice(&body.as_bytes()[code..]);
    marked
}

/// Which functions have left their mark.
fn marks(image: &Image, functions: usize) -> Vec<bool> {
    let is_marked = |at: usize| image.globals.get(&format!("{MARK}{at}")) == Some(&Number::I32(1));
    (0..functions).map(is_marked).collect()
}

/// Runs of functions without and with a mark.
fn runs(marks: &[bool]) -> Vec<usize> {
    let mut runs = vec![0];
    let mut is_marked = false;
    for (at, mark) in marks.iter().enumerate() {
        let near = |marks: &[bool]| marks.iter().take(GAP).any(|mark| *mark);
        let between = is_marked && near(&marks[at..]);
        if (*mark || between) != is_marked {
            is_marked = !is_marked;
            runs.push(0);
        }
        *runs.last_mut().unwrap() += 1;
    }
    if !is_marked {
        runs.pop();
    }
    runs
}

#[test]
fn runs_take_short_gaps_in() {
    let marks = |text: &str| text.bytes().map(|mark| mark == b'x').collect::<Vec<_>>();
    assert_eq!(runs(&marks("..xx.x..x")), [2, 4, 2, 1]);
    assert_eq!(runs(&marks("x..")), [0, 1]);
    assert_eq!(runs(&marks("...")), [] as [usize; 0]);
}

#[test]
fn functions_leave_marks_where_they_are_called() {
    let mut function = Function::new([(3, ValType::I32)]);
    function.instructions().nop().end();
    let body = function.into_raw_body();
    let marked_body = with_mark(&wasmparser::FunctionBody::new(wasmparser::BinaryReader::new(&body, 0)), 300);
    assert_eq!(marked_body, [1, 3, 0x7f, 0x41, 1, 0x24, 0xac, 2, 1, 0x0b]);

    let module = program::tests::module();
    let parts = parse(&module).unwrap();
    let root = tempfile::tempdir().unwrap();
    let image = initialized(&marked(&parts), root.path(), &[program::INITIALIZE], &[]);
    assert_eq!(marks(&image, 3), [false, true, false]);
}

fn initialized(module: &[u8], root: &Path, calls: &[&str], tried: &[&str]) -> Image {
    let (memory, time) = (4 << 30, Duration::from_hours(1));
    let how = Initialization { name: "the interpreter", root, calls, tried, own: None, usual: &[], memory, time };
    Initializer::new(None).unwrap().initialize(module, &how, &SilentObserver).unwrap()
}

#[test]
#[ignore = "makes the list anew, which takes a quarter of an hour"]
fn usual_functions_are_listed() {
    let packages = std::env::var_os("WEFT_SCIENCE_PACKAGES").expect("WEFT_SCIENCE_PACKAGES is set");
    let packages = Path::new(&packages);
    let module = patch::apply(&wheel::module(packages).unwrap(), patch::INTEGERS).unwrap();
    let exposed = program::exposed(&parse(&module).unwrap()).unwrap();
    let parts = parse(&exposed).unwrap();
    let traced = marked(&parts);
    let root = tempfile::tempdir().unwrap();
    stage::lay_out(packages, root.path()).unwrap();
    std::fs::copy(executors().join("science/usual.py"), root.path().join("app/start.py")).unwrap();
    for folder in ["functions", "pipelines"] {
        let from = executors().join("../../tests/science").join(folder);
        stage::copy(&from, &root.path().join("corpus").join(folder)).unwrap();
    }
    std::fs::copy(executors().join("science/integers.txt"), root.path().join("corpus/integers.txt")).unwrap();
    // A process ends by `host.call`, which does nothing here, and what comes after that fails.
    let image = initialized(&traced, root.path(), &["_initialize", program::INITIALIZE], &[program::RUN]);
    let mut marks = marks(&image, parts.functions.len());
    marks[..PACKAGES.start].fill(true);
    marks[PACKAGES.end..].fill(true);
    let sizes: Vec<usize> = parts.bodies().unwrap().iter().map(|body| body.range().len()).collect();
    let runs = runs(&marks);
    let (mut at, mut listed, mut code) = (0, 0, 0);
    for (turn, run) in runs.iter().enumerate() {
        if turn % 2 == 1 {
            listed += run;
            code += sizes[at..at + run].iter().sum::<usize>();
        }
        at += run;
    }
    let mut text = format!(
        "# The functions of the patched interpreter that programs usually call: {listed} of {}, {} of {} kB of code. How many are\n\
         # not, how many are, and so on, in the order of the module. Made by runtime/science/src/usual/trace.rs.\n",
        sizes.len(),
        code / 1000,
        sizes.iter().sum::<usize>() / 1000
    );
    for line in runs.chunks(24) {
        let numbers: Vec<String> = line.iter().map(ToString::to_string).collect();
        writeln!(text, "{}", numbers.join(" ")).unwrap();
    }
    std::fs::write(executors().join("science/usual.txt"), text).unwrap();
    let said = std::fs::read_to_string(root.path().join("corpus/failed.txt")).unwrap_or_default();
    assert!(said.is_empty(), "{said}");
}
