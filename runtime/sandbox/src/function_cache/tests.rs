use wasm_encoder::{
    BlockType, CodeSection, Component, EntityType, Function, FunctionSection, ImportSection, Module, ModuleSection,
    TypeSection, ValType,
};
use wasmtime::component::Component as Compiled;

use super::*;
use crate::engine;

const ENGINE: u64 = 7;

/// Functions of these sizes, with distinct keys.
fn functions(sizes: &[(u8, usize)]) -> HashMap<Key, Vec<u8>> {
    sizes.iter().map(|(key, size)| ([*key; KEY_LENGTH], vec![*key; *size])).collect()
}

/// Compiles something with these functions. Returns the keys of those that were not in the cache.
fn compile(shared: &FunctionCache, packs: PackDirectory<'_>, functions: &HashMap<Key, Vec<u8>>) -> Vec<u8> {
    let compiled = shared.compile_with(packs, true, || {
        let mut compiled = Vec::new();
        for (key, value) in functions {
            if let Some(found) = shared.get(key) {
                assert_eq!(found, value.as_slice());
            } else {
                assert!(shared.insert(key, value.clone()));
                compiled.push(key[0]);
            }
        }
        Ok::<_, ()>(compiled)
    });
    let mut compiled = compiled.unwrap();
    compiled.sort_unstable();
    compiled
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        files(directory).unwrap().map(|(path, ..)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_one_compiled_the_next_finds_in_another_process_too() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let first = FunctionCache::default();
    assert_eq!(compile(&first, packs, &functions(&[(1, 100), (2, 0), (3, 70_000)])), [1, 2, 3]);
    assert_eq!(compile(&first, packs, &functions(&[(2, 0), (3, 70_000), (4, 5)])), [4]);
    assert_eq!(names(folder.path()).len(), 2, "one file for each component");
    let second = FunctionCache::default();
    assert_eq!(compile(&second, packs, &functions(&[(1, 100), (3, 70_000), (4, 5)])), [0u8; 0]);
    assert_eq!(names(folder.path()).len(), 2, "nothing new is not written");
}

#[test]
fn between_compilations_nothing_is_known_or_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let shared = FunctionCache::default();
    compile(&shared, packs, &functions(&[(1, 1)]));
    assert_eq!(shared.get(&[1; KEY_LENGTH]), None);
    assert!(!shared.insert(&[2; KEY_LENGTH], vec![0]));
    assert!(shared.loaded.read().unwrap().is_none());
}

#[test]
fn what_failed_to_compile_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let shared = FunctionCache::default();
    let failed: Result<(), &str> = shared.compile_with(packs, true, || {
        shared.insert(&[1; KEY_LENGTH], vec![1]);
        Err("malformed")
    });
    assert_eq!(failed, Err("malformed"));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn damage_anywhere_in_a_pack_drops_it() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let whole = pack(packs, &functions(&[(1, 3), (2, 2)]));
    assert_eq!(read(packs, &whole).unwrap().len(), 2);
    let path = folder.path().join("a.functions");
    let shared = FunctionCache::default();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(read(packs, &changed).is_none(), "a bit of byte {at}");
        assert!(read(packs, &whole[..at]).is_none(), "{at} bytes");
    }
    for damaged in [&whole[..whole.len() - 1], &whole[..HEADER_LENGTH], &[]] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(compile(&shared, packs, &functions(&[(1, 3)])), [1]);
        assert!(!path.exists());
        fs::remove_file(&list(folder.path()).unwrap()[0].0).unwrap();
    }
}

#[test]
fn lengths_that_lead_out_of_a_pack_are_damage_even_with_the_right_checksum() {
    let packs = PackDirectory { directory: Path::new(""), engine: ENGINE };
    for (length, code) in [(u32::MAX, 3), (4, 3), (2, 3)] {
        let mut body = vec![1; KEY_LENGTH];
        body.extend(length.to_le_bytes());
        body.extend(vec![0; code]);
        let bytes = [MAGIC, checksum(packs, &body).as_bytes(), &body].concat();
        assert!(read(packs, &bytes).is_none(), "{length} of {code}");
    }
}

#[test]
fn packs_of_another_engine_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    compile(&FunctionCache::default(), packs, &functions(&[(1, 3)]));
    let other = PackDirectory { engine: ENGINE + 1, ..packs };
    assert_eq!(compile(&FunctionCache::default(), other, &functions(&[(1, 3)])), [1]);
}

