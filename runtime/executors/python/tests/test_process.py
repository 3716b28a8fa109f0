"""A program runs as CPython runs it: the same output and status, and the same last words."""

import json
import os
import re
import sys
import unittest
import zipfile
from pathlib import Path

from runner import COMPONENT, RunnerCase, ended


class LikePython(RunnerCase):
    def same(self, *argv: str, stdin: str = "", env: dict[str, str] | None = None) -> None:
        """Compares with the real thing. Of what an error says, the last line and the lines of the program are compared."""
        ours = self.python3(*argv, stdin=stdin, env=env)
        variables = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | (env or {})
        theirs = ended([sys.executable, *map(self.on_host, argv)], input=stdin, cwd=self.root, env=variables)
        self.assertEqual((ours.status, ours.out), (theirs.status, theirs.out), ours.err)
        if not COMPONENT:
            # The runner's own frames count when the program calls itself too deeply.
            said = [re.sub(r"repeated \d+ more", "repeated", error) for error in (ours.err, theirs.err)]
            self.assertEqual(*said)

    def test_files_that_are_left_open_are_written(self) -> None:
        out = self.place("out.txt")
        self.assertEqual(self.python3("-c", f"file = open({out!r}, 'w')\nfile.write('kept')").status, 0)
        self.assertEqual(Path(self.on_host(out)).read_text(), "kept")

    def test_code(self) -> None:
        self.same("-c", "import sys; print(sys.argv, __name__, sys.path[0]); print(sorted(set(globals()) - {'__annotations__'}))", "a", "-b", "")
        self.same("-c", "class A: pass\nimport pickle; print(pickle.loads(pickle.dumps(A())).__class__)")
        self.same("-c", "")

    def test_statuses(self) -> None:
        for code in [
            "import sys; sys.exit()",
            "import sys; sys.exit(0)",
            "import sys; sys.exit(3)",
            "import sys; sys.exit(256)",
            "import sys; sys.exit(-1)",
            "import sys; sys.exit('what went wrong')",
            "import sys; sys.exit([1])",
            "raise SystemExit(True)",
            "import os; os._exit(9)",
            "exit(4)",
        ]:
            with self.subTest(code):
                self.same("-c", code)

    def test_errors(self) -> None:
        for code in [
            "1/0",
            "raise ValueError('x')",
            "def f():\n    raise KeyError('x')\ntry: f()\nexcept KeyError as e: raise OSError('y') from e",
            "def f(:",
            "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
            "import sys\nsys.excepthook = lambda *e: print('hooked', e[0])\n1/0",
            "def f(n): return f(n + 1)\nf(0)",
            "raise MemoryError",
        ]:
            with self.subTest(code):
                self.same("-c", code)

    def test_what_was_printed_is_kept(self) -> None:
        self.same("-c", "import atexit; atexit.register(lambda: print('last')); print('first', end=' '); 1/0")
        self.same("-c", "import sys; sys.stdout.buffer.write(b'\\xc3\\xa9'); print('\\u20ac'); sys.stdout.close()")
        ours = self.python3("-c", "import os; print('a line'); os._exit(2)")
        self.assertEqual((ours.status, ours.out), (2, "a line\n"))

    def test_scripts(self) -> None:
        self.write("scripts/beside.py", "V = 5")
        path = self.write(
            "scripts/main.py", "import sys, beside\nprint(sys.argv[1:], __name__, beside.V)\nprint(__file__ == sys.argv[0])"
        )
        self.same(path, "a", "-c", "b")
        self.same("scripts/main.py")
        self.same("-u", "scripts/main.py")
        self.assertEqual(self.python3("nothing.py").status, 2)
        self.assertIn("can't open file", self.python3("nothing.py").err)

    def test_a_neighbour_hides_a_module_of_the_library(self) -> None:
        self.write("scripts/colorsys.py", "V = 'own'")
        self.same(self.write("scripts/main.py", "import colorsys\nprint(colorsys.V)"))

    def test_folders_and_archives(self) -> None:
        self.write("tool/__main__.py", "import sys, beside; print(beside.V, len(sys.argv))")
        self.write("tool/beside.py", "V = 6")
        self.same("tool", "a")
        with zipfile.ZipFile(self.root / "tool.pyz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("__main__.py", "beside.py"):
                archive.write(self.root / "tool" / name, name)
        self.same("tool.pyz", "a")

    def test_modules(self) -> None:
        self.same("-m", "json.tool", stdin='{"a": [1, 2]}')
        self.same("-m", "json.tool", stdin="{")
        self.same("-m", "base64", "-e", stdin="abc")
        self.write("own/__init__.py", "")
        self.write("own/__main__.py", "import sys; print(__name__, __package__, len(sys.argv))")
        self.same("-m", "own", "a")

    def test_standard_input(self) -> None:
        self.same("-", "a", stdin="import sys; print(sys.argv, __name__)")
        self.same(stdin="print(1)")
        self.same(stdin="")
        self.same("-c", "print(input() + input())", stdin="a\nb\n")

    def test_environment(self) -> None:
        self.write("lib/fromlib.py", "print('from PYTHONPATH')")
        if not COMPONENT:
            self.same("-c", "import fromlib", env={"PYTHONPATH": self.place("lib")})
            self.same("-c", "import warnings; warnings.warn('w')", env={"PYTHONWARNINGS": "error"})
        self.same("-W", "error", "-c", "import warnings; warnings.warn('w')")
        self.same("-Wignore", "-c", "import warnings; warnings.warn('w')")

    def test_usage(self) -> None:
        self.assertEqual(self.python3("-i").status, 2)
        self.assertEqual(self.python3("--version").out.split()[0], "Python")
        self.assertIn("usage: python3", self.python3("--help").out)


class Packages(RunnerCase):
    def test_wheels_and_folders_are_found(self) -> None:
        self.write("packages/plain-1.0/plain/__init__.py", "from .part import V")
        self.write("packages/plain-1.0/plain/part.py", "V = 'folder'")
        with zipfile.ZipFile(self.root / "packages/packed-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("packed/__init__.py", "import pkgutil; V = pkgutil.get_data('packed', 'data.txt').decode()")
            wheel.writestr("packed/data.txt", "wheel")
            wheel.writestr("packed-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: packed\nVersion: 1.0\n")
        ours = self.python3(
            "-c", "import plain, packed, importlib.metadata as m, json; print(json.dumps([plain.V, packed.V, m.version('packed')]))"
        )
        self.assertEqual(ours.status, 0, ours.err)
        self.assertEqual(json.loads(ours.out), ["folder", "wheel", "1.0"])

    def test_a_package_does_not_hide_the_library(self) -> None:
        self.write("packages/old-1.0/dataclasses.py", "raise RuntimeError('a backport')")
        self.assertEqual(self.python3("-c", "import dataclasses").status, 0)


@unittest.skipUnless(COMPONENT, "the host has all of this")
class Absent(RunnerCase):
    """What a sandbox has not says so; what can do without does."""

    def said(self, code: str) -> str:
        ours = self.python3("-c", code)
        self.assertEqual(ours.status, 1, ours.err)
        self.assertIn("Traceback", ours.err)
        self.assertNotIn("weft_python", ours.err)
        return ours.err

    def test_processes_threads_and_the_network(self) -> None:
        for code, said in [
            ("import subprocess; subprocess.run(['ls', '-l'])", "processes are not available inside the sandbox (wanted: ls -l)"),
            ("import os; os.system('ls')", "processes are not available"),
            ("import os; os.popen('ls')", "processes are not available"),
            ("import multiprocessing; multiprocessing.Pool(2)", "processes are not available"),
            ("import multiprocessing; multiprocessing.Process(target=print).start()", "processes are not available"),
            ("import subprocess, sys; subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])", "`weft vendor PIPELINE`"),
            ("import threading; threading.Thread(target=print).start()", "threads are not available"),
            ("import concurrent.futures as c; c.ThreadPoolExecutor().submit(print)", "threads are not available"),
            ("import socket; socket.create_connection(('example.org', 80))", "the network is not available"),
            ("import urllib.request as u; u.urlopen('https://example.org/')", "(wanted: https://example.org/)"),
            ("import tarfile, io; tarfile.open(fileobj=io.BytesIO(), mode='r:bz2')", "bz2 is not available"),
            ("import lzma; lzma.compress(b'')", "lzma is not available"),
            ("import asyncio\nasync def f(): await asyncio.Event().wait()\nasyncio.run(f())", "there are only timers"),
        ]:
            with self.subTest(code):
                found = self.said(code)
                self.assertIn(said, found)
                if "pip" not in code:
                    self.assertIn("`--executor host-python`", found.splitlines()[-1])

    def test_modules_of_the_library(self) -> None:
        ours = self.python3("-c", "import ssl")
        self.assertIn("_ssl is a part of the standard library", ours.err)
        self.assertIn("`--executor host-python`", ours.err.splitlines()[-1])
        ours = self.python3("-c", "import bz2, lzma, sqlite3, pydoc, xmlrpc.client")
        self.assertEqual(ours.status, 0, ours.err)

    def test_time_zones(self) -> None:
        code = """
import zoneinfo, datetime
print(datetime.datetime(2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset(), len(zoneinfo.available_timezones()) > 400)
zoneinfo.ZoneInfo("Nowhere/Atall")
"""
        ours = self.python3("-c", code)
        self.assertEqual((ours.out, ours.status), ("2:00:00 True\n", 1), ours.err)
        self.assertIn("No time zone found with key Nowhere/Atall", ours.err)

    def test_an_event_loop_waits_for_time(self) -> None:
        code = """
import asyncio
async def f():
    waited = [asyncio.sleep(0.01 * (3 - i), i) for i in range(3)]
    return await asyncio.gather(*waited, asyncio.to_thread(abs, -4))
print(asyncio.run(f()))
"""
        ours = self.python3("-c", code)
        self.assertEqual((ours.out, ours.status), ("[0, 1, 2, 4]\n", 0), ours.err)

    def test_archives_are_still_told_apart(self) -> None:
        code = """
import io, tarfile
for mode in ("w", "w:gz"):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("name"))
    file.seek(0)
    print(tarfile.open(fileobj=file).getnames())
"""
        self.assertEqual(self.python3("-c", code).out, "['name']\n" * 2)

    def test_each_process_is_a_new_one(self) -> None:
        code = "import random, secrets, tempfile, uuid; print(random.random(), secrets.token_hex(8), tempfile.mkdtemp(), uuid.uuid4())"
        words = [self.python3("-c", code).out.split() for _ in range(2)]
        self.assertEqual([a == b for a, b in zip(*words, strict=True)], [False] * 4)


class Missing(RunnerCase):
    def said(self, code: str) -> str:
        ours = self.python3("-c", code)
        self.assertEqual(ours.status, 1)
        return ours.err

    def test_native_packages(self) -> None:
        self.write("packages/speedy-1.0/speedy/__init__.py", "from . import _fast")
        self.write("packages/speedy-1.0/speedy/_fast.cpython-999-wasm32-wasi.so", "")
        said = self.said("import torchvision.models")
        self.assertIn("ModuleNotFoundError: No module named 'torchvision'", said)
        self.assertIn("the package torchvision needs native code", said)
        self.assertIn("--executor host-python", said)
        self.assertIn("the package scikit-image needs native code", self.said("try:\n  import skimage\nexcept ImportError as e: raise ValueError(1) from e"))
        self.write("packages/speedy-1.0/swift.cpython-999-wasm32-wasi.so", "")
        self.assertIn("swift.cpython-999-wasm32-wasi.so is native code", self.said("import swift"))
        # Also in a wheel that says it is pure.
        with zipfile.ZipFile(self.root / "packages/lying-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("lying/__init__.py", "from ._machine import answer")
            wheel.writestr("lying/_machine.abi3.so", "")
        self.assertIn("lying/_machine.abi3.so is native code", self.said("import lying"))
        if COMPONENT or sys.version_info >= (3, 12):
            # Before, an error did not say what could not be imported from a package.
            self.assertIn("_fast.cpython-999-wasm32-wasi.so is native code", self.said("import speedy"))

    def test_other_packages(self) -> None:
        self.assertIn("`weft vendor PIPELINE`", self.said("import surely_not_there.sub"))
        self.assertIn("probably surely-not-there", self.said("import surely_not_there.sub"))
        self.assertIn("probably beautifulsoup4", self.said("import bs4"))

    def test_what_a_sandbox_has_not_is_told_once(self) -> None:
        code = """
try:
    raise OSError("threads are not available inside the sandbox")
except OSError as error:
    raise RuntimeError("no pool: not available inside the sandbox") from error
"""
        said = self.said(code)
        self.assertEqual(said.count("--executor host-python"), 1, said)
        self.assertIn("--executor host-python", said.splitlines()[-1])

    def test_an_error_that_cannot_be_shown_ends_the_program_all_the_same(self) -> None:
        said = self.said("class Odd(Exception):\n  def __str__(self): raise ValueError\nraise Odd")
        self.assertIn("Odd", said)
        self.assertNotIn("weft_python", said)

    def test_nothing_is_said_of_what_is_there(self) -> None:
        self.assertNotIn("note:", self.said("import json.nothing"))
        self.assertNotIn("note:", self.said("from json import nothing"))

    def test_programs(self) -> None:
        for module, said in [("pip", "pip is not available inside the sandbox"), ("surely_not_there", "`weft vendor PIPELINE`")]:
            ours = self.python3("-m", module, "install", "x")
            self.assertEqual(ours.status, 1)
            self.assertIn(said, ours.err)
        ours = self.python3("-m", "kfp.dsl.executor_main", "--executor_input", "{}", "--function_to_execute", "f")
        self.assertEqual(ours.status, 1)
        self.assertIn("the function lies in the files of the container's image", ours.err)


if __name__ == "__main__":
    unittest.main()
