"""A local NanoPhoto of each test's own, asked over bare HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.contract.local_nanophoto.wire import Wire
from tests.local_nanophoto import Gate, blank_sandbox


@pytest.fixture
async def wire(tmp_path) -> AsyncIterator[Wire]:
    async with blank_sandbox(tmp_path) as sandbox, aiohttp.ClientSession() as session:
        yield Wire(sandbox, session)


@pytest.fixture
def gate(wire, monkeypatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(wire.sandbox.clock, "sleep", gate.wait)
    return gate
