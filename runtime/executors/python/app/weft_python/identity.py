"""Who a program runs as and on which machine: always the same, and what the shell runner says too.

The C library has none of it, and many packages ask for it as soon as they are imported. Installed before the standard library is loaded,
which looks for some of it once and for all.
"""

import errno
import os
import posix
import signal
import socket
import sys
import types
from typing import NoReturn

USER, HOST, HOME, SHELL = "root", "sandbox", "/tmp", "/bin/sh"
SYSTEM = posix.uname_result(("WASI", HOST, "0.2", "weft", "wasm32"))
LOOPBACK = "127.0.0.1"

PASSWD = (USER, "x", 0, 0, USER, HOME, SHELL)
GROUP = (USER, "x", 0, [USER])


def install() -> None:
    """Puts the answers in place."""
    for name, answer in ANSWERS.items():
        setattr(posix, name, answer)
        setattr(os, name, answer)
    socket.gethostname = lambda: HOST
    socket.gethostbyname = address
    socket.gethostbyname_ex = lambda host: (host, [], [address(host)])
    sys.modules["pwd"] = database("pwd", "struct_passwd", "name passwd uid gid gecos dir shell", PASSWD, "pw", "nam", "uid")
    sys.modules["grp"] = database("grp", "struct_group", "name passwd gid mem", GROUP, "gr", "nam", "gid")
    # These were loaded before, and noted that there is none.
    for module in list(sys.modules.values()):
        for name in ("pwd", "grp"):
            if getattr(module, name, module) is None:
                setattr(module, name, sys.modules[name])


def constant(value: object) -> object:
    return lambda *rest: value


def database(module: str, kind: str, fields: str, entry: tuple, short: str, by_name: str, by_id: str) -> types.ModuleType:
    """A module like `pwd` or `grp` whose database has one entry."""
    made = types.ModuleType(module, f"The one entry that {module} has inside the sandbox.")
    names = [f"{short}_{field}" for field in fields.split()]
    record = type(kind, (tuple,), {name: property(lambda self, at=at: self[at]) for at, name in enumerate(names)})
    record.__module__ = module
    record.n_fields = record.n_sequence_fields = len(names)
    record.__repr__ = lambda self: f"{module}.{kind}({', '.join(f'{name}={value!r}' for name, value in zip(names, self))})"
    only = record(entry)

    def named(name: str) -> object:
        if not isinstance(name, str):
            raise TypeError(f"get{short}nam() argument must be str, not {type(name).__name__}")
        if name != entry[0]:
            raise KeyError(f"get{short}nam(): name not found: {name!r}")
        return only

    def numbered(number: int) -> object:
        if number.__index__() != entry[2]:
            raise KeyError(f"get{short}{by_id}(): {by_id} not found: {number}")
        return only

    setattr(made, kind, record)
    setattr(made, f"get{short}{by_name}", named)
    setattr(made, f"get{short}{by_id}", numbered)
    setattr(made, f"get{short}all", lambda: [only])
    return made


def address(host: str) -> str:
    """The address of this machine; that of a number is the number."""
    if host in (HOST, "localhost", ""):
        return "0.0.0.0" if host == "" else LOOPBACK
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        raise socket.gaierror(
            socket.EAI_FAIL, f"the network is not available inside the sandbox (wanted: {host})"
        ) from None


def no_terminal(*rest: object) -> NoReturn:
    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))


class Mask:
    """`os.umask`: kept, and without an effect, as a sandbox's files have no permissions."""

    kept = 0o022

    def __call__(self, mask: int) -> int:
        before, self.kept = self.kept, mask & 0o777
        return before


def owner_of(place: object, uid: int, gid: int, **options: object) -> None:
    """`os.chown`: of what is there, root stays the owner, as of all files in a sandbox."""
    if isinstance(place, int):
        os.fstat(place)
    else:
        options.pop("follow_symlinks", None)
        os.lstat(place, **options)


def kill(pid: int, number: int) -> None:
    """`os.kill`: there is one process, this one."""
    if pid not in (os.getpid(), 0):
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
    if number:
        signal.raise_signal(number)


def of_own_process(answer: object) -> object:
    """What is asked of a process, which must be this one."""

    def of(pid: int = 0) -> object:
        if pid not in (os.getpid(), 0):
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        return answer() if callable(answer) else answer

    return of


ANSWERS = {
    "getuid": constant(0),
    "geteuid": constant(0),
    "getgid": constant(0),
    "getegid": constant(0),
    "getresuid": constant((0, 0, 0)),
    "getresgid": constant((0, 0, 0)),
    "getgroups": lambda: [0],
    "getgrouplist": lambda user, group: [group],
    "getlogin": constant(USER),
    "getppid": constant(1),
    "getpgrp": os.getpid,
    "getpgid": of_own_process(os.getpid),
    "getsid": of_own_process(os.getpid),
    "sched_getaffinity": of_own_process(lambda: {0}),
    "getloadavg": constant((0.0, 0.0, 0.0)),
    "uname": lambda: SYSTEM,
    "umask": Mask(),
    "chown": owner_of,
    "lchown": owner_of,
    "fchown": owner_of,
    "kill": kill,
    "get_terminal_size": no_terminal,
    "ttyname": no_terminal,
    "ctermid": constant("/dev/tty"),
}
