"""Unicode everywhere: values, keys, docstrings, artifacts, metadata, logs, display names, function bodies."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def write(text: str, table: dict, data: Output[Dataset]) -> str:
    """Schreibt Größen, 大きさ и размеры."""
    data.metadata['größe'] = '大'
    data.metadata['emoji'] = '🦭'
    with open(data.path, 'w', encoding='utf-8') as file:
        file.write(text + '|' + '|'.join(f'{key}→{value}' for key, value in sorted(table.items())))
    print('geschrieben: ' + text)
    return text[::-1]


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path, encoding='utf-8') as file:
        return file.read() + ' ' + data.metadata['größe'] + data.metadata['emoji']


@dsl.pipeline(name='unicode', description='Größe, 大きさ, размер', display_name='Einhörner 🦄')
def pipeline(text: str = 'naïve Ωμέγα 𝔘nicode \u202eزعفران') -> str:
    written = write(text=text, table={'schlüssel': 'wert', '键': '值', 'ключ': 'зн\u0301ак'})
    written.set_display_name('Schreiben ✍️')
    return read(data=written.outputs['data']).output


EXPECT = {
    'arguments': {'text': 'žluťoučký kůň 🐎'},
    'outputs': {'Output': 'žluťoučký kůň 🐎|schlüssel→wert|ключ→зн\u0301ак|键→值 大🦭'},
    'logs': {'write': ['geschrieben: žluťoučký kůň 🐎']},
    'compare': True,
}
