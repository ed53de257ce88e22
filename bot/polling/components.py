"""The parts of a render-time mixture: a kernel per video, a component per lane.

Narrow kernels let a distribution take any shape; for a service with a fast and a slow lane, one
component per lane predicts better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.polling.render_times import (
    CELLS,
    STEP,
    Distribution,
    kernel,
    mixed,
    of_parts,
)

WIDTHS = (0.06, 0.1, 0.17, 0.3)  # of a kernel: standard deviation of the logarithm
REACH = 4.0  # widths; beyond, a kernel is zero
Video = tuple[float, float]  # logarithm of its seconds, and its weight
WIDEST = 0.35  # spread of a lane with one known video
VIDEOS_UNKNOWN = 0.8  # pseudo-videos of that spread, added to every lane
FEWEST = 1.5  # videos, by weight, to make a lane


def _kernel(width: float) -> tuple[float, ...]:
    """Return the density at each number of cells from the kernel's middle."""
    cells = range(math.ceil(REACH * width / STEP) + 1)
    scale = 1 / (width * math.sqrt(math.tau))
    return tuple(scale * math.exp(-0.5 * (cell * STEP / width) ** 2) for cell in cells)


_HILLS = {width: _kernel(width) for width in WIDTHS}


def evidence_for(
    width: float,
    cells: Sequence[int],
    weights: Sequence[float],
    chances: Sequence[float],
    unknown: float,
) -> float:
    """Return the leave-one-out log evidence for kernels of this width.

    `cells` are the videos' places on the grid; `chances` are their probabilities under the prior,
    which has the weight `unknown`.
    """
    heights = [*_HILLS[width], *[0.0] * CELLS]
    videos, total, found = list(zip(cells, weights, strict=True)), sum(weights) + unknown, 0.0
    for cell, weight, chance in zip(cells, weights, chances, strict=True):
        near = sum(other * heights[abs(place - cell)] for place, other in videos)
        near -= weight * heights[0]
        found += weight * math.log((chance + max(near, 0.0)) / (total - weight))
    return found


def spread_out(
    cells: Sequence[int], weights: Sequence[float], odds: Mapping[float, float]
) -> Distribution:
    """Mix kernels over all videos, with these odds for each width."""
    reach = max(len(kernel) for kernel in _HILLS.values())
    likely = [(share, _HILLS[width]) for width, share in odds.items()]
    heights = [
        sum(share * kernel[away] for share, kernel in likely if away < len(kernel))
        for away in range(reach)
    ]
    shape = heights[:0:-1] + heights
    parts = [0.0] * (CELLS + 2 * reach)
    for cell, weight in zip(cells, weights, strict=True):
        for place, height in enumerate(shape, cell + 1):
            parts[place] += weight * height
    return of_parts(parts[reach : reach + CELLS])


@dataclass(frozen=True, slots=True)
class Component:
    """A lane as sums over its videos: of weights, logarithms and squared logarithms."""

    weight: float
    total: float
    squares: float

    def without(self, log: float, weight: float) -> "Component":
        squares = self.squares - weight * log * log
        return Component(self.weight - weight, self.total - weight * log, squares)

    def kernel(self) -> tuple[float, float]:
        """Return the predicted mean and a cautiously wide spread of the logarithm."""
        middle = self.total / self.weight
        apart = max(self.squares - self.total * middle, 0.0)
        count = self.weight + VIDEOS_UNKNOWN
        variance = (apart + VIDEOS_UNKNOWN * WIDEST**2) / count
        return middle, math.sqrt(variance * (1 + 1 / count))


def component_of(videos: Sequence[Video]) -> Component:
    """Put all videos in one component."""
    return Component(
        sum(weight for _, weight in videos),
        sum(weight * log for log, weight in videos),
        sum(weight * log * log for log, weight in videos),
    )


def in_two(videos: Sequence[Video]) -> list[list[Video]]:
    """Split quick from slow videos where two components fit best.

    Returns an empty list if no split fits.
    """
    ordered = sorted(videos)
    fast, slow = Component(0.0, 0.0, 0.0), component_of(ordered)
    found: list[tuple[float, int]] = []
    for number, (log, weight) in enumerate(ordered[:-1], 1):
        fast, slow = fast.without(log, -weight), slow.without(log, weight)
        if min(fast.weight, slow.weight) >= FEWEST:
            found.append((_fit(fast) + _fit(slow), number))
    if not found:
        return []
    _, number = max(found)
    return [ordered[:number], ordered[number:]]


def evidence_for_components(
    components: Sequence[Sequence[Video]], chance_of: dict[float, float], unknown: float
) -> float:
    """Return the leave-one-out log evidence for these components.

    `chance_of` maps the logarithm of a video's seconds to its probability under the prior, which
    has the weight `unknown`.
    """
    sums = [component_of(videos) for videos in components]
    total, found = sum(lane.weight for lane in sums) + unknown, 0.0
    for videos, lane in zip(components, sums, strict=True):
        for log, weight in videos:
            rest = lane.without(log, weight)
            height = rest.weight * _height(log, *rest.kernel()) if rest.weight > 1e-9 else 0.0
            found += weight * math.log((chance_of[log] + height) / (total - weight))
    return found


def over_components(components: Sequence[Sequence[Video]]) -> Distribution:
    """Mix one distribution per component, weighted by its videos."""
    sums = [component_of(videos) for videos in components]
    return mixed([(lane.weight, kernel(*lane.kernel())) for lane in sums])


def _fit(lane: Component) -> float:
    return lane.weight * math.log(lane.weight / lane.kernel()[1])


def _height(log: float, middle: float, spread: float) -> float:
    return math.exp(-0.5 * ((log - middle) / spread) ** 2) / (spread * math.sqrt(math.tau))
