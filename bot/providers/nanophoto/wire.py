"""Read NanoPhoto's answers tolerantly, shot by shot.

Source: NanoPhoto's page on Veo 3.1. Three statuses are documented; any other means still rendering,
unless evidence beside it contradicts that. No status of several shots together is documented, so
every shot is judged by itself. Results are matched by task id: shots of different submissions may
share an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bot.errors import ProviderJobUnknownError, ProviderProtocolError
from bot.providers.contract import (
    POLLS_TO_BELIEVE,
    POLLS_TO_MISS,
    ProviderState,
    ProviderStatus,
    Receipt,
)
from bot.providers.http import Answer, redacted
from bot.providers.nanophoto.handles import Handle, Task
from bot.providers.nanophoto.models import CREDITS, micros_of
from bot.providers.refusals import advice_on, own_words, refusal_of
from bot.providers.tolerance import Prose, Table, Wire, Word, addresses_in, is_address, table

MAX_SECONDS = 24 * 3600.0
_NOT_FOUND = re.compile(r"(?i)\bnot found\b")
NO_ADDRESS = "The video service says it made the video, but gives no address for it."
_OPEN = frozenset({"processing", "pending", "queued", "in_progress", "running", "generating"})
_WORDS = {
    "success": "completed",
    "succeeded": "completed",
    "error": "failed",
    "done": "completed",
}  # its sister APIs'


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < MAX_SECONDS else None


def _credits(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 1_000_000 else None


class Result(Wire):
    """One shot, in either answer."""

    shot_id: Word = Field(default=None, alias="shotId")
    task_id: Word = Field(default=None, alias="taskId")
    status: Word = None
    video_url: Any = Field(default=None, alias="videoUrl")
    took: Annotated[float | None, BeforeValidator(_seconds)] = Field(
        default=None, alias="generationTime"
    )
    error: Prose = None
    more: Table = Field(default_factory=dict)

    @property
    def word(self) -> str:
        said = (self.status or "").lower()
        return _WORDS.get(said, said)

    @property
    def address(self) -> str | None:
        return next(chain(filter(is_address, (self.video_url,)), addresses_in(self.more)), None)

    @property
    def has_ended(self) -> bool:
        """Return whether the shot has ended; for some polls, not without an address."""
        return self.word == "failed" or (self.word == "completed" and self.address is not None)

    @property
    def is_open(self) -> bool:
        """Return whether its status says that it is rendering."""
        return self.word in _OPEN

    def judged(self) -> "Result":
        """Return the shot by the evidence beside its status, or itself without any."""
        if self.has_ended or (self.address is None and self.word != "completed" and not self.error):
            return self
        if self.address is not None:
            return self.model_copy(update={"status": "completed"})
        return self.model_copy(update={"status": "failed", "error": self.error or NO_ADDRESS})


class Answered(Wire):
    """A submission's answer."""

    status: Word = None
    error: Prose = None
    credits_used: Annotated[int | None, BeforeValidator(_credits)] = Field(
        default=None, alias="creditsUsed"
    )


def is_failed(answer: Answer) -> bool:
    """Return whether a submission was answered with success but says that it failed."""
    said = Answered.model_validate(table(answer.body)).status or ""
    return 200 <= answer.status < 300 and said.lower() == "failed"


def read_results(body: Any) -> dict[str, Result]:
    """Map tasks to shots. Raises ProviderProtocolError without a list."""
    return {result.task_id: result for result in _listed(body) if result.task_id}


def read_receipt(
    body: Any, *, shot_ids: Sequence[str], resolution: str, usd_per_credit: Decimal
) -> Receipt | None:
    """Read a submission's answer; None if a shot has no task.

    If none of our ids is returned, as many tasks as shots are in the order of the shots.
    """
    try:
        results = [result for result in _listed(body) if result.task_id]
    except ProviderProtocolError:
        return None
    by_shot = {result.shot_id: result.task_id for result in results}
    if by_shot.keys().isdisjoint(shot_ids) and len(results) == len(shot_ids):
        by_shot = {shot: result.task_id for shot, result in zip(shot_ids, results, strict=True)}
    if not set(shot_ids) <= by_shot.keys():
        return None
    tasks = tuple(Task(shot_id=shot, task_id=by_shot[shot] or "") for shot in shot_ids)
    said = Answered.model_validate(table(body)).credits_used
    count = CREDITS.get(resolution, 0) * len(tasks) if said is None else said
    handle = Handle(resolution=resolution, tasks=tasks, credits=count)
    return Receipt(handle.spell(), micros_of(count, usd_per_credit))


