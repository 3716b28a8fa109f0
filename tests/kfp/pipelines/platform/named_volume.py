"""A volume whose name a parameter gives, mounted by its maker's output and by its name alone."""

from kfp import dsl, kubernetes


@dsl.component
def note(text: str) -> str:
    import os
    path = '/notes/all.txt'
    with open(path, 'a') as file:
        file.write(text)
    with open(path) as file:
        return file.read()


@dsl.pipeline(name='named-volume')
def pipeline(name: str = 'notes', text: str = 'x') -> str:
    volume = kubernetes.CreatePVC(pvc_name=name, access_modes=['ReadWriteMany'], size='1Gi', storage_class_name='standard')
    first = note(text=text).set_caching_options(False)
    kubernetes.mount_pvc(first, pvc_name=volume.outputs['name'], mount_path='/notes')
    second = note(text='y').after(first).set_caching_options(False)
    kubernetes.mount_pvc(second, pvc_name=name, mount_path='/notes')
    return second.output


EXPECT = {
    'outputs': {'Output': 'xy'},
    'compare': 'kfp.local has no volumes',
}
