"""Failure notices, written in the same transaction that ends the job.

A member who cancelled gets none; any other member is waiting and is notified once.
"""

import re
from dataclasses import replace

from bot.jobs.job import Failure, FailureKind, JobState
from bot.jobs.messages import DeliveryKind, owed
from bot.jobs.stores import Change

_NAMED = re.compile(r"(?i)\b(?:prompt|image|picture|photo)s?\b")
WITHOUT_VIDEO = frozenset({JobState.FAILED, JobState.EXPIRED})
BROKEN = Failure(FailureKind.INTERRUPTED, "Something kept going wrong on my side.")


def with_failure_notice(change: Change) -> Change:
    """Add a failure notice if the change ends its job without a video; shots owe none."""
    job = change.job
    if job.state not in WITHOUT_VIDEO or job.cancel_requested or job.is_shot:
        return change
    at = job.state_changed_at
    notice = owed(job, DeliveryKind.FAILURE, at)
    return replace(change, deliveries=(*change.deliveries, notice))


def with_advice(said: str | None, advice: str | None) -> str | None:
    """Join our advice on what to change with the service's own text."""
    if said is None or advice is None or said in advice:
        return advice or said
    return f"{advice} It says: \u201c{said}\u201d"


def failed_at_provider(said: str | None = None, advice: str | None = None) -> Failure:
    """Return the failure of a video that the service tried to make."""
    text = with_advice(said, advice) or "The video service couldn't make this video."
    return Failure(FailureKind.PROVIDER, text)


def content_refused(said: str | None, advice: str | None) -> Failure:
    """Return the failure of a request whose content the service refused."""
    text = _reason_of_refusal(said, advice) or "The video service refused this prompt or picture."
    return Failure(FailureKind.REFUSED, text)


def _reason_of_refusal(said: str | None, advice: str | None) -> str | None:
    """Return the service's text if it names the cause, else with our advice."""
    return said if said is not None and _NAMED.search(said) else with_advice(said, advice)
