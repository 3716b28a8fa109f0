"""numpy's names for integers, as on a 64-bit machine.

The interpreter's module is patched: Python's integers, sums and counts have 64 bits there, and `np.intp`, whose values are stored in 32
bits, counts as a 64-bit type in all that is computed with it (integers.patch). What is left to do here are names:

- those that numpy derives from C's types when it is imported: `np.int_`, `np.uint`, `np.int32`, the texts "int" and "long";
- `intp` in library code written in Python, which either ends in a result that has 64 bits elsewhere, or in C code, which takes both.
"""

import functools
import operator
import sys
import types
import zipimport

# Packages in whose Python code `intp` is read as `int64`. pandas is not one of them: it compares dtypes of indexers that its C code makes.
COUNTING_PACKAGES = ("numpy", "scipy", "sklearn", "statsmodels")
# What gives indexers to the user, by module of pandas: a function, or a class's methods.
INDEXERS = {
    "pandas": {"": "factorize"},
    "pandas.core.algorithms": {"": "factorize"},
    "pandas.core.base": {"IndexOpsMixin": "factorize"},
    "pandas.core.arrays.base": {"ExtensionArray": "factorize argsort"},
    "pandas.core.indexes.base": {"Index": "get_indexer get_indexer_for get_indexer_non_unique argsort"},
    "pandas.core.series": {"Series": "argsort"},
}


def install() -> None:
    """Renames, in what is imported so far and in what will be. To be called once, when numpy was imported and nothing that uses it."""
    _name_types()
    for module in _modules("numpy"):
        for function in _functions(module):
            function.__code__ = _renamed(function.__code__)
    _watch_imports()


def settle() -> None:
    """Ends what `install` does to each import, once all that gives indexers is loaded: it would stand in every traceback of an import."""
    if missing := [name for name in INDEXERS if name not in sys.modules]:
        raise RuntimeError(f"not loaded, so that they would give narrow indexers: {missing}")
    zipimport.zipimporter.exec_module = _EXEC_MODULE


_EXEC_MODULE = zipimport.zipimporter.exec_module


def _name_types() -> None:
    import numpy as np
    from numpy._core import arrayprint, numerictypes
    from numpy.lib import _iotools
    from numpy.random import mtrand

    int32, intp = np.dtype("i").type, np.dtype("l").type
    new = {"int32": int32, "int_": np.int64, "long": np.int64, "uint": np.uint64, "ulong": np.uint64}
    old = {name: getattr(np, name) for name in new}
    numerictypes.sctypeDict.update(new, int=np.int64)
    numerictypes.allTypes.update(new)
    # This module's C code fills arrays of `np.long` with C's.
    mtrand.np = types.ModuleType("numpy")
    vars(mtrand.np).update(vars(np), long=intp)
    for module in _modules("numpy"):
        names = vars(module)
        names.update((name, new[name]) for name in new if names.get(name) is old[name])
        if names.get("intp") is intp:
            names.setdefault("int64", np.int64)
    arrayprint._typelessdata[:] = [np.int64 if kind is intp else kind for kind in arrayprint._typelessdata]
    _iotools.StringConverter._mapper = [entry for entry in _iotools.StringConverter._mapper if entry[0] is not intp]


def _modules(package: str) -> list[types.ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == package]


def _functions(module: types.ModuleType) -> list[types.FunctionType]:
    """All functions that a module defines: its own, its classes', and those that a decorator wraps."""
    found = []
    for value in list(vars(module).values()):
        own = isinstance(value, type) and value.__module__ == module.__name__
        for member in [value, *(vars(value).values() if own else ())]:
            while member is not None:
                member = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
                if isinstance(member, types.FunctionType) and member.__module__.partition(".")[0] == "numpy":
                    found.append(member)
                member = getattr(member, "_implementation", None) or getattr(member, "__wrapped__", None)
    return found


def _renamed(code: types.CodeType) -> types.CodeType:
    """Code in which the name `intp` and the text "intp" are `int64`."""
    names = tuple("int64" if name == "intp" else name for name in code.co_names)
    constants = tuple(
        _renamed(value) if isinstance(value, types.CodeType) else "int64" if value == "intp" else value for value in code.co_consts
    )
    if names == code.co_names and all(map(operator.is_, constants, code.co_consts)):
        return code
    return code.replace(co_names=names, co_consts=constants)


def _watch_imports() -> None:
    importer = zipimport.zipimporter
    get_code = importer.get_code

    def get_renamed_code(self, name):
        code = get_code(self, name)
        return _renamed(code) if name.partition(".")[0] in COUNTING_PACKAGES else code

    def exec_and_widen(self, module):
        _EXEC_MODULE(self, module)
        for owner, names in INDEXERS.get(module.__name__, {}).items():
            owner = getattr(module, owner) if owner else module
            for name in names.split():
                setattr(owner, name, _widening(getattr(owner, name)))

    importer.get_code, importer.exec_module = get_renamed_code, exec_and_widen


def _widening(function):
    """The function with index arrays in its result as int64."""

    @functools.wraps(function)
    def widening(*args, **kwargs):
        return _wide(function(*args, **kwargs))

    return widening


def _wide(result):
    import numpy as np

    if isinstance(result, tuple):
        return tuple(map(_wide, result))
    if getattr(getattr(result, "dtype", None), "char", None) == "l":
        return result.astype(np.int64)
    return result
