"""A local NanoGPT of each test's own, asked over bare HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.local_nanogpt import Wire, local_nanogpt


@pytest.fixture
async def wire(tmp_path) -> AsyncIterator[Wire]:
    """Blank files stand for its videos."""
    async with local_nanogpt(tmp_path) as opened:
        yield opened
