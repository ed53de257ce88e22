"""The job card: what a member sees of a job from the first second to the last."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import PurePath

import discord

from bot.domain.deliveries import DELETED_ADDRESS
from bot.domain.jobs import Job, JobState
from bot.domain.pricing import dollars
from bot.domain.requests import VideoRequest
from bot.ids import JobId
from bot.ports import CardView
from bot.presentation import replies
from bot.presentation.buttons import button
from bot.presentation.custom_ids import Action
from bot.presentation.sanitising import plain

PROMPT_MOST = 900
BAR_CELLS = 10
MOST_GUESSED_PERCENT = 90  # a guess from the time passed never claims to be done

_PICTURE = re.compile(
    r"^https?://.+/picture-(\d+)\."
)  # an address, not a name of what is not there

_COLOURS = {
    JobState.ACCEPTED: 0x8B93A7,
    JobState.SUBMITTING: 0x5B8DEF,
    JobState.IN_PROGRESS: 0x5B8DEF,
    JobState.COLLECTING: 0x5B8DEF,
    JobState.UNCERTAIN: 0xE2A93B,
    JobState.SUCCEEDED: 0x3FB27F,
    JobState.FAILED: 0xD9534F,
    JobState.EXPIRED: 0xD9534F,
    JobState.CANCELLED: 0x6B7280,
}
_TITLES = {
    JobState.ACCEPTED: "Waiting for its turn",
    JobState.SUBMITTING: "Handing over",
    JobState.IN_PROGRESS: "In the making",
    JobState.COLLECTING: "Fetching the film",
    JobState.UNCERTAIN: "Asking the service what became of it",
    JobState.SUCCEEDED: "Done",
    JobState.FAILED: "No film",
    JobState.EXPIRED: "No film",
    JobState.CANCELLED: "Called off",
}


def picture_names(job: Job) -> tuple[str, ...]:
    """What the wish's pictures are called on the card's message, in order."""
    endings = (PurePath(image.key).suffix for image in job.request.pictures)
    return tuple(f"picture-{number}{ending}" for number, ending in enumerate(endings, start=1))


def picture_addresses(message: discord.Message) -> tuple[str, ...]:
    """Where the wish's pictures stand now, in order; Discord lists one that an embed shows there."""
    shown = [embed.thumbnail.url for embed in message.embeds if embed.thumbnail.url]
    found = [*shown, *(attachment.url for attachment in message.attachments)]
    numbered = {int(match[1]): url for url in found if (match := _PICTURE.search(url))}
    return tuple(numbered[number] for number in sorted(numbered))


def embed_of(view: CardView) -> discord.Embed:
    """The card as it looks now."""
    job = view.job
    pictures = picture_names(job)
    embed = discord.Embed(
        title=f"🎬 {_title(view)}",
        description=f"> {plain(job.request.prompt, most=PROMPT_MOST)}",
        colour=_COLOURS[_looks_like(view)],
    )
    embed.add_field(
        name="Now" if not job.is_terminal else "Outcome", value=_now(view), inline=False
    )
    embed.add_field(name="Model", value=plain(view.model_name, most=100))
    embed.add_field(name="Film", value=_film(job))
    embed.add_field(name="Price", value=_price(job))
    if pictures:
        embed.set_thumbnail(url=f"attachment://{pictures[0]}")
    embed.set_footer(text=footer_of(job.id))
    return embed


def _title(view: CardView) -> str:
    return "Being called off" if _is_being_called_off(view.job) else _TITLES[_looks_like(view)]


def _looks_like(view: CardView) -> JobState:
    """A film that came after all looks like any other."""
    if view.job.is_terminal and view.film_url is not None:
        return JobState.SUCCEEDED
    return JobState.CANCELLED if _is_being_called_off(view.job) else view.job.state


def _is_being_called_off(job: Job) -> bool:
    return job.cancel_requested and not job.is_terminal


def footer_of(job_id: JobId) -> str:
    """Also the mark by which a card is found after a crash."""
    return f"Job {job_id}"


