"""The job card: what a member sees of a job from the first second to the last."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import PurePath

import discord

from bot.catalog.pricing import dollars
from bot.catalog.request import VideoRequest
from bot.delivery.messenger import CardView, VideoMessage, VideoState
from bot.ids import JobId
from bot.jobs.job import FailureKind, Job, JobState
from bot.jobs.messages import MAX_BLOCKED
from bot.jobs.storyboard import Progress
from bot.money.ledger import is_free
from bot.presentation import answers
from bot.presentation.escaping import plain, quoted
from bot.presentation.widgets import Action, button

MAX_PROMPT = 900
BAR_CELLS = 10
LONGEST_BACKOFF = timedelta(seconds=75)  # a minute, and what it takes to look
SURELY_DAILY = timedelta(hours=2)  # services have limits by the minute, the hour and the day
POSTED_ONCE = frozenset({VideoState.POSTED, VideoState.DELETED})

_PICTURE = re.compile(
    r"^https?://.+/(?:SPOILER_)?picture-(\d+)\."
)  # an address, not a name of what is not there

_COLOURS = {
    JobState.QUEUED: 0x8B93A7,
    JobState.SUBMITTING: 0x5B8DEF,
    JobState.RENDERING: 0x5B8DEF,
    JobState.DOWNLOADING: 0x5B8DEF,
    JobState.UNCERTAIN: 0xE2A93B,
    JobState.SUCCEEDED: 0x3FB27F,
    JobState.FAILED: 0xD9534F,
    JobState.EXPIRED: 0xD9534F,
    JobState.CANCELLED: 0x6B7280,
}
_TITLES = {
    JobState.QUEUED: "Queued",
    JobState.SUBMITTING: "Submitting",
    JobState.RENDERING: "Rendering",
    JobState.DOWNLOADING: "Downloading",
    JobState.UNCERTAIN: "Checking with the video service",
    JobState.SUCCEEDED: "Done",
    JobState.FAILED: "Failed",
    JobState.EXPIRED: "Failed",
    JobState.CANCELLED: "Cancelled",
}


def picture_names(job: Job) -> tuple[str, ...]:
    """Names of the request's pictures on the card's message, in order."""
    endings = (PurePath(image.key).suffix for image in job.request.pictures)
    hidden = spoiler_mark(job)
    return tuple(
        f"{hidden}picture-{number}{ending}" for number, ending in enumerate(endings, start=1)
    )


def spoiler_mark(job: Job) -> str:
    """Prefix of a file's name that lets Discord hide the file until it is pressed."""
    return "SPOILER_" if job.request.is_spoiler else ""


def picture_texts(job: Job) -> tuple[str, ...]:
    """Alt texts of the request's pictures, in order: what each is for."""
    request = job.request
    ends = {"First picture": request.image, "Last picture": request.end_image}
    names = [name for name, image in ends.items() if image is not None]
    others = len(request.pictures) - len(names)
    names += [f"Reference picture {number}" for number in range(1, others + 1)]
    return tuple(f"{name} of the video" for name in names)


def picture_addresses(message: discord.Message) -> tuple[str, ...]:
    """Current addresses of the request's pictures, in order.

    Discord lists a picture that an embed shows under the embed, not under the attachments.
    """
    shown = [embed.thumbnail.url for embed in message.embeds if embed.thumbnail.url]
    found = [*shown, *(attachment.url for attachment in message.attachments)]
    numbered = {int(match[1]): url for url in found if (match := _PICTURE.search(url))}
    return tuple(numbered[number] for number in sorted(numbered))


def text_of(job: Job) -> str:
    """Text above the card: the member's name; it pings no one."""
    return f"Video for <@{job.user_id}>"


NOT_FOLLOWED = (
    "-# Discord doesn't let me change this message any longer. I'll mention you in this channel when"
    " the video is ready, or if it fails."
)


def text_of_answer(text: str, view: CardView, *, is_last: bool) -> str:
    """Text of a private answer, with the state of its job."""
    state = f"**{_title(view)}** · {_now(view)}"
    return "\n".join([text, state, *([NOT_FOLLOWED] if is_last else [])])


