"""Read NanoGPT's answers tolerantly: three status shapes, many spellings of the video.

Sources: NanoGPT's pages on unified and legacy video status and on recovery, its OpenAPI document,
which disagrees with them, and what clients have met. A field of an unexpected type is absent; only
an answer without any status is unreadable.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from pydantic import Field

from bot.errors import ProviderProtocolError
from bot.providers.contract import (
    POLLS_TO_BELIEVE,
    POLLS_TO_MISS,
    ProviderState,
    ProviderStatus,
    Receipt,
)
from bot.providers.nanogpt.advice import what_to_change
from bot.providers.refusals import Refused, advice_on, refusal_of, texts_of, words_of
from bot.providers.tolerance import (
    Dollars,
    Flag,
    Percent,
    Prose,
    Table,
    Wire,
    Word,
    addresses_in,
    exact_micros,
    is_address,
    table,
)

# includes undocumented states that have been seen
_STATES = {
    "IN_QUEUE": ProviderState.QUEUED,
    "QUEUED": ProviderState.QUEUED,
    "PENDING": ProviderState.QUEUED,
    "IN_PROGRESS": ProviderState.RUNNING,
    "RUNNING": ProviderState.RUNNING,
    "PROCESSING": ProviderState.RUNNING,
    "GENERATING": ProviderState.RUNNING,
    "RENDERING": ProviderState.RUNNING,
    "DELIVERING": ProviderState.RUNNING,
    "STARTED": ProviderState.RUNNING,
    "STARTING": ProviderState.RUNNING,
    "COMPLETED": ProviderState.SUCCEEDED,
    "SUCCEEDED": ProviderState.SUCCEEDED,
    "FAILED": ProviderState.FAILED,
    "ERROR": ProviderState.FAILED,
    "CANCELED": ProviderState.CANCELLED,
    "CANCELLED": ProviderState.CANCELLED,
}  # any other state: still running, unless evidence beside it contradicts that
_REASONS = (
    *("error_message", "errorMessage", "reason", "failure_reason", "failureReason", "fail_reason"),
    *("raiMediaFilteredReasons", "moderation", "block_reason", "failure", "failureCode", "code"),
)
_FLAGS = ("isNSFWError", "is_nsfw", "nsfw", "flagged", "moderated", "blocked")
_NO_ADDRESS = "The video service says it made the video, but gives no address for it."


class Run(Wire):
    """An accepted submission, as answered to the submission or the recovery."""

    run_id: Word = Field(default=None, alias="runId")
    id: Word = None
    cost: Dollars = None
    payment_source: Word = Field(default="USD", alias="paymentSource")
    conversation: Word = Field(default=None, alias="conversationUUID")

    def receipt(self) -> Receipt | None:
        """Return the receipt, or None without an id; a charge in XNO is omitted."""
        handle = self.run_id or self.id
        if handle is None:
            return None
        return Receipt(handle, _in_dollars(self.cost, self.payment_source))


class Balance(Wire):
    """The account, in numbers that come as strings."""

    usd_balance: Dollars = None


class Status(Wire):
    """A status: the whole flat answer, or its `data`."""

    status: Word = None
    output: Any = None
    video_url: Any = Field(default=None, alias="videoUrl")
    video_url_too: Any = Field(default=None, alias="video_url")
    cost: Dollars = None
    payment_source: Word = Field(default=None, alias="paymentSource")
    progress: Percent = None
    error: Any = None
    is_nsfw: Flag = Field(default=False, alias="isNSFWError")
    friendly: Prose = Field(default=None, alias="userFriendlyError")
    reasons: Table = Field(default_factory=dict)
    data: Table = Field(default_factory=dict)

    def addresses(self) -> Iterator[str]:
        """Yield an address from every place seen, absolute or relative to the service."""
        for value in (self.video_url, self.video_url_too, *_unfolded(self.output)):
            if is_address(value):
                yield value

    def is_refusal(self) -> bool:
        """Return whether it failed for its content, by its flag or its text."""
        return self.is_nsfw or refusal_of(self.complaint()) is not None

    def has_failed(self) -> bool:
        """Return whether it reports a failure, whatever its state."""
        return self.is_nsfw or any(text.strip() for text in texts_of(self.complaint()))

    def complaint(self) -> dict[str, Any]:
        """Return all fields about a failure, arranged as in an error."""
        said = {"error": self.error, "userFriendlyError": self.friendly, **self.reasons}
        return {name: value for name, value in said.items() if value}

    def advice(self) -> str | None:
        """Return what the member can change, or None if there is no advice."""
        complaint = self.complaint()
        if self.is_refusal():
            return advice_on(refusal_of(complaint) or Refused.EITHER, complaint)
        return what_to_change(0, list(words_of(complaint)), " . ".join(texts_of(complaint)))


def read_receipt(body: Any) -> Receipt | None:
    """Read a submission's answer; None if it cannot be read as accepted."""
    return Run.model_validate(table(body)).receipt()


