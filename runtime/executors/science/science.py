"""The interpreter of the scientific stack as it is kept: what is loaded, and what each of its processes begins with.

It runs once, while the executor is built. The command line, KFP's functions, errors and statuses are those of the Python executor: the
package `weft_python` is the same.
"""

import errno
import gc
import importlib
import linecache
import os
import pathlib
import posix
import shutil
import sys
import tempfile
import types
import warnings
import zipfile
import zipimport

import _host

LIBRARY = "/packages/python315.zip"
"""Where a process finds the standard library and the packages of the stack."""
FONTS = "/packages/mpl-data"
"""Where it finds matplotlib's files."""
SITE = "/python/lib/python3.15/site-packages"
"""Where kfp seems to be, which lies in memory."""

send = _host.call

# What of kfp makes pipelines rather than runs their functions, and what of the others is for many machines: it needs packages that are not here.
NOT_RUN = frozenset(
    f"kfp/{name}"
    for name in "cli client compiler components kubeflow_client kubernetes local pipeline_spec registry v2 dsl/test_data".split()
) | {"lightgbm/dask.py", "xgboost/dask", "xgboost/spark", "xgboost/testing"}

# What programs for pipelines import. Each is mapped into memory when a process first touches it, and costs nothing until then.
LOADED = """
    abc argparse array ast asyncio atexit base64 bisect calendar collections.abc concurrent.futures.thread configparser contextlib
    contextvars copy csv dataclasses datetime decimal difflib enum errno encodings.ascii encodings.latin_1 encodings.idna
    encodings.utf_16 encodings.utf_8_sig fnmatch fractions functools gc getopt getpass glob gzip hashlib heapq hmac html.parser
    importlib.metadata importlib.resources importlib.util inspect io itertools json keyword linecache locale logging logging.config
    logging.handlers marshal math mimetypes multiprocessing numbers operator os pathlib pickle pkgutil platform pprint queue random re
    reprlib runpy secrets select selectors shelve shlex shutil signal socket sqlite3 stat statistics string stringprep struct
    subprocess sys sysconfig tarfile tempfile textwrap threading time timeit tokenize tomllib traceback types typing unicodedata
    unittest.mock urllib.error urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zipimport zlib zoneinfo
    _strptime _pylong
    kfp kfp.dsl kfp.dsl.executor kfp.dsl.executor_main
    numpy numpy.random numpy.linalg numpy.fft numpy.testing
    pandas pandas.io.formats.style pandas.io.json pandas.plotting
    scipy scipy.stats scipy.sparse scipy.sparse.linalg scipy.linalg scipy.optimize scipy.special scipy.interpolate scipy.signal
    scipy.spatial scipy.integrate scipy.ndimage scipy.cluster.hierarchy
    joblib yaml
    sklearn sklearn.base sklearn.calibration sklearn.cluster sklearn.compose sklearn.datasets sklearn.decomposition sklearn.dummy
    sklearn.ensemble sklearn.feature_extraction.text sklearn.feature_selection sklearn.gaussian_process sklearn.impute
    sklearn.inspection sklearn.linear_model sklearn.manifold sklearn.metrics sklearn.mixture sklearn.model_selection
    sklearn.multiclass sklearn.multioutput sklearn.naive_bayes sklearn.neighbors sklearn.neural_network sklearn.pipeline
    sklearn.preprocessing sklearn.svm sklearn.tree
    matplotlib matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_svg
""".split()


