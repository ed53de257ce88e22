"""What can be set at NanoGPT while it runs, through `/sandbox/api/providers/nanogpt`.

Every override stands for something that NanoGPT's documents leave open or contradict themselves on,
or that its clients have met; docs/sandbox.md has the table.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.providers.faults import Fault
from sandbox.providers.nanogpt.answers import Dialect, Failure, Output, Words
from sandbox.providers.nanogpt.refusals import Envelope, Refuse

__all__ = ["Changes", "Fault", "Overrides"]

QuoteAmount = Literal[
    "text", "number", "missing", "null", "list", "words", "zero", "negative", "huge", "elsewhere"
]
ChatAnswer = Literal[
    "prompt", "wrapped", "thoughts", "parts", "echo", "empty", "null", "number", "no_choices",
    "cut_off", "refused", "sorry", "long",
]  # fmt: skip
Usd = Annotated[float, Field(ge=0, le=1_000_000)]
Many = Annotated[int, Field(ge=0)]


class Overrides(BaseModel):
    """Its manners. Every field can be changed at run time."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # videos
    generation_seconds: float = Field(default=4.0, ge=0, le=3600)
    fail: Literal["no", "error", "policy", "cancel"] = "no"  # what becomes of runs from now on
    fail_message: str | None = None
    unknown_seconds: float = Field(default=0, ge=0, le=3600)  # a fresh id is not found that long
    delivering: bool = False  # a step between making and done
    storage_expired: bool = False
    extension: Literal["new", "whole"] = "new"  # what an extension hands out: its part, or all

    # how a status reads
    dialect: Dialect = "unified"
    words: Words = "current"
    output: Output = "video.url"
    relative_address: bool | None = None  # a path that needs the key; None: as the model has it
    failure: Failure = "full"
    error_null: bool = False  # beside a success

    # how a submission is answered
    submission: Literal["current", "seed"] = "current"
    submit_status: Literal[200, 202] = 202
    cost: bool = True
    remaining_balance: bool = True
    payment_source: Literal["USD", "XNO"] = "USD"

    # money
    refund: bool = True
    refund_seconds: float = Field(default=0, ge=0, le=86400)  # of the sandbox's clock
    final_cost_factor: float = Field(default=1, ge=0, le=10)  # of what was precharged
    quotes: bool = True  # x402: a price without a key
    quote_amount: QuoteAmount = "text"  # how the price stands in a quote
    quote_factor: float = Field(default=1, ge=0, le=10)  # of what is charged then
    quote_status: Literal[402, 200, 307, 429, 503] = 402

    # text models
    chat: ChatAnswer = "prompt"  # what a better prompt comes as
    chat_text: str | None = None  # in place of the sandbox's own
    chat_pricing: Literal["cost", "amount", "xno", "missing"] = "cost"  # how the charge is told
    chat_cost_factor: float = Field(default=1, ge=0, le=1000)  # of the listed price

    # limits; per address, those of a day and of a second per key
    requests_per_second: Many = 25
    submissions_per_minute: Many = 50
    recoveries_per_minute: Many = 20
    extensions_per_minute: Many = 20
    daily_requests: Many | None = None
    daily_usd: Usd | None = None
    retry_after: bool = True  # whether a 429 says when to come again

    # refusals
    refuse: Refuse | None = None
    envelope: Envelope | None = None  # of every refusal; None: the usual one

    # what is accepted
    most_body_bytes: Many = 8 * 1024 * 1024  # more is refused by the edge
    upload_counts: Literal["file", "text"] = "file"  # which of them may have 4 MB
    odd_durations: Literal["default", "refuse"] = "default"  # what becomes of one not listed
    old_slugs: bool = False  # whether models still answer to the names they had
    withdrawn: list[str] = []  # models that have left the list


class Changes(Overrides):
    """What can be sent: overrides, and the balances of keys; a key not yet known is opened."""

    balance_usd: dict[str, Usd] = {}

    def overrides(self) -> Overrides:
        return Overrides(**self.model_dump(exclude={"balance_usd"}))
