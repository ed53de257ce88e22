"""The bot's client at a local NanoGPT that all tests of a module share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.local_nanogpt import Desk, Wire, desk_at, local_nanogpt


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(tmp_path_factory) -> AsyncIterator[Wire]:
    """One service for a whole module: what each test leaves behind, `renew` clears."""
    async with local_nanogpt(tmp_path_factory.mktemp("nanogpt")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(wire) -> AsyncIterator[Desk]:
    wire.renew()
    async with desk_at(wire) as opened:
        yield opened
