"""Posts one owed message, exactly once.

Before the post its row is set to POSTING and names its owner, who renews its lease while the post
lasts (`bot.delivery.leases`); afterwards it holds the message's id. A row in POSTING whose lease
has run out was interrupted: soon after, the same nonce makes Discord answer with the same message;
later, the channel's history decides.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.delivery.context import OPEN_STATES, DeliveryContext, HeldDelivery, without_quotes
from bot.delivery.leases import instants, nonce_is_trusted
from bot.delivery.messenger import CardView
from bot.delivery.threads import is_in_thread
from bot.errors import (
    ArtifactError,
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    FileTooLargeError,
    LeaseLostError,
    MessageRefusedError,
    NotAllowedError,
    StorageError,
    UnreadableRowError,
    VideoNotThereError,
)
from bot.guilds.notices import Notice, only_id
from bot.guilds.settings import LogLevel
from bot.ids import ChannelId, MessageId
from bot.jobs.job import Artifact, Job
from bot.jobs.messages import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Outbox,
    blocked,
    deleted,
    is_replaced_unposted,
    posted,
    posting,
    postponed,
)
from bot.retries import LONGEST_WAIT, POSTING_LEASE, backoff_seconds

_log = logging.getLogger(__name__)

PostWithPictures = Callable[[Delivery, CardView, Sequence[Path]], Awaitable[MessageId]]
SMALLER = 0.5  # of the limit, after Discord refused a file that should have fitted


async def post(delivery: Delivery, context: DeliveryContext) -> None:
    """Post a delivery. Raises LeaseLostError if another process delivers it."""
    try:
        job = await context.jobs.get(delivery.job_id)
    except UnreadableRowError as error:
        await _await_repair(delivery, error, context)
        return
    placed = await _placed(delivery, job, context)
    if placed is not None:
        await _post_under_lease(placed, job, context)


async def _post_under_lease(delivery: Delivery, job: Job, context: DeliveryContext) -> None:
    """Write the intent, post, and write what came of it. Raises LeaseLostError."""
    taken_at = instants(context.clock)
    intent = posting(delivery, context.owner, taken_at[0])
    held = HeldDelivery(await context.messages.save_delivery(intent), context, taken_at)
    try:
        async with held.lease.held():
            message_id, shown = await _send(held.row, job, context)
    except (DeliveryError, VideoNotThereError, UnreadableRowError) as error:
        await _record_failure(held.row, job, error, context)
    except LeaseLostError:
        context.messenger.forget(delivery)
        raise
    except asyncio.CancelledError:
        await _release(held.row, context)
        raise
    else:
        context.messenger.forget(delivery)
        await _record(posted(held.row, message_id, shown), job, context)


async def _record_failure(
    delivery: Delivery,
    job: Job,
    error: DeliveryError | VideoNotThereError | UnreadableRowError,
    context: DeliveryContext,
) -> None:
    """Record a post that failed: whether, where and when it is tried again."""
    match error:
        case ChannelBlockedError() | ChannelGoneError():
            await _refused(delivery, job, error, context)
        case VideoNotThereError() | MessageRefusedError():
            await _give_up(delivery, error, context)
        case UnreadableRowError():
            await _await_repair(delivery, error, context)
        case _:
            await _await_discord(delivery, error, context)


async def _placed(delivery: Delivery, job: Job, context: DeliveryContext) -> Delivery | None:
    """Decide where to post; None if not now, or not at all."""
    keeps_cards = await context.keeps_cards(delivery)
    if not keeps_cards and await _is_late_card(delivery, job, context):
        await context.messages.save_delivery(deleted(delivery))
        return None
    try:
        return await context.threads.placed(delivery)
    except DeliveryError as error:
        await _await_discord(delivery, error, context)
        return None


async def _record(done: Delivery, job: Job, context: DeliveryContext) -> None:
    """Record a posted message, and owe its log entry and the deletion of what it replaces."""
    settings = await context.guilds.get(done.guild_id)
    replaces_at = None if settings.keeps_cards else context.clock.now()
    outbox = _outbox(done, job, settings.log_channel_for(LogLevel.EVERYTHING), context)
    await context.messages.save_delivery(done, replaces_at=replaces_at, outbox=outbox)
    _log.info("delivered", extra={"job_id": job.id, "kind": done.kind})
    await context.threads.note_posted(done, job)


def _outbox(
    done: Delivery, job: Job, log_channel_id: ChannelId | None, context: DeliveryContext
) -> Outbox | None:
    """The entry about a posted video, for a log channel that is told everything."""
    if done.kind is not DeliveryKind.VIDEO or done.message_id is None or log_channel_id is None:
        return None
    url = context.messenger.message_url(done.guild_id, done.channel_id, done.message_id)
    model_name = context.model_name(job)
    text, now = context.log_words(context.quotable(job), model_name, url), context.clock.now()
    entry = Notice(only_id(f"video:{job.id}"), done.guild_id, log_channel_id, text, now, now)
    return Outbox(notices=(entry,))


async def _give_up(delivery: Delivery, error: Exception, context: DeliveryContext) -> None:
    _log.warning("undeliverable", extra=_details(delivery, error))
    gone = replace(delivery, state=DeliveryState.UNDELIVERABLE, lease_owner=None)
    await context.messages.save_delivery(gone)
    context.messenger.forget(delivery)


async def _refused(
    delivery: Delivery, job: Job, error: DeliveryError, context: DeliveryContext
) -> None:
    """Leave a thread that refuses a card; else retry while the channel may open again."""
    if is_in_thread(delivery, job):
        await _leave_thread(delivery, job, error, context)
    elif isinstance(error, ChannelGoneError):
        await _give_up(delivery, error, context)
    else:
        _log.warning("delivery_blocked", extra=_details(delivery, error))
        await context.messages.save_delivery(blocked(delivery, context.clock.now()))


async def _leave_thread(
    card: Delivery, job: Job, error: DeliveryError, context: DeliveryContext
) -> None:
    """Post a card elsewhere that its thread refuses, unless an earlier try posted it there."""
    try:
        was_tried = card.attempts > 1 and not isinstance(error, ChannelGoneError)
        found = await context.messenger.find_posted(card) if was_tried else None
    except DeliveryError as unknown:
        await _await_discord(card, unknown, context)
        return
    context.messenger.forget(card)
    if found is not None:
        await _record(posted(card, found), job, context)
        return
    await context.messages.save_delivery(await context.threads.moved(card, job, error))


async def _is_late_card(delivery: Delivery, job: Job, context: DeliveryContext) -> bool:
    """Whether a card would be replaced as soon as it is posted."""
    if delivery.kind is not DeliveryKind.CARD or not job.is_terminal:
        return False
    kinds = (DeliveryKind.VIDEO, DeliveryKind.FAILURE)
    later = [await context.messages.find_delivery(job.id, kind) for kind in kinds]
    return is_replaced_unposted(delivery, later)


async def _await_repair(
    delivery: Delivery, error: UnreadableRowError, context: DeliveryContext
) -> None:
    """Postpone a message until its damaged job is repaired; log it once."""
    if context.is_first_report_on(delivery.job_id):
        _log.error("delivery_unreadable", extra=_details(delivery, error))
    await context.messages.save_delivery(postponed(delivery, context.clock.now() + LONGEST_WAIT))


async def _release(delivery: Delivery, context: DeliveryContext) -> None:
    """Let another process continue at once with an interrupted post."""
    with contextlib.suppress(StorageError):
        await context.messages.save_delivery(postponed(delivery, context.clock.now()))


async def _find(delivery: Delivery, context: DeliveryContext) -> MessageId | None:
    """Find the message of a post that began too long ago to trust its nonce.

    Called right before posting, as fitting a video may take minutes. Its upload may take minutes
    too, and Discord compares nonces only at its end, so no second try trusts one.
    """
    if delivery.posting_at is None:
        return None
    uploads_again = delivery.kind is DeliveryKind.VIDEO and delivery.attempts > 1
    now = context.clock.now()
    if not uploads_again and nonce_is_trusted(delivery.posting_at, delivery.attempts, now):
        return None
    return await context.messenger.find_posted(delivery)


async def _send(
    delivery: Delivery, job: Job, context: DeliveryContext
) -> tuple[MessageId, str | None]:
    """Send the message; return its id, and the digest of a card just posted.

    A message refused for its content is sent once more without quotes of members and services, and
    never again as it was: a second refusal would add nothing.
    """
    shown = context.quotable(job)
    try:
        return await _send_with(delivery, shown, context)
    except MessageRefusedError as error:
        if shown is not job:
            raise
        _log.warning("retrying_without_quotes", extra=_details(delivery, error))
        context.note_refused_quotes(job.id)
        return await _send_with(delivery, without_quotes(job), context)


async def _send_with(
    delivery: Delivery, job: Job, context: DeliveryContext
) -> tuple[MessageId, str | None]:
    view = await context.view(job)
    if delivery.kind is DeliveryKind.VIDEO:
        return await _send_video(delivery, view, context), None
    if delivery.kind is DeliveryKind.FAILURE:
        return await _send_failure(delivery, view, context), None
    message_id = await _find(delivery, context) or await _send_card(delivery, view, context)
    # Discord may answer a repeated post with an earlier one, and its earlier content
    return message_id, context.messenger.digest(view) if delivery.attempts == 1 else None


async def _send_card(delivery: Delivery, view: CardView, context: DeliveryContext) -> MessageId:
    """Post the card; Cancel must not wait for pictures, nor must the failure notice."""
    return await _with_pictures(context.messenger.post_card, delivery, view, context)


async def _with_pictures(
    post_it: PostWithPictures, delivery: Delivery, view: CardView, context: DeliveryContext
) -> MessageId:
    """Post a message with the request's pictures, without them if need be."""
    paths = [context.images.path(image) for image in view.job.request.pictures]
    try:
        return await post_it(delivery, view, paths)
    except (FileTooLargeError, NotAllowedError) as error:
        if not paths:
            raise
        _log.warning(f"{delivery.kind}_without_pictures", extra=_details(delivery, error))
        return await post_it(delivery, view, [])


