import csv
import io
import unittest

from bindings import Err, Handle, logged, types

import weft_guest
from weft_guest import open_artifact


class Files(unittest.TestCase):
    def test_what_is_written_is_read_across_many_pieces(self) -> None:
        content = bytes(range(251)) * 4000
        handle = Handle()
        with open_artifact(handle, "wb") as file:
            for start in range(0, len(content), 1000):
                file.write(content[start : start + 1000])
        self.assertEqual(bytes(handle.content), content)
        self.assertEqual(weft_guest.read_bytes(handle), content)

    def test_text_has_lines_and_modules_of_the_library_take_it(self) -> None:
        handle = Handle("\ufeffa,b\r\n1,\"two\nlines\"\r\nü,4\r\n".encode())
        with open_artifact(handle, newline="") as file:
            self.assertEqual(list(csv.reader(file)), [["a", "b"], ["1", "two\nlines"], ["ü", "4"]])
        with open_artifact(handle) as file:
            self.assertEqual(next(file), "a,b\n")
        self.assertEqual(handle.length(), 29, "the handle is still there")

    def test_seeking_works_from_either_end_and_not_before_the_start(self) -> None:
        handle = Handle(b"0123456789")
        with open_artifact(handle, "rb") as file:
            self.assertEqual(file.seek(-3, io.SEEK_END), 7)
            self.assertEqual(file.read(), b"789")
            file.seek(100)
            self.assertEqual(file.read(), b"")
            with self.assertRaises((ValueError, OSError)):
                file.seek(-1)
        with open_artifact(handle, "wb") as file:
            file.write(b"abc")
            file.seek(1)
            file.write(b"X")
        self.assertEqual(handle.content, b"aXc3456789")

    def test_json_goes_there_and_back_and_refuses_what_it_cannot_hold(self) -> None:
        handle = Handle()
        weft_guest.write_json(handle, {"ü": [1, 2.5, None]})
        self.assertEqual(weft_guest.read_json(handle), {"ü": [1, 2.5, None]})
        with self.assertRaises(ValueError):
            weft_guest.write_json(handle, float("nan"))

    def test_refusals_are_os_errors_in_words(self) -> None:
        with self.assertRaisesRegex(weft_guest.ArtifactError, "inputs are never changed"):
            weft_guest.write_text(Handle(writable=False), "x")
        with self.assertRaisesRegex(OSError, "no more than 10 bytes"):
            weft_guest.write_bytes(Handle(limit=10), b"x" * 11)
        with self.assertRaisesRegex(ValueError, "not 'a'"):
            open_artifact(Handle(), "a")  # type: ignore[call-overload]


class Properties(unittest.TestCase):
    def test_plain_values_go_there_and_back(self) -> None:
        handle = Handle()
        values = {"bool": True, "double": 0.5, "int": 7, "list": [1, "a"], "string": "ü", "struct": {"a": None}}
        weft_guest.set_properties(handle, values, more=1)
        self.assertEqual(weft_guest.properties(handle), {**values, "more": 1})
        self.assertEqual(handle.named["bool"], types.Value_Bool(True))
        self.assertEqual(handle.named["list"], types.Value_List('[1, "a"]'))
        with self.assertRaisesRegex(TypeError, "not NoneType"):
            weft_guest.set_properties(handle, nothing=None)  # type: ignore[arg-type]


class Steps(unittest.TestCase):
    def test_named_exceptions_and_refusals_are_failures_and_others_are_mistakes(self) -> None:
        @weft_guest.step(ValueError)
        def run(error: Exception | None) -> str:
            """Does it."""
            if error:
                raise error
            return "done"

        self.assertEqual((run(None), run.__doc__), ("done", "Does it."))
        for error, text in [
            (ValueError("seven is wrong"), "seven is wrong"),
            (Err(types.Error_NotFound("a/b")), "there is no file `a/b` in the artifact"),
            (Err(types.Error_Io("disk full")), "disk full"),
            (Err("plain"), "plain"),
            (weft_guest.ArtifactError("refused"), "refused"),
        ]:
            with self.assertRaises(Err) as raised:
                run(error)
            self.assertEqual(raised.exception.value, text)
        with self.assertRaises(KeyError):
            run(KeyError("x"))

    def test_log_and_progress_reach_the_runtime(self) -> None:
        logged.clear()
        weft_guest.run.warn(3)
        weft_guest.run.progress(1, 2)
        self.assertEqual(logged, [("WARN", "3"), (1, 2)])


if __name__ == "__main__":
    unittest.main()
