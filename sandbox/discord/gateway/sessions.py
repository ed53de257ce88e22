"""Sessions: what outlives a connection, so that a bot that lost it can resume.

A session numbers what it dispatches and keeps the latest frames. While a connection is attached
the frames also go to its outbox. A session that was let go too long ago, or has forgotten what the
bot missed, cannot be resumed.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.discord.gateway.frames import encode
from sandbox.discord.gateway.protocol import Close, HangUpError, Op

REPLAYED_FRAMES = 1_000
RESUMABLE_FOR = timedelta(minutes=5)

Outbox = asyncio.Queue[str | int]
"""What a connection has still to send; a close code ends it once what stands before is sent."""


@dataclass(slots=True, eq=False)
class Session:
    """One bot process's (or shard's) subscription to the gateway."""

    id: str
    shard_id: int
    shard_count: int
    intents: int
    sequence: int = 0
    outbox: Outbox | None = None
    origin: str | None = None  # where its connection has reached the sandbox
    left_at: datetime | None = None
    _sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED_FRAMES))

    @property
    def connected(self) -> bool:
        return self.outbox is not None

    def hears(self, guild_id: int | None) -> bool:
        """Whether events of this guild belong to the session's shard; guildless ones go to shard 0."""
        return ((guild_id or 0) >> 22) % self.shard_count == self.shard_id

    def attach(self, outbox: Outbox) -> None:
        """Send through this outbox from now on; a connection that had the session is closed."""
        if self.outbox is not None:
            self.outbox.put_nowait(Close.UNKNOWN_ERROR)
        self.outbox = outbox
        self.left_at = None

    def detach(self, outbox: Outbox, now: datetime) -> None:
        if self.outbox is outbox:
            self.outbox = None
            self.left_at = now

    def dispatch(self, name: str, data: Any) -> None:
        self.sequence += 1
        frame = encode(Op.DISPATCH, data, self.sequence, name)
        self._sent.append((self.sequence, frame))
        if self.outbox is not None:
            self.outbox.put_nowait(frame)

    def frames_after(self, sequence: object) -> list[str] | None:
        """What was dispatched after `sequence`, or None if a part of it is forgotten.

        Raises HangUpError for a number that was never given out.
        """
        if not isinstance(sequence, int) or not 0 <= sequence <= self.sequence:
            raise HangUpError(Close.INVALID_SEQUENCE)
        missed = [frame for number, frame in self._sent if number > sequence]
        return missed if len(missed) == self.sequence - sequence else None


class SessionRegistry:
    """The sessions that are connected or may still be resumed."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def begin(self, now: datetime, *, shard: tuple[int, int], intents: int) -> Session:
        """A new session; those that can no longer be resumed are forgotten."""
        for left in self.all():
            self.find_resumable(left.id, now)
        session = Session(secrets.token_hex(16), shard[0], shard[1], intents)
        self._sessions[session.id] = session
        return session

    def end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def find_resumable(self, session_id: object, now: datetime) -> Session | None:
        session = self._sessions.get(session_id) if isinstance(session_id, str) else None
        if session is None or session.left_at is None or now - session.left_at <= RESUMABLE_FOR:
            return session
        self.end(session)
        return None

    def all(self) -> list[Session]:
        return list(self._sessions.values())

    @property
    def online(self) -> bool:
        return any(session.connected for session in self._sessions.values())
