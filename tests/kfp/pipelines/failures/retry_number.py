"""The number of a retry in a task's texts, and retries of a nested pipeline, which are those of its tasks that say nothing themselves."""

from kfp import dsl


@dsl.component
def wait_for(number: str, wanted: str) -> str:
    if number != wanted:
        raise RuntimeError(f'retry {number} is not retry {wanted}')
    return number


@dsl.container_component
def wait_in_shell(wanted: str):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'test "{{retries}}" -ge "$0"', wanted])


@dsl.pipeline(name='nested')
def nested() -> str:
    one = wait_for(number='{{retries}}', wanted='1')
    # Its last attempt is the same step as that of the task above, whichever comes first.
    two = wait_for(number='{{retries}}', wanted='2').set_caching_options(False)
    two.set_retry(num_retries=3, backoff_duration='0s')
    return one.output


@dsl.pipeline(name='retry-number')
def pipeline() -> str:
    two = wait_for(number='{{retries}}', wanted='2').set_caching_options(False)
    two.set_retry(num_retries=2, backoff_duration='0s')
    wait_for(number='{{retries}}', wanted='0')
    wait_in_shell(wanted='1').set_retry(num_retries=1, backoff_duration='0s')
    return nested().set_retry(num_retries=1, backoff_duration='0s').output


EXPECT = {
    'outputs': {'Output': '1'},
    'attempts': {
        'wait-for': 3,
        'wait-for-2': 1,
        'wait-in-shell': 2,
        'nested/wait-for': 2,
        'nested/wait-for-2': 3,
    },
    'compare': 'Argo fills in the number, which runs the pipelines of the back end',
}
