"""Scratch volumes of one task: an empty directory, one in memory, an ephemeral volume."""

from kfp import dsl, kubernetes


@dsl.component
def use() -> str:
    import os
    found = []
    for folder in ['/scratch', '/memory', '/ephemeral']:
        before = os.listdir(folder)
        with open(f'{folder}/file', 'w') as file:
            file.write('x')
        found.append(f'{len(before)}{len(os.listdir(folder))}')
    return ' '.join(found)


@dsl.pipeline(name='scratch-volumes')
def pipeline() -> str:
    task = use()
    kubernetes.empty_dir_mount(task, volume_name='scratch', mount_path='/scratch', size_limit='1Gi')
    kubernetes.empty_dir_mount(task, volume_name='memory', mount_path='/memory', medium='Memory')
    kubernetes.add_ephemeral_volume(
        task, volume_name='ephemeral', mount_path='/ephemeral', access_modes=['ReadWriteOnce'], size='1Gi')
    return task.output


EXPECT = {
    'outputs': {'Output': '01 01 01'},
    'compare': 'kfp.local has no volumes',
}
