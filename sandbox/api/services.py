"""The video services: what their control routes are, for the document.

`sandbox.providers` serves these itself; the models are its own, so that the description follows them.
"""

from pydantic import BaseModel

from sandbox.api.routing import Route
from sandbox.providers.nanogpt.switches import Fault, Switches


class Run(BaseModel):
    """One film that was ordered; `state` is the service's own word."""

    id: str
    model: str
    state: str
    cost: float
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


class SwitchesNow(Switches):
    """The switches as they stand, and how many keys the store was shown, which needs none."""

    keys_seen_by_storage: int


def service_routes() -> list[Route]:
    nanogpt = "/providers/nanogpt"
    faults = f"{nanogpt}/faults"
    return [
        Route("GET", nanogpt, None, "NanoGPT's switches", answer=SwitchesNow),
        Route("PATCH", nanogpt, None, "Turn NanoGPT's switches", Switches, answer=SwitchesNow),
        Route("GET", f"{nanogpt}/runs", None, "Every film ordered of it", answer=list[Run]),
        Route("GET", f"{nanogpt}/ledger", None, "Its books", answer=list[LedgerEntry]),
        Route("POST", faults, None, "Order a fault of it", Fault, answer=Fault, status=201),
        Route("GET", faults, None, "The faults ordered of it", answer=list[Fault]),
        Route("DELETE", faults, None, "Cancel the faults ordered of it"),
    ]
