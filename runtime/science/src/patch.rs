//! Changes to the functions of one WebAssembly module, told by a text (`integers.patch`, which describes its form).
//!
//! A patch is for one module, byte for byte: its digest is compared first, then that of each function it changes, then the bytes that
//! each change takes away. Nothing is searched for, and nothing is left out: a module comes back with every change made, or an error does.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use wasm_encoder::{CodeSection, Encode, FunctionSection, Module, RawSection, SectionId};
use wasmparser::{BinaryReader, FunctionBody, Parser, Payload};

use crate::wheel;

/// The patch of the interpreter: 64 bits for what stands for Python's integers, and floating-point flags. What it does and why is told in
/// `runtime/executors/science/INTEGERS.md`.
pub(crate) const INTEGERS: &str = include_str!("../../executors/science/integers.patch");

/// Why a module was not patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The patch's text is not of its form.
    #[error("line {line} of the patch cannot be read: {why}")]
    Text {
        /// The line, from 1.
        line: usize,
        /// What was expected.
        why: &'static str,
    },
    /// The module is another one.
    #[error("the patch is for the module with SHA-256 {expected}, this one has {found}")]
    Module {
        /// The digest in the patch.
        expected: String,
        /// The module's.
        found: String,
    },
    /// A function's body, or bytes in it or in memory, are not those that the patch tells.
    #[error("{place} is not as the patch expects")]
    Differs {
        /// What differs.
        place: String,
    },
    /// The module is not WebAssembly.
    #[error("the module cannot be read")]
    Wasm(#[from] wasmparser::BinaryReaderError),
}

/// The module with all of a patch's changes.
pub fn apply(module: &[u8], patch: &str) -> Result<Vec<u8>, PatchError> {
    let patch = Patch::read(patch)?;
    let found = digest(module);
    if found != patch.module {
        return Err(PatchError::Module { expected: patch.module, found });
    }
    let mut imports = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => imports = section.into_imports().count(),
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let mut patched = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::TypeSection(section) => {
                let mut bytes = Vec::new();
                let mut count = section.count();
                for (index, _) in &patch.types {
                    if *index != count {
                        return Err(PatchError::Differs { place: "the number of types".to_owned() });
                    }
                    count += 1;
                }
                count.encode(&mut bytes);
                bytes.extend_from_slice(&module[section.original_position()..section.range().end]);
                bytes.extend(patch.types.iter().flat_map(|(_, bytes)| bytes));
                patched.section(&RawSection { id: SectionId::Type.into(), data: &bytes });
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                for function in section.clone() {
                    functions.function(function?);
                }
                for new in &patch.new {
                    functions.function(new.type_index);
                }
                patched.section(&functions);
            }
            Payload::CodeSectionStart { .. } => {
                patched.section(&patch.code(&bodies, imports)?);
            }
            Payload::DataSection(section) => {
                let mut bytes = module[section.range()].to_vec();
                patch.change_data(section.clone(), &mut bytes)?;
                patched.section(&RawSection { id: SectionId::Data.into(), data: &bytes });
            }
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    patched.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(patched.finish())
}

struct Patch {
    module: String,
    functions: usize,
    /// Function types after all others, as they are encoded.
    types: Vec<(u32, Vec<u8>)>,
    new: Vec<New>,
    changed: BTreeMap<usize, Changed>,
    data: Vec<Edit>,
}

struct New {
    name: String,
    type_index: u32,
    body: Body,
}

enum Body {
    Bytes(Vec<u8>),
    Copy { of: usize, digest: String },
}

struct Changed {
    name: String,
    digest: String,
    how: How,
}

enum How {
    Replace(Vec<u8>),
    Edit(Vec<Edit>),
}

