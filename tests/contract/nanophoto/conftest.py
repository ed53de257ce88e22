"""The bot's client at a local NanoPhoto of each test's own."""

from collections.abc import AsyncIterator

import pytest

from bot.providers.nanophoto.client import NanoPhoto
from tests.local_nanophoto import Local, local_nanophoto


@pytest.fixture
async def local(tmp_path) -> AsyncIterator[Local]:
    async with local_nanophoto(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(local: Local) -> NanoPhoto:
    return local.client()
