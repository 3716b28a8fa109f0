"""Volumes: made, mounted in several tasks (whole and a folder of it), removed; their name from an output and from a constant."""

from kfp import dsl, kubernetes
from kfp.dsl import OutputPath


@dsl.component
def write(text: str) -> str:
    import os
    os.makedirs('/data/sub', exist_ok=True)
    with open('/data/first.txt', 'w') as file:
        file.write(text)
    with open('/data/sub/second.txt', 'w') as file:
        file.write(text[::-1])
    return ' '.join(sorted(os.listdir('/data')))


@dsl.container_component
def append():
    return dsl.ContainerSpec(image='alpine', command=['sh', '-ec', 'cat /mnt/first.txt; printf " more" >> /mnt/first.txt'])


@dsl.component
def read() -> str:
    with open('/whole/first.txt') as one, open('/part/second.txt') as two:
        return f'{one.read()} {two.read()}'


@dsl.component
def join(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='volumes')
def pipeline(text: str = 'text') -> str:
    volume = kubernetes.CreatePVC(
        pvc_name_suffix='-data', access_modes=['ReadWriteMany'], size='5Gi', storage_class_name='standard',
        annotations={'made-by': 'a pipeline'})
    name = volume.outputs['name']
    written = write(text=text).set_caching_options(False)
    kubernetes.mount_pvc(written, pvc_name=name, mount_path='/data')
    appended = append().after(written).set_caching_options(False)
    kubernetes.mount_pvc(appended, pvc_name=name, mount_path='/mnt')
    seen = read().after(appended).set_caching_options(False)
    kubernetes.mount_pvc(seen, pvc_name=name, mount_path='/whole')
    kubernetes.mount_pvc(seen, pvc_name=name, mount_path='/part', sub_path='sub')
    kubernetes.DeletePVC(pvc_name=name).after(seen)
    return join(a=written.output, b=seen.output).output


EXPECT = {
    'outputs': {'Output': 'first.txt sub | text more txet'},
    'tasks': {'createpvc': 'COMPLETE', 'deletepvc': 'COMPLETE', 'read': 'COMPLETE'},
    'logs': {'append': ['text']},
    'compare': 'kfp.local has no volumes',
}
