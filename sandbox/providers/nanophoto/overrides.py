"""What can be set at NanoPhoto while it runs, through `/sandbox/api/providers/nanophoto`.

Most overrides choose among readings of what the documents leave open; the defaults are the likely
reading, or the one that is harder on a client.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Failing = Literal["no", "shot", "all", "generate_500", "generate_200_failed", "status_500"]
Position = Annotated[int, Field(ge=0, le=20)]
Credits = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Overrides(BaseModel):
    """Its manners. Every field can be changed at run time."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    generation_seconds: float = Field(default=4.0, ge=0, le=3600)  # for each shot in turn
    requests_per_hour: int = Field(default=100, ge=0)  # for each key
    counts_status: bool = True  # whether check-status counts among them
    not_found: Literal["whole", "per_shot"] = "whole"  # what one unknown task does to a batch
    mixed_resolution_or_requests: Literal["allowed", "refused"] = "allowed"  # in one batch
    mixed_status: Literal["failed", "failed_at_once", "completed"] = "failed"
    joined: bool = False  # all shots of a request carry the address of one joined video
    fail: Failing = "no"  # what becomes of shots from now on
    fail_shots: list[Position] = [0]  # which shots of a request fail where `fail` is `shot`
    refund: bool = True  # for each failed shot
    envelope: Literal["veo", "overview"] = "veo"  # the latter has `success` in every answer
    generation_time: bool = True  # whether a completed shot says how long it took
    extra_fields: bool = False  # fields that no document names
    storage_expired: bool = False
    storage_expired_status: Literal[403, 404] = 403
    bot_wall: bool = False  # only agents that call themselves Mozilla/… pass


class NanoPhotoChanges(Overrides):
    """What can be changed; a key that has no balance yet gets an account with it."""

    balances: dict[str, Credits] = {}  # in credits, by key
