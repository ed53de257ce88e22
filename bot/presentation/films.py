"""The message with the film: the member's mention, what was asked, and the file that plays.

Or the word that there is none, with the mention and the reason.
"""

from collections.abc import Sequence

import discord

from bot.domain.jobs import Job, JobState
from bot.domain.pricing import dollars
from bot.ids import JobId
from bot.ports import FittedFilm
from bot.presentation import replies
from bot.presentation.buttons import button
from bot.presentation.custom_ids import Action
from bot.presentation.sanitising import plain, slug, visible

MESSAGE_MOST = 2000  # Discord's
PROMPT_MOST = 300
REMARK_MOST = 200
REASON_MOST = 600
_TOO_LARGE = "It is too large for this channel"
_NOT_ALLOWED = "I may not attach files in this channel"


def text_of(
    job: Job,
    *,
    note: str | None = None,
    addresses: Sequence[str] | None = None,
    may_attach: bool = True,
) -> str:
    """The words above the film, or where it lies when it is too large or not allowed here."""
    lines = [
        f"<@{job.user_id}> {_news(job)}",
        f"> {plain(job.request.prompt, most=PROMPT_MOST)}",
    ]
    if job.artifact is not None and job.artifact.remark is not None:
        lines.append(plain(job.artifact.remark, most=REMARK_MOST))
    if note is not None:
        lines.append(f"-# {note}")
    if not may_attach:
        lines.append("-# `/show` brings it in a channel where I may attach files.")
    if addresses is not None:
        why = _TOO_LARGE if may_attach else _NOT_ALLOWED
        lines.append(_linked(addresses, why, room=_room_below(lines)))
    return "\n".join(lines)


def _news(job: Job) -> str:
    if job.state is JobState.SUCCEEDED:
        return f"your film is ready, for {dollars(job.cost_micros)}."
    return "your film came after all, and you pay nothing for it."


def text_again(job: Job, note: str | None) -> str:
    """The words above a film that was asked for once more."""
    return "\n".join([_prompt_of(job), *([] if note is None else [f"-# {note}"])])


def text_while_fitting(job: Job) -> str:
    """Until it is small enough, which takes longer than anybody waits without a word."""
    return f"{_prompt_of(job)}\n{_TOO_LARGE}: I make it smaller, which may take a few minutes."


def text_without_file(job: Job, addresses: Sequence[str]) -> str:
    """For a film that cannot be shown again where it was asked for."""
    lines = [_prompt_of(job)]
    return "\n".join([*lines, _linked(addresses, _TOO_LARGE, room=_room_below(lines))])


def _prompt_of(job: Job) -> str:
    return f"> {plain(job.request.prompt, most=PROMPT_MOST)}"


def _room_below(lines: Sequence[str]) -> int:
    return MESSAGE_MOST - sum(len(line) + 1 for line in lines)


def _linked(addresses: Sequence[str], why: str, *, room: int) -> str:
    """Where a film lies, or its shots in order: as many as there is room for, each one whole."""
    if not addresses:
        return f"{why}, and no link is known."
    for shown in range(len(addresses), 0, -1):
        links = f"{why}, so here is the service's link: {' '.join(addresses[:shown])}"
        told = f"{links}{_left_out(len(addresses) - shown)}"
        if len(told) <= room:
            return told
    return f"{why}.{_left_out(len(addresses))}"


def _left_out(count: int) -> str:
    if not count:
        return ""
    links = "link is" if count == 1 else "links are"
    return f"\n-# {count} {links} too long to be shown here; `/show` brings the film."


def name_of(job: Job, *, most: int) -> str:
    """A film in a list to choose from."""
    ending = f" · {_ENDS[job.state]} · {job.accepted_at:%Y-%m-%d %H:%M} UTC"
    return f"{visible(job.request.prompt)[: most - len(ending)]}{ending}"


_ENDS = {
    JobState.SUCCEEDED: "done",
    JobState.FAILED: "no film",
    JobState.EXPIRED: "never finished",
    JobState.CANCELLED: "called off",
}


def text_without_film(job: Job) -> str:
    """The word that there is none; its last line is the mark by which it is found after a crash."""
    reason = plain(replies.without_film(job), most=REASON_MOST)
    return f"<@{job.user_id}> there will be no film: {reason}\n{last_line_of(job.id)}"


def last_line_of(job_id: JobId) -> str:
    return f"-# Job {job_id}"


def file_of(job: Job, film: FittedFilm) -> discord.File:
    """A new file for each try: discord.py can send one only once."""
    return discord.File(film.path, filename=f"{slug(job.request.prompt)}-{job.id[:6]}.mp4")


def buttons_of(job: Job) -> discord.ui.View:
    """Delete; its custom id is also the mark by which the message is found after a crash."""
    return button("Delete", Action.DELETE, job.id)
