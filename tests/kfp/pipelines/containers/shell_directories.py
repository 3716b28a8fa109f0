"""Directories as artifacts by shell commands; `ls`, `find`, globs, `rm`, `mv`; `uri` and `path` alike."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath


@dsl.container_component
def shards(data: Output[Dataset]):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-c'],
        args=['mkdir -p "$0/a/b" && cd "$0" && echo one > a/1.txt && echo two > a/b/2.txt && touch a/empty && mv a/empty a/renamed', data.uri])


@dsl.container_component
def list_all(data: Input[Dataset], names: OutputPath(str), kept: Output[Dataset]):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-c', '''
            cp -r "$0" "$2"
            rm "$2"/a/renamed
            cd "$0" && find . -type f | sort | tr '\\n' ' ' > "$1"
            for file in a/*.txt; do cat "$file" >> "$1"; done
            [ -d a/b ] && [ ! -e c ] && printf yes >> "$1"
        ''', data.path, names, kept.path])


@dsl.component
def count(kept: Input[Dataset], names: str) -> str:
    import os
    return names + f' {sum(len(files) for _, _, files in os.walk(kept.path))}'


@dsl.pipeline(name='shell-directories')
def pipeline() -> str:
    made = shards()
    listed = list_all(data=made.outputs['data'])
    return count(kept=listed.outputs['kept'], names=listed.outputs['names']).output


EXPECT = {
    'outputs': {'Output': './a/1.txt ./a/b/2.txt ./a/renamed one\nyes 2'},
    'compare': True,
}
