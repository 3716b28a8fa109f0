"""What a function sees of its artifacts inside of a component that `weftwork.component` made.

This file is taken into the component, where the bindings of `weft:component` are; here it is not imported. The names are those of the KFP SDK.
"""

# mypy: ignore-errors

import json

from wit_world.imports import types


class Artifact:
    """An artifact: `path` is a file, or a directory, and `metadata` its properties."""

    def __init__(self, handle, name):
        self._handle = handle
        self.name = name
        self.metadata = {key: _from_value(value) for key, value in handle.properties()}
        self.path = handle.path()
        if self.path is None:
            raise ValueError(f"the artifact `{name}` has no path here")
        self.uri = self.path

    def log_metric(self, metric, value):
        """Metrics: a number by its name."""
        self._handle.log(metric, float(value))

    def log_roc_curve(self, fpr, tpr, threshold):
        """Classification metrics: a curve by its false and true positive rates, and their thresholds."""
        if not len(fpr) == len(tpr) == len(threshold):
            raise ValueError(f"the lists of a curve have different lengths: {len(fpr)}, {len(tpr)}, {len(threshold)}")
        points = zip(threshold, tpr, fpr)
        self._handle.log_roc_curve([types.RocPoint(float(at), float(true), float(false)) for at, true, false in points])

    def log_confusion_matrix(self, categories, matrix):
        """Classification metrics: how many of each row's category were taken for each column's."""
        self._handle.log_confusion_matrix([str(name) for name in categories], [[int(n) for n in row] for row in matrix])

    def finished(self):
        """The handle, with the metadata that was set."""
        before = {key: _from_value(value) for key, value in self._handle.properties()}
        for key, value in self.metadata.items():
            if value is not None and (key not in before or before[key] != value):
                self._handle.set_property(key, _to_value(value))
        return self._handle


def _from_value(value):
    return json.loads(value.value) if isinstance(value, (types.Value_List, types.Value_Struct)) else value.value


def _to_value(value):
    for kind, made in (
        (bool, types.Value_Bool),
        (int, types.Value_Int),
        (float, types.Value_Double),
        (str, types.Value_String),
    ):
        if isinstance(value, kind):
            return made(value)
    text = json.dumps(value)
    return types.Value_Struct(text) if isinstance(value, dict) else types.Value_List(text)
