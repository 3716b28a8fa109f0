"""A task that succeeds at its third attempt: it counts them in a volume, which outlives the attempts."""

from kfp import dsl, kubernetes


@dsl.component
def flaky(path: str) -> int:
    import os
    count = 1
    if os.path.exists(path):
        with open(path) as file:
            count = int(file.read()) + 1
    with open(path, 'w') as file:
        file.write(str(count))
    if count < 3:
        raise RuntimeError(f'attempt {count} fails')
    return count


@dsl.pipeline(name='retry-success')
def pipeline() -> int:
    volume = kubernetes.CreatePVC(
        pvc_name_suffix='-attempts', access_modes=['ReadWriteOnce'], size='1Mi', storage_class_name='standard')
    task = flaky(path='/attempts/count').set_retry(num_retries=3).set_caching_options(False)
    kubernetes.mount_pvc(task, pvc_name=volume.outputs['name'], mount_path='/attempts')
    return task.output


EXPECT = {
    'outputs': {'Output': 3},
    'tasks': {'createpvc': 'COMPLETE', 'flaky': 'COMPLETE'},
    'attempts': {'flaky': 3},
    'compare': 'kfp.local has no volumes and does not retry',
}
