"""Jupyter notebooks, run in this interpreter: what KFP's notebook components ask of `nbclient`, `nbformat` and `jupyter_client`.

A kernel is a process of its own, reached through sockets, and a sandbox has neither. The modules of these names that are made here read a
notebook, run its cells one after the other, and give it back with outputs as a kernel makes them: streams, results, what is displayed,
errors with their tracebacks, and figures of matplotlib as PNG. Packages of these names that were fetched for a component go before.
"""

import ast
import asyncio
import base64
import functools
import importlib.abc
import importlib.util
import inspect
import io
import json
import linecache
import os
import pprint
import re
import sys
import traceback
import types
import uuid
from collections.abc import Callable

from . import missing

STREAM_LIMIT = 8 << 10
"""Characters of a stream that wait for a cell's end at most."""

RICH = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}
"""The methods by which objects show themselves, as IPython asks for them."""


# ---- nbformat -------------------------------------------------------------------------------------------------------------------------


class NotebookNode(dict):
    """A dictionary whose entries are attributes too."""

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value


def from_dict(value: object) -> object:
    """The same with every dictionary in it a node."""
    if isinstance(value, dict):
        return NotebookNode({key: from_dict(one) for key, one in value.items()})
    if isinstance(value, (list, tuple)):
        return [from_dict(one) for one in value]
    return value


def read(file: object, as_version: object = 4, **options: object) -> NotebookNode:
    """A notebook of a path or an open file."""
    if hasattr(file, "read"):
        return reads(file.read(), as_version)
    with open(file, encoding="utf-8") as opened:
        return reads(opened.read(), as_version)


def reads(text: str | bytes, as_version: object = 4, **options: object) -> NotebookNode:
    """A notebook of its JSON."""
    try:
        notebook = from_dict(json.loads(text))
    except ValueError as error:
        raise NotJSONError(f"Notebook does not appear to be JSON: {text[:77]!r}...") from error
    if not isinstance(notebook, NotebookNode) or not isinstance(notebook.get("cells"), list):
        version = notebook.get("nbformat", "none") if isinstance(notebook, NotebookNode) else "none"
        raise ValidationError(
            f"it is no notebook of format 4, but of {version}: `jupyter nbconvert --to notebook` makes a new one of an old one"
        )
    for cell in notebook.cells:
        cell.source = joined(cell.get("source", ""))
        cell.setdefault("metadata", NotebookNode())
        if cell.get("cell_type") == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = joined(output.text)
            for kind, data in output.get("data", {}).items():
                if kind != "application/json":
                    output.data[kind] = joined(data)
    return notebook


def joined(text: object) -> object:
    """A text that files hold as a list of lines."""
    return "".join(text) if isinstance(text, list) and all(isinstance(line, str) for line in text) else text


def writes(notebook: dict, version: object = 4, **options: object) -> str:
    """A notebook as JSON, its texts as lists of lines."""
    cells = []
    for cell in notebook.get("cells", []):
        cell = dict(cell, source=cell.get("source", "").splitlines(keepends=True))
        if "outputs" in cell:
            cell["outputs"] = [split_output(output) for output in cell["outputs"]]
        cells.append(cell)
    return json.dumps(dict(notebook, cells=cells), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def split_output(output: dict) -> dict:
    output = dict(output)
    if isinstance(output.get("text"), str):
        output["text"] = output["text"].splitlines(keepends=True)
    if "data" in output:
        is_text = lambda kind, data: isinstance(data, str) and (kind.startswith("text/") or kind == "image/svg+xml")  # noqa: E731
        output["data"] = {
            kind: data.splitlines(keepends=True) if is_text(kind, data) else data for kind, data in output["data"].items()
        }
    return output


def write(notebook: dict, file: object, version: object = 4, **options: object) -> None:
    """Writes a notebook to a path or an open file."""
    if hasattr(file, "write"):
        file.write(writes(notebook))
        return
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(writes(notebook))


def new_output(output_type: str, data: object = None, **fields: object) -> NotebookNode:
    output = NotebookNode(output_type=output_type, **fields)
    if output_type in ("display_data", "execute_result"):
        output.setdefault("metadata", NotebookNode())
        output.data = from_dict(data or {})
    return from_dict(output)


def new_code_cell(source: str = "", **fields: object) -> NotebookNode:
    cell = {"cell_type": "code", "execution_count": None, "id": cell_id(), "metadata": {}, "outputs": [], "source": source}
    return from_dict(cell | fields)


def new_markdown_cell(source: str = "", **fields: object) -> NotebookNode:
    return from_dict({"cell_type": "markdown", "id": cell_id(), "metadata": {}, "source": source} | fields)


def new_notebook(**fields: object) -> NotebookNode:
    return from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | fields)


