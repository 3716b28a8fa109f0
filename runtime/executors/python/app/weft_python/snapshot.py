"""The interpreter as it is kept: what is packed, what is loaded already."""

import gc
import importlib
import linecache
import os
import sys
import tempfile
import warnings

from . import identity, native
from .library import Library

STANDARD = f"/python/lib/python{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = f"{STANDARD}/site-packages"

# What needs a display, a terminal, a compiler or a network to install from.
LEFT_OUT = frozenset(
    "idlelib tkinter turtledemo turtle.py ensurepip venv pydoc_data curses site-packages "
    "_android_support.py _ios_support.py _apple_support.py _osx_support.py _aix_support.py antigravity.py __phello__".split()
)

# Of tzdata only the data is kept. What of kfp makes pipelines rather than runs their functions: it needs packages that are not here.
NOT_RUN = frozenset(
    f"kfp/{name}"
    for name in "cli client compiler components kubeflow_client kubernetes local pipeline_spec registry v2 dsl/test_data".split()
) | {"tzdata"}

# What programs for pipelines import. Each is mapped into memory when a process first touches it, and costs nothing until then.
LOADED = """
    abc argparse array ast asyncio atexit base64 bisect binascii calendar cmath collections.abc colorsys concurrent.futures.thread
    configparser contextlib contextvars copy csv dataclasses datetime decimal difflib email.message email.parser enum errno
    encodings.ascii encodings.latin_1 encodings.idna encodings.utf_16 encodings.utf_8_sig fileinput fnmatch fractions functools gc
    getopt getpass glob graphlib gzip hashlib heapq hmac html.parser http.client http.server importlib.metadata
    importlib.resources importlib.util inspect io ipaddress itertools json json.tool keyword linecache locale logging
    logging.config logging.handlers marshal math mimetypes numbers operator os pathlib pickle pkgutil platform pprint queue
    quopri random re reprlib runpy sched secrets select selectors shelve shlex shutil signal socket sqlite3 stat statistics
    string string.templatelib stringprep struct subprocess sys sysconfig tarfile tempfile textwrap threading time timeit
    tokenize tomllib traceback types typing unicodedata unittest unittest.mock urllib.error urllib.parse urllib.request uuid
    warnings weakref xml.dom.minidom xml.etree.ElementTree xml.sax zipfile zipimport zlib zoneinfo
    _strptime _pylong _markupbase
    kfp kfp.dsl kfp.dsl.executor kfp.dsl.executor_main
""".split()


def prepare() -> tuple[list[str], frozenset[str]]:
    """Packs the library and loads what is common; returns where it is packed and which modules are loaded beyond the usual."""
    at_start = set(sys.modules)
    identity.install()
    native.install()
    library = Library()
    standard = next(folder for folder in sys.path if os.path.isfile(f"{folder}/argparse.py"))
    library.pack_folder(standard, STANDARD, LEFT_OUT)
    packages = next(folder for folder in sys.path if os.path.isfile(f"{folder}/kfp/__init__.py"))
    with warnings.catch_warnings():
        # A string of kfp's has an escape that is none.
        warnings.simplefilter("ignore", SyntaxWarning)
        library.pack_folder(packages, PACKAGES, NOT_RUN)
    sys.path_hooks.insert(0, library.hook)
    sys.path_importer_cache.clear()
    sys.path[:] = [STANDARD, PACKAGES, *sys.path]
    library.adopt(STANDARD)
    os.environ["_KFP_RUNTIME"] = "true"
    for name in LOADED:
        importlib.import_module(name)
    del os.environ["_KFP_RUNTIME"]
    # These load what they change.
    from . import absent, compression, notebook, null, zones

    absent.install()
    compression.install()
    notebook.install()
    null.install()
    zones.install()
    for name in [name for name in sys.modules if name.partition(".")[0] == "tzdata"]:
        del sys.modules[name]
    return [STANDARD, PACKAGES], frozenset(name for name in sys.modules if name not in at_start and "." not in name)


def settle() -> None:
    """Forgets what was true of the building machine only; nothing that is loaded now is looked at again by the collector."""
    sys.path_importer_cache.clear()
    linecache.clearcache()
    # It keeps a generator of names of its own, which must not be the same in every process.
    tempfile._name_sequence = None
    gc.collect()
    gc.freeze()
