"""NanoGPT's models as its list shows them, and what each film is billed.

A switch that a request leaves out is billed at the list's default, as the real service does; rates
under `raw` are the real ones divided by 1.7.
"""

import json
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]

RAW_FACTOR = Decimal("1.7")
AUDIO_NAMES = ("generateAudio", "generate_audio", "sound", "enable_audio")
PROMPT_MOST = {"minimax-hailuo-02": 2000, "lightricks-ltx-2-fast": 3000}
MICROS = 1_000_000


@cache
def models() -> dict[str, Json]:
    """Every model by its id, in the list's own shape."""
    text = (resources.files(__package__) / "catalogue.json").read_text("utf-8")
    return {model["id"]: model for model in json.loads(text)["data"]}


def setting(model: Json, body: Json, *names: str) -> Any:
    """What a request says of a parameter, else the list's default, else None."""
    parameters = model["supported_parameters"]["parameters"]
    for name in names:
        if name in parameters:
            return body.get(name, parameters[name]["default"])
    return None


def seconds_of(model: Json, body: Json) -> float:
    """How long the film will be; models that count frames make about five seconds."""
    asked = setting(model, body, "duration", "seconds")
    text = str(asked or "5").removesuffix("s")
    try:
        return min(max(float(text), 1.0), 60.0)
    except ValueError:
        return 5.0


def has_sound(model: Json, body: Json) -> bool:
    return bool(setting(model, body, *AUDIO_NAMES))


def cost_micros(model: Json, body: Json) -> int:
    """What the submission charges, in micros of a dollar."""
    pricing, sound = model["pricing"], has_sound(model, body)
    factor = Decimal(1)
    if "raw" in pricing:
        pricing, factor = {pricing["raw"]["type"]: pricing["raw"]["rates"]}, RAW_FACTOR
    if sound and "audio_multiplier" in pricing:
        factor *= Decimal(str(pricing["audio_multiplier"]))
    table = pricing.get("with_audio" if sound else "without_audio", pricing)
    dollars = table if isinstance(table, int | float) else _from_table(table, model, body)
    return int((Decimal(str(dollars)) * factor * MICROS).to_integral_value())


def _from_table(table: Json, model: Json, body: Json) -> Decimal:
    seconds = Decimal(str(seconds_of(model, body)))
    resolution = str(setting(model, body, "resolution"))
    if "per_second_by_resolution" in table:
        return _at(table["per_second_by_resolution"], resolution) * seconds
    if "per_second" in table:
        return Decimal(str(table["per_second"])) * seconds
    if "per_duration" in table:
        return _at(table["per_duration"], str(setting(model, body, "duration", "seconds")))
    if "per_resolution" in table:
        return _at(table["per_resolution"], resolution)
    return Decimal(str(table.get("per_video", table.get("minimum", "0.1"))))


def _at(rates: Json, name: str) -> Decimal:
    """The rate of a choice; of one that is not listed, the dearest."""
    return Decimal(str(rates.get(name, max(rates.values()))))
