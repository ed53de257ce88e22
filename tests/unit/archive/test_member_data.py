"""A member's file fits what Discord takes, or is packed, or they are told who can write it."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from bot.archive.member_data import FILE, PACKED, DataHandling, MemberData
from bot.errors import InvalidRequestError, StorageError
from bot.ids import UserId
from tests.factories import NOW
from tests.fakes.privacy import InMemoryRecords

ME = UserId(30)
HANDLING = DataHandling(("NanoGPT",), timedelta(days=30))
STORED = {"jobs": [{"prompt": "a fox 🦊 " * 100}]}


@pytest.fixture
def data(clock):
    return MemberData(InMemoryRecords({ME: STORED}), clock, HANDLING)


async def test_all_that_is_stored_is_told_with_its_instant(data):
    found = await data.export(ME, 100_000)

    assert found.name == FILE
    assert json.loads(found.content) == {
        "member": "30",
        "exported_at": NOW.isoformat(),
        **STORED,
    }


async def test_a_file_that_discord_would_not_take_is_packed(data):
    whole = (await data.export(ME, 100_000)).content
    found = await data.export(ME, len(whole) - 1)

    assert found.name == PACKED
    with zipfile.ZipFile(io.BytesIO(found.content)) as file:
        assert file.read(FILE) == whole


async def test_what_is_too_large_packed_too_is_left_to_the_operator(data):
    with pytest.raises(InvalidRequestError, match="member export 30"):
        await data.export(ME, 50)


async def test_one_export_is_held_in_memory_at_a_time(clock):
    class Counted(InMemoryRecords):
        open = most = 0

        async def read(self, user_id):
            self.open += 1
            self.most = max(self.most, self.open)
            await clock.sleep(0)
            yield "jobs", ["{}"]
            self.open -= 1

    records = Counted()
    data = MemberData(records, clock, HANDLING)
    asked = (data.export(UserId(number), 100_000) for number in range(5))
    found = await asyncio.gather(*asked, data.export(UserId(0), 1), return_exceptions=True)

    assert [isinstance(one, InvalidRequestError) for one in found] == [False] * 5 + [True]
    assert records.most == 1
    assert (await data.export(UserId(0), 100_000)).name == FILE, "a later one"


async def test_a_file_is_as_valid_in_pieces_as_whole_and_never_held_whole(clock):
    """The kind: no rows, one row, a piece's edge, a lone surrogate, a list that is empty."""
    stored: dict[str, list[dict[str, Any]]] = {
        "none": [],
        "one": [{"text": "\ud800 🦊"}],
        "many": [{"n": n} for n in range(1000)],
    }

    class Counted(InMemoryRecords):
        async def read(self, user_id):
            async for title, rows in super().read(user_id):
                yield title, rows
            yield "last", []

    data = MemberData(Counted({ME: stored}), clock, HANDLING)
    told = json.loads((await data.export(ME, 100_000)).content)
    assert {**told, "member": ..., "exported_at": ...} == {
        "member": ...,
        "exported_at": ...,
        **stored,
        "last": [],
    }
    assert json.loads(
        (await MemberData(InMemoryRecords(), clock, HANDLING).export(ME, 999)).content
    )


async def test_a_full_disk_is_said_and_the_next_export_works(clock):
    class Full(InMemoryRecords):
        is_full = True

        async def read(self, user_id):
            yield "jobs", ["{}"]
            if self.is_full:
                raise OSError(28, "No space left on device")

    records = Full()
    data = MemberData(records, clock, HANDLING)
    with pytest.raises(StorageError, match="No space left"):
        await data.export(ME, 100_000)
    records.is_full = False
    assert (await data.export(ME, 100_000)).name == FILE