def prepare() -> None:
    """Loads what is common, warms it up, and has processes begin with [`run`]."""
    opened = open_files()
    relocate()
    # matplotlib and others look for their folders in the home of whoever runs them, which is the same in every process.
    os.environ.update({"HOME": "/tmp", "MPLCONFIGDIR": "/tmp", "MPLBACKEND": "agg"})
    os.makedirs("/tmp", exist_ok=True)
    at_start = set(sys.modules)
    unpack_fonts()
    from weft_python import identity, native

    identity.install()
    for made in (native.ssl(), native.fcntl()):
        sys.modules[made.__name__] = made
    pack_site()
    os.environ["_KFP_RUNTIME"] = "true"
    importlib.import_module("numpy")
    import integers

    integers.install()
    for name in LOADED:
        importlib.import_module(name)
    integers.settle()
    if os.path.isdir("/site/xgboost"):
        from weft_foreign import packages

        packages.install(send)
    import weft_parquet

    weft_parquet.install()
    from weft_python import absent, notebook, null, process, warm

    absent.install()
    notebook.install()
    null.install()
    leave_out_site()
    guard_tracebacks()
    give_builtins()
    process.library_path = [LIBRARY, SITE]
    process.not_packages = frozenset([LIBRARY, FONTS])
    os.makedirs("/warm")
    warm.warm_up("/warm")
    use()
    process.preloaded = frozenset(name for name in sys.modules if name not in at_start and "." not in name)
    for name in ("MPLBACKEND", "HOME", "MPLCONFIGDIR"):
        del os.environ[name]
    import _reactor

    _reactor.run = run
    os._exit = posix._exit = leave
    _host.call = refused
    settle()
    if left := open_files() - opened:
        raise RuntimeError(f"files are open that no process has: {sorted(left)}")


def open_files() -> set[int]:
    """The descriptors of open files."""
    found = set()
    for number in range(256):
        try:
            os.fstat(number)
            found.add(number)
        except OSError:
            pass
    return found


def relocate() -> None:
    """Has the modules that are loaded, and those to come, lie where processes find the library."""
    old = next(path for path in sys.path if path.endswith("/python315.zip"))
    sys.path[:] = ["/app", LIBRARY]
    sys.path_importer_cache.clear()

    def moved(path: object) -> object:
        return LIBRARY + path.removeprefix(old) if isinstance(path, str) and path.startswith(old) else path

    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if isinstance(getattr(spec, "loader", None), zipimport.zipimporter):
            spec.loader = module.__loader__ = zipimport.zipimporter(f"{LIBRARY}/{spec.loader.prefix}".rstrip("/"))
            spec.origin, spec.cached = moved(spec.origin), moved(spec.cached)
            if spec.submodule_search_locations is not None:
                spec.submodule_search_locations = [moved(path) for path in spec.submodule_search_locations]
        for name in ("__file__", "__cached__"):
            if hasattr(module, name):
                setattr(module, name, moved(getattr(module, name)))
        if isinstance(getattr(module, "__path__", None), list):
            module.__path__ = [moved(path) for path in module.__path__]
    zipimport._zip_directory_cache.pop(old, None)
    # Where modules that are part of the interpreter say they are.
    sys._stdlib_dir = LIBRARY


def unpack_fonts() -> None:
    """matplotlib reads its fonts and styles as files."""
    with zipfile.ZipFile(LIBRARY) as library, zipfile.ZipFile(library.open("matplotlib/mpl-data.zip")) as files:
        for name in files.namelist():
            place = name.partition("mpl-data/")[2] or name
            if not name.endswith("/") and not place.startswith(("images/", "sample_data/")):
                path = f"{FONTS}/{place}"
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with files.open(name) as packed, open(path, "wb") as file:
                    shutil.copyfileobj(packed, file)
    # It asks for the folder beside its own module, once.
    beside = pathlib.Path.with_name
    pathlib.Path.with_name = lambda path, name: pathlib.Path(FONTS) if name == "mpl-data" else beside(path, name)
    import matplotlib

    matplotlib.get_data_path()
    pathlib.Path.with_name = beside


