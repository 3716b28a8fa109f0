#!/usr/bin/env bash
# wasmtime 48.0.8 without default features and with the compiler alone (`cranelift`) builds the Pulley interpreter and Cranelift's back end for it, too: its
# manifest asks for both, and the feature `pulley` only decides whether they can be chosen. Guess: who leaves `pulley` out does not build it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mkdir -p embedder/src
cat >embedder/Cargo.toml <<'TOML'
[package]
name = "embedder"
version = "0.0.0"
edition = "2021"
[dependencies]
wasmtime = { version = "=48.0.8", default-features = false, features = ["runtime", "cranelift"] }
TOML
touch embedder/src/lib.rs
cd embedder
# with CRATE FEATURE: whether a crate is built with a feature.
with() { if cargo tree --quiet --edges normal --prefix none --format '{p} {f}' | grep "^$1 v" | tr ' ,' '\n\n' | grep -qx "$2"; then echo yes; else echo no; fi; }
expect 'wasmtime 48.0.8: feature pulley, the back end built, the interpreter built' \
    "$(with wasmtime pulley), $(with cranelift-codegen pulley), $(with pulley-interpreter interp)" 'no, yes, yes'
