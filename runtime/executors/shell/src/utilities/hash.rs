//! Checksums and `base64`.

use std::io::{Read, Write};

use base64::Engine;
use sha2::Digest;

use super::{Failure, Io, Outcome, next_line, options};
use crate::stream::Input;

pub fn md5sum(io: &mut Io, arguments: &[String]) -> Outcome {
    sum::<md5::Md5>(io, arguments)
}

pub fn sha1sum(io: &mut Io, arguments: &[String]) -> Outcome {
    sum::<sha1::Sha1>(io, arguments)
}

pub fn sha256sum(io: &mut Io, arguments: &[String]) -> Outcome {
    sum::<sha2::Sha256>(io, arguments)
}

pub fn sha512sum(io: &mut Io, arguments: &[String]) -> Outcome {
    sum::<sha2::Sha512>(io, arguments)
}

fn digest<D: Digest>(input: &Input) -> Result<String, Failure> {
    let mut hasher = D::new();
    let mut input = input.clone();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = input.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    let hex = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    Ok(hasher.finalize().iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect())
}

fn sum<D: Digest>(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "cbtqs", &[("check", 'c'), ("status", 's'), ("quiet", 'q'), ("binary", 'b')])?;
    if !options.has('c') {
        return io.each_input(&options.operands, |io, input, name| {
            let sum = digest::<D>(input)?;
            io.line(format!("{sum}  {name}").as_bytes())
        });
    }
    let mut failed = 0;
    io.each_input(&options.operands, |io, list, _| {
        let mut line = Vec::new();
        while next_line(list, &mut line)? {
            let text = String::from_utf8_lossy(&line).into_owned();
            let Some((sum, name)) = text.split_once("  ").or_else(|| text.split_once(" *")) else { continue };
            let same = match io.open(name) {
                Ok(input) => digest::<D>(&input)? == sum.to_lowercase(),
                Err(_) => false,
            };
            failed += u32::from(!same);
            if !(options.has('s') || (same && options.has('q'))) {
                io.line(format!("{name}: {}", if same { "OK" } else { "FAILED" }).as_bytes())?;
            }
        }
        Ok(())
    })?;
    if failed > 0 && !options.has('s') {
        io.complain(&format!(
            "WARNING: {failed} computed checksum{} did NOT match",
            if failed == 1 { "" } else { "s" }
        ));
    }
    Ok(i32::from(failed > 0))
}

pub fn base64(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [("decode", 'd'), ("wrap", 'w'), ("ignore-garbage", 'i')];
    let options = options(arguments, "dDiw:", &long)?;
    let width = usize::try_from(options.number('w')?.unwrap_or(76)).unwrap_or(0);
    let engine = &base64::engine::general_purpose::STANDARD;
    let mut bytes = io.open(options.operands.first().map_or("-", String::as_str))?.read_all()?;
    if options.has('d') || options.has('D') {
        let kept = |b: &u8| {
            if options.has('i') { b.is_ascii_alphanumeric() || b"+/=".contains(b) } else { !b.is_ascii_whitespace() }
        };
        bytes.retain(kept);
        let decoded = engine.decode(&bytes).map_err(|_| Failure::new("invalid input"))?;
        io.out.write_all(&decoded)?;
        return Ok(0);
    }
    let text = engine.encode(&bytes);
    if width == 0 {
        io.out.write_all(text.as_bytes())?;
        return Ok(0);
    }
    for line in text.as_bytes().chunks(width) {
        io.line(line)?;
    }
    Ok(0)
}
