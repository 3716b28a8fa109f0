"""Runs notebooks as `nbclient` does, in this interpreter: there are no processes, so no kernel but this one."""

import os
import sys
import time
import traceback
import types

from . import cell as cells
from . import display
from .document import NotebookNode, new_output


class CellControlSignal(Exception):
    """Something about a cell ends the run."""


class CellTimeoutError(TimeoutError, CellControlSignal):
    """Not raised: the limit of time is the step's own."""


class DeadKernelError(RuntimeError):
    """Not raised."""


class CellExecutionError(CellControlSignal):
    """A cell raised."""

    def __init__(self, traceback: str, ename: str, evalue: str) -> None:
        super().__init__(traceback)
        self.traceback, self.ename, self.evalue = traceback, ename, evalue

    def __str__(self) -> str:
        return self.traceback


class Stream:
    """The standard output of cells: what is written leaves as a message, as a kernel's does, some at a time."""

    encoding, errors, closed = "utf-8", "strict", False
    AT_LEAST = 0.2
    """Seconds between messages."""

    def __init__(self, name: str, take: object) -> None:
        self.name, self.take = name, take
        self.parts: list[str] = []
        self.last = time.monotonic()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.parts.append(text)
        if time.monotonic() - self.last > self.AT_LEAST:
            self.flush()
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self.last = time.monotonic()
        text, self.parts = "".join(self.parts), []
        if text:
            self.take("stream", {"name": self.name, "text": text})

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return {"stdout": 1, "stderr": 2}[self.name]


class NotebookClient:
    """Runs the cells of a notebook in order, in one namespace, and puts what they show into it."""

    def __init__(self, nb: NotebookNode, km: object = None, **options: object) -> None:
        self.nb, self.km = nb, km
        self.allow_errors = bool(options.get("allow_errors", False))
        self.force_raise_errors = bool(options.get("force_raise_errors", False))
        self.skip_cells_with_tag = options.get("skip_cells_with_tag", "skip-execution")
        self.resources = options.get("resources") or {}
        self.names: dict[str, object] = {}
        self.code_cells_executed = 0

    def execute(self, reset_kc: bool = False, **options: object) -> NotebookNode:
        """Runs all cells; `cwd` is where."""
        folder = options.get("cwd") or self.resources.get("metadata", {}).get("path")
        before = os.getcwd(), sys.path[:], sys.modules.get("__main__"), sys.argv[:]
        main = types.ModuleType("__main__")
        main.__dict__.update(cells.namespace())
        self.names = main.__dict__
        self.code_cells_executed = 0
        shell = cells.running.set(cells.Shell(self.names))
        try:
            sys.modules["__main__"] = main
            if folder:
                os.chdir(folder)
            sys.path.insert(0, "")
            self.nb.metadata.setdefault("language_info", NotebookNode()).update(name="python", version=sys.version.split()[0])
            for index, cell in enumerate(self.nb.cells):
                self.execute_cell(cell, index)
        finally:
            cells.running.reset(shell)
            os.chdir(before[0])
            sys.path[:], sys.argv[:] = before[1], before[3]
            sys.modules["__main__"] = before[2]
        return self.nb

    def execute_cell(self, cell: NotebookNode, cell_index: int, execution_count: int | None = None, store_history: bool = True) -> NotebookNode:
        """Runs one cell. What it raises is in its output, and raised unless the cell or the notebook allows it."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        self.code_cells_executed += 1
        number = execution_count or self.code_cells_executed
        cell.outputs, cell.execution_count = [], number
        run = Run(self, cell, cell_index, number)
        if (error := run.run()) is None:
            return cell
        allowed = self.allow_errors or "raises-exception" in tags
        if self.force_raise_errors or not allowed:
            raise CellExecutionError(message(cell, error), error["ename"], error["evalue"])
        return cell

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Puts what a message says into the cell; the output, if it is one."""
        kind, content = msg["header"]["msg_type"], msg["content"]
        if kind == "clear_output":
            cell.outputs = []
            return None
        output = new_output(kind, **content)
        last = cell.outputs[-1] if cell.outputs else None
        if kind == "stream" and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            cell.outputs.append(output)
        return output


class Run:
    """One run of a cell."""

    def __init__(self, client: NotebookClient, cell: NotebookNode, index: int, number: int) -> None:
        self.client, self.cell, self.index, self.number = client, cell, index, number
        self.streams = {name: Stream(name, self.send) for name in ("stdout", "stderr")}
        self.outside = sys.stdout, sys.stderr

    def take(self, kind: str, content: dict) -> None:
        """A message that is no stream: what was written before it comes first."""
        self.flush()
        self.send(kind, content)

    def send(self, kind: str, content: dict) -> None:
        inside = sys.stdout, sys.stderr
        # Whoever takes the message may print it.
        sys.stdout, sys.stderr = self.outside
        try:
            header = {"msg_type": kind, "msg_id": f"{self.index}-{kind}"}
            self.client.process_message({"header": header, "msg_type": kind, "content": content, "parent_header": {}}, self.cell, self.index)
        finally:
            sys.stdout, sys.stderr = inside

    def flush(self) -> None:
        for stream in self.streams.values():
            stream.flush()

    def run(self) -> dict | None:
        """Runs it; the error that it ended with."""
        token = display.shown.set(self.take)
        sys.stdout, sys.stderr = self.streams.values()
        restore = figures_are_shown()
        try:
            value = cells.run(self.cell.source, f"Cell In[{self.number}]", self.client.names)
            if value is not None:
                data, metadata = display.bundle(value)
                self.client.names["Out"][self.number] = self.client.names["_"] = value
                self.take("execute_result", {"data": data, "metadata": metadata, "execution_count": self.number})
            display.show_figures()
        except BaseException as error:
            if isinstance(error, SystemExit) and not error.code:
                return None
            told = {"ename": type(error).__name__, "evalue": str(error), "traceback": lines(error)}
            self.take("error", told)
            return told
        finally:
            restore()
            self.flush()
            sys.stdout, sys.stderr = self.outside
            display.shown.reset(token)
        return None


def figures_are_shown() -> object:
    """Has `show` of matplotlib put figures into the notebook; what ends that."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return lambda: None
    before = pyplot.show
    pyplot.show = lambda *rest, **options: display.show_figures()

    def restore() -> None:
        pyplot.show = before

    return restore


def lines(error: BaseException) -> list[str]:
    """The traceback from the cell on, by lines."""
    error = error.with_traceback(within(error.__traceback__))
    return "".join(traceback.format_exception(error)).rstrip("\n").split("\n")


def within(frames: types.TracebackType | None) -> types.TracebackType | None:
    """The frames from the cell on; none where the cell could not be begun."""
    while frames is not None and not frames.tb_frame.f_code.co_filename.startswith("Cell In["):
        frames = frames.tb_next
    return frames


def message(cell: NotebookNode, error: dict) -> str:
    """What is said of a cell that raised: its source, what it wrote, the traceback."""
    written = "".join(f"\n----- {one.name} -----\n{one.text}" for one in cell.outputs if one.output_type == "stream")
    told = f"An error occurred while executing the following cell:\n------------------\n{cell.source}\n------------------\n"
    return f"{told}{written}\n" + "\n".join(error["traceback"]) + "\n"


def execute(nb: NotebookNode, cwd: object = None, km: object = None, **options: object) -> NotebookNode:
    """Runs a notebook."""
    return NotebookClient(nb, km, **options).execute(cwd=cwd)
