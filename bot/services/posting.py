"""Posting one owed message, exactly once.

Before the post its row says POSTING; afterwards it holds the message's id. What is found in
POSTING was interrupted: soon after, the same nonce makes Discord answer with the same message;
later, the channel's history decides.
"""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.domain.deliveries import Delivery, DeliveryKind, DeliveryState, posted, posting
from bot.domain.jobs import Artifact, Job
from bot.domain.polling import backoff_seconds
from bot.errors import (
    ArtifactError,
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    FileTooLargeError,
    FilmNotThereError,
    NotAllowedError,
)
from bot.ids import MessageId
from bot.ports import CardView
from bot.services.outbox import Outbox

_log = logging.getLogger(__name__)

NONCE_TRUSTED_FOR = timedelta(seconds=90)  # Discord keeps nonces for "the past few minutes"
SMALLER = 0.5  # of the limit, after Discord refused a file that should have fitted


async def post(delivery: Delivery, outbox: Outbox) -> None:
    """Raises LeaseLostError when somebody else delivers it."""
    job = await outbox.store.get(delivery.job_id)
    intent = await outbox.store.save_delivery(posting(delivery, outbox.clock.now()))
    view = await outbox.view(job)
    try:
        message_id = await _send(intent, view, outbox)
    except (ChannelGoneError, FilmNotThereError):
        _log.warning("undeliverable", extra={"job_id": job.id, "kind": delivery.kind})
        gone = replace(intent, state=DeliveryState.UNDELIVERABLE)
        await outbox.store.save_delivery(gone)
        return
    except DeliveryError as error:
        await _postpone(intent, error, outbox)
        return
    shown = None  # a repeated post may be answered with an earlier one, and its earlier look
    if intent.attempts == 1 and delivery.kind is DeliveryKind.CARD:
        shown = outbox.courier.digest(view)
    await outbox.store.save_delivery(posted(intent, message_id, shown))
    _log.info("delivered", extra={"job_id": job.id, "kind": delivery.kind})


async def _find(delivery: Delivery, outbox: Outbox) -> MessageId | None:
    """The message of a post that was begun too long ago for its nonce to be trusted.

    Asked right before posting: a film may take minutes to be made to fit.
    """
    if delivery.posting_at is None:
        return None
    if outbox.clock.now() - delivery.posting_at < NONCE_TRUSTED_FOR:
        return None
    return await outbox.courier.find_posted(delivery)


async def _send(delivery: Delivery, view: CardView, outbox: Outbox) -> MessageId:
    if delivery.kind is DeliveryKind.FILM:
        return await _send_film(delivery, view.job, outbox)
    if delivery.kind is DeliveryKind.FAILURE:
        return await _send_failure(delivery, view.job, outbox)
    return await _find(delivery, outbox) or await _send_card(delivery, view, outbox)


async def _send_card(delivery: Delivery, view: CardView, outbox: Outbox) -> MessageId:
    """With its pictures, else without: Cancel and the word of failure must not wait for them."""
    paths = [outbox.images.path(image) for image in view.job.request.pictures]
    try:
        return await outbox.courier.post_card(delivery, view, paths)
    except (FileTooLargeError, NotAllowedError) as error:
        if not paths:
            raise
        told = {"job_id": view.job.id, "error": type(error).__name__}
        _log.warning("card_without_pictures", extra=told)
        return await outbox.courier.post_card(delivery, view, [])


async def _send_film(delivery: Delivery, job: Job, outbox: Outbox) -> MessageId:
    """As a file, else as a link, or without one: whoever waits for it hears of it in any case."""
    artifact = job.artifact or await _late_artifact(job, outbox)
    job = replace(job, artifact=artifact)
    try:
        message_id = await _send_file(delivery, job, artifact, outbox)
    except NotAllowedError:
        _log.warning("film_not_allowed", extra={"job_id": job.id})
        return await _send_link(delivery, job, outbox, may_attach=False)
    return message_id or await _send_link(delivery, job, outbox, may_attach=True)


async def _send_file(
    delivery: Delivery, job: Job, artifact: Artifact, outbox: Outbox
) -> MessageId | None:
    """As it is, else made to fit, else smaller still; None where all are too large."""
    limit = outbox.courier.upload_limit_bytes(job.guild_id)
    for max_bytes in (limit, int(limit * SMALLER)):
        try:
            film = await outbox.films.fit(artifact, max_bytes=max_bytes)
            async with outbox.uploads:
                found = await _find(delivery, outbox)
                return found or await outbox.courier.post_film(delivery, job, film)
        except FileTooLargeError:
            _log.warning("film_too_large", extra={"job_id": job.id, "max_bytes": max_bytes})
    return None


async def _send_link(
    delivery: Delivery, job: Job, outbox: Outbox, *, may_attach: bool
) -> MessageId:
    submission = await outbox.store.find_submission(job.id)
    addresses = submission.artifact_addresses if submission else ()
    found = await _find(delivery, outbox)
    return found or await outbox.courier.post_link(delivery, job, addresses, may_attach=may_attach)


async def _late_artifact(job: Job, outbox: Outbox) -> Artifact:
    """Of a film that came after its job was given up; the word that it would not goes first.

    Raises FilmNotThereError, DeliveryUnavailableError.
    """
    await _ensure_posted(job, DeliveryKind.FAILURE, outbox)
    submission = await outbox.store.find_submission(job.id)
    try:
        kept = await outbox.films.inspect(job.id)
    except ArtifactError as error:
        raise FilmNotThereError from error
    return replace(kept, remark=submission.remark if submission else None)


async def _ensure_posted(job: Job, kind: DeliveryKind, outbox: Outbox) -> Delivery | None:
    """What goes first, if it is owed at all. Raises DeliveryUnavailableError while it is."""
    first = await outbox.store.find_delivery(job.id, kind)
    if first is not None and first.state in {DeliveryState.OWED, DeliveryState.POSTING}:
        msg = f"its {kind} is not posted yet"
        raise DeliveryUnavailableError(msg)
    return first


async def _send_failure(delivery: Delivery, job: Job, outbox: Outbox) -> MessageId:
    """An answer to the card, which therefore goes first."""
    card = await _ensure_posted(job, DeliveryKind.CARD, outbox)
    found = await _find(delivery, outbox)
    return found or await outbox.courier.post_failure(
        delivery, job, card.message_id if card else None
    )


async def _postpone(delivery: Delivery, error: DeliveryError, outbox: Outbox) -> None:
    """Discord is away: the film waits for it, however long that takes."""
    wait = timedelta(seconds=backoff_seconds(delivery.attempts))
    _log.warning(
        "delivery_postponed",
        extra={"job_id": delivery.job_id, "kind": delivery.kind, "error": str(error)},
    )
    again = replace(delivery, next_attempt_at=outbox.clock.now() + wait)
    await outbox.store.save_delivery(again)
