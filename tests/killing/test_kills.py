"""Real bots, killed at random instants while videos are made: nothing is lost or done twice."""

import asyncio
import logging

import pytest

from bot.clock import SystemClock
from tests.killing.__main__ import kill_in_a_town
from tests.killing.report import findings, logged, markdown
from tests.postgres import WHY_NOT, find_program, running_server

pytestmark = [pytest.mark.killing, pytest.mark.timeout(600)]

KILLS_IN_A_TOWN = 20
KILLS_ON_POSTGRES = 20
FEWEST_VIDEOS_FOR_A_KILL = 0.1  # an idle bot is killed for nothing


@pytest.fixture(autouse=True)
def _quiet():
    """asyncio tells of every task that was slow while real processes shared the machine."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def assert_all_is_well(outcomes, folder):
    print(markdown(outcomes, title="killed"), logged(outcomes))  # noqa: T201 - shown where it fails
    for outcome in outcomes:
        assert outcome.verdict.wrong == {}, findings(outcome, folder)
        assert outcome.verdict.videos > FEWEST_VIDEOS_FOR_A_KILL * outcome.kills
        assert "balance" in outcome.audit


async def test_kills_on_sqlite_lose_nothing_and_repeat_nothing(tmp_path):
    async with asyncio.TaskGroup() as group:
        towns = [
            group.create_task(kill_in_a_town(tmp_path / str(seed), seed, KILLS_IN_A_TOWN))
            for seed in (SystemClock().now().toordinal(), 7)
        ]

    assert_all_is_well([town.result() for town in towns], tmp_path)


@pytest.mark.postgres
async def test_kills_of_three_processes_and_of_their_database_lose_nothing(tmp_path):
    if find_program("initdb") is None:
        pytest.skip(WHY_NOT)  # fine on a developer's machine; CI allows no skips
    with running_server() as server:
        outcome = await kill_in_a_town(
            tmp_path / "town", 11, KILLS_ON_POSTGRES, processes=3, server=server
        )

    assert outcome.stops > 0
    assert_all_is_well([outcome], tmp_path)