#[test]
fn the_packs_unused_for_longest_go_first_and_so_does_what_was_never_finished() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    for (name, hours) in
        [("a.functions", 3), ("b.functions", 1), ("c.functions", 2), (".1-a", 2), (".2-a", 0), ("d.cwasm", 9)]
    {
        let path = folder.path().join(name);
        fs::write(&path, [0; 10]).unwrap();
        let file = File::options().append(true).open(&path).unwrap();
        file.set_modified(now - Duration::from_hours(hours)).unwrap();
    }
    prune(folder.path(), 20).unwrap();
    assert_eq!(names(folder.path()), [".2-a", "b.functions", "c.functions", "d.cwasm"]);
}

#[test]
fn a_pack_that_is_used_becomes_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let shared = FunctionCache::default();
    compile(&shared, packs, &functions(&[(1, 3)]));
    let first = list(folder.path()).unwrap()[0].0.clone();
    compile(&shared, packs, &functions(&[(2, 3)]));
    for (path, ..) in list(folder.path()).unwrap() {
        let old = SystemTime::now() - Duration::from_hours(if path == first { 9 } else { 8 });
        File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
    }
    compile(&shared, packs, &functions(&[(1, 3)]));
    assert_eq!(list(folder.path()).unwrap()[0].0, first);
}

#[test]
fn no_more_is_remembered_than_fits_into_a_pack() {
    let mut loaded = LoadedPacks { max_new: MAX_PACK, ..LoadedPacks::default() };
    assert!(loaded.insert([1; KEY_LENGTH], vec![0; MAX_PACK / 2]));
    assert!(loaded.insert([2; KEY_LENGTH], vec![0; MAX_PACK / 4]));
    assert!(!loaded.insert([3; KEY_LENGTH], vec![0; MAX_PACK / 2]));
    assert!(loaded.insert([4; KEY_LENGTH], vec![0; 10]));
    let packs = PackDirectory { directory: Path::new(""), engine: ENGINE };
    assert!(pack(packs, &loaded.new).len() <= MAX_PACK);
}

#[test]
fn several_at_once_each_see_whole_packs() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Each with its own cache, as in several processes.
            scope.spawn(|| {
                let shared = FunctionCache::default();
                for key in 0..20 {
                    compile(&shared, packs, &functions(&[(key, 5000), (100, 9)]));
                }
            });
        }
    });
    assert_eq!(compile(&FunctionCache::default(), packs, &functions(&[(5, 5000), (100, 9), (200, 1)])), [200]);
    assert!(names(folder.path()).iter().all(|name| !name.starts_with('.')));
}

/// A component of one module with a function for each number, after `imports` imported ones.
fn component(imports: u32, numbers: std::ops::Range<i32>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let mut imported = ImportSection::new();
    for nth in 0..imports {
        imported.import("host", &format!("f{nth}"), EntityType::Function(0));
    }
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for number in numbers {
        functions.function(0);
        let mut function = Function::new([]);
        let mut code_of = function.instructions();
        // Counts down, and calls the first of the module's own functions.
        code_of.loop_(BlockType::Empty).local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end();
        code_of.i32_const(number).call(imports).i32_const(number).i32_mul().end();
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&imported).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

#[test]
fn code_found_is_the_code_that_would_be_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let packs = PackDirectory { directory: folder.path(), engine: ENGINE };
    let sizes = || list(folder.path()).unwrap().into_iter().map(|(.., bytes)| bytes).collect::<Vec<_>>();
    let (one, other) = (component(0, 1000..1200), component(3, 990..1200));
    let shared = engine::start(false).unwrap();
    shared.functions.compile_with(packs, true, || Compiled::from_binary(&shared.engine, &one)).unwrap();
    let first = sizes()[0];
    // As in another process.
    let shared = engine::start(false).unwrap();
    let found = shared.functions.compile_with(packs, true, || Compiled::from_binary(&shared.engine, &other)).unwrap();
    let both: u64 = sizes().iter().sum();
    assert!(both - first < first / 2, "{both} bytes of functions are far more than {first}");
    let fresh = Compiled::from_binary(&engine::start(false).unwrap().engine, &other).unwrap();
    assert!(found.serialize().unwrap() == fresh.serialize().unwrap());
}