struct Edit {
    at: usize,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Patch {
    fn read(text: &str) -> Result<Self, PatchError> {
        let mut patch = Self {
            module: String::new(),
            functions: 0,
            types: Vec::new(),
            new: Vec::new(),
            changed: BTreeMap::new(),
            data: Vec::new(),
        };
        // What indented lines belong to.
        let mut open: Option<Target> = None;
        for (index, line) in text.lines().enumerate() {
            let line_error = |why| PatchError::Text { line: index + 1, why };
            let words = line.split_whitespace().collect::<Vec<_>>();
            if words.first().is_none_or(|word| word.starts_with('#')) {
                continue;
            }
            if line.starts_with(' ') {
                let target = open.as_ref().ok_or_else(|| line_error("indented, but under nothing"))?;
                patch
                    .indented(target, &words)
                    .ok_or_else(|| line_error("expected bytes, or an offset and twice bytes"))?;
            } else {
                let target = patch.directive(&words).ok_or_else(|| line_error("not a form that is known"))?;
                open = Some(target);
            }
        }
        Ok(patch)
    }

    fn directive(&mut self, words: &[&str]) -> Option<Target> {
        match *words {
            ["module", digest, functions] => {
                digest.clone_into(&mut self.module);
                self.functions = functions.parse().ok()?;
                Some(Target::Nothing)
            }
            ["type", index, bytes] => {
                self.types.push((index.parse().ok()?, hex(bytes)?));
                Some(Target::Nothing)
            }
            ["function", index, name, "type", kind] => {
                self.add(index, name, kind, Body::Bytes(Vec::new()))?;
                Some(Target::New)
            }
            ["copy", index, name, "type", kind, "of", of, digest] => {
                self.add(index, name, kind, Body::Copy { of: of.parse().ok()?, digest: digest.to_owned() })?;
                Some(Target::Nothing)
            }
            ["replace", index, digest, ref name @ ..] => self.change(index, digest, name, How::Replace(Vec::new())),
            ["change", index, digest, ref name @ ..] => self.change(index, digest, name, How::Edit(Vec::new())),
            ["data", address, old, new] => {
                self.data.push(edit(address, old, new)?);
                Some(Target::Nothing)
            }
            _ => None,
        }
    }

    /// A function after all others: its number is what calls of it in the patch go by.
    fn add(&mut self, index: &str, name: &str, kind: &str, body: Body) -> Option<()> {
        let expected = self.functions + self.new.len();
        (index.parse() == Ok(expected)).then_some(())?;
        self.new.push(New { name: name.to_owned(), type_index: kind.parse().ok()?, body });
        Some(())
    }

    fn change(&mut self, index: &str, digest: &str, name: &[&str], how: How) -> Option<Target> {
        let index = index.parse().ok()?;
        let changed = Changed { name: name.join(" "), digest: digest.to_owned(), how };
        self.changed.insert(index, changed).is_none().then_some(Target::Changed(index))
    }

    fn indented(&mut self, target: &Target, words: &[&str]) -> Option<()> {
        match (target, words) {
            (Target::New, [more]) => {
                let Body::Bytes(bytes) = &mut self.new.last_mut()?.body else { return None };
                bytes.extend(hex(more)?);
            }
            (Target::Changed(index), words) => match (&mut self.changed.get_mut(index)?.how, words) {
                (How::Replace(bytes), [more]) => bytes.extend(hex(more)?),
                (How::Edit(edits), [at, old, new]) => edits.push(edit(at, old, new)?),
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }

    fn code(&self, bodies: &[FunctionBody<'_>], imports: usize) -> Result<CodeSection, PatchError> {
        if imports + bodies.len() != self.functions {
            return Err(PatchError::Differs { place: "the number of functions".to_owned() });
        }
        let body = |index: usize, name: &str, expected: &str| {
            let bytes = index.checked_sub(imports).and_then(|index| bodies.get(index)).map(FunctionBody::as_bytes);
            bytes
                .filter(|bytes| digest(bytes) == expected)
                .ok_or_else(|| PatchError::Differs { place: format!("function {index} ({name})") })
        };
        let mut code = CodeSection::new();
        for (place, plain) in bodies.iter().enumerate() {
            let index = imports + place;
            match self.changed.get(&index) {
                None => code.raw(plain.as_bytes()),
                Some(Changed { name, digest, how }) => {
                    let plain = body(index, name, digest)?;
                    match how {
                        How::Replace(bytes) => code.raw(bytes),
                        How::Edit(edits) => code.raw(&edited(plain, edits, &format!("function {index} ({name})"))?),
                    }
                }
            };
        }
        if let Some(index) = self.changed.keys().find(|&&index| index < imports || index >= self.functions) {
            return Err(PatchError::Differs { place: format!("function {index}") });
        }
        for new in &self.new {
            match &new.body {
                Body::Bytes(bytes) => code.raw(bytes),
                Body::Copy { of, digest } => code.raw(body(*of, &new.name, digest)?),
            };
        }
        Ok(code)
    }

    /// Changes the data section's bytes in place.
    fn change_data(&self, section: wasmparser::DataSectionReader<'_>, bytes: &mut [u8]) -> Result<(), PatchError> {
        let start = section.range().start;
        let mut segments = Vec::new();
        for segment in section {
            let segment = segment?;
            let wasmparser::DataKind::Active { memory_index: 0, offset_expr } = segment.kind else { continue };
            let mut address: BinaryReader<'_> = offset_expr.get_binary_reader();
            if address.read_u8()? == 0x41 {
                let address = usize::try_from(address.read_var_i32()?.cast_unsigned()).unwrap_or(usize::MAX);
                segments.push((address, segment.range.end - start - segment.data.len(), segment.data.len()));
            }
        }
        for Edit { at, old, new } in &self.data {
            let differs = || PatchError::Differs { place: format!("memory at {at}") };
            let place = segments.iter().find_map(|&(address, offset, length)| {
                let inside = at.checked_sub(address)?;
                (inside + old.len() <= length).then_some(offset + inside)
            });
            let place = place.ok_or_else(differs)?;
            let bytes = bytes.get_mut(place..place + old.len()).filter(|bytes| *bytes == old.as_slice());
            let bytes = bytes.filter(|_| old.len() == new.len()).ok_or_else(differs)?;
            bytes.copy_from_slice(new);
        }
        Ok(())
    }
}

enum Target {
    Nothing,
    New,
    Changed(usize),
}

/// A body with the changes made, which are in the order of their offsets.
fn edited(plain: &[u8], edits: &[Edit], place: &str) -> Result<Vec<u8>, PatchError> {
    let mut made = Vec::with_capacity(plain.len() + 64);
    let mut read = 0;
    for Edit { at, old, new } in edits {
        let between = plain.get(read..*at);
        let taken = plain.get(*at..at + old.len()).filter(|taken| taken == old);
        let (Some(between), Some(_)) = (between, taken) else {
            return Err(PatchError::Differs { place: format!("{place} at offset {at}") });
        };
        made.extend_from_slice(between);
        made.extend_from_slice(new);
        read = at + old.len();
    }
    made.extend_from_slice(&plain[read..]);
    Ok(made)
}

fn edit(at: &str, old: &str, new: &str) -> Option<Edit> {
    Some(Edit { at: at.parse().ok()?, old: hex(old)?, new: hex(new)? })
}

/// Bytes, two digits each; `-` is none.
fn hex(text: &str) -> Option<Vec<u8>> {
    if text == "-" {
        return Some(Vec::new());
    }
    let digits = text.bytes().map(|digit| char::from(digit).to_digit(16)).collect::<Option<Vec<_>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().filter_map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect())
}

fn digest(bytes: &[u8]) -> String {
    wheel::hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ConstExpr, DataSection, Function, FunctionSection, MemorySection, MemoryType, Module, TypeSection,
        ValType,
    };

    use super::{PatchError, apply, digest};

    /// A memory that holds "abcd" at 16, and a function that answers 7.
    fn module() -> (Vec<u8>, Vec<u8>) {
        let (mut types, mut functions, mut memories) =
            (TypeSection::new(), FunctionSection::new(), MemorySection::new());
        types.ty().function([], [ValType::I32]);
        functions.function(0);
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut function = Function::new([]);
        function.instructions().i32_const(7).end();
        let body = function.clone().into_raw_body();
        let (mut code, mut data) = (CodeSection::new(), DataSection::new());
        code.function(&function);
        data.active(0, &ConstExpr::i32_const(16), *b"abcd");
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&code).section(&data);
        (module.finish(), body)
    }

    fn patched(patch: &str) -> Result<Vec<u8>, String> {
        let (module, body) = module();
        let patch = patch.replace("MODULE", &digest(&module)).replace("BODY", &digest(&body));
        apply(&module, &patch).map_err(|error| error.to_string())
    }

    #[test]
    fn changes_bodies_adds_functions_and_changes_memory() {
        let made = patched(
            "# a comment\nmodule MODULE 1\ntype 1 6000017e\nfunction 1 other type 1\n  0042\n  090b\ncopy 2 before type 0 of 0 BODY\n\
             change 0 BODY seven\n  # i32.const 7 -> call 1, i32.wrap_i64\n  1 4107 108180808000a7\ndata 17 6263 7a7a\n",
        );
        let made = made.unwrap();
        wasmparser::validate(&made).unwrap();
        let bodies = wasmparser::Parser::new(0).parse_all(&made).filter_map(|payload| match payload.unwrap() {
            wasmparser::Payload::CodeSectionEntry(body) => Some(body.as_bytes().to_vec()),
            _ => None,
        });
        let expected: [&[u8]; 3] = [b"\x00\x10\x81\x80\x80\x80\x00\xa7\x0b", b"\x00\x42\x09\x0b", b"\x00\x41\x07\x0b"];
        assert_eq!(bodies.collect::<Vec<_>>(), expected);
        assert!(made.ends_with(b"azzd"));
    }

    #[test]
    fn refuses_what_differs() {
        for (patch, error) in [
            ("module 00 1\n", "the patch is for the module with SHA-256 00"),
            ("module MODULE 2\n", "the number of functions is not as the patch expects"),
            ("module MODULE 1\nchange 0 00 seven\n  1 4107 4108\n", "function 0 (seven) is not"),
            ("module MODULE 1\nchange 0 BODY seven\n  1 4106 4108\n", "function 0 (seven) at offset 1 is not"),
            ("module MODULE 1\nchange 0 BODY seven\n  9 41 4108\n", "function 0 (seven) at offset 9 is not"),
            ("module MODULE 1\nchange 5 BODY five\n  1 4107 4108\n", "function 5 is not"),
            ("module MODULE 1\ncopy 1 other type 0 of 3 BODY\n", "function 3 (other) is not"),
            ("module MODULE 1\ntype 2 600000\n", "the number of types is not"),
            ("module MODULE 1\ndata 17 6264 7a7a\n", "memory at 17 is not"),
            ("module MODULE 1\ndata 19 6465 7a7a\n", "memory at 19 is not"),
            ("module MODULE 1\ndata 17 6263 7a\n", "memory at 17 is not"),
            ("module MODULE 1\nfunction 2 other type 0\n", "line 2 of the patch cannot be read"),
            ("module MODULE 1\nchange 0 BODY seven\n  1 410 4108\n", "line 3 of the patch cannot be read"),
            ("  00\n", "line 1 of the patch cannot be read"),
        ] {
            let told = patched(patch).unwrap_err();
            assert!(told.starts_with(error), "{patch}: {told}");
        }
    }

    #[test]
    fn tells_of_what_is_no_module() {
        let patch = format!("module {} 0\n", digest(b"\0asm no"));
        assert!(matches!(apply(b"\0asm no", &patch), Err(PatchError::Wasm(_))));
    }
}
