"""The report: rows with a figure and what it is compared with, as JSON, Markdown and bars."""

import json
import os
import platform
from html import escape

#: How a number of a unit is written.
FORMS = {
    "us": lambda value: f"{value * 1e6:,.1f} us",
    "ms": lambda value: f"{value * 1e3:,.1f} ms",
    "s": lambda value: f"{value:,.2f} s",
    "MB": lambda value: f"{value / 1e6:,.1f} MB",
    "KiB": lambda value: f"{value / 1024:,.2f} KiB",
    "MB/s": lambda value: f"{value / 1e6:,.0f} MB/s",
    "": lambda value: f"{value:,.3f}",
}


class Report:
    """Rows in the order in which they were measured."""

    def __init__(self):
        self.rows = []

    def row(self, group, name, value, unit, baseline=None, than=""):
        """A figure in seconds or bytes; `unit` says how it is written, `than` what the baseline is."""
        row = {"group": group, "name": name, "value": value, "unit": unit}
        if baseline is not None:
            row |= {"baseline": baseline, "than": than, "ratio": value / baseline}
        self.rows.append(row)

    def note(self, group, text):
        """A word instead of a figure."""
        self.rows.append({"group": group, "name": text})

    def markdown(self):
        """A table for each group."""
        lines = [f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()} {platform.release()}"]
        group = None
        for row in self.rows:
            if row["group"] != group:
                group = row["group"]
                lines += ["", f"### {group}", "", "| | weft | beside it | ratio |", "|---|---:|---:|---:|"]
            if "value" not in row:
                lines.append(f"| {row['name']} | | | |")
                continue
            form = FORMS[row["unit"]]
            beside = f"{form(row['baseline'])} ({row['than']})" if "baseline" in row else ""
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
            lines.append(f"| {row['name']} | {form(row['value'])} | {beside} | {ratio} |")
        return "\n".join(lines) + "\n"

    def bars(self):
        """A bar for each ratio: how long weft takes of what it is compared with, on a logarithmic scale from 0.001 to 10."""
        import math

        rows = [row for row in self.rows if "ratio" in row]
        height, width, left = 22, 900, 430
        place = lambda ratio: left + (math.log10(min(max(ratio, 1e-3), 10)) + 3) / 4 * (width - left - 60)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{len(rows) * height + 40}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{len(rows) * height + 40}" fill="#ffffff"/>',
            f'<line x1="{place(1)}" x2="{place(1)}" y1="20" y2="{len(rows) * height + 30}" stroke="#888888"/>',
            f'<text x="{place(1)}" y="14" text-anchor="middle" fill="#333333">as long</text>',
        ]
        for number, row in enumerate(rows):
            y = 24 + number * height
            colour = "#2a7d4f" if row["ratio"] <= 1 else "#b5651d"
            parts.append(
                f'<text x="{left - 8}" y="{y + 13}" text-anchor="end" fill="#222222">{escape(row["name"])} / {escape(row["than"])}</text>'
                f'<rect x="{left}" y="{y + 3}" width="{place(row["ratio"]) - left:.1f}" height="{height - 8}" fill="{colour}"/>'
                f'<text x="{place(row["ratio"]) + 6:.1f}" y="{y + 13}" fill="#222222">{row["ratio"]:.3g}</text>'
            )
        return "\n".join(parts) + "\n</svg>\n"

    def write(self, folder):
        """report.json, report.md and report.svg."""
        (folder / "report.json").write_text(json.dumps(self.rows, indent=1) + "\n")
        (folder / "report.md").write_text(self.markdown())
        (folder / "report.svg").write_text(self.bars())
