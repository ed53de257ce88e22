"""NanoPhoto's answers, read tolerantly, shot by shot.

Source: NanoPhoto's page on Veo 3.1. Three words of status are documented; any other means: still
in the making. How the whole of several shots is called is not, so every shot is judged for itself.
Results are matched by the task's id: shots of different submissions may share an answer.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bot.domain.submissions import ProviderState, ProviderStatus, Receipt
from bot.errors import ProviderJobUnknownError, ProviderProtocolError
from bot.providers.http import Answer, redacted
from bot.providers.nanophoto.handles import Handle, Task
from bot.providers.nanophoto.models import CREDITS, micros_of
from bot.providers.tolerance import Prose, Wire, Word, is_address, table

MOST_SECONDS = 24 * 3600.0
_REFUSALS = re.compile(
    r"(?i)policy|safety|unsafe|moderat|prohibit|inappropriate|sensitive|nsfw|not allowed|violat"
)
_NOT_FOUND = re.compile(r"(?i)\bnot found\b")
_WORDS = {"success": "completed", "succeeded": "completed", "error": "failed"}  # its sister APIs'


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < MOST_SECONDS else None


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

    @property
    def word(self) -> str:
        said = (self.status or "").lower()
        return _WORDS.get(said, said)

    @property
    def address(self) -> str | None:
        return self.video_url if is_address(self.video_url) else None

    @property
    def has_ended(self) -> bool:
        """Completed without an address counts as running: whoever looks has a deadline."""
        return self.word == "failed" or (self.word == "completed" and self.address is not None)


class Answered(Wire):
    """A submission's answer."""

    status: Word = None
    error: Prose = None
    credits_used: Annotated[int | None, BeforeValidator(_credits)] = Field(
        default=None, alias="creditsUsed"
    )


def is_failed(answer: Answer) -> bool:
    """A submission that was answered with success and says that it failed."""
    said = Answered.model_validate(table(answer.body)).status or ""
    return 200 <= answer.status < 300 and said.lower() == "failed"


def is_refusal(text: str | None) -> bool:
    """There is no word for a policy's refusal; only free text tells."""
    return bool(text and _REFUSALS.search(text))


def read_results(body: Any) -> dict[str, Result]:
    """Every shot of an answer by its task. Raises ProviderProtocolError where there is no list."""
    return {result.task_id: result for result in _listed(body) if result.task_id}


def read_receipt(
    body: Any, *, shot_ids: Sequence[str], resolution: str, usd_per_credit: Decimal
) -> Receipt | None:
    """What a submission was answered with; None where a shot has no task.

    Where none of our names comes back, as many tasks as shots are in the order of the shots.
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
    return [Result.model_validate(table(shot)) for shot in listed]


def status_of(
    handle: Handle, results: dict[str, Result], usd_per_credit: Decimal
) -> ProviderStatus:
    """How a submission stands.

    Raises ProviderProtocolError where none of its shots is named, and ProviderJobUnknownError
    where every one of them is said to be unknown.
    """
    shots = [results.get(task.task_id) for task in handle.tasks]
    named = [shot for shot in shots if shot is not None]
    if not named:
        msg = "an answer about other shots"
        raise ProviderProtocolError(msg)
    ended = [shot for shot in named if shot.has_ended]
    if len(ended) < len(shots):
        percent = 100 * len(ended) // len(shots) if ended else None
        return ProviderStatus(ProviderState.RUNNING, progress_percent=percent)
    return _ended(handle, ended, usd_per_credit)


def _ended(handle: Handle, shots: Sequence[Result], usd_per_credit: Decimal) -> ProviderStatus:
    """What was made is a film, also where shots are missing: they are given back, as it is said."""
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
        artifact_addresses=addresses,  # one and the same for all where the service has joined them
        took_seconds=took,
        charged_micros=charged,
        text=remark,
    )


def _failed(shots: Sequence[Result]) -> ProviderStatus:
    texts = [shot.error for shot in shots if shot.error]
    if len(texts) == len(shots) and all(_NOT_FOUND.search(text) for text in texts):
        raise ProviderJobUnknownError(redacted(texts[0]))
    refusals = [text for text in texts if is_refusal(text)]
    text = next(iter(refusals or texts), None)
    shown = redacted(text) if text else None
    return ProviderStatus(ProviderState.FAILED, refused=bool(refusals), text=shown)


def _remark(shots: Sequence[Result]) -> str | None:
    missing = [number for number, shot in enumerate(shots, 1) if shot.word != "completed"]
    if not missing:
        return None
    why = next((shot.error for shot in shots if shot.error), None)
    numbers = " and ".join(str(number) for number in missing)
    what = "Shot" if len(missing) == 1 else "Shots"
    return f"{what} {numbers} of {len(shots)} could not be made" + (
        f": {redacted(why)}" if why else "."
    )