async def _send_video(delivery: Delivery, view: CardView, context: DeliveryContext) -> MessageId:
    """Post the video as a file, else as a link; where files are forbidden, as a link alone."""
    job = view.job
    artifact = job.artifact or await _late_artifact(job, context)
    view = replace(view, job=replace(job, artifact=artifact))
    try:
        message_id = await _send_file(delivery, view, artifact, context)
    except NotAllowedError:
        _log.warning("video_not_allowed", extra={"job_id": job.id})
        return await _send_link(delivery, view, context, may_attach=False)
    return message_id or await _send_link(delivery, view, context, may_attach=True)


async def _send_file(
    delivery: Delivery, view: CardView, artifact: Artifact, context: DeliveryContext
) -> MessageId | None:
    """Post the file as it is, else re-encoded, else smaller still; None if all are too large."""
    limit = context.messenger.upload_limit_bytes(delivery.guild_id)
    for max_bytes in (limit, int(limit * SMALLER)):
        try:
            video = await context.videos.fit(artifact, max_bytes=max_bytes)
            async with context.uploads:
                found = await _find(delivery, context)
                return found or await context.messenger.post_video(delivery, view, video)
        except FileTooLargeError:
            details = {"job_id": delivery.job_id, "max_bytes": max_bytes}
            _log.warning("video_too_large", extra=details)
    return None


