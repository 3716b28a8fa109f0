"""`ClassificationMetrics`: ROC curves point by point and at once, confusion matrices by cell, by row and at once."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import ClassificationMetrics, Input, Output


@dsl.component
def evaluate(curve: Output[ClassificationMetrics], matrix: Output[ClassificationMetrics], cells: Output[ClassificationMetrics]):
    curve.log_roc_curve(fpr=[0.0, 0.25, 1.0], tpr=[0.0, 0.75, 1.0], threshold=[1.0, 0.5, 0.0])
    curve.log_roc_data_point(fpr=1.0, tpr=1.0, threshold=-1.0)
    matrix.log_confusion_matrix(['cat', 'dog'], [[9, 1], [2, 8]])
    cells.set_confusion_matrix_categories(['a', 'b'])
    cells.log_confusion_matrix_row('a', [3, 4])
    cells.log_confusion_matrix_cell('b', 'a', 5)


@dsl.component
def accuracy(matrix: Input[ClassificationMetrics]) -> float:
    rows = [row['row'] for row in matrix.metadata['confusionMatrix']['rows']]
    return sum(row[index] for index, row in enumerate(rows)) / sum(map(sum, rows))


@dsl.pipeline(name='classification-metrics')
def pipeline() -> NamedTuple('Outputs', accuracy=float, curve=ClassificationMetrics, matrix=ClassificationMetrics, cells=ClassificationMetrics):
    evaluated = evaluate()
    right = accuracy(matrix=evaluated.outputs['matrix'])
    outputs = NamedTuple(
        'Outputs', accuracy=float, curve=ClassificationMetrics, matrix=ClassificationMetrics, cells=ClassificationMetrics)
    return outputs(
        accuracy=right.output, curve=evaluated.outputs['curve'],
        matrix=evaluated.outputs['matrix'], cells=evaluated.outputs['cells'])


def _point(threshold, recall, false_positives):
    return {'confidenceThreshold': threshold, 'recall': recall, 'falsePositiveRate': false_positives}


def _matrix(names, rows):
    return {'confusionMatrix': {
        'annotationSpecs': [{'displayName': name} for name in names], 'rows': [{'row': row} for row in rows]}}


EXPECT = {
    'outputs': {'accuracy': 0.85},
    'artifacts': {
        'curve': {
            'type': 'system.ClassificationMetrics', 'text': '',
            'metadata': {'confidenceMetrics': [
                _point(1.0, 0.0, 0.0), _point(0.5, 0.75, 0.25), _point(0.0, 1.0, 1.0), _point(-1.0, 1.0, 1.0)]},
        },
        'matrix': {'type': 'system.ClassificationMetrics', 'text': '', 'metadata': _matrix(['cat', 'dog'], [[9, 1], [2, 8]])},
        'cells': {'type': 'system.ClassificationMetrics', 'text': '', 'metadata': _matrix(['a', 'b'], [[3, 4], [5, 0]])},
    },
    'compare': True,
}
