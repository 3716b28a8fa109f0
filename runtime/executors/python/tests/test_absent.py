"""What stands in for what a sandbox has not, beside the real thing on the host."""

import ctypes
import errno
import grp
import io
import os
import pwd
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python import identity, native, null  # noqa: E402


class Databases(unittest.TestCase):
    def test_entries_are_like_the_real_ones(self) -> None:
        made = identity.database("pwd", "struct_passwd", "name passwd uid gid gecos dir shell", identity.PASSWD, "pw", "nam", "uid")
        real = pwd.getpwuid(0)
        for entry in (made.getpwuid(0), made.getpwnam("root"), made.getpwall()[0]):
            names = [name for name in dir(real) if name.startswith("pw_")]
            self.assertEqual([name for name in dir(entry) if name.startswith("pw_")], names)
            self.assertEqual((entry.pw_name, entry.pw_uid, entry.pw_gid, len(entry)), (real.pw_name, 0, 0, len(real)))
            self.assertEqual([getattr(entry, name) for name in names], [getattr(entry, name) for name in names])
        groups = identity.database("grp", "struct_group", "name passwd gid mem", identity.GROUP, "gr", "nam", "gid")
        self.assertEqual(groups.getgrgid(0)[:3], grp.getgrgid(0)[:3])

    def test_errors_are_the_real_ones(self) -> None:
        made = identity.database("pwd", "struct_passwd", "name passwd uid gid gecos dir shell", identity.PASSWD, "pw", "nam", "uid")
        for call, argument in (("getpwnam", "nobody-of-this-name"), ("getpwuid", 987654), ("getpwnam", 1)):
            with self.subTest(call), self.assertRaises((KeyError, TypeError)) as ours:
                getattr(made, call)(argument)
            with self.assertRaises((KeyError, TypeError)) as theirs:
                getattr(pwd, call)(argument)
            self.assertEqual((type(ours.exception), str(ours.exception)), (type(theirs.exception), str(theirs.exception)))

    def test_a_mask_is_kept(self) -> None:
        mask = identity.Mask()
        self.assertEqual((mask(0o077), mask(0o7022), mask(0)), (0o022, 0o077, 0o022))


class Numbers(unittest.TestCase):
    def test_values_are_held_as_c_holds_them(self) -> None:
        for name in ("c_byte", "c_ubyte", "c_short", "c_ushort", "c_int", "c_uint", "c_longlong", "c_ulonglong"):
            kind = getattr(ctypes, name)
            for value in (0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**63, -(2**63) - 1, 2**64 + 5):
                self.assertEqual(native.held(kind._type_, value), kind(value).value, f"{name}({value})")
        for name, value in (("c_float", 0.1), ("c_double", 0.1), ("c_bool", 3), ("c_char", b"x")):
            kind = getattr(ctypes, name)
            self.assertEqual(native.held(kind._type_, value), kind(value).value, name)


class Locks(unittest.TestCase):
    def test_two_open_files_exclude_each_other_until_one_lets_go_or_is_closed(self) -> None:
        import fcntl

        with tempfile.TemporaryDirectory() as folder:
            for flock in (fcntl.flock, native.Locks().flock):
                path = f"{folder}/lock"
                first, second = open(path, "w"), open(path, "w")
                flock(first, native.SH | native.NB)
                flock(second, native.SH | native.NB)
                with self.assertRaises(OSError) as refused:
                    flock(first, native.EX | native.NB)
                self.assertEqual(refused.exception.errno, errno.EWOULDBLOCK)
                flock(second, native.UN)
                flock(first, native.EX | native.NB)
                with self.assertRaises(OSError):
                    flock(second, native.SH | native.NB)
                first.close()
                flock(second, native.EX | native.NB)
                second.close()


class Null(unittest.TestCase):
    def test_it_is_as_the_real_device(self) -> None:
        def use(opened: io.IOBase) -> list:
            with opened as file:
                text = isinstance(file, io.TextIOBase)
                done = [type(file).__name__, file.readable(), file.writable()]
                if file.writable():
                    done += [file.write("abc" if text else b"abc"), file.flush()]
                if file.readable():
                    done += [file.read(), file.readline()]
            return [*done, file.closed]

        for mode in ("r", "w", "a", "r+", "w+", "rb", "wb", "rb+", "ab"):
            with self.subTest(mode):
                self.assertEqual(use(null.device(mode, -1, None, None, None)), use(open(os.devnull, mode)))


if __name__ == "__main__":
    unittest.main()
