"""Keeps posted cards up to date with their jobs.

A card is compared with its job every few seconds, or at once when the job's state has changed, and
edited only if its content would change. The job's video or failure notice replaces its card. Those
that stay, of cancelled jobs and of videos that could not be posted, are watched for a while longer;
from time to time all cards of two days are, because a process may die between a job's end and its
card's last edit.

Discord keeps the edit that arrives last, and no request can say that it is older than another. So
an edit is not trusted if another one may have followed it: an edit made while an earlier one was
perhaps still in flight is repeated a little later, and a process that learns that another one has
taken over its card records that the card's content is unknown.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.delivery.context import DeliveryContext, HeldDelivery, without_quotes
from bot.delivery.leases import instants
from bot.delivery.messenger import CardView, PostedPictures
from bot.errors import (
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    LeaseLostError,
    MessageGoneError,
    MessageHeldError,
    MessageRefusedError,
    PicturesNotPostedError,
    StorageError,
    UnreadableRowError,
)
from bot.ids import ChannelId, JobId, ProviderName
from bot.instants import holds, is_within
from bot.jobs.job import Job, JobState
from bot.jobs.messages import Delivery, DeliveryKind, DeliveryState, edited, editing
from bot.jobs.queue_positions import QueuePlace
from bot.jobs.stores import JobStore, MessageStore
from bot.retries import backoff

_log = logging.getLogger(__name__)
BETWEEN_LISTS = timedelta(seconds=1)
BETWEEN_CHECKS = timedelta(seconds=2)
BETWEEN_SWEEPS = timedelta(minutes=5)
WATCHED_FOR = timedelta(minutes=10)
SWEPT_FOR = timedelta(days=2)  # a late result may come up to a day after its job's end
OLD = timedelta(hours=1)  # Discord allows only a few edits per hour of older messages
LONGEST_PAUSE = timedelta(minutes=10)  # for a card that Discord refuses to change
LONGEST_WHILE_AWAY = timedelta(seconds=20)  # between tries while Discord is unreachable
ONCE_MORE_AFTER = timedelta(seconds=5)  # by then an edit in flight has arrived
CHECKS_IN_ONE_GO = 20  # then yield to the event loop
Edit = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """The last comparison of a card: when, and with which state of its job."""

    at: datetime
    state: JobState
    cancel_requested: bool


class CardRefresher:
    """Edits cards; remembers comparisons in memory, which may be lost at any time."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._listed_at: datetime | None = None
        self._swept_at: datetime | None = None
        self._checks: dict[JobId, Check] = {}
        self._failed: dict[JobId, int] = {}  # edits in a row
        self._damaged: set[JobId] = set()
        self._opened: set[ChannelId] = set()  # threads reopened since the last listing
        self._freed: set[JobId] = set()  # jobs whose cards may skip their pause, until compared
        self._unanswered: set[JobId] = set()  # jobs whose last edit may still be in flight
        self._unmarked: set[JobId] = set()  # edited, not recorded: another may have edited before

    def check_again(self, job_id: JobId) -> None:
        """Compare this job's card again: something other than the job changed it."""
        self._checks.pop(job_id, None)
        self._listed_at = None

    def check_again_in(self, channel_id: ChannelId) -> None:
        """Retry cards of a reopened thread without waiting out their pauses."""
        self._opened.add(channel_id)
        self._listed_at = None

    async def list_due(self, now: datetime) -> list[tuple[Delivery, Edit]]:
        """List outdated cards, each with the edit that updates it."""
        if self._listed_at is not None and is_within(self._listed_at, BETWEEN_LISTS, now):
            return []
        self._listed_at = now
        await self._forget_unmarked()
        cards = await self._list_cards(now)
        self._forget_all_but(cards)
        self._free(cards)
        cards = [(card, job) for card, job in cards if self._may_check(card, job, now)]
        positions = await self._list_positions(cards)
        due: list[tuple[Delivery, Edit]] = []
        for number, (card, job) in enumerate(cards, start=1):
            self._checks[job.id] = Check(now, job.state, job.cancel_requested)
            self._freed.discard(job.id)
            try:
                view = await self._context.view_at(job, positions.get(job.id))
            except UnreadableRowError as error:
                self._report_unreadable(job.id, error)
                continue
            if self._context.messenger.digest(view) != card.shown:
                due.append((card, partial(self._edit, card, view)))
                if _is_left_behind(card, job, now):  # sweep again: there may be no room for all
                    self._swept_at = now - BETWEEN_SWEEPS + BETWEEN_CHECKS
            if number % CHECKS_IN_ONE_GO == 0:
                await self._context.clock.sleep(0)
        return due

    def _report_unreadable(self, job_id: JobId, error: UnreadableRowError) -> None:
        """Log an unreadable job, once while its card is watched."""
        if job_id not in self._damaged:
            self._damaged.add(job_id)
            _log.error("card_unreadable", extra={"job_id": job_id, "error": str(error)})

    async def _list_cards(self, now: datetime) -> list[tuple[Delivery, Job]]:
        """Cards with their jobs, most urgent first: ended jobs, then changed ones."""
        is_sweep = self._swept_at is None or not is_within(self._swept_at, BETWEEN_SWEEPS, now)
        since = now - (SWEPT_FOR if is_sweep else WATCHED_FOR)
        cards = await self._context.messages.list_posted_cards(changed_since=since)
        if is_sweep:
            self._swept_at = now
        return sorted(cards, key=lambda row: (not row[1].is_terminal, not self._has_moved(row[1])))

    def _may_check(self, card: Delivery, job: Job, now: datetime) -> bool:
        is_own = card.lease_owner == self._context.owner
        is_freed = card.lease_owner is None and job.id in self._freed
        if not (is_own or is_freed) and holds(card.next_attempt_at, LONGEST_PAUSE, now):
            return False
        last = self._checks.get(job.id)
        if last is None or self._has_moved(job):
            return True
        return not is_within(last.at, BETWEEN_CHECKS, now)

    def _has_moved(self, job: Job) -> bool:
        """Whether the job's state has changed since the last comparison.

        Compared by state: the instant of a change may lie before that of the comparison that missed
        it.
        """
        last = self._checks.get(job.id)
        seen = None if last is None else (last.state, last.cancel_requested)
        return seen != (job.state, job.cancel_requested)

    def _free(self, cards: Sequence[tuple[Delivery, Job]]) -> None:
        opened, self._opened = self._opened, set()
        self._freed |= {job.id for card, job in cards if card.channel_id in opened}

    def _forget_all_but(self, cards: Sequence[tuple[Delivery, Job]]) -> None:
        known = {job.id for _, job in cards}
        self._checks = {key: check for key, check in self._checks.items() if key in known}
        self._failed = {key: count for key, count in self._failed.items() if key in known}
        self._damaged &= known
        self._freed &= known
        self._unanswered &= known

    async def _list_positions(
        self, cards: Sequence[tuple[Delivery, Job]]
    ) -> Mapping[JobId, QueuePlace]:
        """Places of all queued jobs, with one query per provider."""
        waiting: dict[ProviderName, list[JobId]] = {}
        for _, job in cards:
            if job.state is JobState.QUEUED:
                waiting.setdefault(job.provider, []).append(job.id)
        found: dict[JobId, QueuePlace] = {}
        for provider, job_ids in waiting.items():
            found |= await self._context.positions.of_jobs(provider, job_ids)
        return found

    async def _edit(self, card: Delivery, view: CardView) -> None:
        """Edit a card under a lease. Raises LeaseLostError if another process edits it."""
        context, taken_at = self._context, instants(self._context.clock)
        intent = editing(card, context.owner, taken_at[0])
        held = HeldDelivery(await context.messages.save_delivery(intent), context, taken_at)
        is_contested = card.lease_owner is not None or card.job_id in self._unanswered
        try:
            shown, state, wait = await self._try_to_edit(card, view, held)
            if is_contested and shown is not None:
                shown, wait = None, ONCE_MORE_AFTER
            row = replace(held.row, state=state)
            await context.messages.save_delivery(edited(row, shown, context.clock.now() + wait))
        except (LeaseLostError, StorageError):
            self._unmarked.add(card.job_id)
            with contextlib.suppress(StorageError):  # otherwise before the next listing
                await self._forget_unmarked()
            raise
        self._checks.pop(card.job_id, None)  # its job may have moved on during the edit

    async def _try_to_edit(
        self, card: Delivery, view: CardView, held: HeldDelivery
    ) -> tuple[str | None, DeliveryState, timedelta]:
        """The digest now shown, None if unknown; the card's state; the wait until the next edit."""
        digest = self._context.messenger.digest
        try:
            async with held.lease.held():
                view = await _edit_with_or_without_quotes(card, view, self._context)
        except DeliveryUnavailableError as error:  # a later comparison retries
            details = {"job_id": card.job_id, "error": f"{type(error).__name__} {error}"}
            _log.info("card_not_refreshed", extra=details)
            if not isinstance(error, MessageHeldError):  # a held message is a definite answer
                self._unanswered.add(card.job_id)
            return None, card.state, self._wait(card, error)
        except (ChannelGoneError, MessageGoneError):
            return digest(view), DeliveryState.UNDELIVERABLE, timedelta()
        except MessageRefusedError as error:  # its next content may be accepted
            _log.warning("card_refused", extra={"job_id": card.job_id, "error": str(error)})
            refused = replace(view, job=without_quotes(view.job))
            return digest(refused), card.state, timedelta()
        self._failed.pop(card.job_id, None)
        self._unanswered.discard(card.job_id)
        return digest(view), card.state, timedelta()

    def _wait(self, card: Delivery, error: DeliveryUnavailableError) -> timedelta:
        """Back off: a locked thread stays locked, and a rate limit lasts."""
        tries = self._failed[card.job_id] = self._failed.get(card.job_id, 0) + 1
        if not isinstance(error, MessageHeldError):
            wait = backoff(tries, LONGEST_WHILE_AWAY)
        elif self._context.clock.now() - card.owed_at > OLD:
            wait = LONGEST_PAUSE
        else:
            wait = backoff(tries, LONGEST_PAUSE)
        asked = timedelta(seconds=error.retry_after_seconds)
        return min(max(wait, asked), LONGEST_PAUSE)

    async def _forget_unmarked(self) -> None:
        """Mark unrecorded edits as unknown; what fails stays to be done. Raises StorageError."""
        for job_id in sorted(self._unmarked):  # a set's own order differs between processes
            try:
                await _forget_what_it_shows(job_id, self._context)
            except UnreadableRowError as error:
                self._report_unreadable(job_id, error)
            self._unmarked.discard(job_id)