def buttons_of(view: CardView) -> discord.ui.View | None:
    """Cancel while there is something to cancel, another model after a failure, else nothing."""
    job, instead = view.job, view.instead
    if instead is not None:
        label = f"Make it with {instead.model_name} · {replies.cost(instead.price)}"
        return button(label, Action.INSTEAD, job.id)
    if job.is_terminal or job.cancel_requested:
        return None
    return button("Cancel", Action.CANCEL, job.id)


def digest_of(view: CardView) -> str:
    """Equal for cards that look the same: expected times count by the minute, progress by ten."""
    instead = view.instead.model_name if view.instead else None
    look = [embed_of(view).to_dict(), view.job.cancel_requested, instead]
    return hashlib.sha256(json.dumps(look, sort_keys=True).encode()).hexdigest()[:16]


def _now(view: CardView) -> str:
    job = view.job
    if job.is_terminal:
        return _outcome(view)
    if job.cancel_requested:
        return "No longer watched; what the service charges stays charged."
    if job.state is JobState.ACCEPTED:
        place = f"Number {view.position} in the queue. " if view.position else ""
        return f"{place}A film like this takes {replies.about_seconds(job.expected_seconds)}."
    if job.state is JobState.IN_PROGRESS:
        return f"{_bar(view)}\nExpected {_expected(view)}"
    if job.state is JobState.UNCERTAIN:
        return "The service's answer was lost. I am asking it; nothing is sent twice."
    return "A moment…"


def _outcome(view: CardView) -> str:
    job = view.job
    if job.state is JobState.SUCCEEDED:
        stranded = "I could not post the film here: `/show` brings it where I may attach files."
        return stranded if view.film_is_stranded else _whereabouts(view.film_url)
    if job.state in {JobState.FAILED, JobState.EXPIRED}:
        late = f"It came after all, and you pay nothing. {_whereabouts(view.film_url)}"
        return replies.without_film(job) if view.film_url is None else late
    spent = job.submitted_at is not None
    if not spent:
        return replies.NOTHING_CHARGED
    return "What the service charged stays charged. If the film came, `/show` brings it."


def _whereabouts(film_url: str | None) -> str:
    if film_url == DELETED_ADDRESS:
        return "The film was posted, and has been deleted since."
    return f"[Watch it]({film_url})" if film_url else "The film is on its way."


def _bar(view: CardView) -> str:
    filled = _percent(view) // BAR_CELLS
    return f"{'▰' * filled}{'▱' * (BAR_CELLS - filled)} {_percent(view)} %"


def _percent(view: CardView) -> int:
    """The service's own figure where it gives one, else a guess from the time passed; in tens."""
    job = view.job
    percent = job.progress_percent
    if percent is None and job.submitted_at is not None:
        passed = (view.now - job.submitted_at).total_seconds()
        percent = min(int(100 * passed / max(job.expected_seconds, 1)), MOST_GUESSED_PERCENT)
    return (percent or 0) // 10 * 10


def _expected(view: CardView) -> str:
    """Such as "in 2 minutes", which Discord counts down by itself, but not into the past."""
    job = view.job
    begun = job.submitted_at or job.state_changed_at
    at = begun + timedelta(seconds=job.expected_seconds)
    return discord.utils.format_dt(at, "R") if at > view.now else "any moment now"


def _film(job: Job) -> str:
    request = job.request
    parts = [
        _length(request),
        request.resolution,
        request.aspect_ratio,
        "with sound" if request.audio else None,
    ]
    return " · ".join(part for part in parts if part) or "as the model does"


def _length(request: VideoRequest) -> str | None:
    if not request.duration_seconds:
        return None
    shots = len(request.parts)
    times = f"{shots} times " if shots > 1 else ""
    return f"{times}{request.duration_seconds} s"


def _price(job: Job) -> str:
    return f"{'about ' if job.cost_is_estimate else ''}{dollars(job.cost_micros)}"
