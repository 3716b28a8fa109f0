"""What a cluster's scheduler reads and this runtime does not honour: told by name, and the pipeline runs."""

from kfp import dsl, kubernetes


@dsl.component
def work() -> str:
    return 'worked'


@dsl.component
def plain() -> str:
    return 'plain'


@dsl.pipeline(name='scheduling')
def pipeline() -> str:
    task = work()
    task.set_accelerator_type('nvidia.com/gpu').set_accelerator_limit(2)
    kubernetes.add_node_selector(task, label_key='cloud.google.com/gke-accelerator', label_value='nvidia-tesla-t4')
    kubernetes.add_toleration(task, key='gpu', operator='Equal', value='present', effect='NoSchedule', toleration_seconds=10)
    kubernetes.add_node_affinity(task, match_expressions=[{'key': 'disk', 'operator': 'In', 'values': ['ssd']}], weight=5)
    kubernetes.set_image_pull_policy(task, 'Always')
    kubernetes.set_image_pull_secrets(task, ['registry-login'])
    kubernetes.add_pod_label(task, label_key='team', label_value='ml')
    kubernetes.add_pod_annotation(task, annotation_key='note', annotation_value='x')
    kubernetes.set_security_context(task, run_as_user=1000)
    plain()
    return task.output


EXPECT = {
    'outputs': {'Output': 'worked'},
    # Each of them is told, by the field's name in the specification.
    'warnings': ['accelerator', 'nodeSelector', 'tolerations', 'nodeAffinity', 'securityContext'],
    'compare': True,
}
