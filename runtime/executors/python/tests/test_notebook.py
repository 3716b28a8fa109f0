"""Notebooks give the outputs that nbclient 0.10 gives with ipykernel 6: those here were read off notebooks that these ran."""

import importlib
import json
import sys
import unittest
import unittest.mock
from pathlib import Path

from runner import COMPONENT

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from weft_python import notebook  # noqa: E402

RICH = """
class Bold:
    def __repr__(self): return 'Bold()'
    def _repr_html_(self): return '<b>bold</b>'
Bold()
"""

LIKE_JUPYTER = [
    (
        "print(1)\nimport sys\nprint('e', file=sys.stderr)\nprint(3)",
        [
            {"output_type": "stream", "name": "stdout", "text": "1\n3\n"},
            {"output_type": "stream", "name": "stderr", "text": "e\n"},
        ],
    ),
    (
        "x = {'a': [1, 2, 3], 'b': 'c'}\nx",
        [
            {
                "output_type": "execute_result",
                "execution_count": 2,
                "metadata": {},
                "data": {"text/plain": "{'a': [1, 2, 3], 'b': 'c'}"},
            }
        ],
    ),
    ("x;", []),
    ("None", []),
    (
        RICH,
        [
            {
                "output_type": "execute_result",
                "execution_count": 5,
                "metadata": {},
                "data": {"text/html": "<b>bold</b>", "text/plain": "Bold()"},
            }
        ],
    ),
    (
        "from IPython.display import display, HTML\ndisplay(HTML('<i>x</i>'), 5)",
        [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"text/html": "<i>x</i>", "text/plain": "<IPython.core.display.HTML object>"},
            },
            {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "5"}},
        ],
    ),
    (
        "await __import__('asyncio').sleep(0)\n'done'",
        [{"output_type": "execute_result", "execution_count": 7, "metadata": {}, "data": {"text/plain": "'done'"}}],
    ),
    ("%matplotlib inline\nfor i in range(3):\n    i", []),
    (
        "import pickle\nclass P: pass\npickle.loads(pickle.dumps(P())).__module__",
        [{"output_type": "execute_result", "execution_count": 9, "metadata": {}, "data": {"text/plain": "'__main__'"}}],
    ),
]


@unittest.skipIf(COMPONENT, "it is the host's own")
class LikeJupyter(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        ours = {name for name in sys.modules if name.partition(".")[0] in ("nbformat", "nbclient", "jupyter_client", "IPython")}
        patched = unittest.mock.patch.object(sys, "meta_path", [notebook.Finder(), *sys.meta_path])
        patched.start()
        self.addCleanup(patched.stop)
        modules = unittest.mock.patch.dict(sys.modules)
        modules.start()
        self.addCleanup(modules.stop)
        for name in ours:
            del sys.modules[name]
        self.nbformat = importlib.import_module("nbformat")
        self.nbclient = importlib.import_module("nbclient")

    def run_cells(self, *sources: str, **options: object) -> list:
        cells = [self.nbformat.v4.new_code_cell(source=source) for source in sources]
        made = self.nbformat.v4.new_notebook(cells=cells)
        return self.nbclient.NotebookClient(made, kernel_name="python3", **options).execute().cells

    def test_cells_put_out_what_a_kernel_does(self) -> None:
        cells = self.run_cells(*(source for source, _ in LIKE_JUPYTER))
        for count, (cell, (source, outputs)) in enumerate(zip(cells, LIKE_JUPYTER, strict=True), 1):
            with self.subTest(source):
                self.assertEqual(cell.execution_count, count)
                self.assertEqual(json.loads(json.dumps(cell.outputs)), outputs)

    def test_an_error_ends_the_notebook_and_tells_the_cell(self) -> None:
        with self.assertRaises(self.nbclient.exceptions.CellExecutionError) as raised:
            self.run_cells("def f():\n    return 1 / 0", "print('before')\nf()", "never()")
        said = str(raised.exception)
        for part in ("before", "f()", 'File "<cell 1>", line 2', "ZeroDivisionError: division by zero"):
            self.assertIn(part, said)
        self.assertNotIn("notebook.py", said)
        self.assertEqual((raised.exception.ename, raised.exception.evalue), ("ZeroDivisionError", "division by zero"))
        cells = self.run_cells("1 / 0", "'on'", allow_errors=True)
        self.assertEqual([cell.outputs[0].output_type for cell in cells], ["error", "execute_result"])

    def test_cells_have_a_shell(self) -> None:
        first, second = self.run_cells(
            "from IPython import get_ipython\nx = 7\nget_ipython().user_ns['x']", "get_ipython().system('ls')", allow_errors=True)
        self.assertEqual(first.outputs[0].data["text/plain"], "7")
        self.assertIn("processes are not available", second.outputs[0].evalue)

    def test_what_needs_ipython_or_a_process_says_so(self) -> None:
        for source, said in [("!ls -l", "processes are not available"), ("%pip install rich", "packages_to_install"), ("%%bash\nls", "magics")]:
            cell = self.run_cells(source, allow_errors=True)[0]
            self.assertIn(said, cell.outputs[0].evalue, source)

    def test_files_are_read_and_written(self) -> None:
        made = self.nbformat.v4.new_notebook(cells=[self.nbformat.v4.new_code_cell(source="1\n2")])
        text = self.nbformat.writes(made)
        self.assertEqual(json.loads(text)["cells"][0]["source"], ["1\n", "2"])
        self.assertEqual(self.nbformat.reads(text, as_version=4), made)
        with self.assertRaisesRegex(ValueError, "format 4, but of 3"):
            self.nbformat.reads('{"nbformat": 3, "worksheets": []}', as_version=4)
        with self.assertRaisesRegex(ValueError, "does not appear to be JSON"):
            self.nbformat.reads("{", as_version=4)


if __name__ == "__main__":
    unittest.main()
