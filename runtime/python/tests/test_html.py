"""What notebooks show of a run."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy
import pytest
from kfp import dsl
from kfp.dsl import ClassificationMetrics, Metrics, Output

import weftwork
from weftwork import _html, _text

HOSTILE = "<script>alert('&\"')</script>"


@dsl.component(base_image="python:3.12")
def evaluate(text: str, metrics: Output[Metrics], roc: Output[ClassificationMetrics]) -> str:
    metrics.log_metric(text, 0.5)
    roc.log_roc_curve([0.0, 0.25, 1.0], [0.0, 0.75, 1.0], [1.0, 0.5, 0.0])
    roc.log_confusion_matrix([text, "dog"], [[3, 1], [0, 4]])
    return text


@dsl.pipeline(display_name=HOSTILE)
def evaluated(text: str) -> str:
    return evaluate(text=text).set_display_name(HOSTILE).outputs["Output"]


class Elements(HTMLParser):
    """Collects elements, and refuses what does anything."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            assert name in ("style", "alt", "src"), name
            if name == "src":
                self.sources.append(value)

    def handle_data(self, data):
        self.texts.append(data)


def pictures(elements):
    for source in elements.sources:
        kind, _, data = source.partition(",")
        assert kind == "data:image/svg+xml;base64"
        yield ElementTree.fromstring(base64.b64decode(data))


def test_a_run_is_shown_whatever_its_names_are():
    run = weftwork.run(evaluated, {"text": HOSTILE})
    shown = Elements(run._repr_html_())
    assert set(shown.tags) <= {"div", "p", "b", "span", "code", "img", "table", "thead", "tbody", "tr", "th", "td"}
    # Metric, confusion matrix, output of the pipeline and of the step, as text.
    assert sum(HOSTILE in text for text in shown.texts) >= 4
    assert "COMPLETE" in shown.texts and run.id in shown.texts
    graph, roc = pictures(shown)
    for picture in (graph, roc):
        for element in picture.iter():
            assert element.tag.partition("}")[2] not in ("script", "foreignObject", "image", "a", "use")
            assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]
    assert any("evaluate/roc: AUC 0.7500" in (text.text or "") for text in roc.iter())


def test_a_failed_run_is_shown():
    @dsl.component(base_image="python:3.12")
    def fail(text: str):
        raise ValueError(text)

    with pytest.raises(weftwork.PipelineFailed) as raised:
        weftwork.run(fail, {"text": HOSTILE})
    shown = Elements(raised.value.run._repr_html_())
    assert any(f"ValueError: {HOSTILE}" in text for text in shown.texts)
    assert "FAILED" in shown.texts


def test_a_list_of_runs_is_shown():
    weftwork.run(evaluated, {"text": "a"})
    shown = Elements(weftwork.runs()._repr_html_())
    assert "evaluated" in shown.texts


def test_areas_are_numpys():
    random = numpy.random.default_rng(7)
    for size in (2, 3, 50):
        x, y = (numpy.sort(random.random(size)) for _ in range(2))
        x[0], y[0], x[-1], y[-1] = 0, 0, 1, 1
        assert _html.area(list(zip(x, y))) == pytest.approx(numpy.trapezoid(y, x), rel=1e-12)


def test_curves_are_read_as_they_are_written():
    given = [{"confidenceThreshold": 0.5, "falsePositiveRate": 1, "recall": 1}, {"confidenceThreshold": 1}]
    assert _html.roc_points(given) == [(0.0, 0.0), (1.0, 1.0)]
    for odd in (None, {}, "x", [3], [{"recall": "1"}], [{"recall": 2}], [{"recall": float("nan")}]):
        assert _html.roc_points(odd) == []


@pytest.mark.parametrize(
    "odd", [None, {}, {"annotationSpecs": 3}, {"annotationSpecs": [{"displayName": "a"}], "rows": [{"row": []}]}]
)
def test_what_is_no_matrix_is_left_out(odd):
    assert _html._matrix("m", odd) == []


def test_texts_of_others_are_only_shown():
    assert _text.printable("a\x1b[2J\tb\r\nc\x9b1m\x00") == "a[2J\tb\nc1m"
    for name in ("../../x", "/etc/passwd", "..", "a/../b", "\x00", "..\\x"):
        assert not set("/\\\0") & set(_text.file_name(name)) and not _text.file_name(name).startswith(".")
    assert _text.file_name("model-1.json") == "model-1.json"


def test_long_texts_are_shortened():
    assert re.fullmatch("x{119}…", _html._value("x" * 10_000))