def cell_id() -> str:
    return uuid.uuid4().hex[:8]


class ValidationError(ValueError):
    """Not a notebook."""


class NotJSONError(ValueError):
    """Not JSON."""


# ---- nbclient -------------------------------------------------------------------------------------------------------------------------


class CellExecutionError(Exception):
    """A cell ended with an error."""

    def __init__(self, traceback: str, ename: str, evalue: str) -> None:
        super().__init__(traceback)
        self.traceback, self.ename, self.evalue = traceback, ename, evalue

    def __str__(self) -> str:
        return self.traceback


class NotebookClient:
    """Runs the cells of a notebook."""

    def __init__(self, nb: NotebookNode, km: object = None, **options: object) -> None:
        self.nb = nb
        self.allow_errors = bool(options.get("allow_errors", False))
        self.names = options.get("allow_error_names", [])
        self.resources = options.get("resources", {})

    def execute(self, reset_kc: bool = False, cwd: str | None = None, **options: object) -> NotebookNode:
        """Runs all cells, in the folder `cwd` if one is given, and returns the notebook."""
        cwd = cwd or self.resources.get("metadata", {}).get("path")
        before, main = os.getcwd(), sys.modules.get("__main__")
        if cwd:
            os.chdir(cwd)
        kernel = Kernel()
        # What is pickled names the module that it is of.
        sys.modules["__main__"] = kernel.module
        try:
            for index, cell in enumerate(self.nb.cells):
                self.run_cell(kernel, cell, index)
        finally:
            sys.modules["__main__"] = main
            os.chdir(before)
        self.nb.metadata.setdefault("language_info", NotebookNode(name="python"))
        return self.nb

    def run_cell(self, kernel: "Kernel", cell: NotebookNode, index: int) -> None:
        if cell.cell_type != "code" or not cell.source.strip():
            return
        cell.outputs = []
        cell.execution_count = kernel.count + 1
        error = kernel.run(cell.source, lambda kind, content: self.process_message(message(kind, content), cell, index))
        expected = "raises-exception" in cell.metadata.get("tags", [])
        if error is not None and not (self.allow_errors or expected or error["ename"] in self.names):
            shown = "\n".join(error["traceback"])
            said = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            rule = "-" * 18
            stream = f"----- stdout/stderr -----\n{said}{rule}\n\n" if said else ""
            text = (
                "An error occurred while executing the following cell:\n"
                f"{rule}\n{cell.source}\n{rule}\n\n{stream}\n{shown}\n"
            )
            raise CellExecutionError(text, error["ename"], error["evalue"])

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Puts what a message says into the cell, and returns it. What derives from this class sees each message here."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "clear_output":
            cell.outputs = []
            return None
        output = new_output(kind, **content)
        cell.outputs.append(output)
        return output


def message(kind: str, content: dict) -> dict:
    return {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}, "content": content, "metadata": {}}


def execute(nb: NotebookNode, cwd: str | None = None, km: object = None, **options: object) -> NotebookNode:
    """Runs a notebook."""
    return NotebookClient(nb, **options).execute(cwd=cwd)


