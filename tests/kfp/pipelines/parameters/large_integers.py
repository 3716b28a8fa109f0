"""A whole number beyond 64 bits inside a dictionary would be another number in JSON: it is refused, not rounded."""

from kfp import dsl


@dsl.component
def fingerprint() -> dict:
    return {'least': -2**63, 'most': 2**64 - 1, 'hash': 2**70 + 1}


@dsl.pipeline(name='large-integers')
def pipeline() -> dict:
    return fingerprint().output


EXPECT = {
    'state': 'FAILED',
    'error': [
        'its output `Output` cannot be kept: it holds 1180591620717411303425, which is beyond 64 bits',
        'make it a text (`str(number)`)',
    ],
    'tasks': {'fingerprint': 'FAILED'},
    'compare': 'kfp.local rounds it',
}
