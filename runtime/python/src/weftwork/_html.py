"""Runs as notebooks show them: HTML that needs no network, no script and no style sheet.

Names, values and messages are a component's or a user's choice: all text is escaped, and pictures are images of their own, in which nothing
runs and whose styles stay inside.
"""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any, Iterable, Mapping, Optional, Sequence

from weftwork._artifact import Artifact
from weftwork._run import Run, Runs, Task, artifacts_in
from weftwork._text import seconds

#: What is shown of a run with very many of these.
_STEPS, _CURVES, _TEXT = 200, 6, 120

_COLOURS = {
    "COMPLETE": "#1a7f37",
    "CACHED": "#0969da",
    "FAILED": "#cf222e",
    "CANCELED": "#9a6700",
    "RUNNING": "#8250df",
}
_LINES = ("#0969da", "#cf222e", "#1a7f37", "#8250df", "#9a6700", "#bf3989")
_CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def page(run: Run) -> str:
    """A run: state, picture of its DAG, metrics, curves, steps."""
    took = "" if run.duration is None else f" in {seconds(run.duration)}"
    parts = [f"<p><b>{_text(run.pipeline)}</b> {_state(run.state)}{took} <code>{_text(run.id)}</code></p>"]
    if run.details().get("error"):
        parts.append(f'<p style="color:{_COLOURS["FAILED"]}">{_text(str(run.details()["error"]), 1000)}</p>')
    graph = run.graph()
    if graph is not None:
        parts.append(_image(graph, f"DAG of {run.pipeline}"))
    parts += _pairs("Outputs", run.outputs)
    parts += _pairs("Metrics", run.metrics)
    parts += _curves(run.tasks.values())
    parts.append(_steps(run.tasks.values()))
    return f"<div>{''.join(parts)}</div>"


def table_of_runs(runs: Runs) -> str:
    """Runs, a line each."""
    rows = [
        [
            f"<code>{_text(run.id)}</code>",
            _text(run.pipeline),
            _state(run.state),
            "" if run.duration is None else seconds(run.duration),
        ]
        for run in runs
    ]
    return _table(["run", "pipeline", "state", "time"], rows)


def _steps(tasks: Iterable[Task]) -> str:
    listed = list(tasks)
    rows = [
        [
            _text(task.name),
            _state(task.state),
            "" if task.duration is None else seconds(task.duration),
            _text(task.message, 300)
            if task.message
            else ", ".join(f"{_text(n)}={_value(v)}" for n, v in list(task.outputs.items())[:20]),
        ]
        for task in listed[:_STEPS]
    ]
    more = f"<p>and {len(listed) - _STEPS} more steps</p>" if len(listed) > _STEPS else ""
    return _table(["step", "state", "time", "outputs"], rows) + more


def _pairs(heading: str, values: Mapping[str, Any]) -> list[str]:
    rows = [[_text(name), _value(value)] for name, value in list(values.items())[:_STEPS]]
    return [_table([heading, ""], rows)] if rows else []


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f'<th style="{_CELL}">{cell}</th>' for cell in heading)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>" for row in rows)
    return f'<table style="margin:8px 0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _state(state: str) -> str:
    return f'<span style="color:{_COLOURS.get(state, "#59636e")}">{_text(state)}</span>'


def _value(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(each, Artifact) for each in value):
        return f"[{len(value)} artifacts]"
    if isinstance(value, Artifact):
        return _text(f"{value.type.rpartition('.')[2]} {value.uri.partition(':')[2][:8]}")
    if isinstance(value, float):
        return f"{value:.6g}"
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _text(text: str, most: int = _TEXT) -> str:
    """Text of others as HTML: escaped, and not longer than fits."""
    return escape(text if len(text) <= most else text[: most - 1] + "…")


