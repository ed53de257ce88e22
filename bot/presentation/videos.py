"""Texts, files and buttons of messages with a video, and of failure notices."""

from collections.abc import Sequence

import discord

from bot.catalog.presets import Preset
from bot.catalog.pricing import dollars
from bot.ids import JobId, QuestionId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Job, JobState
from bot.ordering.remaking import Shots
from bot.presentation import answers
from bot.presentation.cards import spoiler_mark, video_of
from bot.presentation.escaping import (
    plain,
    quoted,
    slug,
    visible,
)
from bot.presentation.settings import preset_choice
from bot.presentation.widgets import Action, row_of, spell

MAX_MESSAGE = 2000  # Discord's
MAX_PROMPT = 300
MAX_REMARK = 200
MAX_MODEL_NAME = 100
MAX_ALT_TEXT = 1024  # Discord's
MAX_OPTIONS = 25  # Discord's, of a select
SHOWN_TO_ALL = "Shared with everyone:"
_TOO_LARGE = "It's too large for this channel"
_NOT_ALLOWED = "I can't attach files in this channel"


def text_of(
    job: Job,
    *,
    model_name: str | None = None,
    note: str | None = None,
    addresses: Sequence[str] | None = None,
    may_attach: bool = True,
) -> str:
    """Text above a video; links it where it is too large or not allowed."""
    lines = [f"<@{job.user_id}> {_news(job)}", *_prompt_of(job), *_details(job, model_name)]
    if job.artifact is not None and job.artifact.remark is not None:
        lines.append(quoted(job.artifact.remark, most=MAX_REMARK))
    if note is not None:
        lines.append(f"-# {note}")
    if not may_attach:
        lines.append("-# Use `/show` in a channel where I can attach files.")
    if addresses is not None:
        why = _TOO_LARGE if may_attach else _NOT_ALLOWED
        lines.append(_linked(addresses, why, room=_room_below(lines)))
    return "\n".join(lines)


def _news(job: Job) -> str:
    if job.state is JobState.SUCCEEDED:
        return f"your video is ready ({dollars(job.cost_micros)})."
    return "your video finished late; it's free."


def text_again(job: Job, note: str | None) -> str:
    """Text above a video that `/show` shows again."""
    return "\n".join([*_prompt_of(job), *([] if note is None else [f"-# {note}"])])


def text_while_fitting(job: Job) -> str:
    """Text while `/show` re-encodes a video, which may take minutes."""
    text = f"{_TOO_LARGE}. I'm re-encoding it, which may take a few minutes."
    return "\n".join([*_prompt_of(job), text])


def text_without_file(job: Job, addresses: Sequence[str]) -> str:
    """Text of a video that `/show` can only link."""
    lines = _prompt_of(job)
    return "\n".join([*lines, _linked(addresses, _TOO_LARGE, room=_room_below(lines))])


def _prompt_of(job: Job) -> list[str]:
    """The quoted prompt as a line; none if it is empty."""
    prompt = plain(job.request.prompt, most=MAX_PROMPT)
    return [f"> {prompt}"] if prompt else []


def _details(job: Job, model_name: str | None) -> list[str]:
    """A line with the model and the options."""
    if model_name is None:
        return []
    continued = job.artifact if job.request.source_video is not None else None
    seconds = None if continued is None else continued.duration_seconds
    return [f"-# {quoted(model_name, most=MAX_MODEL_NAME)} · {video_of(job.request, seconds)}"]


def _room_below(lines: Sequence[str]) -> int:
    return MAX_MESSAGE - sum(len(line) + 1 for line in lines)


def _linked(addresses: Sequence[str], why: str, *, room: int) -> str:
    """Link a video, or its shots in order: as many links as fit, none cut."""
    if not addresses:
        return f"{why}, and I have no link to it."
    for shown in range(len(addresses), 0, -1):
        links = f"{why}, so here's the video service's link: {' '.join(addresses[:shown])}"
        details = f"{links}{_left_out(len(addresses) - shown)}"
        if len(details) <= room:
            return details
    return f"{why}.{_left_out(len(addresses))}"


