//! `c-bindgen WIT-DIR WORLD OUT-DIR` writes `WORLD.h`, `WORLD.c` and `WORLD_component_type.o`: what `wit-bindgen c` writes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wit_bindgen_c::Opts;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wit, world, out] = arguments.as_slice() else { bail!("usage: c-bindgen WIT-DIR WORLD OUT-DIR") };
    generate(Path::new(wit), world, &PathBuf::from(out))
}

fn generate(wit: &Path, world: &str, out: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    Opts::default().build().generate(&mut resolve, world, &mut files)?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for (name, content) in files.iter() {
        let path = out.join(name);
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