def pack_site() -> None:
    """Keeps kfp and whatever lies beside it in memory, compiled."""
    from weft_python.library import Library

    library = Library()
    for name in os.listdir("/site"):
        # What packages read beside themselves while they are imported.
        for version in ("VERSION", "VERSION.txt"):
            if os.path.isfile(f"/site/{name}/{version}"):
                os.makedirs(f"{SITE}/{name}", exist_ok=True)
                shutil.copyfile(f"/site/{name}/{version}", f"{SITE}/{name}/{version}")
    with warnings.catch_warnings():
        # A string of kfp's has an escape that is none.
        warnings.simplefilter("ignore", SyntaxWarning)
        library.pack_folder("/site", SITE, NOT_RUN)
    sys.path_hooks.insert(0, library.hook)
    sys.path_importer_cache.clear()
    sys.path.append(SITE)


def leave_out_site() -> None:
    """The interpreter starts without the module `site`, which errors of missing modules then give as the likely cause; here it is not."""
    import traceback

    class Sys:
        flags = types.SimpleNamespace(no_site=0)

        def __getattr__(self, name: str) -> object:
            return getattr(sys, name)

    traceback.sys = Sys()


def guard_tracebacks() -> None:
    """To show a missing module, CPython 3.15 looks for files of it that are for other machines. For a module within a package that cannot be
    imported, and where folders are searched that are not there, that raises; nothing is shown then, or not the notes of the error."""
    import traceback

    find = traceback._find_incompatible_extension_module

    def guarded(*of: object) -> object:
        try:
            return find(*of)
        except Exception:
            return None

    traceback._find_incompatible_extension_module = guarded


def give_builtins() -> None:
    """What the module `site` gives programs: `exit`, `quit`, `help` and others."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()


def use() -> None:
    """Uses what is loaded once, so that what a first use costs is kept."""
    import io

    import matplotlib
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = pd.read_csv(io.StringIO("a,b,c\n" + "\n".join(f"{i},{i * i % 7},{'xyz'[i % 3]}" for i in range(40))))
    table.groupby("c").agg({"a": "mean"}).to_csv()
    pd.read_parquet(io.BytesIO(table.to_parquet()))
    x, y = table[["a", "b"]].to_numpy(dtype=float), (table["a"] % 2).to_numpy()
    parts = train_test_split(x, y, random_state=0)
    for model in (make_pipeline(StandardScaler(), LogisticRegression()), RandomForestClassifier(2, random_state=0)):
        model.fit(parts[0], parts[2])
        accuracy_score(parts[3], model.predict(parts[1]))
    np.linalg.svd(np.ones((3, 3)))
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    axes.set_title("a")
    figure.savefig(io.BytesIO(), format="png")
    plt.close("all")
    # Fonts are open files.
    matplotlib.font_manager._get_font.cache_clear()


def run(argv: list[str], environ: dict[str, str]) -> int:
    """A process. It ends without taking the interpreter apart, which takes longer than many a program."""
    from weft_python import process

    os.environ.clear()
    os.environ.update(environ)
    reseed()
    leave(process.main(argv))
    return 1


def reseed() -> None:
    """Seeds what was seeded while the executor was built, from the randomness that this process is given."""
    import random

    import numpy as np

    random.seed()
    np.random.seed()


def leave(status: int) -> None:
    """Ends the process, at once. What stands for the embedder's answers to messages is its end here: the status is the length, less one."""
    send(bytes((status & 0xFF) + 1))


def refused(*rest: object) -> None:
    """In place of what sends messages: nobody but this is to."""
    raise OSError(errno.ENOTSUP, "messages to the embedder are not available inside the sandbox")


def settle() -> None:
    """Forgets what was true of the building machine only; nothing that is loaded now is looked at again by the collector."""
    shutil.rmtree("/warm", ignore_errors=True)
    sys.path[:] = [LIBRARY, SITE]
    sys.path_importer_cache.clear()
    linecache.clearcache()
    # It keeps a generator of names of its own, which must not be the same in every process.
    tempfile._name_sequence = None
    tempfile.tempdir = None
    gc.collect()
    gc.freeze()
