"""The video services' control routes, for the OpenAPI document.

`sandbox.providers` serves these itself; the models are its own, so that the description follows them.
"""

from typing import Any, Literal

from pydantic import BaseModel

from sandbox.api.routing import Route
from sandbox.providers.faults import Fault
from sandbox.providers.nanogpt.overrides import Changes
from sandbox.providers.nanophoto.overrides import NanoPhotoChanges


class Run(BaseModel):
    """One video that was ordered; `state` is the service's own word."""

    id: str
    model: str
    state: str
    cost: float
    final_cost: float
    key: str
    prompt: str | None
    conversationUUID: str | None  # noqa: N815 - the service's own name
    created_at: str
    error: str | None


class LedgerEntry(BaseModel):
    """One movement of a key's money."""

    at: str
    key: str
    kind: str
    amount: float
    run: str


class SwitchesNow(Changes):
    """The overrides as they stand, and how many keys the store was shown, which needs none."""

    keys_seen_by_storage: int


class Shot(BaseModel):
    """One shot that was ordered of NanoPhoto; `state` is the service's own word.

    Times are in seconds, `position` counts from zero within the `request` it came with.
    """

    id: str
    shot_id: str
    request: str
    position: int
    state: Literal["processing", "completed", "failed"]
    credits: int
    key: str
    prompt: str
    generation_type: str
    aspect_ratio: str
    image_urls: list[str]
    resolution: str
    created_at: str
    generation_time: int
    video: str | None
    error: str | None


class CreditEntry(BaseModel):
    """One movement of a key's credits, for one shot."""

    at: str
    key: str
    kind: Literal["charge", "refund"]
    credits: int
    task: str


class NanoPhotoNow(NanoPhotoChanges):
    """The overrides as they stand, balances in credits, and what each key has asked for."""

    requests_in_the_last_hour: dict[str, int]
    keys_seen_by_storage: int


def service_routes() -> list[Route]:
    return [
        *_routes_of("nanogpt", "NanoGPT", Changes, SwitchesNow, list[Run], list[LedgerEntry]),
        *_routes_of(
            "nanophoto", "NanoPhoto", NanoPhotoChanges, NanoPhotoNow, list[Shot], list[CreditEntry]
        ),
    ]


def _routes_of(  # noqa: PLR0917 - a name, and what every address takes and gives
    name: str,
    title: str,
    changes: type[BaseModel],
    now: type[BaseModel],
    runs: Any,
    ledger: Any,
) -> list[Route]:
    path = f"/providers/{name}"
    faults = f"{path}/faults"
    return [
        Route("GET", path, None, f"{title}'s overrides", answer=now),
        Route("PATCH", path, None, f"Set {title}'s overrides", changes, answer=now),
        Route("GET", f"{path}/runs", None, f"Every video ordered of {title}", answer=runs),
        Route("GET", f"{path}/ledger", None, f"{title}'s books", answer=ledger),
        Route("POST", faults, None, f"Order a fault of {title}", Fault, answer=Fault, status=201),
        Route("GET", faults, None, f"The faults ordered of {title}", answer=list[Fault]),
        Route("DELETE", faults, None, f"Cancel the faults ordered of {title}"),
    ]
