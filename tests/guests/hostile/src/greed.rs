//! Asking for too much.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::weft::component::types::Value;
use crate::{Dataset, Error, OneDataset, Survived, opaque, survived};

const PAGE: usize = 4096;

pub fn hog(bytes: u64) -> Survived {
    let mut block: Vec<u8> = Vec::with_capacity(usize::try_from(bytes).unwrap_or(isize::MAX as usize));
    block.resize(block.capacity(), 1);
    survived(format!("has {} bytes", opaque(block).len()))
}

pub fn ask(bytes: u64) -> Survived {
    let mut block: Vec<u8> = Vec::new();
    let length = usize::try_from(bytes).unwrap_or(isize::MAX as usize);
    match block.try_reserve_exact(length) {
        Ok(()) => survived(format!("was given {} bytes", opaque(block).capacity())),
        Err(error) => survived(format!("was refused: {error}")),
    }
}

pub fn hog_slowly(bytes: u64) -> Survived {
    let mut blocks = Vec::new();
    let mut held = 0;
    while held < bytes {
        let mut block = vec![0_u8; 16 << 20];
        for page in block.chunks_mut(PAGE) {
            page[0] = opaque(1);
        }
        held += block.len() as u64;
        blocks.push(block);
    }
    survived(format!("has {held} bytes in {} blocks", opaque(blocks).len()))
}

pub fn flood(chunk: u64) -> OneDataset {
    let data = Dataset::new();
    let bytes = vec![b'~'; chunk as usize];
    // What the host answers is of no interest to it: it goes on.
    loop {
        if opaque(data.append(&bytes)).is_err() && opaque(false) {
            return OneDataset { data };
        }
    }
}

fn path(data: &Dataset) -> Result<PathBuf, String> {
    data.path().map(PathBuf::from).ok_or_else(|| "the artifact has no path".to_owned())
}

pub fn flood_path() -> Result<OneDataset, String> {
    let data = Dataset::new();
    let mut file = fs::File::create(path(&data)?).map_err(|error| error.to_string())?;
    let bytes = vec![b'~'; 1 << 20];
    loop {
        file.write_all(&bytes).map_err(|error| error.to_string())?;
    }
}

pub fn flood_path_far(offset: u64) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let mut file = fs::File::create(path(&data)?).map_err(|error| error.to_string())?;
    file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
    file.write_all(b"far").map_err(|error| error.to_string())?;
    drop(file);
    Ok(OneDataset { data })
}

pub fn flood_files() -> Result<OneDataset, String> {
    let data = Dataset::new();
    let path = path(&data)?;
    fs::create_dir_all(&path).map_err(|error| error.to_string())?;
    for count in 0_u64.. {
        fs::write(path.join(count.to_string()), b"").map_err(|error| format!("after {count} files: {error}"))?;
    }
    Ok(OneDataset { data })
}

pub fn many_handles() -> Survived {
    let mut kept = Vec::new();
    loop {
        kept.push(Dataset::new());
        if opaque(kept.len()) == usize::MAX {
            return survived("kept them all");
        }
    }
}

pub fn many_dropped() -> Survived {
    for _ in 0_u64.. {
        // Each one holds something, so that making it costs the host something too.
        let dropped = Dataset::new();
        let _ = opaque(dropped.append(b"soon gone"));
    }
    survived("dropped them all")
}

pub fn many_entries() -> OneDataset {
    let data = Dataset::new();
    for count in 0_u64.. {
        data.create(&format!("{count}/{count}/{count}")).expect("there is always room for one more");
    }
    OneDataset { data }
}

pub fn many_files() -> OneDataset {
    let data = Dataset::new();
    let mut kept = vec![data.create("one").expect("the directory is empty")];
    loop {
        kept.push(data.open("one").expect("it was opened before"));
        if opaque(kept.len()) == usize::MAX {
            return OneDataset { data };
        }
    }
}

pub fn many_properties() -> Result<OneDataset, Error> {
    let data = Dataset::new();
    for count in 0_u64.. {
        data.set_property(&format!("property-{count}"), &Value::String("x".repeat(1000)))?;
    }
    Ok(OneDataset { data })
}

pub fn long_property(bytes: u64) -> Result<OneDataset, Error> {
    let data = Dataset::new();
    data.set_property("long", &Value::String("x".repeat(bytes as usize)))?;
    Ok(OneDataset { data })
}
