"""How long a cluster keeps a run: read, and without effect here."""

from kfp import dsl


@dsl.component
def work() -> str:
    return 'done'


@dsl.pipeline(
    name='time-to-live',
    pipeline_config=dsl.PipelineConfig(
        ttl_seconds_after_finished=3600, ttl_seconds_after_success=60, ttl_seconds_after_failure=86400))
def pipeline() -> str:
    return work().output


EXPECT = {
    'outputs': {'Output': 'done'},
    'compare': True,
}
