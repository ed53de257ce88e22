"""What can go wrong on a line, and which requests it strikes: by order, or by a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random

from tests.faults.wire import Request


class Trouble(StrEnum):
    """One way in which a conversation breaks."""

    REFUSE = "refuse"  # the connection is reset as soon as it is made
    LATENCY = "latency"
    DRIP = "drip"  # the answer comes in small pieces
    RESET_BEFORE = "reset_before"  # the server never hears of the request
    RESET_AFTER = "reset_after"  # it acted, and no one hears of that
    RESET_REUSED = "reset_reused"  # as before, only on a connection that was kept alive
    TRUNCATE = "truncate"  # it acted, and the answer ends within its head
    CUT = "cut"  # it acted, and the answer ends in the middle of its body
    ANSWER = "answer"  # the server never hears of it, and this is answered
    REPLACE = "replace"  # it acted, and this is answered instead
    CLOSE_IDLE = "close_idle"  # the connection is closed behind a good answer, unannounced
    BLACK_HOLE = "black_hole"  # the request is taken, and nothing is ever answered


AFTER_THE_ACT = frozenset(
    {Trouble.RESET_AFTER, Trouble.TRUNCATE, Trouble.CUT, Trouble.REPLACE}
)  # the server did what was asked
BUSY = b'{"error": {"message": "Too many requests", "type": "rate_limit_error"}}'
REFUSED = b'{"error": {"message": "Content blocked: it violates our content policy."}}'
UNKNOWN_STATE = b'{"data": {"status": "archived"}}'
WITHOUT_ADDRESS = b'{"data": {"status": "COMPLETED", "output": {}}}'
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
MALFORMED = b'{"runId": "r", "sta'
HUGE_BYTES = 50 * 1024 * 1024


def seeded(seed: int) -> Random:
    """The same troubles again for the same seed."""
    return Random(seed)  # noqa: S311 - chance, and no secret


def huge_json(size: int = HUGE_BYTES) -> bytes:
    """Valid, and of no use."""
    return b'{"padding": "' + b"x" * size + b'"}'


@dataclass
class Strike:
    """One trouble for the requests that match; the first `after` pass, the next `times` do not.

    `seconds` is how long latency and dripping take in all; `random` chooses where an answer ends.
    """

    trouble: Trouble
    method: str = "*"
    path: str = "*"
    times: int = 1
    after: int = 0
    seconds: float = 0.05
    pieces: int = 20
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    random: Random = field(default_factory=lambda: seeded(0))
    struck: int = 0

    def place(self, size: int) -> int:
        """Somewhere before the end."""
        return self.random.randrange(size) if size else 0

    def wants(self, request: Request, *, is_reused: bool) -> bool:
        if self.trouble is Trouble.RESET_REUSED and not is_reused:
            return False
        fits = fnmatchcase(request.method, self.method) and fnmatchcase(request.path, self.path)
        return fits and self.is_due()

    def is_due(self) -> bool:
        """Counts a request that matches."""
        if self.struck >= self.times:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.struck += 1
        return True


@dataclass
class Plan:
    """The troubles on order, and as many more as `random` gives: `share` of all requests."""

    strikes: list[Strike] = field(default_factory=list)
    random: Random = field(default_factory=lambda: seeded(0))
    share: float = 0.0
    by_chance: Sequence[Strike] = ()

    def order(self, strike: Strike) -> Strike:
        self.strikes.append(strike)
        return strike

    def clear(self) -> None:
        self.strikes.clear()
        self.share = 0.0

    def on_connection(self) -> Strike | None:
        refusing = (one for one in self.strikes if one.trouble is Trouble.REFUSE)
        return next((one for one in refusing if one.is_due()), None)

    def on_request(self, request: Request, *, is_reused: bool) -> Strike | None:
        for strike in self.strikes:
            if strike.trouble is not Trouble.REFUSE and strike.wants(request, is_reused=is_reused):
                return strike
        if self.by_chance and self.random.random() < self.share:
            return self.random.choice(self.by_chance)
        return None