# ---- the kernel -----------------------------------------------------------------------------------------------------------------------


class Kernel:
    """What remains from cell to cell, and the running of one."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names["display"] = display
        self.count = 0

    def run(self, source: str, tell: Callable[[str, dict], object]) -> dict | None:
        """Runs a cell; what it puts out is told as it comes. Returns the error that it ends with."""
        self.count += 1
        global current
        before, streams = current, (sys.stdout, sys.stderr)
        current = cell = Cell(tell, streams)
        sys.stdout, sys.stderr = Stream(cell, "stdout"), Stream(cell, "stderr")
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.show = cell.show_figures
        try:
            error = self.run_source(source, cell)
            cell.flush()
            if error is None:
                cell.show_figures()
            return error
        finally:
            cell.flush()
            current = before
            sys.stdout, sys.stderr = streams

    def run_source(self, source: str, cell: "Cell") -> dict | None:
        name = f"<cell {self.count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            tree = parsed(source, name)
            # The value of the last expression is the cell's, unless a semicolon follows it.
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            self.evaluate(compile(tree, name, "exec", flags=AWAIT, dont_inherit=True))
            if last is not None:
                value = self.evaluate(compile(ast.Expression(last.value), name, "eval", flags=AWAIT, dont_inherit=True))
                if value is not None and not source.rstrip().endswith(";"):
                    self.names["_"] = value
                    cell.tell("execute_result", {**shown(value), "execution_count": self.count})
        except (Exception, KeyboardInterrupt, SystemExit) as raised:
            return self.failed(raised, cell)
        return None

    def evaluate(self, code: types.CodeType) -> object:
        value = eval(code, self.names)
        if code.co_flags & inspect.CO_COROUTINE:
            return asyncio.run(value)
        return value

    def failed(self, raised: BaseException, cell: "Cell") -> dict | None:
        if isinstance(raised, SystemExit) and not raised.code:
            return None
        missing.explain(raised)
        frames = raised.__traceback__
        while frames is not None and not frames.tb_frame.f_code.co_filename.startswith("<cell "):
            frames = frames.tb_next
        lines = traceback.format_exception(type(raised), raised, frames)
        error = {
            "ename": type(raised).__name__,
            "evalue": str(raised),
            "traceback": "".join(lines).rstrip("\n").split("\n"),
        }
        cell.tell("error", error)
        return error


AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def parsed(source: str, name: str) -> ast.Module:
    """The statements of a cell. Lines for IPython are looked for only where Python cannot make anything of them."""
    flags = ast.PyCF_ONLY_AST | AWAIT
    try:
        return compile(source, name, "exec", flags=flags, dont_inherit=True)
    except SyntaxError:
        plain = "\n".join(plain_line(line) for line in source.split("\n"))
        if plain == source:
            raise
        return compile(plain, name, "exec", flags=flags, dont_inherit=True)


# What changes how a notebook is shown or worked on, and nothing that it computes.
PASSED_OVER = frozenset("matplotlib load_ext autoreload config reload_ext pylab precision alias_magic xmode colors".split())


def plain_line(line: str) -> str:
    """A line of IPython's own as Python: one that has nothing to do here is passed over, any other says that it cannot be done."""
    found = re.match(r"(\s*)([%!]+)\s*(\S*)(.*)", line)
    if found is None:
        return line
    indent, mark, word, rest = found.groups()
    if mark.startswith("%") and word in PASSED_OVER:
        return f"{indent}pass"
    if mark.startswith("%") and word in ("time", "timeit", "prun") and rest.strip():
        return f"{indent}{rest.strip()}"
    if mark == "%%" and word in ("time", "timeit", "capture"):
        return f"{indent}pass"
    if word in ("pip", "pip3", "conda", "mamba"):
        reason = missing.NO_PIP
    elif mark.startswith("!"):
        reason = f"processes are not available {missing.SANDBOX}"
    else:
        reason = f"IPython's magics are not available {missing.SANDBOX}"
    return f"{indent}raise OSError({f'{reason} (wanted: {line.strip()})'!r})"


