#!/usr/bin/env python3
"""Writes `report.ipynb`, and `answers.json`: what Jupyter's own packages make of its cells.

The environment, with CPython 3.13: `pip install nbformat==5.11.1 nbclient==0.11.0 ipykernel==7.4.0 pandas==3.0.6 matplotlib==3.11.2`.
"""

import json
import pathlib
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import summary  # noqa: E402

CELLS = [
    "rows = 3\ntext = 'default'\npath = ''",
    "print('text is', text)\nprint('rows are', rows)\nimport sys\nprint('to stderr', file=sys.stderr)\nlen(text)",
    "import pandas as pd\ntable = pd.DataFrame({'x': range(rows), 'y': [one / 2 for one in range(rows)]})\ntable",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot(table['x'], table['y'])\nplt.title('walk')\nplt.show()",
    "figure, axes = plt.subplots()\naxes.bar(['a', 'b'], [1, 2]);",
    "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>bold</b>'))\ndisplay(Markdown('# Title'), 'plain', 3)\nprint('after')",
    "from IPython import get_ipython\nplt.figure()\nplt.plot([1])\nget_ipython() is not None",
    "class Point:\n    def __init__(self, x):\n        self.x = x\n    def __repr__(self):\n        return f'Point({self.x})'\n[Point(1), Point(2)]",
    "import pickle\npickle.loads(pickle.dumps(Point(7)))",
    "import asyncio\nawait asyncio.sleep(0)\nNone",
    "total = table['y'].sum()\nif rows < 0:\n    raise ValueError(f'{rows} rows cannot be')\nif path:\n    table.to_csv(path, index=False)\ntotal;",
    "def inverse(number):\n    return 1 / number\n\ninverse(0)",
    "'not reached by a run that stops'",
]


def main():
    cells = [new_markdown_cell('# Report\n\nFor tests.'), *(new_code_cell(source) for source in CELLS)]
    cells[1].metadata['tags'] = ['parameters']
    cells[12].metadata['tags'] = ['raises-exception']
    for number, cell in enumerate(cells):
        cell['id'] = f'cell-{number}'
    notebook = new_notebook(cells=cells, metadata={'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}})
    nbformat.write(notebook, HERE / 'report.ipynb')
    answers = json.dumps(summary.of(str(HERE / 'report.ipynb'))[0], indent=1, ensure_ascii=False)
    (HERE / 'answers.json').write_text(answers + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
