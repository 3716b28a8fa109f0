"""A notebook component: its cells run with the parameters of the function, and what they put out is in the log and in the notebook."""

import json
import os
import tempfile

from kfp import dsl


def code(source: str, *tags: str) -> dict:
    return {
        'cell_type': 'code',
        'execution_count': None,
        'metadata': {'tags': list(tags)} if tags else {},
        'outputs': [],
        'source': source.splitlines(keepends=True),
    }


NOTEBOOK = {
    'cells': [
        {'cell_type': 'markdown', 'metadata': {}, 'source': ['# Words']},
        code("text = 'nothing'\ntimes = 1", 'parameters'),
        code('%matplotlib inline\nimport helper\nwords = text.split() * times\nprint(len(words), "words")'),
        code('words[0]'),
        code('for word in words: await helper.later(word)'),
        code('1 / 0', 'raises-exception'),
        code("from IPython.display import display, HTML\ndisplay(HTML('<b>bold</b>'))\nhelper.keep(words);"),
    ],
    'metadata': {'language_info': {'name': 'python'}},
    'nbformat': 4,
    'nbformat_minor': 2,
}

HELPER = '''
import json, os
async def later(word):
    print(word.upper())
def keep(words):
    os.makedirs('/tmp/kept', exist_ok=True)
    with open('/tmp/kept/words.json', 'w') as file:
        json.dump(words, file)
    return words
'''

FOLDER = tempfile.mkdtemp()
with open(os.path.join(FOLDER, 'words.ipynb'), 'w') as file:
    json.dump(NOTEBOOK, file)
with open(os.path.join(FOLDER, 'helper.py'), 'w') as file:
    file.write(HELPER)


@dsl.notebook_component(notebook_path=FOLDER)
def count(text: str, times: int) -> list:
    import json
    dsl.run_notebook(text=text, times=times)
    with open('/tmp/kept/words.json') as file:
        return json.load(file)


@dsl.notebook_component(notebook_path=FOLDER)
def misuse(text: str):
    dsl.run_notebook(text=text, times='twice')


@dsl.pipeline(name='notebook')
def pipeline(text: str = 'a b') -> list:
    misuse(text=text)
    return count(text=text, times=2).output


EXPECT = {
    'state': 'FAILED',
    'outputs': {'Output': ['a', 'b', 'a', 'b']},
    'tasks': {'count': 'COMPLETE', 'misuse': 'FAILED'},
    'logs': {
        'count': ['4 words', "'a'", 'B', 'ZeroDivisionError: division by zero', '<IPython.core.display.HTML object>'],
        'misuse': ['words = text.split() * times', "TypeError: can't multiply sequence by non-int of type 'str'"],
    },
    'compare': 'it needs a kernel of Jupyter',
}
