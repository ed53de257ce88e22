"""Who may begin a session: token, shard and intents of IDENTIFY, and how many may begin when.

Judged in Discord's order, so that a bot with two faults hears of the same one first.
The budget counts by the sandbox's clock; turning it forward frees the budget.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from sandbox.discord.gateway import intents as intent_rules
from sandbox.discord.gateway.protocol import Close, HangUpError
from sandbox.discord.state.models import Application, Json

STARTS_PER_DAY = 1_000
MAX_CONCURRENCY = 1  # what a new bot has; Discord raises it only for very large ones
CONCURRENCY_WINDOW = timedelta(seconds=5)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a bot asked for in IDENTIFY."""

    shard: tuple[int, int]
    intents: int


def read_identity(data: object, application: Application) -> Identity:
    """What IDENTIFY asks for. Raises HangUpError if it is malformed or not allowed."""
    if not isinstance(data, dict):
        raise HangUpError(Close.DECODE_ERROR)
    check_token(data.get("token"), application)
    shard = _read_shard(data.get("shard"))
    intents = data.get("intents")
    if not _is_integer(intents) or not intent_rules.is_known(intents):
        raise HangUpError(Close.INVALID_INTENTS)
    if not intent_rules.is_allowed(intents, application):
        raise HangUpError(Close.DISALLOWED_INTENTS)
    return Identity(shard, intents)


def check_token(token: object, application: Application) -> None:
    if not isinstance(token, str) or token.removeprefix("Bot ") != application.token:
        raise HangUpError(Close.AUTHENTICATION_FAILED)


def _read_shard(shard: object) -> tuple[int, int]:
    if shard is None:
        return 0, 1
    if not isinstance(shard, list) or len(shard) != 2 or not all(map(_is_integer, shard)):
        raise HangUpError(Close.INVALID_SHARD)
    number, count = shard
    if not 0 <= number < count:
        raise HangUpError(Close.INVALID_SHARD)
    return number, count


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


class StartBudget:
    """How many sessions may begin: a thousand a day, and one within five seconds.

    `paced` says whether the five seconds hold; the day's budget always does.
    """

    def __init__(
        self, now: Callable[[], datetime], paced: Callable[[], bool] = lambda: True
    ) -> None:
        self._now = now
        self._paced = paced
        self._starts: deque[datetime] = deque()

    def spend(self) -> bool:
        """Count a start; False if it comes too fast. Raises HangUpError if the day's are used up."""
        if self._count(_DAY) >= STARTS_PER_DAY:
            raise HangUpError(Close.AUTHENTICATION_FAILED)
        if self._paced() and self._count(CONCURRENCY_WINDOW) >= MAX_CONCURRENCY:
            return False
        self._starts.append(self._now())
        return True

    def describe(self) -> Json:
        """The `session_start_limit` of GET /gateway/bot."""
        used = self._count(_DAY)
        reset = self._starts[0] + _DAY - self._now() if used else _DAY
        return {
            "total": STARTS_PER_DAY,
            "remaining": STARTS_PER_DAY - used,
            "reset_after": int(reset.total_seconds() * 1_000),
            "max_concurrency": MAX_CONCURRENCY,
        }

    def _count(self, window: timedelta) -> int:
        now = self._now()
        while self._starts and self._starts[0] <= now - _DAY:
            self._starts.popleft()
        return sum(start > now - window for start in self._starts)
