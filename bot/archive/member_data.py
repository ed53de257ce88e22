"""All that is stored about a member, as one file that they may have."""

import asyncio
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.clock import Clock
from bot.errors import InvalidRequestError
from bot.ids import UserId

FILE = "showreel-data.json"
PACKED = "showreel-data.zip"
TOO_LARGE = (
    "Your data doesn't fit into a message here. Ask the people who run this bot for the file:"
    " `python -m bot member export {user_id}` writes it."
)
Records = dict[str, list[dict[str, Any]]]


class MemberRecords(Protocol):
    """The port of what the database holds about a member."""

    async def read(self, user_id: UserId) -> Records:
        """Return the rows about a member, by what they are about; instants in ISO 8601."""


@dataclass(frozen=True, slots=True)
class DataHandling:
    """Who gets members' data, and how long it is kept; zero keeps videos for good."""

    providers: tuple[str, ...]
    keep_videos_for: timedelta


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A file about a member, and its name."""

    name: str
    content: bytes


class MemberData:
    """Exports what is stored about a member, one export at a time: each is held in memory.

    `handling` is what this installation does with it.
    """

    def __init__(self, records: MemberRecords, clock: Clock, handling: DataHandling) -> None:
        self._records = records
        self._clock = clock
        self.handling = handling
        self._turn = asyncio.Semaphore(1)

    async def export(self, user_id: UserId, max_bytes: int) -> MemberFile:
        """Return all that is stored, as JSON, packed if it would be larger than `max_bytes`.

        Raises InvalidRequestError if it is too large packed, too; StorageError.
        """
        async with self._turn:
            records = await self._records.read(user_id)
            found = await asyncio.to_thread(
                _fitted, written(user_id, records, self._clock.now()), max_bytes
            )
        if found is None:
            raise InvalidRequestError([TOO_LARGE.format(user_id=user_id)])
        return found


def written(user_id: UserId, records: Records, now: datetime) -> bytes:
    """Return the records as UTF-8 JSON; amounts end in `_micros`, millionths of a dollar."""
    told = {"member": str(user_id), "exported_at": now.isoformat(), **records}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _fitted(content: bytes, max_bytes: int) -> MemberFile | None:
    if len(content) <= max_bytes:
        return MemberFile(FILE, content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(FILE, content)
    content = packed.getvalue()
    return MemberFile(PACKED, content) if len(content) <= max_bytes else None
