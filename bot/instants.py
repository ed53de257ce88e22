"""Stored instants, and how they survive a wrong clock.

A machine without a battery clock starts in another year, and NTP then sets it; machines differ by a
little. No wait until an instant may last until a year that a wrong clock once showed: an instant
further ahead than clocks may differ counts as made now.

Each stored instant, and the effect of a clock that was an hour or 400 days ahead and came back, or
was behind and jumped forward:

| instant | ahead and back | behind and forward |
|---|---|---|
| requests made, budgets (`storage/providers`) | count as made now | may free one window too early: the service's 429 is heeded |
| rate windows of members (`storage/budget_snapshots`) | count as made now | free early by the jump |
| job leases, `next_action_at`, deadlines (`clamp_instants`) | as taken now; due now; two hours from now | taken over; due at once; a deadline moves by the time without polls |
| `submitted_at`, `accepted_at`, `state_changed_at`, intents (`clamp_instants`) | as of now | age by the jump |
| posting leases, next tries of messages and notices (`clamp_instants`, list queries) | as taken now; due now | due at once |
| nonces of posts and notices (`delivery/leases`) | not trusted: the channel's history decides | the same |
| pauses and trials of a provider (`providers/availability`) | no longer than the longest pause | end early; then one job tries |
| offers, pending changes (`clamp_instants`) | valid for their minutes from now | expire; members ask again |
| grants, events, windows of allowances and pools | count in the window that the clock named | the same |
| render times (`worker/poll`) | a time longer than any render is not learned | the same |
| retention of videos and pictures (`cutoff`) | advances a day per hour at most | the same |
| dated backups (`storage/engines/files`) | the one just made stays | the same |
| timers in memory | an elapsed time below zero is over | over |
"""

from datetime import datetime, timedelta

CLOCKS_DIFFER_BY = timedelta(minutes=1)  # two machines' clocks, or ours and Discord's, at most
CUTOFF_MOVES_BY = timedelta(days=1)  # at most, for each hourly round


def made_by(instant: datetime, now: datetime) -> datetime:
    """Instant of an action; one further ahead than clocks differ counts as now."""
    return now if instant > now + CLOCKS_DIFFER_BY else instant


def holds(until: datetime, longest: timedelta, now: datetime) -> bool:
    """Whether a wait that is never longer than `longest` still lasts.

    One that ends later than that, plus the difference of clocks, came from a wrong clock.
    """
    return now < until <= now + longest + CLOCKS_DIFFER_BY


def is_within(instant: datetime, wait: timedelta, now: datetime) -> bool:
    """Whether less than `wait` has passed; False if the clock was set back before it."""
    return timedelta() <= now - instant < wait


def cutoff(now: datetime, keep_for: timedelta, before: datetime | None) -> datetime:
    """Instant before which to delete; `before` is that of the last round.

    A clock that is a year ahead would make everything seem old, so it advances by a day at most:
    after weeks without running the bot takes as many hours to catch up.
    """
    wanted = now - keep_for
    return wanted if before is None else min(wanted, before + CUTOFF_MOVES_BY)