async def _send_link(
    delivery: Delivery, view: CardView, context: DeliveryContext, *, may_attach: bool
) -> MessageId:
    submission = await context.jobs.find_submission(delivery.job_id)
    addresses = submission.artifact_addresses if submission else ()
    found = await _find(delivery, context)
    return found or await context.messenger.post_link(
        delivery, view, addresses, may_attach=may_attach
    )


async def _late_artifact(job: Job, context: DeliveryContext) -> Artifact:
    """The late result of a job that had been given up; its failure notice goes first.

    Raises VideoNotThereError, DeliveryUnavailableError.
    """
    await _ensure_posted(job, DeliveryKind.FAILURE, context)
    submission = await context.jobs.find_submission(job.id)
    try:
        kept = await context.videos.inspect(job.id)
    except ArtifactError as error:
        raise VideoNotThereError from error
    return replace(kept, remark=submission.remark if submission else None)


async def _ensure_posted(job: Job, kind: DeliveryKind, context: DeliveryContext) -> None:
    """Let this message go first. Raises DeliveryUnavailableError while it is owed."""
    first = await context.messages.find_delivery(job.id, kind)
    if first is not None and first.state in OPEN_STATES:
        msg = f"its {kind} is not posted yet"
        raise DeliveryUnavailableError(msg)


async def _send_failure(delivery: Delivery, view: CardView, context: DeliveryContext) -> MessageId:
    """Post the failure notice; the card, which it replaces, must go first."""
    await _ensure_posted(view.job, DeliveryKind.CARD, context)
    found = await _find(delivery, context)
    return found or await _with_pictures(context.messenger.post_failure, delivery, view, context)


async def _await_discord(
    delivery: Delivery, error: DeliveryError, context: DeliveryContext
) -> None:
    """Postpone the message until Discord is back, however long that takes."""
    asked = error.retry_after_seconds if isinstance(error, DeliveryUnavailableError) else 0.0
    wait = min(timedelta(seconds=max(backoff_seconds(delivery.attempts), asked)), POSTING_LEASE)
    _log.warning("delivery_postponed", extra=_details(delivery, error))
    await context.messages.save_delivery(postponed(delivery, context.clock.now() + wait))


def _details(delivery: Delivery, error: Exception) -> dict[str, str]:
    detail = f"{type(error).__name__} {error}".rstrip()
    return {"job_id": delivery.job_id, "kind": delivery.kind, "error": detail}
