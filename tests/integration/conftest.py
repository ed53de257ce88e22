"""The real bot on a real sandbox, and two of the people there."""

from collections.abc import AsyncIterator

import pytest

from tests.people import Person
from tests.studio import Studio, open_studio


@pytest.fixture
async def studio(tmp_path, request) -> AsyncIterator[Studio]:
    """What Discord's document does not know yet is not judged by it."""
    judged = request.node.get_closest_marker("undocumented") is None
    async with open_studio(tmp_path, judged=judged) as opened:
        yield opened


@pytest.fixture
def ada(studio: Studio) -> Person:
    """The community's admin."""
    return studio.people.person("Ada")


@pytest.fixture
def fern(studio: Studio) -> Person:
    """A member."""
    return studio.people.person("Fern")
