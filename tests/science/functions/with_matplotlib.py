"""matplotlib: figures, as the digest of their pixels or of their text."""

import io

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image

from cases import digest, exact

matplotlib.use('Agg')
from matplotlib import pyplot as plt  # noqa: E402, the back end first


def pixels(figure, **options):
    """Size and digest of a PNG's pixels."""
    file = io.BytesIO()
    figure.savefig(file, format='png', **options)
    plt.close(figure)
    image = Image.open(io.BytesIO(file.getvalue())).convert('RGBA')
    return {'size': list(image.size), 'pixels': digest(image.tobytes()), 'colours': len(image.getcolors(1 << 20))}


def drawing(figure):
    """Length and digest of an SVG's text."""
    file = io.StringIO()
    with matplotlib.rc_context({'svg.hashsalt': 'fixed', 'svg.fonttype': 'path'}):
        figure.savefig(file, format='svg', metadata={'Date': None})
    plt.close(figure)
    return {'length': len(file.getvalue()), 'text': digest(file.getvalue())}


@exact
def lines():
    x = np.arange(100) / 10
    figure, axes = plt.subplots(figsize=(5, 3), dpi=90)
    axes.plot(x, x * x / 10, label='square', marker='o', markevery=10)
    axes.plot(x, 10 - x, '--', color='tab:red', label='falling $y = 10 - x$')
    axes.fill_between(x, x / 2, x, alpha=0.3)
    axes.set(title='Two lines', xlabel='x', ylabel='y')
    axes.legend(loc='upper center')
    axes.grid(True)
    figure.tight_layout()
    return pixels(figure)


@exact
def bars_and_histogram():
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    left.bar(['a', 'b', 'c'], [3, 7, 5], yerr=[0.5, 1, 0.25], capsize=4)
    left.bar_label(left.containers[1], fmt='%.1f')
    right.hist(np.random.default_rng(61).integers(0, 50, 300), bins=10, edgecolor='black', orientation='horizontal')
    return pixels(figure, bbox_inches='tight')


@exact
def picture_with_colours():
    figure, axes = plt.subplots(figsize=(4, 3))
    shown = axes.imshow(np.arange(64).reshape(8, 8) % 11, cmap='viridis')
    figure.colorbar(shown)
    axes.scatter([1, 3, 5], [6, 4, 2], c=[0.1, 0.5, 0.9], s=[30, 60, 90], cmap='magma')
    for row in range(8):
        axes.text(row, row, str(row), ha='center', va='center', color='white')
    return pixels(figure, transparent=True)


@exact
def boxes_as_svg():
    one = np.random.default_rng(62)
    figure, axes = plt.subplots()
    axes.boxplot([one.integers(0, 30, 40), one.integers(5, 50, 40)], tick_labels=['first', 'second'])
    axes.axhline(20, color='grey', linewidth=0.5)
    axes.annotate('limit', (1.5, 20), (1.6, 30), arrowprops={'arrowstyle': '->'})
    return drawing(figure)


@exact
def table_plot_as_svg():
    days = pd.date_range('2024-01-01', periods=12, freq='D')
    table = pd.DataFrame({'tea': np.arange(12) % 5, 'coffee': np.arange(12)[::-1] / 4}, index=days)
    axes = table.plot(subplots=True, figsize=(5, 4), style=['-', ':'], title='Cups')
    return drawing(axes[0].figure)