def embed_of(view: CardView) -> discord.Embed:
    """The card's current content."""
    job = view.job
    pictures = picture_names(job)
    embed = discord.Embed(
        title=f"🎬 {_title(view)}",
        description=_quoted(job.request.prompt),
        colour=_COLOURS[_looks_like(view)],
    )
    embed.add_field(
        name="Now" if not job.is_terminal else "Outcome", value=_now(view), inline=False
    )
    embed.add_field(name="Model", value=quoted(view.model_name, most=100))
    embed.add_field(name="Video", value=video_of(job.request))
    if not is_free(job):  # no price beside "nothing was charged"
        embed.add_field(name="Price", value=_price(job))
    if pictures and not job.request.is_spoiler:  # an embed hides nothing; a file beside it does
        embed.set_thumbnail(url=f"attachment://{pictures[0]}")
    embed.set_footer(text=footer_of(job.id))
    return embed


def _quoted(prompt: str) -> str | None:
    """The prompt as a quotation; None if it is empty, or Discord refused to show it."""
    shown = plain(prompt, most=MAX_PROMPT)
    return f"> {shown}" if shown else None


def _title(view: CardView) -> str:
    if view.download_is_retried and not view.job.cancel_requested:
        return _TITLES[JobState.DOWNLOADING]
    if view.progress is not None and not view.job.cancel_requested:
        return _title_of_shots(view.progress)
    return "Cancelling" if _is_cancelling(view.job) else _TITLES[_looks_like(view)]


def _title_of_shots(progress: Progress) -> str:
    if progress.ended == progress.total:
        return "Joining the shots"
    return _TITLES[JobState.RENDERING if progress.started else JobState.QUEUED]


def _looks_like(view: CardView) -> JobState:
    """The state whose title and colour the card shows; a late result looks like any other video."""
    if view.job.is_terminal and view.video.state in POSTED_ONCE:
        return JobState.SUCCEEDED
    return JobState.CANCELLED if _is_cancelling(view.job) else view.job.state


def _is_cancelling(job: Job) -> bool:
    return job.cancel_requested and not job.is_terminal


def footer_of(job_id: JobId) -> str:
    """The footer, by which a card is found again after a crash."""
    return f"Job {job_id}"


def buttons_of(view: CardView) -> discord.ui.View | None:
    """Buttons: Cancel while a job is open, a way to retry after a failure, else none."""
    job, alternative = view.job, view.alternative
    if alternative is not None:
        label = f"Retry with {alternative.model_name} · {answers.cost(alternative.price)}"
        return button(label, Action.INSTEAD, job.id)
    if job.failure is not None and job.failure.kind is FailureKind.REFUSED:
        return button("Change the words", Action.WORDS, job.id)
    if job.is_terminal or job.cancel_requested:
        return None
    return button("Cancel", Action.CANCEL, job.id)


def digest_of(view: CardView) -> str:
    """Digest of the card's content, equal for cards that look the same."""
    alternative = view.alternative.model_name if view.alternative else None
    look = [embed_of(view).to_dict(), view.job.cancel_requested, alternative]
    return hashlib.sha256(json.dumps(look, sort_keys=True).encode()).hexdigest()[:16]


def _now(view: CardView) -> str:
    job = view.job
    if job.is_terminal:
        return _outcome(view)
    if job.cancel_requested:
        return "Waiting for the video service to stop; you still pay what it charges."
    if view.download_is_retried:
        return _download(view)
    if view.progress is not None:
        return _shots(view, view.progress)
    if job.state is JobState.QUEUED:
        return _limit(view) if _is_limited(view) else _turn(view)
    return _progress(view)


def _shots(view: CardView, progress: Progress) -> str:
    """Progress of the shots, and when all of them are expected."""
    if progress.ended == progress.total:
        each = "The shot is" if progress.total == 1 else f"All {progress.total} shots are"
        return f"{each} finished. One moment…"
    if not progress.started:
        return _turn(view)
    if progress.remade is not None:
        return f"Making shot {progress.remade} again; the others stay.\n{_elapsed(view)}"
    shot = f"Shot {min(progress.ended + 1, progress.total)} of {progress.total}"
    return f"{_bar(100 * progress.ended // progress.total)}{shot}\n{_elapsed(view)}"


def _turn(view: CardView) -> str:
    usual = view.job.expected_seconds
    if not view.position:
        return f"Videos like this take {answers.about_seconds(usual)}."
    ready = answers.about_seconds(view.wait_seconds + usual)
    return f"Number {view.position} in the queue. Expected in {ready}."