class Cell:
    """A cell that is running: what it puts out, in order. Streams wait for its end or for other output, as a kernel has them wait."""

    def __init__(self, send: Callable[[str, dict], object], streams: tuple) -> None:
        self.send, self.streams = send, streams
        self.waiting: dict[str, list[str]] = {}

    def write(self, name: str, text: str) -> None:
        self.waiting.setdefault(name, []).append(text)
        if sum(len(text) for texts in self.waiting.values() for text in texts) > STREAM_LIMIT:
            self.flush()

    def flush(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for name, texts in waiting.items():
            if text := "".join(texts):
                self.told("stream", {"name": name, "text": text})

    def tell(self, kind: str, content: dict) -> None:
        self.flush()
        self.told(kind, content)

    def told(self, kind: str, content: dict) -> None:
        # Whoever is told may print: that is not the cell's.
        caught = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.streams
        try:
            self.send(kind, content)
        finally:
            sys.stdout, sys.stderr = caught

    def show_figures(self, *rest: object, **options: object) -> None:
        """Displays the figures that matplotlib has open, and closes them: what `pyplot.show` does in notebooks, and the end of a cell."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            display(pyplot.figure(number))
        pyplot.close("all")


current: Cell | None = None
"""The cell that is running."""


class Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding = "utf-8"

    def __init__(self, cell: Cell, name: str) -> None:
        self.cell, self.name = cell, f"<{name}>"
        self.kind = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.cell.write(self.kind, text)
        return len(text)


# ---- how things are shown -------------------------------------------------------------------------------------------------------------


def shown(value: object) -> dict:
    """What a value looks like, by media type, and what is to know about that."""
    data: dict = {}
    metadata: dict = {}
    bundle = called(value, "_repr_mimebundle_")
    if isinstance(bundle, tuple):
        bundle, metadata = bundle
    data.update(bundle or {})
    for kind, method in RICH.items():
        made = data.get(kind, called(value, method))
        if isinstance(made, tuple):
            made, metadata[kind] = made
        if made is not None:
            data[kind] = base64.b64encode(made).decode() if isinstance(made, bytes) else made
    if is_figure(value):
        file = io.BytesIO()
        value.savefig(file, format="png", bbox_inches="tight")
        data["image/png"] = base64.b64encode(file.getvalue()).decode()
    data.setdefault("text/plain", plain(value))
    return {"data": data, "metadata": metadata}


def called(value: object, method: str) -> object:
    """What a method for showing gives, of objects that have one; classes show themselves as anything else."""
    method = None if isinstance(value, type) else getattr(value, method, None)
    if method is None:
        return None
    try:
        return method()
    except NotImplementedError:
        return None


def plain(value: object) -> str:
    if type(value) in (list, tuple, dict, set, frozenset):
        return pprint.pformat(value, width=79, sort_dicts=False, compact=False)
    return repr(value)


def is_figure(value: object) -> bool:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def display(*values: object, **options: object) -> None:
    """Shows values, as notebooks do: in the cell that runs, or as text where none does."""
    for value in values:
        if current is None:
            print(plain(value))
        else:
            current.tell("display_data", shown(value))


def clear_output(wait: bool = False) -> None:
    """Takes back what the running cell put out."""
    if current is not None:
        current.tell("clear_output", {"wait": wait})


class DisplayObject:
    """Data of one media type, to be displayed."""

    method = ""

    def __init__(self, data: object = None, url: str | None = None, filename: str | None = None, **options: object) -> None:
        if filename is not None:
            with open(filename, "rb") as file:
                data = file.read()
        if isinstance(data, bytes) and self.method not in ("_repr_png_", "_repr_jpeg_"):
            data = data.decode()
        self.data, self.url, self.filename = data, url, filename
        if self.method:
            setattr(self, self.method, lambda: self.data)

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"


def image(data: object = None, url: str | None = None, filename: str | None = None, **options: object) -> DisplayObject:
    """A picture of its bytes or its file."""
    if isinstance(data, (str, os.PathLike)) and os.path.exists(data):
        data, filename = None, data
    one = Image(data, url, filename)
    if isinstance(one.data, bytes) and one.data[:2] == b"\xff\xd8":
        one._repr_jpeg_, one._repr_png_ = one._repr_png_, lambda: None
    return one


Image = type("Image", (DisplayObject,), {"method": "_repr_png_"})
KINDS = {"HTML": "_repr_html_", "Markdown": "_repr_markdown_", "SVG": "_repr_svg_", "Latex": "_repr_latex_", "JSON": "_repr_json_"}


# ---- as modules -----------------------------------------------------------------------------------------------------------------------


class Events:
    """Nothing happens between cells."""

    def register(self, event: str, function: object) -> None:
        pass

    def unregister(self, event: str, function: object) -> None:
        pass


class Shell:
    """What `get_ipython()` gives in a cell: the names of the notebook. Its magics say that they are not available."""

    def __init__(self, names: dict) -> None:
        self.user_ns, self.config, self.events = names, {}, Events()

    def run_line_magic(self, name: str, line: str, *_: object) -> None:
        exec(plain_line(f"%{name} {line}"), {})

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        exec(plain_line(f"%%{name} {line}"), {})

    def system(self, command: str) -> None:
        exec(plain_line(f"!{command}"), {})

    getoutput = system


def get_ipython() -> Shell | None:
    """The shell of the cell that is running; none outside of one, as natively."""
    return Shell(sys.modules["__main__"].__dict__) if current is not None else None


class KernelSpecManager:
    """The one kernel that there is: this interpreter."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": "/usr/local/share/jupyter/kernels/python3"}


