"""The message with the film: the member's mention, what was asked, and the file that plays."""

import discord

from bot.domain.jobs import Job
from bot.domain.pricing import dollars
from bot.ports import FittedFilm
from bot.presentation.buttons import button
from bot.presentation.custom_ids import Action
from bot.presentation.sanitising import plain, slug

PROMPT_MOST = 300


def text_of(job: Job, *, note: str | None = None, address: str | None = None) -> str:
    """The words above the film."""
    lines = [
        f"<@{job.user_id}> your film is ready, for {dollars(job.cost_micros)}.",
        f"> {plain(job.request.prompt, most=PROMPT_MOST)}",
    ]
    if note is not None:
        lines.append(f"-# {note}")
    if address is not None:
        lines.append(f"It is too large for this channel, so here is the service's link: {address}")
    return "\n".join(lines)


def file_of(job: Job, film: FittedFilm) -> discord.File:
    """A new file for each try: discord.py can send one only once."""
    return discord.File(film.path, filename=f"{slug(job.request.prompt)}-{job.id[:6]}.mp4")


def buttons_of(job: Job) -> discord.ui.View:
    """Delete; its custom id is also the mark by which the message is found after a crash."""
    return button("Delete", Action.DELETE, job.id)
