"""The picture of docs/polling.md: delay by looks, ours between the bound and the usual ways."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.polling_bounds import Bound
from bench.polling_ways import PRICES, TRUTHS, WAYS, judged, ours

LOOKS = np.linspace(1.5, 40, 200)
MARKS = ("s", "D", "^", "v")


def draw(target: Path, bounds: dict[str, Bound]) -> None:
    """As a PNG below 200 kB."""
    figure = Figure(figsize=(13, 4.4))
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(TRUTHS), sharey=True)
    for panel, (name, truth) in zip(panels, TRUTHS.items(), strict=True):
        bound = bounds[name]
        least = [bound.delay(looks) for looks in LOOKS]
        panel.fill_between(LOOKS, 0.5, least, color="0.9", label="impossible")
        panel.plot(LOOKS, least, color="0.5", linewidth=1)
        for videos, style, label in (
            (None, "o-", "Showreel, distribution known"),
            (20, "o--", "Showreel, after 20 videos"),
        ):
            found = [ours(truth, bound, price, videos) for price in PRICES]
            panel.plot(
                [one.looks for one in found], [one.delay for one in found], style, label=label
            )
        for mark, (way, plan) in zip(MARKS, WAYS.items(), strict=True):
            one = judged(truth, bound, [plan()])
            panel.plot([one.looks], [one.delay], mark, color="tab:red", label=way)
        panel.set(title=name, xlabel="looks at a video, on average", xscale="log", yscale="log")
        panel.set_xlim(1.5, 40)
        panel.set_ylim(1, 60)
        panel.set_xticks([2, 5, 10, 20, 40], ["2", "5", "10", "20", "40"])
        panel.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
        panel.minorticks_off()
    panels[0].set_ylabel("seconds from ready to seen, on average")
    panels[-1].legend(fontsize=8, loc="lower left")
    figure.tight_layout()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=90)