@functools.cache
def contents() -> dict[str, dict]:
    """The modules that are made here, by name."""
    v4 = {
        "new_code_cell": new_code_cell, "new_markdown_cell": new_markdown_cell, "new_notebook": new_notebook,
        "new_output": new_output, "reads": reads, "writes": writes,
    }  # fmt: skip
    nbformat = {
        "read": read, "reads": reads, "write": write, "writes": writes, "from_dict": from_dict, "NotebookNode": NotebookNode,
        "ValidationError": ValidationError, "NO_CONVERT": object(), "current_nbformat": 4, "current_nbformat_minor": 5,
        "validate": lambda nb, **options: None,
    }  # fmt: skip
    errors = {"CellExecutionError": CellExecutionError}
    shows = {
        "display": display, "clear_output": clear_output, "Image": image, "DisplayObject": DisplayObject,
        **{name: type(name, (DisplayObject,), {"method": method}) for name, method in KINDS.items()},
    }  # fmt: skip
    client = {"NotebookClient": NotebookClient, "execute": execute}
    specs = {"KernelSpecManager": KernelSpecManager}
    return {
        "nbformat": nbformat, "nbformat.v4": v4, "nbformat.notebooknode": {"NotebookNode": NotebookNode, "from_dict": from_dict},
        "nbclient": client | errors, "nbclient.client": client, "nbclient.exceptions": errors,
        "jupyter_client": {}, "jupyter_client.kernelspec": specs,
        "IPython": {"display": display, "get_ipython": get_ipython, "version_info": (9, 0, 0, "")}, "IPython.display": shows,
    }  # fmt: skip


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds these modules where no package is."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname not in contents():
            return None
        package = any(name.startswith(f"{fullname}.") for name in contents())
        return importlib.util.spec_from_loader(fullname, self, is_package=package)

    def exec_module(self, module: types.ModuleType) -> None:
        module.__dict__.update(contents()[module.__name__])
        for name in contents():
            if name.startswith(f"{module.__name__}."):
                importlib.import_module(name)


def install() -> None:
    """Makes the modules importable. What else is searched for goes before."""
    sys.meta_path.append(Finder())
