//! What a component may hold to be compiled, counted in its binary.

use wasmparser::{FunctionBody, Operator, Parser, Payload};

use super::CompileLimits;

/// Bytes of one function's body.
const MAX_BODY: usize = 1 << 20;

/// Blocks of one function: 65,000 take 40 seconds on one core.
const MAX_BLOCKS: u64 = 1 << 16;

/// Loops of one function. Time goes with more than their square: 21,800 took four and a half minutes, these some ten seconds.
const MAX_LOOPS: u64 = 1 << 12;

/// Variables of one function times its blocks: the compiler keeps what each variable is in each block. 43 million took more
/// than a minute and 2 GB, these 20 seconds and 600 MB.
const MAX_STATES: u64 = 1 << 24;

/// Places of one function where an exception may come up times the handlers that are around each: what is compiled of each place lists them.
/// C++ has thousands.
const MAX_HANDLERS: u64 = 1 << 18;

/// Functions of all modules together.
const MAX_FUNCTIONS: u64 = 500_000;

/// Modules and components, of any depth.
const MAX_MODULES: u64 = 1_000;

/// Functions that are passed between modules and components, for each of which the compiler writes an adapter.
const MAX_ADAPTERS: u64 = 20_000;

/// Memory that stays with each compiled function, whatever it holds: 200,000 empty ones took 1.1 GB.
const PER_FUNCTION: u64 = 6 << 10;

/// Memory that stays with each byte of code.
const PER_BYTE: u64 = 40;

/// Memory that is needed for each block of the function that is being compiled: 240,000 took 1.2 GB.
const PER_BLOCK: u64 = 6 << 10;

/// Memory that is needed for each handler at each place where an exception may come up.
const PER_HANDLER: u64 = 256;

/// Memory that is needed for each of its variables in each of its blocks.
const PER_STATE: u64 = 48;

#[derive(Default)]
struct Counts {
    modules: u64,
    functions: u64,
    code: u64,
    adapters: u64,
    /// Memory for the largest function while it is compiled.
    largest: u64,
}

/// What compiling something takes, within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// How many of its functions may be compiled at the same time.
    pub(crate) threads: usize,
    /// Bytes of WebAssembly code.
    pub(crate) code: u64,
}

/// Checks a validated component or module.
///
/// # Errors
///
/// What is too large, and the bound.
pub(crate) fn check(binary: &[u8], limits: &CompileLimits) -> Result<Cost, String> {
    let invalid = |error: wasmparser::BinaryReaderError| format!("it is invalid: {error}");
    let mut counts = Counts::default();
    // Of the module that is being read: parameters of its types, types of its functions.
    let (mut parameters, mut types) = (Vec::new(), Vec::new().into_iter());
    for payload in Parser::new(0).parse_all(binary) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                counts.modules += 1;
                parameters.clear();
            }
            Payload::ComponentCanonicalSection(section) => counts.adapters += u64::from(section.count()),
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    parameters.push(ty.map_err(invalid)?.params().len() as u64);
                }
            }
            Payload::FunctionSection(section) => {
                types = section.into_iter().collect::<Result<Vec<_>, _>>().map_err(invalid)?.into_iter();
            }
            Payload::CodeSectionEntry(body) => {
                counts.functions += 1;
                counts.code += body.range().len() as u64;
                let ty = types.next().and_then(|ty| parameters.get(ty as usize));
                let memory = check_function(&body, ty.copied().unwrap_or_default())
                    .map_err(|why| format!("its function {} {why}", counts.functions))?;
                counts.largest = counts.largest.max(memory);
            }
            _ => {}
        }
    }
    let memory = counts.functions * PER_FUNCTION + counts.code * PER_BYTE;
    for (count, most, what) in [
        (counts.modules, MAX_MODULES, "modules"),
        (counts.functions, MAX_FUNCTIONS, "functions"),
        (counts.adapters, MAX_ADAPTERS, "functions passed between its parts"),
    ] {
        if count > most {
            return Err(format!("it has {count} {what}; at most {most} are compiled"));
        }
    }
    if memory + counts.largest > limits.memory {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        return Err(format!(
            "compiling its {} functions would take some {} MiB of memory, of which it may take {}",
            counts.functions,
            mib(memory + counts.largest),
            mib(limits.memory)
        ));
    }
    let at_once = (limits.memory - memory) / counts.largest.max(1);
    Ok(Cost { threads: usize::try_from(at_once).unwrap_or(usize::MAX), code: counts.code })
}

/// The memory that it takes to compile one function. `parameters` are those of its type.
fn check_function(body: &FunctionBody<'_>, parameters: u64) -> Result<u64, String> {
    let size = body.range().len();
    if size > MAX_BODY {
        return Err(format!("has {size} bytes of code; at most {MAX_BODY} are compiled"));
    }
    let invalid = |error: wasmparser::BinaryReaderError| format!("is invalid: {error}");
    let mut variables = parameters;
    for local in body.get_locals_reader().map_err(invalid)? {
        variables += u64::from(local.map_err(invalid)?.0);
    }
    let (mut blocks, mut loops) = (1, 0);
    // The handlers around what is read, and around each block that is open.
    let (mut around, mut open) = (0, Vec::new());
    let mut handlers = 0;
    for operator in body.get_operators_reader().map_err(invalid)? {
        let operator = operator.map_err(invalid)?;
        match &operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => open.push(around),
            Operator::TryTable { try_table } => {
                open.push(around);
                around += try_table.catches.len() as u64;
            }
            Operator::End => around = open.pop().unwrap_or_default(),
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef => handlers += around,
            _ => {}
        }
        blocks += match operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Else | Operator::BrIf { .. } => 1,
            // Its head and its body.
            Operator::Loop { .. } => {
                loops += 1;
                2
            }
            Operator::BrTable { targets } => u64::from(targets.len()),
            Operator::TryTable { try_table } => 1 + try_table.catches.len() as u64,
            _ => 0,
        };
    }
    if handlers > MAX_HANDLERS {
        return Err(format!(
            "has exception handlers around calls {handlers} times; at most {MAX_HANDLERS} are compiled"
        ));
    }
    if blocks > MAX_BLOCKS {
        return Err(format!("has {blocks} blocks; at most {MAX_BLOCKS} are compiled"));
    }
    if loops > MAX_LOOPS {
        return Err(format!("has {loops} loops; at most {MAX_LOOPS} are compiled"));
    }
    if variables * blocks > MAX_STATES {
        return Err(format!(
            "has {variables} variables in {blocks} blocks; what is compiled has at most {MAX_STATES} of the one times the other"
        ));
    }
    Ok(blocks * PER_BLOCK + variables * blocks * PER_STATE + handlers * PER_HANDLER)
}
