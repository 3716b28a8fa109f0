"""What cells show: objects as text, HTML, pictures, as IPython's displays have them."""

import base64
import sys
from collections.abc import Callable
from contextvars import ContextVar

shown: ContextVar[Callable[[str, dict], None] | None] = ContextVar("shown", default=None)
"""Who takes the messages of the cell that runs: their type and content."""

FORMS = {
    "_repr_html_": "text/html", "_repr_markdown_": "text/markdown", "_repr_svg_": "image/svg+xml", "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg", "_repr_latex_": "text/latex", "_repr_json_": "application/json", "_repr_javascript_": "application/javascript",
}  # fmt: skip
"""Methods by which objects say what they look like."""


def bundle(item: object) -> tuple[dict, dict]:
    """What an object looks like, by types of content, and what is said of these."""
    data: dict[str, object] = {}
    metadata: dict[str, object] = {}
    if not isinstance(item, type):
        if callable(method := getattr(item, "_repr_mimebundle_", None)):
            found = method() or {}
            found, metadata = found if isinstance(found, tuple) else (found, {})
            data |= found
        for name, kind in FORMS.items():
            if kind not in data and callable(method := getattr(item, name, None)) and (found := method()) is not None:
                found, said = found if isinstance(found, tuple) else (found, None)
                data[kind] = base64.b64encode(found).decode() if isinstance(found, bytes) else found
                if said:
                    metadata[kind] = said
    if picture := figure(item):
        data["image/png"] = picture
    data.setdefault("text/plain", repr(item))
    return data, metadata


def figure(item: object) -> str | None:
    """A figure of matplotlib's as PNG."""
    figures = sys.modules.get("matplotlib.figure")
    if figures is None or not isinstance(item, figures.Figure) or not (item.axes or item.lines or item.texts or item.images):
        return None
    import io

    out = io.BytesIO()
    if item.canvas is None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(item)
    item.savefig(out, format="png", bbox_inches="tight")
    return base64.b64encode(out.getvalue()).decode()


def show_figures() -> None:
    """Shows the figures that are open, and closes them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    try:
        for number in pyplot.get_fignums():
            display(pyplot.figure(number))
    finally:
        pyplot.close("all")


def display(*items: object, raw: bool = False, display_id: object = None, **rest: object) -> None:
    """Shows objects in the output of the cell; outside of a notebook as text."""
    take = shown.get()
    for item in items:
        data, metadata = (item, {}) if raw else bundle(item)
        if take is None:
            print(data.get("text/plain", ""))
        else:
            take("display_data", {"data": data, "metadata": metadata})


def clear_output(wait: bool = False) -> None:
    """Takes away what the cell has shown."""
    if take := shown.get():
        take("clear_output", {"wait": wait})


class Shown:
    """Something that is shown as one type of content."""

    kind = "text/plain"

    def __init__(self, data: object = None, url: str | None = None, filename: object = None, metadata: dict | None = None, **rest: object) -> None:
        if url is not None or (isinstance(data, str) and data.startswith(("http://", "https://")) and self.kind.startswith("image/")):
            raise OSError(f"the network is not available inside the sandbox (wanted: {url or data})")
        if filename is not None:
            with open(filename, "rb") as file:
                data = file.read() if self.kind.startswith("image/") and self.kind != "image/svg+xml" else file.read().decode()
        self.data, self.metadata = data, metadata or {}

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        data = base64.b64encode(self.data).decode() if isinstance(self.data, bytes) else self.data
        return {self.kind: data}, ({self.kind: self.metadata} if self.metadata else {})


class HTML(Shown):
    kind = "text/html"


class Markdown(Shown):
    kind = "text/markdown"


class Latex(Shown):
    kind = "text/latex"


class SVG(Shown):
    kind = "image/svg+xml"


class JSON(Shown):
    kind = "application/json"


class Javascript(Shown):
    kind = "application/javascript"


class Pretty(Shown):
    pass


class Image(Shown):
    """A picture, of bytes or a file."""

    kind = "image/png"

    def __init__(self, data: object = None, url: str | None = None, filename: object = None, format: str | None = None, **rest: object) -> None:
        if isinstance(data, str) and not data.startswith("http"):
            data, filename = None, data
        super().__init__(data, url, filename)
        if format in ("jpeg", "jpg") or (isinstance(self.data, bytes) and self.data[:2] == b"\xff\xd8"):
            self.kind = "image/jpeg"
        self.metadata = {side: rest[side] for side in ("width", "height") if rest.get(side)}
