"""Bringing posted cards up to date with their jobs.

A card is compared with its job a few seconds apart, or at once when the job's state has changed,
and edited only when what it should show is not what it shows. Cards of jobs that ended are watched
for a while more, for the film's link; now and then all of two days are, because a film may arrive
late and a process may die between a job's end and its card's.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.deliveries import Delivery, DeliveryState, edited, editing
from bot.domain.jobs import Job, JobState
from bot.errors import (
    ChannelGoneError,
    DeliveryUnavailableError,
    LeaseLostError,
    MessageGoneError,
)
from bot.ids import JobId, ProviderName
from bot.ports import CardView
from bot.services.outbox import Outbox

_log = logging.getLogger(__name__)

BETWEEN_LISTS = timedelta(seconds=1)
BETWEEN_LOOKS = timedelta(seconds=3)
BETWEEN_SWEEPS = timedelta(minutes=5)
WATCHED_FOR = timedelta(minutes=10)
SWEPT_FOR = timedelta(days=2)  # a film may come after its job has ended for a day
OLD = timedelta(hours=1)  # of older messages Discord takes only a few edits an hour
BETWEEN_TRIES_OF_OLD = timedelta(minutes=10)
LOOKS_IN_ONE_GO = 20  # then others may use the event loop

Edit = Callable[[], Awaitable[None]]


class CardRefresher:
    """Remembers when each card was last compared; that may be forgotten at any time."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._listed_at: datetime | None = None
        self._swept_at: datetime | None = None
        self._looked_at: dict[JobId, datetime] = {}

    async def list_due(self, now: datetime) -> list[tuple[Delivery, Edit]]:
        """Cards that show what is no longer so, each with what brings it up to date."""
        if self._listed_at is not None and now - self._listed_at < BETWEEN_LISTS:
            return []
        self._listed_at = now
        cards = await self._list_cards(now)
        self._forget_all_but(cards)
        cards = [(card, job) for card, job in cards if self._may_look(card, job, now)]
        positions = await self._list_positions(cards)
        due: list[tuple[Delivery, Edit]] = []
        for number, (card, job) in enumerate(cards, start=1):
            self._looked_at[job.id] = now
            view = await self._outbox.view_at(job, positions.get(job.id))
            digest = self._outbox.courier.digest(view)
            if digest != card.shown:
                due.append((card, partial(_edit, card, view, digest, self._outbox)))
                if _is_left_behind(card, job, now):  # and there may be no room for all of them
                    self._swept_at = now - BETWEEN_SWEEPS + BETWEEN_LOOKS
            if number % LOOKS_IN_ONE_GO == 0:
                await self._outbox.clock.sleep(0)
        return due

    async def _list_cards(self, now: datetime) -> list[tuple[Delivery, Job]]:
        """Those first whose job has ended, for they are waited for most."""
        is_sweep = self._swept_at is None or now - self._swept_at >= BETWEEN_SWEEPS
        since = now - (SWEPT_FOR if is_sweep else WATCHED_FOR)
        cards = await self._outbox.store.list_posted_cards(changed_since=since)
        if is_sweep:
            self._swept_at = now
        return sorted(cards, key=lambda row: not row[1].is_terminal)

    def _may_look(self, card: Delivery, job: Job, now: datetime) -> bool:
        if card.next_attempt_at > now:
            return False
        looked_at = self._looked_at.get(job.id)
        if looked_at is None or job.state_changed_at > looked_at:
            return True
        return now - looked_at >= BETWEEN_LOOKS

    def _forget_all_but(self, cards: Sequence[tuple[Delivery, Job]]) -> None:
        known = self._looked_at
        self._looked_at = {job.id: known[job.id] for _, job in cards if job.id in known}

    async def _list_positions(self, cards: Sequence[tuple[Delivery, Job]]) -> Mapping[JobId, int]:
        """One look at each queue for all cards together."""
        waiting: dict[ProviderName, list[JobId]] = {}
        for _, job in cards:
            if job.state is JobState.ACCEPTED:
                waiting.setdefault(job.provider, []).append(job.id)
        found: dict[JobId, int] = {}
        for provider, job_ids in waiting.items():
            found |= await self._outbox.inquiring.positions(provider, job_ids)
        return found


def _is_left_behind(card: Delivery, job: Job, now: datetime) -> bool:
    """Whether only a sweep sees it. What nobody knows is listed until somebody does."""
    ended_long_ago = job.is_terminal and now - job.state_changed_at > WATCHED_FOR
    return ended_long_ago and card.shown is not None


async def _edit(card: Delivery, view: CardView, digest: str, outbox: Outbox) -> None:
    """Raises LeaseLostError when another process edits it."""
    intent = await outbox.store.save_delivery(editing(card, outbox.clock.now()))
    shown: str | None = digest
    wait = timedelta(0)
    try:
        await outbox.courier.edit_card(card, view)
    except DeliveryUnavailableError as error:  # a later look will try again
        _log.info("card_not_refreshed", extra={"job_id": card.job_id, "error": str(error)})
        shown = None
        if outbox.clock.now() - card.owed_at > OLD:
            wait = BETWEEN_TRIES_OF_OLD
    except (ChannelGoneError, MessageGoneError):
        intent = replace(intent, state=DeliveryState.UNDELIVERABLE)
    try:
        await outbox.store.save_delivery(edited(intent, shown, outbox.clock.now() + wait))
    except LeaseLostError:
        await _forget_what_it_shows(intent, outbox)
        raise


async def _forget_what_it_shows(card: Delivery, outbox: Outbox) -> None:
    """For an edit that took longer than its lease: it may have come after another process's."""
    latest = await outbox.store.find_delivery(card.job_id, card.kind)
    if latest is not None and latest.state is DeliveryState.POSTED:
        await outbox.store.save_delivery(replace(latest, shown=None))
