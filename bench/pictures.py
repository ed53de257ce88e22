"""The two comparisons as pictures."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

OURS, OTHERS = "#3b6fb6", "#b9bec7"


def bars(
    target: Path, title: str, unit: str, values: Mapping[str, Sequence[float]], ours: Sequence[str]
) -> None:
    """Medians as bars, the least and the most as whiskers; `ours` are coloured."""
    names = list(values)[::-1]
    middle = [statistics.median(values[name]) for name in names]
    lows = [at - min(values[name]) for at, name in zip(middle, names, strict=True)]
    highs = [max(values[name]) - at for at, name in zip(middle, names, strict=True)]
    figure = Figure(figsize=(8.0, 0.9 + 0.42 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    colours = [OURS if name in ours else OTHERS for name in names]
    axes.barh(names, middle, color=colours, xerr=[lows, highs], ecolor="#555555", capsize=3)
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=110)
