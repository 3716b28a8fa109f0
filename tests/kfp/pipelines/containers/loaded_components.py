"""Components loaded from YAML text of the first format (`inputValue`, `inputPath`, `outputPath`, `concat`, `if`), mixed with functions."""

from kfp import components, dsl

repeat = components.load_component_from_text('''
name: Repeat Line
description: Writes a line some times.
inputs:
- {name: Line, type: String}
- {name: Times, type: Integer, default: '2'}
- {name: Prefix, type: String, optional: true}
outputs:
- {name: Text}
- {name: Count, type: Integer}
implementation:
  container:
    image: alpine
    command:
    - sh
    - -ec
    - |
      mkdir -p "$(dirname "$2")" "$(dirname "$3")"
      i=0
      while [ "$i" -lt "$1" ]; do
        echo "$4$0"
        i=$((i + 1))
      done > "$2"
      echo "$i" > "$3"
    - {inputValue: Line}
    - {inputValue: Times}
    - {outputPath: Text}
    - {outputPath: Count}
    - if:
        cond: {isPresent: Prefix}
        then: {concat: [{inputValue: Prefix}, ': ']}
''')

upper = components.load_component_from_text('''
name: Upper
inputs:
- {name: Text}
outputs:
- {name: Result, type: Dataset}
implementation:
  container:
    image: busybox
    command: [sh, -c, 'tr a-z A-Z < "$0" > "$1"', {inputPath: Text}, {outputPath: Result}]
''')


@dsl.component
def read(data: dsl.Input[dsl.Dataset], count: int) -> str:
    with open(data.path) as file:
        return file.read() + str(count)


@dsl.pipeline(name='loaded-components')
def pipeline(line: str = 'some text') -> str:
    first = repeat(line=line, times=3, prefix='p')
    second = upper(text=first.outputs['text'])
    repeat(line='plain')
    return read(data=second.outputs['result'], count=first.outputs['count']).output


EXPECT = {
    'outputs': {'Output': 'P: SOME TEXT\nP: SOME TEXT\nP: SOME TEXT\n3'},
    'tasks': {'repeat-line': 'COMPLETE', 'upper': 'COMPLETE', 'repeat-line-2': 'COMPLETE', 'read': 'COMPLETE'},
    'compare': True,
}
