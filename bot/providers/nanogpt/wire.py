"""NanoGPT's answers, read tolerantly: three shapes of status and many spellings of the film.

Sources: NanoGPT's pages on unified and legacy video status and on recovery, its OpenAPI document,
which disagrees with them, and what clients have met. A field of an unexpected type counts as
absent; only an answer without any status cannot be read.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from pydantic import Field

from bot.domain.submissions import ProviderState, ProviderStatus, Receipt
from bot.errors import ProviderProtocolError
from bot.providers.tolerance import (
    Dollars,
    Flag,
    Percent,
    Prose,
    Table,
    Wire,
    Word,
    is_address,
    table,
)

_STATES = {
    "IN_QUEUE": ProviderState.QUEUED,
    "QUEUED": ProviderState.QUEUED,
    "PENDING": ProviderState.QUEUED,
    "COMPLETED": ProviderState.SUCCEEDED,
    "SUCCEEDED": ProviderState.SUCCEEDED,
    "FAILED": ProviderState.FAILED,
    "ERROR": ProviderState.FAILED,
    "CANCELED": ProviderState.CANCELLED,
    "CANCELLED": ProviderState.CANCELLED,
}  # any other word means: still running


class Run(Wire):
    """An accepted submission, as the submission itself or the recovery answers it."""

    run_id: Word = Field(default=None, alias="runId")
    id: Word = None
    cost: Dollars = None
    payment_source: Word = Field(default="USD", alias="paymentSource")
    conversation: Word = Field(default=None, alias="conversationUUID")

    def receipt(self) -> Receipt | None:
        """None without an id. What was paid in XNO is no figure of dollars and is left out."""
        handle = self.run_id or self.id
        if handle is None:
            return None
        return Receipt(handle, _in_dollars(self.cost, self.payment_source))


class Balance(Wire):
    """The account, in numbers that come as strings."""

    usd_balance: Dollars = None


class Standing(Wire):
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
    data: Table = Field(default_factory=dict)

    def addresses(self) -> Iterator[str]:
        """Every place in which a film's address has been seen, absolute or below the service."""
        for value in (self.video_url, self.video_url_too, *_unfolded(self.output)):
            if is_address(value):
                yield value

    def is_refusal(self) -> bool:
        """Failed for its content, by its flag or by its words."""
        words = str(self.error or "").lower().replace("_", " ")
        return self.is_nsfw or "content policy" in words


def read_receipt(body: Any) -> Receipt | None:
    """What a submission was answered with; None where it cannot be read as accepted."""
    return Run.model_validate(table(body)).receipt()


def read_recovered(body: Any, tag: str) -> Receipt | None:
    """The run that carries exactly this tag, or None.

    The tag is ours alone and decides; models are renamed, so that an entry's `model` does not.
    Raises ProviderProtocolError where there is no list.
    """
    listed = table(body).get("data")
    if not isinstance(listed, list):
        msg = "a recovery that is no list"
        raise ProviderProtocolError(msg)
    runs = (Run.model_validate(table(entry)) for entry in listed)
    return next((run.receipt() for run in runs if run.conversation == tag), None)


def read_balance(body: Any) -> int:
    """Micros of a dollar. Raises ProviderProtocolError where there is no number."""
    balance = Balance.model_validate(table(body)).usd_balance
    if balance is None:
        msg = "a balance that is no number"
        raise ProviderProtocolError(msg)
    return balance


def read_status(body: Any) -> ProviderStatus:
    """How a film stands. Raises ProviderProtocolError where no status can be found.

    Done without an address counts as running: it has been seen for a few looks before the address
    came, and whoever looks has a deadline.
    """
    outer = Standing.model_validate(table(body))
    inner = Standing.model_validate(outer.data) if outer.data else outer
    word = inner.status or outer.status
    if word is None:
        msg = "a status without a status"
        raise ProviderProtocolError(msg)
    state = _STATES.get(word.upper(), ProviderState.RUNNING)
    address = next(chain(inner.addresses(), outer.addresses()), None)
    if state is ProviderState.SUCCEEDED and address is None:
        state = ProviderState.RUNNING
    return ProviderStatus(
        state=state,
        artifact_addresses=(address,) if address and state is ProviderState.SUCCEEDED else (),
        progress_percent=inner.progress,
        charged_micros=_in_dollars(inner.cost, inner.payment_source or outer.payment_source),
        refused=inner.is_refusal(),
        text=inner.friendly,  # the only text written for members; `error` is for us
    )


def _in_dollars(micros: int | None, source: str | None) -> int | None:
    """None where the account is known to pay in something else."""
    return micros if (source or "USD").upper() == "USD" else None


def _unfolded(output: Any, depth: int = 4) -> Iterator[Any]:
    """`output` and all that it may hold an address in, outermost first."""
    yield output
    if depth == 0:
        return
    if isinstance(output, list):
        for item in output:
            yield from _unfolded(item, depth - 1)
    if isinstance(output, dict):
        for name in ("url", "video_url", "videoUrl", "video", "videos", "videoUrls"):
            yield from _unfolded(output.get(name), depth - 1)
