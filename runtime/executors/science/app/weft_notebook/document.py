"""Notebooks as data, as `nbformat` has them: what programs that run notebooks use of it."""

import io
import json
import os
import uuid

MAJOR, MINOR = 4, 5
NO_CONVERT = object()


class ValidationError(ValueError):
    """A notebook is not as notebooks are."""


class NotebookNode(dict):
    """A dictionary whose items are attributes, too."""

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def copy(self) -> "NotebookNode":
        return NotebookNode(self)


def from_dict(value: object) -> object:
    """The same with such dictionaries."""
    if isinstance(value, dict):
        return NotebookNode({key: from_dict(item) for key, item in value.items()})
    return [from_dict(item) for item in value] if isinstance(value, (list, tuple)) else value


def reads(text: str, as_version: object = MAJOR, **rest: object) -> NotebookNode:
    """A notebook from JSON. Texts that are written as lists of lines become one."""
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise ValidationError(f"Notebook does not appear to be JSON: {error}") from None
    if not isinstance(notebook, dict):
        raise ValidationError("Notebook is not a JSON object")
    if notebook.get("nbformat", 3) != MAJOR or as_version not in (MAJOR, NO_CONVERT):
        raise ValidationError(f"notebooks of version {notebook.get('nbformat', 3)} are not read here, only those of version 4")
    notebook = from_dict(notebook)
    validate(notebook)
    for place, cell in enumerate(notebook.cells):
        cell.source = joined(cell.source)
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = joined(output.text)
            for kind, data in output.get("data", {}).items():
                if not is_json(kind):
                    output.data[kind] = joined(data)
        if notebook.get("nbformat_minor", 0) >= MINOR:
            cell.setdefault("id", f"cell-{place}")
    return notebook


def joined(value: object) -> object:
    return "".join(value) if isinstance(value, list) else value


def is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def read(file: object, as_version: object = MAJOR, **rest: object) -> NotebookNode:
    """A notebook from a path or an open file."""
    if hasattr(file, "read"):
        text = file.read()
        return reads(text.decode() if isinstance(text, bytes) else text, as_version)
    with open(os.fspath(file), encoding="utf-8") as opened:
        return reads(opened.read(), as_version)


def writes(notebook: dict, version: object = NO_CONVERT, **rest: object) -> str:
    """JSON as `nbformat` writes it: keys in order, texts as lists of their lines."""
    written = json.loads(json.dumps(notebook))
    for cell in written.get("cells", []):
        cell["source"] = cell["source"].splitlines(keepends=True)
        if written.get("nbformat_minor", 0) < MINOR:
            cell.pop("id", None)
        for output in cell.get("outputs", []):
            if isinstance(output.get("text"), str):
                output["text"] = output["text"].splitlines(keepends=True)
            for kind, data in output.get("data", {}).items():
                if isinstance(data, str) and (kind.startswith("text/") or kind in ("image/svg+xml", "application/javascript")):
                    output["data"][kind] = data.splitlines(keepends=True)
    return json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"


def write(notebook: dict, file: object, version: object = NO_CONVERT, **rest: object) -> None:
    """Writes a notebook to a path or an open file."""
    text = writes(notebook)
    if hasattr(file, "write"):
        file.write(text if isinstance(file, io.TextIOBase) else text.encode())
        return
    with open(os.fspath(file), "w", encoding="utf-8") as opened:
        opened.write(text)


def validate(notebook: dict, *rest: object, **more: object) -> None:
    """Whether it is a notebook, as far as running it needs."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise ValidationError("'cells' is a required property")
    for place, cell in enumerate(cells):
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise ValidationError(f"cell {place} is neither code nor markdown nor raw")
        if not isinstance(joined(cell.get("source")), str) or not isinstance(cell.get("metadata", {}), dict):
            raise ValidationError(f"cell {place} has no source, or metadata that is no object")
        cell.setdefault("metadata", NotebookNode())
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)


def new_notebook(**fields: object) -> NotebookNode:
    return from_dict({"metadata": {}, "nbformat": MAJOR, "nbformat_minor": MINOR, "cells": [], **fields})


def new_code_cell(source: str = "", **fields: object) -> NotebookNode:
    return cell("code", source, {"execution_count": None, "outputs": [], **fields})


def new_markdown_cell(source: str = "", **fields: object) -> NotebookNode:
    return cell("markdown", source, fields)


def new_raw_cell(source: str = "", **fields: object) -> NotebookNode:
    return cell("raw", source, fields)


def cell(kind: str, source: str, fields: dict) -> NotebookNode:
    return from_dict({"id": uuid.uuid4().hex[:8], "cell_type": kind, "metadata": {}, "source": source, **fields})


def new_output(output_type: str, data: dict | None = None, **fields: object) -> NotebookNode:
    output = {"output_type": output_type}
    if output_type == "stream":
        output |= {"name": "stdout", "text": ""}
    elif output_type in ("display_data", "execute_result"):
        output |= {"metadata": {}, "data": data or {}}
        if output_type == "execute_result":
            output["execution_count"] = None
    return from_dict(output | fields)
