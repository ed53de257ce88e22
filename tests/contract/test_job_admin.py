"""The operator looks at jobs and cancels them from the command line, beside a bot that runs.

The kind: a job that waits, was sent, has ended, never was, or is a shot; many jobs, of several
servers and members; a database of another version, which must not be migrated beneath a bot; words
with line breaks, terminal codes and ids that are longer than a script's numbers.
"""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.errors import InvalidRequestError, SchemaVersionError
from bot.ids import GuildId, UserId
from bot.job_admin import cancel_job, find_job, line_of, lines_of, list_jobs, values_of
from bot.jobs.job import FailureKind, JobState
from bot.settings import load_settings
from bot.storage.engines.databases import alone_on
from tests.contract.branches import CENT, PLACE
from tests.contract.databases import on_databases
from tests.contract.test_storyboards import request as request_storyboard
from tests.contract.whole_databases import path_of
from tests.factories import NOW, make_job, make_request
from tests.faults.database_files import run

HERE = PLACE.guild_id


@pytest.fixture
def settings(address, tmp_path):
    return load_settings(data_dir=tmp_path, database_url=address, _env_file=None)


@pytest.fixture
async def asked(branch):
    """Two members' jobs: one waits, one is rendering, one has ended; the latest last."""
    await branch.decide()
    waiting = await branch.request(accepted_at=NOW)
    rendering = await branch.request(
        accepted_at=NOW + timedelta(seconds=1), state=JobState.RENDERING, user_id=UserId(31)
    )
    ended = await branch.request(accepted_at=NOW + timedelta(seconds=2))
    await branch.end(ended, JobState.FAILED, FailureKind.REFUSED, handle="run-7")
    return waiting, rendering, ended


@on_databases
async def test_the_latest_are_listed_of_one_member_or_of_all(settings, asked):
    waiting, rendering, ended = (job.id for job in asked)

    async def found(most=50, **which):
        return [job.id for job in await list_jobs(settings, most, **which)]

    assert await found() == [rendering, waiting]
    assert await found(everything=True) == [ended, rendering, waiting]
    assert await found(1, everything=True) == [ended]
    assert await found(user_id=31) == [rendering]
    assert await found(guild_id=HERE) == [rendering, waiting]
    assert await found(guild_id=GuildId(999), everything=True) == []


@on_databases
async def test_a_job_that_waits_is_cancelled_and_its_money_comes_back(settings, branch, asked):
    left = await branch.own_left()
    with alone_on(settings.database):  # a bot runs
        said = await cancel_job(settings, asked[0].id)

    assert said == f"Cancelled job {asked[0].id}. Its money is back."
    assert (await branch.jobs.get(asked[0].id)).state is JobState.CANCELLED
    assert await branch.own_left() == (None if left is None else left + 10 * CENT)
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_was_sent_is_cancelled_only_though_it_is_paid(settings, branch, asked):
    sent = asked[1].id
    with pytest.raises(InvalidRequestError, match=r"\$0\.10 are spent.*--though-paid"):
        await cancel_job(settings, sent)
    assert not (await branch.jobs.get(sent)).cancel_requested

    said = await cancel_job(settings, sent, though_paid=True)

    assert "stays paid for" in said
    assert (await branch.jobs.get(sent)).cancel_requested


@on_databases
async def test_a_shot_is_cancelled_with_its_storyboard(settings, branch):
    await branch.decide()
    board, shots = await request_storyboard(branch, 2)
    with pytest.raises(InvalidRequestError, match=f"is a shot: .* storyboard, job {board.id}"):
        await cancel_job(settings, shots[0].id)
    assert not (await branch.jobs.get(shots[0].id)).is_terminal

    said = await cancel_job(settings, board.id)

    assert said == f"Cancelled job {board.id}. Its money is back."
    states = [(await branch.jobs.get(one.id)).state for one in (board, *shots)]
    assert states == [JobState.CANCELLED] * 3


@on_databases
async def test_what_cannot_be_cancelled_is_said(settings, asked):
    with pytest.raises(InvalidRequestError, match="has ended already"):
        await cancel_job(settings, asked[2].id, though_paid=True)
    for unknown in ("nothing", "", "'; DROP TABLE jobs"):
        with pytest.raises(InvalidRequestError, match="there is no job"):
            await cancel_job(settings, unknown)
        with pytest.raises(InvalidRequestError, match="there is no job"):
            await find_job(settings, unknown)


@on_databases
async def test_a_job_is_shown_with_all_that_is_known(settings, asked):
    lines = lines_of(await find_job(settings, asked[2].id))

    assert f"id: {asked[2].id}" in lines
    assert "state: failed" in lines
    assert "failure: refused: why" in lines
    assert "price: $0.10" in lines
    assert f"server: {HERE}" in lines
    assert "provider's id: run-7" in lines
    assert not any("None" in line for line in lines)


def test_a_line_stays_a_line_whatever_was_asked():
    prompt = "a fox\n\r\x1b[2Jruns " + "far " * 100
    job = make_job(request=make_request(prompt=prompt), guild_id=GuildId((1 << 63) - 1))
    line = line_of(job, NOW + timedelta(minutes=5))

    assert line.isprintable()
    assert len(line) < 160
    assert "5 min" in line
    assert json.loads(json.dumps(values_of(job)))["guild_id"] == str((1 << 63) - 1)


def test_a_job_of_a_clock_that_was_ahead_has_no_age():
    assert "  0 s" in line_of(make_job(accepted_at=NOW + timedelta(days=400)), NOW)


async def test_a_database_of_another_version_is_not_migrated(tmp_path):
    settings = load_settings(data_dir=tmp_path, _env_file=None)
    code, said = await run(tmp_path, "db", "migrate")
    assert code == 0, said
    with closing(sqlite3.connect(path_of(settings.database))) as file:
        file.execute("PRAGMA user_version = 3")
    for act in (list_jobs(settings, 5), find_job(settings, "x"), cancel_job(settings, "x")):
        with pytest.raises(SchemaVersionError):
            await act

    with closing(sqlite3.connect(path_of(settings.database))) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (3,)


async def test_the_commands_say_what_scripts_and_people_read(tmp_path):
    await run(tmp_path, "db", "migrate")
    code, said = await run(tmp_path, "jobs", "list")
    assert (code, said) == (0, "There are no open jobs.\n")
    code, said = await run(tmp_path, "jobs", "list", "--all", "--json")
    assert (code, json.loads(said)) == (0, [])
    code, said = await run(tmp_path, "jobs", "show", "nothing")
    assert (code, "there is no job nothing" in said) == (2, True)
