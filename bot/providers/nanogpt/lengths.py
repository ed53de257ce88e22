"""Read the durations that a model's entry offers, in any notation.

Source: the model list: durations as 5, "5" or "5s", as a range of numbers, as two options that are
a range, as a range in words; and models that count frames at a rate instead.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.providers.nanogpt.families import DURATION_NAMES, Parameter, first_of

MAX_DURATIONS = 60
MAX_SECONDS = 10_000  # no duration has that many digits
_RANGE = re.compile(r"\b([0-9]{1,4})\s*(?:-|–|to)\s*([0-9]{1,4})\b")  # noqa: RUF001 - the en dash is theirs


_SECONDS = re.compile(r"([0-9]{1,4})(?:\.0+)? ?(?:s|sec|seconds?)?")


def seconds_of(value: object) -> int | None:
    """Parse a duration to seconds: 5, "5", "5s" or "5 seconds"."""
    found = _SECONDS.fullmatch(str(value).strip())
    return int(found[1]) if found else None


def durations_of(given: Mapping[str, Parameter], pricing: Mapping[str, Any]) -> tuple[int, ...]:
    """Return every available duration in seconds; empty if there is no choice.

    If prices for only some durations contradict the parameter, they win: the other durations belong
    to operations that are never requested here.
    """
    listed = _listed_durations(given, pricing)
    raw = pricing.get("raw")
    priced = {**pricing, **(raw if isinstance(raw, dict) else {})}
    supported = priced.get("supported_durations", priced.get("supportedDurations"))
    if isinstance(supported, list) and supported:
        named = {seconds_of(one) for one in supported}
        listed = tuple(one for one in listed if one in named) or listed
    least = seconds_of(priced.get("min_duration", priced.get("minDuration"))) or 0
    most = seconds_of(priced.get("max_duration", priced.get("maxDuration"))) or MAX_SECONDS
    return tuple(one for one in listed if least <= one <= most) or listed


def _listed_durations(
    given: Mapping[str, Parameter], pricing: Mapping[str, Any]
) -> tuple[int, ...]:
    name = first_of(DURATION_NAMES, given)
    if name is None:
        fixed = seconds_of(pricing.get("fixed_duration_seconds"))
        return tuple(frames_by_seconds(given)) or ((fixed,) if fixed else ())
    parameter = given[name]
    if parameter.options and parameter.type != "number":
        found = (seconds_of(option.value) for option in parameter.options)
        return tuple(seconds for seconds in found if seconds)
    least, most = _range_of(parameter)
    if 0 <= least <= most < least + MAX_DURATIONS:
        return tuple(range(max(1, int(least)), int(most) + 1))
    return ()


def default_duration(given: Mapping[str, Parameter], durations: tuple[int, ...]) -> int | None:
    """Return the list's default if available, else the first duration."""
    name = first_of(DURATION_NAMES, given)
    if name is None:
        usual = usual_frames(given)
        counts = frames_by_seconds(given)
        named = next((seconds for seconds, count in counts.items() if count == usual), None)
    else:
        named = seconds_of(given[name].default)
    return named if named in durations else next(iter(durations), None)


def frames_by_seconds(given: Mapping[str, Parameter]) -> dict[int, int]:
    """Map seconds to frame counts, if both frames and their rate can be chosen."""
    usual, rate = usual_frames(given), usual_rate(given)
    if usual is None or rate is None:
        return {}
    frames = given["num_frames"]
    choices = [count for option in frames.options if (count := seconds_of(option.value))]
    least, most = _range_of(frames)
    if frames.type != "number" and choices:
        return {round(count / rate): count for count in choices}
    if not 0 < least <= usual <= most < 10_000:
        return {round(usual / rate): usual} if usual >= rate else {}
    whole = range(-(-int(least) // rate), int(most) // rate + 1)
    counts = {seconds: seconds * rate for seconds in whole if seconds > 0}
    return dict(sorted({**counts, max(1, round(usual / rate)): usual}.items()))


def usual_frames(given: Mapping[str, Parameter]) -> int | None:
    return seconds_of(given["num_frames"].default) if "num_frames" in given else None


def usual_rate(given: Mapping[str, Parameter]) -> int | None:
    """Return the frames per second; None if not a choice or not stated."""
    if "frames_per_second" not in given:
        return None
    return seconds_of(given["frames_per_second"].default) or None


def _range_of(parameter: Parameter) -> tuple[float, float]:
    """Return a number's minimum and maximum; an impossible range if not stated."""
    if parameter.min is not None and parameter.max is not None:
        return parameter.min, parameter.max
    named = [value for one in parameter.options if (value := seconds_of(one.value)) is not None]
    if len(named) > 1:
        return min(named), max(named)
    said = _RANGE.search(parameter.description)
    return (int(said[1]), int(said[2])) if said else (1, 0)
