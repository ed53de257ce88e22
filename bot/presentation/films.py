"""The message with the film: the member's mention, what was asked, and the file that plays.

Or the word that there is none, with the mention and the reason.
"""

import discord

from bot.domain.jobs import Job
from bot.domain.pricing import dollars
from bot.ids import JobId
from bot.ports import FittedFilm
from bot.presentation import replies
from bot.presentation.buttons import button
from bot.presentation.custom_ids import Action
from bot.presentation.sanitising import plain, slug

PROMPT_MOST = 300
REMARK_MOST = 200
REASON_MOST = 600


def text_of(job: Job, *, note: str | None = None, address: str | None = None) -> str:
    """The words above the film."""
    lines = [
        f"<@{job.user_id}> your film is ready, for {dollars(job.cost_micros)}.",
        f"> {plain(job.request.prompt, most=PROMPT_MOST)}",
    ]
    if job.artifact is not None and job.artifact.remark is not None:
        lines.append(plain(job.artifact.remark, most=REMARK_MOST))
    if note is not None:
        lines.append(f"-# {note}")
    if address is not None:
        lines.append(f"It is too large for this channel, so here is the service's link: {address}")
    return "\n".join(lines)


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