def _image(svg: str, alternative: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<p><img alt="{escape(alternative)}" style="max-width:100%" src="data:image/svg+xml;base64,{data}"></p>'


def _curves(tasks: Iterable[Task]) -> list[str]:
    """ROC curves, all in one picture, and confusion matrices."""
    curves: list[tuple[str, list[tuple[float, float]]]] = []
    matrices = []
    for task in tasks:
        for name, value in task.outputs.items() if task.kind != "dag" else ():
            for artifact in artifacts_in({name: value}):
                if artifact.type == "system.ClassificationMetrics":
                    points = roc_points(artifact.metadata.get("confidenceMetrics"))
                    if points:
                        curves.append((f"{task.name}/{name}", points))
                    matrices += _matrix(f"{task.name}/{name}", artifact.metadata.get("confusionMatrix"))
    parts = (
        [_image(roc(curves[:_CURVES]), "ROC curve: " + ", ".join(name for name, _ in curves[:_CURVES]))]
        if curves
        else []
    )
    return parts + matrices[:_CURVES]


def roc_points(recorded: Any) -> list[tuple[float, float]]:
    """The points (false positive rate, recall) of a curve as KFP records it, from left to right; none if they are no such points."""
    points = []
    for each in recorded if isinstance(recorded, list) else ():
        # A zero may be left out, as in all JSON of protocol buffers.
        point = (
            [_rate(each.get(key, 0)) for key in ("falsePositiveRate", "recall")]
            if isinstance(each, Mapping)
            else [None, None]
        )
        if point[0] is None or point[1] is None:
            return []
        points.append((point[0], point[1]))
    return sorted(points)


def _rate(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and 0 <= value <= 1 else None


def roc(curves: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    """ROC curves as SVG, with their areas."""
    side, left, top = 240, 46, 12
    height = top + side + 44 + 16 * len(curves)
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="360" height="{height}" viewBox="0 0 360 {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="360" height="{height}" fill="#ffffff"/>',
        f'<path d="M{left} {top}V{top + side}H{left + side}" fill="none" stroke="#59636e"/>',
        f'<path d="M{left} {top + side}L{left + side} {top}" stroke="#d1d9e0" stroke-dasharray="4"/>',
        f'<text x="{left + side / 2}" y="{top + side + 30}" text-anchor="middle">false positive rate</text>',
        f'<text x="14" y="{top + side / 2}" text-anchor="middle" transform="rotate(-90 14 {top + side / 2})">true positive rate</text>',
    ]
    for mark in (0, 0.5, 1):
        svg.append(f'<text x="{left + side * mark}" y="{top + side + 14}" text-anchor="middle">{mark:g}</text>')
        svg.append(f'<text x="{left - 6}" y="{top + side * (1 - mark) + 4}" text-anchor="end">{mark:g}</text>')
    for at, (name, points) in enumerate(curves):
        colour = _LINES[at % len(_LINES)]
        line = " ".join(f"{left + side * x:.1f},{top + side * (1 - y):.1f}" for x, y in points)
        y = top + side + 48 + 16 * at
        svg.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        svg.append(f'<text x="{left}" y="{y}" fill="{colour}">{_text(name, 40)}: AUC {area(points):.4f}</text>')
    return "".join([*svg, "</svg>"])


def area(points: Sequence[tuple[float, float]]) -> float:
    """The area under a curve by the trapezoidal rule, as far as its points reach."""
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in zip(points, points[1:]))


def _matrix(name: str, recorded: Any) -> list[str]:
    """A confusion matrix as KFP records it; none if it is no such thing."""
    try:
        labels = [str(each["displayName"]) for each in recorded["annotationSpecs"]]
        rows = [[each["row"][column] for column in range(len(labels))] for each in recorded["rows"]]
    except (KeyError, TypeError, IndexError):
        return []
    if not labels or len(labels) > 30:
        return []
    cells = [[f"<b>{_text(label)}</b>", *(_value(number) for number in row)] for label, row in zip(labels, rows)]
    return [_table([_text(name), *(_text(label) for label in labels)], cells)]
