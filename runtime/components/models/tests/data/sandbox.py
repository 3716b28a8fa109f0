"""Runs a program for WASI in wasmtime, with the options of weft's sandbox that matter for speed: python sandbox.py PROGRAM.wasm FOLDER ARGUMENTS.., FOLDER being
the program's root. Needs PyPI's wasmtime 48."""

import pathlib
import sys

import wasmtime
from wasmtime import component

config = wasmtime.Config()
config.wasm_component_model = True
config.wasm_relaxed_simd_deterministic = True
engine = wasmtime.Engine(config)
linker = component.Linker(engine)
linker.add_wasip2()
store = wasmtime.Store(engine)
wasi = wasmtime.WasiConfig()
wasi.argv = sys.argv[1:2] + sys.argv[3:]
wasi.preopen_dir(sys.argv[2], "/")
wasi.inherit_stdout()
wasi.inherit_stderr()
store.set_wasi(wasi)
instance = linker.instantiate(store, component.Component(engine, pathlib.Path(sys.argv[1]).read_bytes()))
versions = (instance.get_export_index(store, f"wasi:cli/run@0.2.{patch}") for patch in range(20))
interface = next(version for version in versions if version)
instance.get_func(store, instance.get_export_index(store, "run", interface))(store)