def _listed(body: Any) -> list[Result]:
    listed = table(body).get("shots")
    if not isinstance(listed, list):
        msg = "an answer without shots"
        raise ProviderProtocolError(msg)
    shots = [table(shot) for shot in listed]
    return [Result.model_validate({**shot, "more": shot}) for shot in shots]


def status_of(
    handle: Handle, results: dict[str, Result], usd_per_credit: Decimal
) -> ProviderStatus:
    """Return a submission's status.

    Raises ProviderProtocolError if none of its shots is named, and ProviderJobUnknownError if all
    of them are said to be unknown.
    """
    shots = [results.get(task.task_id) for task in handle.tasks]
    named = [shot for shot in shots if shot is not None]
    if not named:
        msg = "an answer about other shots"
        raise ProviderProtocolError(msg)
    ended = [shot for shot in named if shot.has_ended]
    if len(ended) < len(shots):
        percent = 100 * len(ended) // len(shots) if ended else None
        running = ProviderStatus(ProviderState.RUNNING, progress_percent=percent)
        return _with_evidence(running, handle, shots, usd_per_credit)
    return _ended(handle, ended, usd_per_credit)


def _with_evidence(
    running: ProviderStatus,
    handle: Handle,
    shots: Sequence[Result | None],
    usd_per_credit: Decimal,
) -> ProviderStatus:
    """Add evidence beside the shots' statuses, if by it every shot has ended."""
    judged = [shot.judged() for shot in shots if shot is not None]
    if len(judged) < len(shots) or not all(shot.has_ended for shot in judged):
        return running
    try:
        evidence = _ended(handle, judged, usd_per_credit)
    except ProviderJobUnknownError:
        return running
    doubtful = [shot for shot in shots if shot is not None and not shot.has_ended]
    patience = POLLS_TO_BELIEVE
    if any(shot.word == "completed" for shot in doubtful):
        patience = POLLS_TO_MISS
    believed = None if any(shot.is_open for shot in doubtful) else patience
    return replace(running, evidence=evidence, believed_after=believed)


def _ended(handle: Handle, shots: Sequence[Result], usd_per_credit: Decimal) -> ProviderStatus:
    """Return the final status: finished shots make a video, and missing ones are refunded."""
    made = [shot for shot in shots if shot.word == "completed"]
    remark = _remark(shots)
    charged = micros_of(handle.credits * len(made) // len(shots), usd_per_credit)
    if not made:
        return _failed(shots)
    addresses = tuple(dict.fromkeys(shot.address for shot in made if shot.address))
    times = [shot.took for shot in made]
    took = sum(time for time in times if time is not None) if None not in times else None
    return ProviderStatus(
        ProviderState.SUCCEEDED,
        artifact_addresses=addresses,  # one address for all if the service has joined them
        took_seconds=took,
        charged_micros=charged,
        text=remark,
    )


def _failed(shots: Sequence[Result]) -> ProviderStatus:
    texts = [shot.error for shot in shots if shot.error]
    if len(texts) == len(shots) and all(_NOT_FOUND.search(text) for text in texts):
        raise ProviderJobUnknownError(redacted(texts[0]))
    for text in texts:  # no status marks a content refusal; only free text does
        refused = refusal_of(text)
        if refused is not None:
            advice, shown = advice_on(refused, text), own_words(text)
            return ProviderStatus(ProviderState.FAILED, refused=True, text=shown, advice=advice)
    is_lost = NO_ADDRESS in texts
    shown = redacted(texts[0]) if texts else None
    return ProviderStatus(ProviderState.FAILED, text=shown, may_come=is_lost)


def _remark(shots: Sequence[Result]) -> str | None:
    missing = [number for number, shot in enumerate(shots, 1) if shot.word != "completed"]
    if not missing:
        return None
    why = next((shot.error for shot in shots if shot.error), None)
    numbers = " and ".join(str(number) for number in missing)
    what = "Shot" if len(missing) == 1 else "Shots"
    return f"{what} {numbers} of {len(shots)} failed" + (f": {redacted(why)}" if why else ".")
