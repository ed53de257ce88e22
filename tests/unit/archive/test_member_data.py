"""A member's file fits what Discord takes, or is packed, or they are told who can write it."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta

import pytest

from bot.archive.member_data import FILE, PACKED, DataHandling, MemberData
from bot.errors import InvalidRequestError
from bot.ids import UserId
from tests.factories import NOW
from tests.fakes.budgets import InMemoryRecords

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
            self.open -= 1
            return STORED

    records = Counted()
    data = MemberData(records, clock, HANDLING)
    found = await asyncio.gather(*(data.export(ME, 100_000) for _ in range(5)))

    assert len({one.content for one in found}) == 1
    assert records.most == 1
