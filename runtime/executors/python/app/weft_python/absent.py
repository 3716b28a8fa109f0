"""Clear errors for what a sandbox has not: processes, threads and a network."""

import _thread
import asyncio
import concurrent.futures
import errno
import multiprocessing.process
import os
import selectors
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from typing import NoReturn

from .missing import NO_PIP


def install() -> None:
    """Puts the errors, and what can be done without threads, in place of what would fail in the dark."""
    subprocess.Popen.__init__ = no_command
    os.system = lambda command: no_command(None, command)
    _thread.start_new_thread = _thread.start_joinable_thread = no_thread
    threading._start_joinable_thread = no_thread
    for name in PROCESSES:
        setattr(multiprocessing, name, no_process)
        setattr(multiprocessing.context.BaseContext, name, no_process)
    multiprocessing.process.BaseProcess.start = no_process
    concurrent.futures.ProcessPoolExecutor.__init__ = no_process
    socket.getaddrinfo = no_network
    urllib.request.UnknownHandler.unknown_open = no_handler
    asyncio.DefaultEventLoopPolicy._loop_factory = Loop


PROCESSES = (
    "Barrier BoundedSemaphore Condition Event JoinableQueue Lock Manager Pipe Pool Queue RLock Semaphore SimpleQueue".split()
)
"""What of `multiprocessing` needs processes."""


def no_process(*rest: object, **options: object) -> NoReturn:
    raise OSError(errno.ENOTSUP, "processes are not available inside the sandbox")


def no_command(self: object, args: object, *rest: object, **options: object) -> NoReturn:
    words = [args] if isinstance(args, (str, bytes, os.PathLike)) else args
    said = " ".join(os.fsdecode(word) for word in words)
    shown = said if len(said) <= 80 else f"{said[:77]}..."
    reason = NO_PIP if "pip" in said.split() else "processes are not available inside the sandbox"
    raise OSError(errno.ENOTSUP, f"{reason} (wanted: {shown})")


def no_network(host: object, *rest: object, **options: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_FAIL, f"the network is not available inside the sandbox (wanted: {host})")


def no_handler(self: object, request: urllib.request.Request) -> NoReturn:
    if request.type in ("https", "ftp"):
        raise urllib.error.URLError(f"the network is not available inside the sandbox (wanted: {request.full_url})")
    raise urllib.error.URLError(f"unknown url type: {request.type}")


def no_thread(*rest: object, **options: object) -> NoReturn:
    raise RuntimeError("can't start new thread: threads are not available inside the sandbox")


class Loop(asyncio.SelectorEventLoop):
    """An event loop that waits for time only: there is neither a socket to watch nor a thread to be woken from."""

    def __init__(self) -> None:
        super().__init__(Sleeper())

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def run_in_executor(self, executor: object, func: object, *args: object) -> asyncio.Future:
        """Without threads, the function runs here and now."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class Sleeper(selectors._BaseSelectorImpl):
    """Selects among nothing: it sleeps until the next timer."""

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:
            raise RuntimeError("the event loop waits for something that cannot come: inside the sandbox there are only timers")
        if timeout > 0:
            time.sleep(timeout)
        return []