def _progress(view: CardView) -> str:
    if view.job.state is JobState.RENDERING:
        measured = _bar(view.job.progress_percent) if view.job.progress_percent is not None else ""
        return f"{measured}{_elapsed(view)}"
    if view.job.state is JobState.UNCERTAIN:
        return "The video service's answer was lost. I'm looking the video up; nothing is submitted twice."
    return "One moment…"


def _download(view: CardView) -> str:
    """Text for a failing download, which is retried until the deadline, and a few times at least."""
    finished = "The video is finished, but I couldn't download it yet."
    until = view.job.deadline_at
    if until is None or until <= view.now:
        return f"{finished} Retrying a few more times."
    return f"{finished} Retrying until {discord.utils.format_dt(until, 't')}."


def _is_limited(view: CardView) -> bool:
    """Whether the service named the next try: the wait is longer than any back-off of ours."""
    job = view.job
    is_waiting = job.state is JobState.QUEUED and job.errors_in_row > 0
    return is_waiting and job.next_action_at - view.now > LONGEST_BACKOFF


def _limit(view: CardView) -> str:
    at = view.job.next_action_at
    limit = "daily limit" if at - view.now >= SURELY_DAILY else "request limit"
    when = discord.utils.format_dt(at, "R")
    return f"The video service's {limit} is reached. Retrying {when}; nothing is charged yet."


def _outcome(view: CardView) -> str:
    job = view.job
    if job.state is JobState.SUCCEEDED:
        return _arrival(view)
    if job.state in {JobState.FAILED, JobState.EXPIRED}:
        if view.video.state not in POSTED_ONCE:
            return answers.without_video(job)
        return f"It finished late, so it's free. {_whereabouts(view.video)}"
    spent = job.submitted_at is not None
    if not spent:
        return answers.NOTHING_CHARGED
    return "You still pay what the video service charged. If the video finished, use `/show` to see it."


def _arrival(view: CardView) -> str:
    """State of a finished video's post."""
    if view.video.state is VideoState.UNDELIVERABLE:
        return "I couldn't post the video here. Use `/show` in a channel where I can attach files."
    if view.video_blocked_at is not None:
        until = discord.utils.format_dt(view.video_blocked_at + MAX_BLOCKED, "t")
        return f"I can't post in this channel. I'll keep trying until {until}, or use `/show`."
    if view.video_is_fitted:
        return "Re-encoding to fit this server's upload limit. This takes a few minutes."
    return _whereabouts(view.video)


def _whereabouts(video: VideoMessage) -> str:
    if video.state is VideoState.DELETED:
        return "The video was posted and later deleted."
    return f"[Watch it]({video.url})" if video.url else "The video is on its way."


def _bar(percent: int) -> str:
    """Draw the service's own progress, in tens.

    Never beyond its ends: Discord would refuse a longer card.
    """
    percent = min(max(percent, 0), 100) // 10 * 10
    filled = percent // BAR_CELLS
    return f"{'▰' * filled}{'▱' * (BAR_CELLS - filled)} {percent} %\n"


def _elapsed(view: CardView) -> str:
    """Start and expected end; Discord's relative times count without edits.

    No instant that is already past is promised, and none begins in the future.
    """
    job = view.job
    begun = min(job.submitted_at or job.state_changed_at, view.now)
    at = begun + timedelta(seconds=job.expected_seconds)
    started = f"Started {discord.utils.format_dt(begun, 'R')}."
    if at > view.now:
        return f"{started} Expected {discord.utils.format_dt(at, 'R')}."
    return f"{started} This takes longer than usual."


_MODEL_CHOOSES = frozenset({"auto", "adaptive", "automatic"})  # services' words for no shape


def video_of(request: VideoRequest, seconds: float | None = None) -> str:
    """Length, resolution, shape and sound, as far as they were chosen.

    `seconds` is the measured length of a video that continues another.
    """
    parts = [
        answers.length_of(request) if seconds is None else f"{round(seconds)} s",
        request.resolution,
        shape_of(request),
        "with sound" if request.audio else None,
    ]
    return " · ".join(part for part in parts if part) or "model defaults"


def shape_of(request: VideoRequest) -> str | None:
    """The shape; None if the model chooses it."""
    shape = request.aspect_ratio
    return None if shape is None or shape.casefold() in _MODEL_CHOOSES else shape


def _price(job: Job) -> str:
    return f"{'about ' if job.cost_is_estimate else ''}{dollars(job.cost_micros)}"
