"""Notebooks where there is no Jupyter: KFP's notebook components import `nbclient`, `nbformat` and `jupyter_client`, and their cells IPython's
displays. What they need of these is here, and stands in for packages that were not brought along.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

from . import cell, client, display, document

VERSION = "0+weft"


class KernelSpecManager:
    """The one kernel is this interpreter."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": "/usr/local/share/jupyter/kernels/python3"}

    def get_all_specs(self) -> dict[str, dict]:
        return {name: {"resource_dir": path, "spec": {"language": "python"}} for name, path in self.find_kernel_specs().items()}


def public(module: types.ModuleType) -> dict[str, object]:
    """What a module defines itself."""
    return {name: item for name, item in vars(module).items() if not name.startswith("_") and getattr(item, "__module__", None) == module.__name__}


DOCUMENT = {**public(document), "NO_CONVERT": document.NO_CONVERT, "current_nbformat": document.MAJOR, "current_nbformat_minor": document.MINOR}
CLIENT, DISPLAY = public(client), public(display)
KERNELS = {"KernelSpecManager": KernelSpecManager}
MODULES: dict[str, dict[str, object]] = {
    "nbformat": DOCUMENT, "nbformat.v4": DOCUMENT, "nbformat.notebooknode": DOCUMENT, "nbformat.validator": DOCUMENT,
    "nbclient": CLIENT, "nbclient.client": CLIENT, "nbclient.exceptions": CLIENT,
    "jupyter_client": {}, "jupyter_client.kernelspec": KERNELS, "ipykernel": {},
    "IPython": {"get_ipython": cell.get_ipython, "version_info": (9, 0, 0)}, "IPython.display": DISPLAY, "IPython.core": {}, "IPython.core.display": DISPLAY,
    "IPython.core.getipython": {"get_ipython": cell.get_ipython},
}  # fmt: skip
"""Modules by their names, and what is in them."""


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds these modules where nothing else does."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname not in MODULES:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin="weft", is_package=True)

    def exec_module(self, module: types.ModuleType) -> None:
        module.__version__ = VERSION
        vars(module).update(MODULES[module.__name__])
        for name in MODULES:
            if name.rpartition(".")[0] == module.__name__:
                importlib.import_module(name)


def install() -> None:
    """Has these modules be found, behind all others."""
    sys.meta_path.append(StandIns())