async def _edit_with_or_without_quotes(
    card: Delivery, view: CardView, context: DeliveryContext
) -> CardView:
    """Edit the card; without quotes if Discord refuses them. Returns the view shown.

    As with posts, what was refused without quotes is not sent again: it would be the same edit.
    """
    try:
        await context.messenger.edit_card(card, view)
    except MessageRefusedError:
        bare = replace(view, job=without_quotes(view.job))
        if bare == view:
            raise
        context.note_refused_quotes(card.job_id)
        await context.messenger.edit_card(card, bare)
        return bare
    return view


def _is_left_behind(card: Delivery, job: Job, now: datetime) -> bool:
    """Whether only a sweep lists this card; unknown content is listed until known."""
    ended_long_ago = job.is_terminal and now - job.state_changed_at > WATCHED_FOR
    return ended_long_ago and card.shown is not None


async def _forget_what_it_shows(job_id: JobId, context: DeliveryContext) -> None:
    """Mark a card's content as unknown after an edit that was not recorded.

    It may have come after another process's edit. Retries while others write to the row. The owner
    stays set, as if the edit were still running, so that the next process to edit it does so twice:
    our own request may still be in flight.
    """
    while True:
        latest = await context.messages.find_delivery(job_id, DeliveryKind.CARD)
        if latest is None or latest.state is not DeliveryState.POSTED:
            return
        owner = latest.lease_owner or context.owner
        with contextlib.suppress(LeaseLostError):
            await context.messages.save_delivery(replace(latest, shown=None, lease_owner=owner))
            return


