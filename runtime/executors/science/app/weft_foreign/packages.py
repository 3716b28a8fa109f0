"""The packages whose libraries are linked into the interpreter."""

import contextlib
import sys
import types

from . import Callback, Library, ctypes


def install(send: object) -> None:
    """Imports the packages, with their libraries. `send` gives the interpreter's embedder a message, and gives its answer."""
    import numpy._core._internal
    import numpy.ctypeslib._ctypeslib

    library = Library(send)
    stands_in = ctypes(library)
    # Arrays hand over their addresses as its types.
    numpy._core._internal.ctypes = stands_in
    numpy.ctypeslib._ctypeslib.ctypes = stands_in
    with in_place_of("ctypes", stands_in):
        lightgbm(library)
        xgboost(library, stands_in)


@contextlib.contextmanager
def in_place_of(name: str, module: types.ModuleType) -> object:
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    finally:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before


def lightgbm(library: Library) -> None:
    library.LGBM_RegisterLogCallback = library.listen("LGBM_")
    path = types.ModuleType("lightgbm.libpath")
    path._LIB = library
    sys.modules[path.__name__] = path
    import lightgbm  # noqa: F401


def xgboost(library: Library, stands_in: types.ModuleType) -> None:
    """XGBoost makes matrices of iterators, which it asks by callbacks. Here they are asked before it is called, each batch into a proxy of its own."""
    library.XGBRegisterLogCallback = library.listen("XG")
    path = types.ModuleType("xgboost.libpath")
    path.find_lib_path = lambda: ["libxgboost.so"]
    path.is_sphinx_build = lambda: False
    sys.modules[path.__name__] = path
    import xgboost

    def from_callback(iterator: None, proxy: object, ref: object, reset: Callback, following: Callback, config: bytes, out: object) -> int:
        source = reset.function.__self__
        main, proxies, kept = source._handle, [], []
        reset.function(None)
        try:
            while True:
                source._handle = type(main)()
                if not following.function(None):
                    break
                proxies.append(source._handle)
                kept.append(source._temporary_data)
        finally:
            source._handle = main
        if len(proxies) == 1:
            return library.WeftQuantileDMatrix(proxies[0].handle, None, 0, ref, config, out)
        handles = (stands_in.c_void_p * len(proxies))(*(one.handle for one in proxies))
        return library.WeftQuantileDMatrix(proxy, handles, len(proxies), ref, config, out)

    def refused(*rest: object) -> int:
        raise NotImplementedError("XGBoost's matrices in external memory are not available inside the sandbox: QuantileDMatrix takes the same iterators")

    library.XGQuantileDMatrixCreateFromCallback = from_callback
    library.XGExtMemQuantileDMatrixCreateFromCallback = library.XGDMatrixCreateFromCallback = refused
    assert xgboost.__version__
