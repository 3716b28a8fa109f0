"""A component loaded from the text of a compiled specification, written by hand: command, environment, output file."""

from kfp import components, dsl

shout = components.load_component_from_text('''
# PIPELINE DEFINITION
components:
  comp-shout:
    executorLabel: exec-shout
    inputDefinitions:
      parameters:
        text: {parameterType: STRING}
        times: {parameterType: NUMBER_INTEGER, defaultValue: 1, isOptional: true}
    outputDefinitions:
      parameters:
        shouted: {parameterType: STRING}
deploymentSpec:
  executors:
    exec-shout:
      container:
        image: bash
        command: [bash, -c]
        args:
        - 'printf "%s%.*s" "$0" "$1" "!!!!!!!!" > "$2"'
        - "{{$.inputs.parameters['text']}}"
        - "{{$.inputs.parameters['times']}}"
        - "{{$.outputs.parameters['shouted'].output_file}}"
pipelineInfo: {name: shout}
root:
  dag:
    outputs:
      parameters:
        shouted: {valueFromParameter: {outputParameterKey: shouted, producerSubtask: shout}}
    tasks:
      shout:
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-shout}
        inputs:
          parameters:
            text: {componentInputParameter: text}
            times: {componentInputParameter: times}
        taskInfo: {name: shout}
  inputDefinitions:
    parameters:
      text: {parameterType: STRING}
      times: {parameterType: NUMBER_INTEGER, defaultValue: 1, isOptional: true}
  outputDefinitions:
    parameters:
      shouted: {parameterType: STRING}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.3
''')


@dsl.pipeline(name='loaded-ir')
def pipeline(text: str = 'hey') -> str:
    return shout(text=shout(text=text, times=3).output).output


EXPECT = {
    'outputs': {'Output': 'hey!!!!'},
    'tasks': {'shout': 'COMPLETE', 'shout-2': 'COMPLETE'},
    'compare': True,
}
