"""What is told about money: a member's statement, a server's overview, a month's report."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.admission import Standing
from bot.domain.edits import OpenedEvent
from bot.domain.jobs import Job
from bot.domain.ledger import Forecast, Transaction
from bot.domain.policy import Override, Policy
from bot.domain.pricing import Price
from bot.domain.usage import Spending, Total


@dataclass(frozen=True, slots=True)
class Statement:
    """How a member stands; `film` names the default model and its usual price."""

    standing: Standing
    film: tuple[str, Price] | None
    open_jobs: tuple[Job, ...]
    latest: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that a server decided, and where its month stands."""

    policy: Policy
    overrides: tuple[Override, ...]
    events: tuple[OpenedEvent, ...]
    used_micros: int  # of the month's pool, with what is reserved
    forecast: Forecast
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A month's films: a picture, and who and what they were for."""

    title: str
    spent: tuple[Spending, ...]
    by_member: tuple[Total, ...]
    by_model: tuple[Total, ...]
    picture: bytes
