"""The capability of Veo 3.1 at NanoPhoto, which has no model list.

Source: NanoPhoto's page on Veo 3.1: shots of 8 s, at most 21; 1080p and 4k for a single shot only;
one or two pictures as first and last frame, or one to three as references; 10, 14 or 30 credits a
shot. There is no switch for sound, which Veo 3.1 always makes.
"""

from decimal import Decimal

from bot.catalog.capability import Audio, Capability, Kind
from bot.catalog.pricing import MICROS_PER_DOLLAR, PriceLine, PriceList
from bot.ids import ModelId, ProviderName

NAME = ProviderName("nanophoto")
MODEL_ID = ModelId("nanophoto/veo-3.1")
SHOT_SECONDS = 8
MAX_SHOTS = 21
MAX_REFERENCES = 3
CREDITS = {"720p": 10, "1080p": 14, "4k": 30}  # per shot
EXPECTED_SECONDS = 180  # per shot: its page says two to five minutes


def capability(usd_per_credit: Decimal) -> Capability:
    """Return Veo 3.1 with its prices at the operator's price of a credit."""
    lines = (
        PriceLine(micros_of(count, usd_per_credit), resolution=resolution)
        for resolution, count in CREDITS.items()
    )
    return Capability(
        provider=NAME,
        model_id=MODEL_ID,
        name="Veo 3.1 by NanoPhoto",
        kinds=frozenset({Kind.TEXT, Kind.IMAGE}),
        prices=PriceList(tuple(lines), charges=True),
        durations_seconds=(SHOT_SECONDS,),
        default_duration_seconds=SHOT_SECONDS,
        resolutions=tuple(CREDITS),
        default_resolution="720p",
        aspect_ratios=("16:9", "9:16"),
        default_aspect_ratio="16:9",
        audio=Audio.ALWAYS,
        end_image=True,
        reference_images_max=MAX_REFERENCES,
        shots_max=MAX_SHOTS,
        takes_files=False,
        one_shot_resolutions=frozenset({"1080p", "4k"}),
        expected_seconds=EXPECTED_SECONDS,
    )


def micros_of(count: int, usd_per_credit: Decimal) -> int:
    """Convert credits to millionths of a dollar."""
    return int((count * usd_per_credit * MICROS_PER_DOLLAR).to_integral_value())
