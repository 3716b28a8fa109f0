"""What is said about a module that is not there: why, and what can be done."""

import importlib.metadata
import importlib.util
import os
import re
import sys
import zipfile

NATIVE = {
    "Crypto": "pycryptodome", "MySQLdb": "mysqlclient", "PIL": "pillow", "_cffi_backend": "cffi", "aiohttp": "", "bcrypt": "",
    "blosc": "", "bokeh": "", "catboost": "", "cryptography": "", "cupy": "", "cv2": "opencv-python", "cvxpy": "", "dask_cudf": "",
    "datasets": "", "duckdb": "", "faiss": "faiss-cpu", "fastparquet": "", "fiona": "", "gensim": "", "geopandas": "", "gevent": "",
    "greenlet": "", "grpc": "grpcio", "h5py": "", "implicit": "", "jax": "", "jaxlib": "", "keras": "", "lightgbm": "", "llvmlite": "",
    "lxml": "", "lz4": "", "matplotlib": "", "mlx": "", "mxnet": "", "nacl": "pynacl", "numba": "", "numpy": "", "onnx": "",
    "onnxruntime": "", "orjson": "", "osgeo": "gdal", "pandas": "", "polars": "", "prophet": "", "psutil": "",
    "psycopg2": "psycopg2-binary", "pyarrow": "", "pycurl": "", "pydantic_core": "pydantic-core", "pymssql": "", "pyodbc": "",
    "pyspark": "", "ray": "", "regex": "", "rpds": "rpds-py", "safetensors": "", "scipy": "", "seaborn": "", "sentencepiece": "",
    "shap": "", "shapely": "", "skimage": "scikit-image", "sklearn": "scikit-learn", "snappy": "python-snappy", "spacy": "",
    "statsmodels": "", "tensorflow": "", "tflite_runtime": "tflite-runtime", "tiktoken": "", "tokenizers": "", "torch": "",
    "torchaudio": "", "torchvision": "", "transformers": "", "ujson": "", "uvloop": "", "xgboost": "", "zmq": "pyzmq",
    "zstandard": "",
}  # fmt: skip
"""Modules of packages that have native code, or need one that has, and the package's name where it is another one."""

STACK = frozenset("PIL lxml matplotlib numpy pandas regex scipy seaborn sklearn statsmodels".split())
"""Those of them that the executor with the scientific stack has."""

ALIASES = {
    "attr": "attrs", "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "git": "gitpython",
    "google.protobuf": "protobuf", "jose": "python-jose", "jwt": "pyjwt", "markdown": "markdown", "pkg_resources": "setuptools",
    "slugify": "python-slugify", "yaml": "pyyaml",
}  # fmt: skip
"""Packages whose name is not their module's."""

SANDBOX = "inside the sandbox"
"""In every error for what a sandbox has not."""

HOST_PYTHON = "help: `--executor host-python` runs the function outside of the sandbox (not safe: development only)"
"""What is said where this machine's own Python can do what the sandbox cannot."""

NO_PIP = (
    "pip is not available inside the sandbox, which has no network: name the packages in the component's "
    "packages_to_install and fetch them ahead with `weft vendor PIPELINE`"
)


def explain(error: BaseException) -> None:
    """Adds a note to each missing module in an error and in those that led to it, and to the error what to do about all else that a
    sandbox has not."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    denied = False
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, None if one.__suppress_context__ else one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        if type(one) is ModuleNotFoundError and one.name:
            note = about(one.name)
        elif type(one) is ImportError and one.name and getattr(one, "name_from", None):
            note = about_native(f"{one.name}.{one.name_from}")
        else:
            denied = denied or is_denied(one)
            continue
        if note:
            one.add_note(note)
    if denied:
        error.add_note(HOST_PYTHON)


def is_denied(error: BaseException) -> bool:
    """Whether an error says that a sandbox has not what was asked for. For packages there is another way than the host's Python."""
    try:
        said = str(error)
    except Exception:
        return False
    return SANDBOX in said and NO_PIP not in said


