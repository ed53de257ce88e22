"""A small hill over each film that was seen, so that a distribution may have any shape."""

import math
from collections.abc import Mapping, Sequence

from bot.domain.distributions import CELLS, STEP, Distribution, of_parts

WIDTHS = (0.06, 0.1, 0.17, 0.3)  # of a hill: standard deviation of the logarithm
REACH = 4.0  # widths; beyond, a hill is flat


def _hill(width: float) -> tuple[float, ...]:
    """Density at so many cells from its middle."""
    cells = range(math.ceil(REACH * width / STEP) + 1)
    scale = 1 / (width * math.sqrt(math.tau))
    return tuple(scale * math.exp(-0.5 * (cell * STEP / width) ** 2) for cell in cells)


_HILLS = {width: _hill(width) for width in WIDTHS}


def evidence_for(
    width: float,
    cells: Sequence[int],
    weights: Sequence[float],
    chances: Sequence[float],
    unknown: float,
) -> float:
    """How well hills of this width over all other films foretell each: a logarithm.

    `cells` are the films' places on the grid; `chances` what they have there without any film,
    weighed by `unknown`.
    """
    heights = [*_HILLS[width], *[0.0] * CELLS]
    films, total, found = list(zip(cells, weights, strict=True)), sum(weights) + unknown, 0.0
    for cell, weight, chance in zip(cells, weights, chances, strict=True):
        near = sum(other * heights[abs(place - cell)] for place, other in films)
        near -= weight * heights[0]
        found += weight * math.log((chance + max(near, 0.0)) / (total - weight))
    return found


def spread_out(
    cells: Sequence[int], weights: Sequence[float], odds: Mapping[float, float]
) -> Distribution:
    """Hills over all films, each of these widths with its odds."""
    reach = max(len(hill) for hill in _HILLS.values())
    likely = [(share, _HILLS[width]) for width, share in odds.items()]
    heights = [
        sum(share * hill[away] for share, hill in likely if away < len(hill))
        for away in range(reach)
    ]
    shape = heights[:0:-1] + heights
    parts = [0.0] * (CELLS + 2 * reach)
    for cell, weight in zip(cells, weights, strict=True):
        for place, height in enumerate(shape, cell + 1):
            parts[place] += weight * height
    return of_parts(parts[reach : reach + CELLS])
