"""All that is stored about a member, as one file that they may have."""

import asyncio
import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Protocol

from bot.clock import Clock
from bot.errors import InvalidRequestError, StorageError
from bot.ids import UserId

FILE = "showreel-data.json"
PACKED = "showreel-data.zip"
TOO_LARGE = (
    "Your data doesn't fit into a message here. Ask the people who run this bot for the file:"
    " `python -m bot member export {user_id}` writes it."
)
STILL_WRITING = "I'm still writing your last file. Wait for it."
IN_MEMORY_BYTES = 1024 * 1024  # of a file that is being written
_PIECE_BYTES = 256 * 1024
Records = AsyncGenerator[tuple[str, Sequence[str]]]


class MemberRecords(Protocol):
    """The port of what the database holds about a member."""

    def read(self, user_id: UserId) -> Records:
        """Iterate over the rows about a member, a few at a time.

        Each is a JSON object, with instants in ISO 8601. Rows about the same follow each other;
        where there are none, they are given once, empty.
        """


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
    """Exports what is stored about a member, one export at a time, in pieces.

    `handling` is what this installation does with it.
    """

    def __init__(self, records: MemberRecords, clock: Clock, handling: DataHandling) -> None:
        self._records = records
        self._clock = clock
        self.handling = handling
        self._turn = asyncio.Semaphore(1)
        self._asking: set[UserId] = set()

    async def export(self, user_id: UserId, max_bytes: int) -> MemberFile:
        """Return all that is stored, as JSON, packed if it would be larger than `max_bytes`.

        Raises InvalidRequestError if it is too large packed, too, and while the member's last one
        is still being written; StorageError.
        """
        if user_id in self._asking:
            raise InvalidRequestError([STILL_WRITING])
        self._asking.add(user_id)
        try:
            async with self._turn:
                found = await self._written(user_id, max_bytes)
        except OSError as error:
            msg = f"a member's data can't be written: {error}"
            raise StorageError(msg) from error
        finally:
            self._asking.remove(user_id)
        if found is None:
            raise InvalidRequestError([TOO_LARGE.format(user_id=user_id)])
        return found

    async def _written(self, user_id: UserId, max_bytes: int) -> MemberFile | None:
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            await write(file, user_id, self._records.read(user_id), self._clock.now())
            return await asyncio.to_thread(_fitted, file, max_bytes)


async def write(file: IO[bytes], user_id: UserId, records: Records, now: datetime) -> None:
    """Write the records as UTF-8 JSON; amounts end in `_micros`, millionths of a dollar."""
    told = {"member": str(user_id), "exported_at": now.isoformat()}
    head = json.dumps(told, indent=1).removesuffix("\n}")
    await asyncio.to_thread(file.write, head.encode())
    pieces = _Pieces(file)
    async with contextlib.aclosing(records):
        async for title, objects in records:
            await asyncio.to_thread(pieces.write, title, objects)
    await asyncio.to_thread(pieces.end)


class _Pieces:
    """Lists of objects, one after the other, in a JSON object that is open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._title: str | None = None
        self._is_empty = True

    def write(self, title: str, objects: Sequence[str]) -> None:
        if title != self._title:
            ending = "" if self._title is None else "\n ]"
            self._put(f"{ending},\n {json.dumps(title)}: [")
            self._title, self._is_empty = title, True
        if objects:
            self._put(("" if self._is_empty else ",") + "\n  " + ",\n  ".join(objects))
            self._is_empty = False

    def end(self) -> None:
        self._put("\n}\n" if self._title is None else "\n ]\n}\n")

    def _put(self, text: str) -> None:
        """UTF-8 has no lone surrogates, which are written as JSON escapes them."""
        self._file.write(text.encode(errors="backslashreplace"))


def _fitted(file: IO[bytes], max_bytes: int) -> MemberFile | None:
    size = file.tell()
    file.seek(0)
    if size <= max_bytes:
        return MemberFile(FILE, file.read())
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(FILE, "w") as target,
    ):
        while packed.tell() <= max_bytes and (piece := file.read(_PIECE_BYTES)):
            target.write(piece)
    content = packed.getvalue()
    return MemberFile(PACKED, content) if len(content) <= max_bytes else None