def about(name: str) -> str | None:
    """Why a module is not there, and what can be done; nothing where that is plain."""
    top = name.partition(".")[0]
    if top in NATIVE and not is_there(top):
        package = NATIVE[top] or top
        if top in ("pyarrow", "fastparquet") and is_there("weft_parquet"):
            return (
                f"note: {top} needs native code, which cannot run inside the sandbox; pandas reads and writes Parquet here without it, by "
                f"`pandas.read_parquet` and `DataFrame.to_parquet`\n{HOST_PYTHON}"
            )
        if top in STACK:
            return (
                f"note: the package {package} needs native code, which another executor has: name it in the component's "
                "packages_to_install, and install that executor with `weft executor install science`"
            )
        return (
            f"note: the package {package} needs native code, which cannot run inside the sandbox\n"
            "help: `--executor host-python` runs the function outside of it with the real package (not safe: development only), "
            "or write the step as a WebAssembly component"
        )
    if top in ("pip", "ensurepip"):
        return f"note: {NO_PIP}"
    if note := about_native(name):
        return note
    if is_there(top):
        return None
    if top in sys.stdlib_module_names:
        return f"note: {name} is a part of the standard library that is not available {SANDBOX}\n{HOST_PYTHON}"
    package = ALIASES.get(name, ALIASES.get(top, top.replace("_", "-")))
    return (
        f"note: nothing is fetched while a pipeline runs; if {top} comes from a pure-Python package, name it in the component's "
        f"packages_to_install (probably {package}) and fetch it ahead with `weft vendor PIPELINE`"
    )


def about_native(name: str) -> str | None:
    """What is said where a package has a native library of a module's name."""
    if native := native_file(name):
        return f"note: {native} is native code, which cannot run {SANDBOX}\n{HOST_PYTHON}"
    return None


def is_there(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def native_file(name: str) -> str | None:
    """The native library that a module would be, where the folders that are searched have one."""
    *parents, child = name.split(".")
    for place in sys.path:
        folder = "/".join([place or ".", *parents])
        for file in files_in(place, folder):
            if file.partition(".")[0] == child and file.endswith((".so", ".pyd", ".dylib")):
                return f"{folder}/{file}"
    return None


def files_in(place: str, folder: str) -> list[str]:
    """Names of the files in a folder, which may be inside of a wheel: `place` then."""
    try:
        if os.path.isfile(place):
            with zipfile.ZipFile(place) as wheel:
                inside = folder.removeprefix(place).strip("/")
                return [name.rpartition("/")[2] for name in wheel.namelist() if name.rpartition("/")[0] == inside]
        return os.listdir(folder)
    except (OSError, ValueError, zipfile.BadZipFile):
        return []


def tells_of_module(name: str) -> bool:
    """Tells why a module cannot be run as a program, where there is more to say than that it is not there."""
    top = name.partition(".")[0]
    if top == "pip" or name == "ensurepip":
        print(f"python3: {NO_PIP}", file=sys.stderr)
        return True
    if name == "kfp.dsl.executor_main" and not wants_file() and not os.path.isfile("kfp_config.ini"):
        print(
            "python3: the function lies in the files of the container's image, which are not here "
            "(kfp_config.ini was looked for)\n"
            "help: make it a lightweight component (leave out target_image), or write it as a WebAssembly component",
            file=sys.stderr,
        )
        return True
    if not is_there(top) and (note := about(top)):
        print(f"python3: No module named {name}\n{note}", file=sys.stderr)
        return True
    return False


def is_installed(arguments: list[str]) -> bool:
    """Says of the packages that `pip install` is asked for that they are there; false if one is not, or if that is not known."""
    names = []
    waiting = iter(arguments)
    for word in waiting:
        if word in ("-i", "--index-url", "--extra-index-url", "--trusted-host", "-f", "--find-links", "-t", "--target"):
            next(waiting, None)
        elif word in ("-r", "-e", "-c") or word.startswith(("--requirement", "--editable", "--constraint")):
            return False
        elif not word.startswith("-"):
            names.append(re.match(r"[A-Za-z0-9._-]*", word).group())
    if not names or not all(map(has_package, names)):
        return False
    for name in names:
        print(f"Requirement already satisfied: {name}")
    return True


def has_package(name: str) -> bool:
    """Whether a package is there, by what its wheel says of it or by the name of its module."""
    try:
        importlib.metadata.distribution(name)
        return True
    except (importlib.metadata.PackageNotFoundError, ValueError):
        pass
    named = name.lower().replace("_", "-")
    modules = [module for module, package in (ALIASES | NATIVE).items() if package == named]
    return any(is_there(module) for module in modules or [named.replace("-", "_")])


def wants_file() -> bool:
    return any(word.startswith("--component_module_path") for word in sys.argv)