def _left_out(count: int) -> str:
    if not count:
        return ""
    links = "link is" if count == 1 else "links are"
    return f"\n-# {count} {links} too long to show here; use `/show` to see the video."


def name_of(job: Job, *, most: int) -> str:
    """Label of a video in autocomplete."""
    ending = f" · {_ENDS[job.state]} · {job.accepted_at:%Y-%m-%d %H:%M} UTC"
    return f"{visible(job.request.prompt)[: most - len(ending)]}{ending}"


_ENDS = {
    JobState.SUCCEEDED: "done",
    JobState.FAILED: "failed",
    JobState.EXPIRED: "timed out",
    JobState.CANCELLED: "cancelled",
}


def text_without_video(job: Job, *, model_name: str | None = None) -> str:
    """Text of a failure notice, with the content of the card that it replaces.

    By its last line it is found again after a crash.
    """
    failed = f"<@{job.user_id}> your video failed: {answers.without_video(job)}"
    return "\n".join([failed, *_prompt_of(job), *_details(job, model_name), last_line_of(job.id)])


def last_line_of(job_id: JobId) -> str:
    """Last line of a failure notice."""
    return f"-# Job {job_id}"


def file_of(job: Job, video: FittedVideo) -> discord.File:
    """Make the file to upload; each try needs another, since discord.py sends one only once."""
    return discord.File(
        video.path,
        filename=f"{spoiler_mark(job)}{slug(job.request.prompt)}-{job.id[:6]}.mp4",
        description=alt_text(job.request.prompt),
    )


def alt_text(prompt: str, what: str = "AI video") -> str:
    """Alt text of a video, or of a frame: its prompt."""
    text = f"{what}: {' '.join(visible(prompt).split())}"
    return text if len(text) <= MAX_ALT_TEXT else f"{text[: MAX_ALT_TEXT - 1]}…"


def buttons_of(job: Job) -> discord.ui.View:
    """Buttons under a video, by whose custom ids it is found again after a crash."""
    return row_of(
        [
            ("Extend", Action.EXTEND, job.id),
            ("Remix", Action.REMIX, job.id),
            ("Again", Action.AGAIN, job.id),
            ("Share", Action.SHARE, job.id),
            ("More", Action.MORE, job.id),
        ]
    )


def answers_to(question_id: QuestionId) -> discord.ui.View:
    """The buttons under a question about a picture."""
    return row_of(
        [("Allow", Action.ALLOW, question_id), ("Don't allow", Action.DECLINE, question_id)]
    )


def more_of(
    job_id: JobId, presets: Sequence[Preset] = (), shots: Shots = Shots.NONE
) -> discord.ui.View:
    """Further buttons, shown privately, with a select of the member's presets."""
    remake = [("Re-make a shot", Action.REMAKE, job_id)] if shots is Shots.APART else []
    view = row_of(
        [
            *remake,
            ("Loop", Action.LOOP, job_id),
            ("Better", Action.BETTER, job_id),
            ("First frame", Action.FIRST_FRAME, job_id),
            ("Last frame", Action.LAST_FRAME, job_id),
            ("Details", Action.DETAILS, job_id),
            ("Remove", Action.DELETE, job_id),
        ]
    )
    if presets:
        options = [
            discord.SelectOption(label=preset_choice(preset), value=preset.mark)
            for preset in presets[:MAX_OPTIONS]
        ]
        custom_id = spell(Action.WITH_PRESET, job_id)
        placeholder = "Make it again with a preset"
        view.add_item(
            discord.ui.Select(custom_id=custom_id, placeholder=placeholder, options=options)
        )
    return view


def preset_of(job_id: JobId) -> discord.ui.View:
    """Button under a video's details."""
    return row_of([("Make a preset of this", Action.PRESET, job_id)])
