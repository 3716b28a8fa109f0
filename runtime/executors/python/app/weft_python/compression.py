"""The C halves of `bz2` and `lzma`, which are not here, so that a package that merely imports those can be used.

What compresses or decompresses says that it cannot. The standard library was loaded before, and knows that they are missing.
"""

import sys
import tarfile
import types
from typing import NoReturn

LZMA = {
    "CHECK": {"NONE": 0, "CRC32": 1, "CRC64": 4, "SHA256": 10, "ID_MAX": 15, "UNKNOWN": 16},
    "FILTER": {"LZMA1": 0x4000000000000001, "LZMA2": 33, "DELTA": 3}
    | {"X86": 4, "POWERPC": 5, "IA64": 6, "ARM": 7, "ARMTHUMB": 8, "SPARC": 9},
    "FORMAT": {"AUTO": 0, "XZ": 1, "ALONE": 2, "RAW": 3},
    "MF": {"HC3": 3, "HC4": 4, "BT2": 18, "BT3": 19, "BT4": 20},
    "MODE": {"FAST": 1, "NORMAL": 2},
    "PRESET": {"DEFAULT": 6, "EXTREME": 1 << 31},
}
"""The constants of `lzma` by their prefix."""


def install() -> None:
    for name, opens, codecs in (("bz2", "bz2open", "BZ2"), ("lzma", "xzopen", "LZMA")):
        module = types.ModuleType(f"_{name}", f"Stands in for {name}, which is not available inside the sandbox.")
        for codec in (f"{codecs}Compressor", f"{codecs}Decompressor"):
            setattr(module, codec, type(codec, (), {"__init__": absent(name, NotImplementedError), "__module__": f"_{name}"}))
        sys.modules[module.__name__] = module
        setattr(tarfile.TarFile, opens, absent(name, tarfile.CompressionError))
    module.LZMAError = type("LZMAError", (Exception,), {"__module__": "_lzma"})
    for prefix, constants in LZMA.items():
        for constant, value in constants.items():
            setattr(module, f"{prefix}_{constant}", value)
    module.is_check_supported = lambda check: False
    module._encode_filter_properties = module._decode_filter_properties = absent("lzma", NotImplementedError)
    module.__all__ = [name for name in vars(module) if not name.startswith("_")]


def absent(name: str, kind: type[Exception]) -> object:
    def raises(*rest: object, **options: object) -> NoReturn:
        raise kind(f"{name} is not available inside the sandbox")

    return raises