def read_recovered(body: Any, tag: str) -> Receipt | None:
    """Return the run with exactly this tag, or None.

    The tag is ours alone and decides; models are renamed, so an entry's `model` does not. Raises
    ProviderProtocolError if there is no list.
    """
    listed = table(body).get("data")
    if not isinstance(listed, list):
        msg = "a recovery that is no list"
        raise ProviderProtocolError(msg)
    runs = (Run.model_validate(table(entry)) for entry in listed)
    return next((run.receipt() for run in runs if run.conversation == tag), None)


def read_balance(body: Any) -> int:
    """Return the balance in micros. Raises ProviderProtocolError if there is no number."""
    balance = Balance.model_validate(table(body)).usd_balance
    if balance is None:
        msg = "a balance that is no number"
        raise ProviderProtocolError(msg)
    return balance


def read_status(body: Any) -> ProviderStatus:
    """Read a video's status. Raises ProviderProtocolError if there is none.

    Done without an address counts as running for some polls, since the address sometimes comes
    later. Fields that contradict an unknown state are passed on as evidence.
    """
    outer = Status.model_validate(_with_reasons(body))
    inner = Status.model_validate(_with_reasons(outer.data)) if outer.data else outer
    word = inner.status or outer.status
    if word is None:
        msg = "a status without a status"
        raise ProviderProtocolError(msg)
    known = _STATES.get(word.upper().replace("-", "_").replace(" ", "_"))
    address = next(chain(inner.addresses(), outer.addresses(), addresses_in(body)), None)
    plain = ProviderStatus(
        state=known or ProviderState.RUNNING,
        progress_percent=inner.progress,
        charged_micros=_in_dollars(inner.cost, inner.payment_source or outer.payment_source),
    )
    if known in {ProviderState.FAILED, ProviderState.CANCELLED}:
        return _failed(plain, inner, known)
    done = None if address is None else _done(plain, address)
    if known is ProviderState.SUCCEEDED and done is not None:
        return done
    return _undecided(
        plain, known, done, next((one for one in (inner, outer) if one.has_failed()), None)
    )


def _undecided(
    plain: ProviderStatus,
    known: ProviderState | None,
    done: ProviderStatus | None,
    failed: Status | None,
) -> ProviderStatus:
    """Return running, with the evidence against it."""
    evidence = done
    if evidence is None and failed is not None:
        evidence = _failed(plain, failed, ProviderState.FAILED)
    patience = POLLS_TO_BELIEVE if known in {None, ProviderState.SUCCEEDED} else None
    if evidence is None and known is ProviderState.SUCCEEDED:
        evidence = replace(plain, state=ProviderState.FAILED, text=_NO_ADDRESS, may_come=True)
        patience = POLLS_TO_MISS
    believed = None if evidence is None else patience
    return replace(
        plain,
        state=ProviderState.RUNNING if known is ProviderState.SUCCEEDED else plain.state,
        evidence=evidence,
        believed_after=believed,
    )


def _done(plain: ProviderStatus, address: str) -> ProviderStatus:
    return replace(plain, state=ProviderState.SUCCEEDED, artifact_addresses=(address,))


def _failed(plain: ProviderStatus, said: Status, state: ProviderState) -> ProviderStatus:
    """Return a failure; only `userFriendlyError` is written for members."""
    return replace(
        plain, state=state, refused=said.is_refusal(), text=said.friendly, advice=said.advice()
    )


def _with_reasons(body: Any) -> dict[str, Any]:
    """Merge all that an answer says of a failure, beside `error`, into one place."""
    given = table(body)
    named = {name: given[name] for name in _REASONS if given.get(name)}
    flagged = table(given.get("moderation")).get("flagged") is True or any(
        given.get(name) is True for name in _FLAGS
    )
    return {**given, "reasons": named} | ({"isNSFWError": True} if flagged else {})


def read_quote(status: int, body: Any) -> int | None:
    """Read the price quoted without a key, in micros, rounded up, or None.

    Source: the answer 402 to `x-x402`, whose `payment.amountUsd` is the price as a text. A 0 is no
    price: no video is free.
    """
    if status != 402:
        return None
    amount = exact_micros(table(table(body).get("payment")).get("amountUsd"))
    return math.ceil(amount) if amount else None


def _in_dollars(micros: int | None, source: str | None) -> int | None:
    """Return micros, or None if the account is known to pay in another currency."""
    return micros if (source or "USD").upper() == "USD" else None


def _unfolded(output: Any, depth: int = 4) -> Iterator[Any]:
    """Yield `output` and all nested values that may hold an address, outermost first."""
    yield output
    if depth == 0:
        return
    if isinstance(output, list):
        for item in output:
            yield from _unfolded(item, depth - 1)
    if isinstance(output, dict):
        for name in ("url", "video_url", "videoUrl", "video", "videos", "videoUrls"):
            yield from _unfolded(output.get(name), depth - 1)
