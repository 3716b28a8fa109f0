"""`SlicedClassificationMetrics`: metrics by slice of the data."""

from kfp import dsl
from kfp.dsl import Output, SlicedClassificationMetrics


@dsl.component
def evaluate(sliced: Output[SlicedClassificationMetrics]):
    # The SDK forgot to make this dictionary (2.17.3), so users do.
    sliced._sliced_metrics = {}
    sliced.set_confusion_matrix_categories('young', ['yes', 'no'])
    sliced.log_confusion_matrix_row('young', 'yes', [7, 1])
    sliced.log_confusion_matrix_row('young', 'no', [2, 6])
    sliced.set_confusion_matrix_categories('old', ['yes', 'no'])
    sliced.log_confusion_matrix_cell('old', 'no', 'no', 4)


@dsl.pipeline(name='sliced-metrics')
def pipeline() -> SlicedClassificationMetrics:
    return evaluate().outputs['sliced']


def _slice(name, rows):
    return {'slice': name, 'sliceClassificationMetrics': {'confusionMatrix': {
        'annotationSpecs': [{'displayName': 'yes'}, {'displayName': 'no'}], 'rows': [{'row': row} for row in rows]}}}


EXPECT = {
    'artifacts': {'Output': {
        'type': 'system.SlicedClassificationMetrics', 'text': '',
        'metadata': {'evaluationSlices': [_slice('young', [[7, 1], [2, 6]]), _slice('old', [[0, 0], [0, 4]])]},
    }},
    'compare': True,
}
