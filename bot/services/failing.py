"""The word that there is no film, owed in the same write that ends the job.

A member who called the film off knows already; everybody else waits for it and is told once.
"""

from dataclasses import replace

from bot.domain.deliveries import DeliveryKind, owed
from bot.domain.jobs import JobState
from bot.ports import Change

WITHOUT_FILM = frozenset({JobState.FAILED, JobState.EXPIRED})


def with_word_of_failure(change: Change) -> Change:
    """The same change, and for a job that ends without its film the message that says so."""
    job = change.job
    if job.state not in WITHOUT_FILM or job.cancel_requested:
        return change
    at = job.state_changed_at
    word = owed(job.id, DeliveryKind.FAILURE, job.guild_id, job.channel_id, at)
    return replace(change, deliveries=(*change.deliveries, word))