_WITHOUT_PICTURES = frozenset({DeliveryState.UNDELIVERABLE, DeliveryState.DELETED})


class CardPictures:
    """The port `PictureAddresses`: the job's card carries its pictures, its parent's post the video.

    For providers that fetch files by URL. The message is read afresh each time: Discord's addresses
    are valid for about a day, so that those of an earlier attempt may be stale. No card is replaced
    before its job has ended, and an ended job is never submitted again.
    """

    def __init__(self, jobs: JobStore, messages: MessageStore, pictures: PostedPictures) -> None:
        self._jobs = jobs
        self._messages = messages
        self._pictures = pictures

    async def find(self, job: Job) -> dict[str, str]:
        """Map picture keys to addresses; a shot's are on its storyboard's card.

        Raises PicturesNotPostedError.
        """
        if job.is_shot and job.storyboard_id is not None:
            found = await self.find(await self._jobs.get(job.storyboard_id))
            return _of_shot(job, found)
        card = await self._messages.find_delivery(job.id, DeliveryKind.CARD)
        if card is None or card.state in _WITHOUT_PICTURES:
            raise PicturesNotPostedError(forever=True)
        if card.state is not DeliveryState.POSTED:
            raise PicturesNotPostedError
        try:
            addresses = await self._pictures.picture_addresses(card)
        except (ChannelGoneError, MessageGoneError) as error:
            raise PicturesNotPostedError(forever=True) from error
        except DeliveryError as error:  # temporary: a permission, or Discord, may come back
            raise PicturesNotPostedError from error
        keys = [image.key for image in job.request.pictures]
        if len(addresses) < len(keys):
            raise PicturesNotPostedError(forever=True)
        return dict(zip(keys, addresses, strict=False))

    async def find_video(self, job: Job) -> str | None:
        """Return the address of the video that the job continues.

        None if it is not posted here: our own copy then has to do.
        """
        parent = job.request.parent
        if parent is None or parent.job_id is None:
            return None
        video = await self._messages.find_delivery(parent.job_id, DeliveryKind.VIDEO)
        if video is None or video.state is not DeliveryState.POSTED:
            return None
        try:
            return await self._pictures.video_address(video)
        except DeliveryError as error:
            details = {"job_id": job.id, "error": type(error).__name__}
            _log.info("source_video_not_posted", extra=details)
            return None


def _of_shot(shot: Job, found: Mapping[str, str]) -> dict[str, str]:
    """The addresses of one shot's pictures. Raises PicturesNotPostedError."""
    keys = [image.key for image in shot.request.pictures]
    if any(key not in found for key in keys):  # a frame of the shot before is on no card
        raise PicturesNotPostedError(forever=True)
    return {key: found[key] for key in keys}
