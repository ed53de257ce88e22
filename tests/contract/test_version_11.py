"""A database of version 11 is brought to the newest version with all that is in it.

The kind: a row that a rebuilt table loses, a word that is stored and no longer read, a message that
is posted twice because its nonce has changed, a schema that is laxer afterwards; a script that breaks
half-way, and a process that is killed within it. What the old program wrote is in `version_11.sql`.
"""

import contextlib
import re
import shutil
import sqlite3
from dataclasses import replace

import pytest

from bot.errors import StorageError
from bot.ids import ChannelId, EditId, JobId, MessageId, RoleId, UserId
from bot.jobs.job import Artifact, FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.money.changes import OpenEvent, SetPolicy, SetRules
from bot.money.limits import Rules
from bot.money.policy import Subject, SubjectKind
from bot.storage.engines import postgres as postgres_engine, sqlite as sqlite_engine
from bot.storage.engines.databases import open_database
from bot.storage.guilds import SqlTemporaryMessages
from bot.storage.migrations import migrations_for
from bot.storage.stores import SqlJobStore
from tests.contract.branches import CENT, PLACE, Branch, by
from tests.contract.databases import on_databases
from tests.contract.whole_databases import (
    OLD,
    everything_in,
    path_of,
    sorted_rows,
    write_as_the_old_program,
)
from tests.factories import NOW, make_image, make_job
from tests.fakes.messenger import Message
from tests.fakes.world import World

NAMES_STATES = 13  # the script that rewrites every job
INTERRUPTED = JobId("jobfaaaaaaaaaaaa")  # its video was being posted when the process ended

JOBS = {
    JobId(f"job{letter}aaaaaaaaaaaa"): state
    for letter, state in zip(
        "abcdefghi",
        [
            JobState.QUEUED,
            JobState.SUBMITTING,
            JobState.UNCERTAIN,
            JobState.RENDERING,
            JobState.DOWNLOADING,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.CANCELLED,
            JobState.EXPIRED,
        ],
        strict=True,
    )
}
TABLES = {"passing_messages": "temporary_messages", "pending_edits": "pending_changes"}
COLUMNS = {
    "edit": "change",
    "films_most": "videos_most",
    "films_used": "videos_used",
    "film_micros_most": "video_micros_most",
}
WORDS = {
    ("jobs", "state"): {
        "accepted": "queued",
        "in_progress": "rendering",
        "collecting": "downloading",
    },
    ("deliveries", "kind"): {"film": "video"},
}
ADDED = {
    "jobs": {
        "storyboard_id": None,
        "shot_number": None,
        "is_held": 0,
        "was_retried": 0,
        "reuses": None,
    },
    "ledger_transactions": {"improvement_id": None},
    "passing_messages": {"attempts": 0},
}
RULES = {"body", "before", "after", "change"}  # columns with rules as JSON
AN_HOUR = 3_600_000


def renamed(table, row):
    """A row of the old version as it should be found in the new one."""
    row = {COLUMNS.get(name, name): value for name, value in row.items()}
    for name, value in row.items():
        row[name] = WORDS.get((table, name), {}).get(value, value)
        if name in RULES and value is not None:
            row[name] = re.sub(r'"film(s?)_', r'"video\1_', value)
    row |= ADDED.get(table, {})
    if table in {"request_budgets", "requests_made"}:
        row["name"] = row["name"].replace(":films", ":videos")
    if (table, row.get("kind"), row.get("state")) == ("deliveries", "video", "posting"):
        row["posting_at"] -= AN_HOUR
    return row


@pytest.fixture
async def before(kind, address):
    """What stood in the database of the old version."""
    await write_as_the_old_program(kind, address)
    return await everything_in(kind, address)


@pytest.fixture
async def branch(before, address):
    """A process of the newest version on it."""
    assert before
    async with open_database(address) as engine:
        yield Branch(engine)


@on_databases
async def test_no_row_of_any_table_is_lost_or_otherwise_changed(kind, address, before):
    async with open_database(address):
        pass
    after = await everything_in(kind, address)

    assert {row["state"] for row in before["jobs"]} > {"accepted", "in_progress", "collecting"}
    for table, found in before.items():
        name = TABLES.get(table, table)
        assert sorted_rows(after[name]) == sorted_rows(renamed(table, row) for row in found), table


@on_databases
async def test_each_job_is_read_in_its_state_with_all_its_fields(branch):
    jobs = {job_id: await branch.jobs.get(job_id) for job_id in JOBS}

    assert {job_id: job.state for job_id, job in jobs.items()} == JOBS
    assert {job.id for job in await branch.jobs.list_active()} == set(list(JOBS)[:5])
    _, _, _, at_provider, downloading, done, failed, *_ = jobs.values()
    assert (at_provider.progress_percent, at_provider.last_queued_at) == (40, NOW)
    assert (at_provider.has_priority, at_provider.request.image) == (True, make_image(key="3.png"))
    assert at_provider.source_message_id == MessageId(503)
    assert (downloading.errors_in_row, downloading.unknown_in_row) == (2, 1)
    assert downloading.cancel_requested
    assert done.artifact == Artifact(INTERRUPTED, 1000, 5.0, 640, 360)
    assert failed.failure is not None
    assert (failed.failure.kind, failed.failure.text) == (FailureKind.REFUSED, "No dragons.")


@on_databases
async def test_the_books_add_up_and_the_event_is_still_open(branch):
    [event] = await branch.money_store.events(PLACE.guild_id, NOW)

    assert await branch.money_store.audit() == []
    assert (event.channel_id, event.videos_left) == (ChannelId(21), 4)
    assert (event.video_micros_most, event.left_micros) == (50 * CENT, 200 * CENT)


@on_databases
async def test_a_limit_for_one_video_holds_wherever_it_was_stored(branch):
    store, role = branch.money_store, Subject(SubjectKind.ROLE, RoleId(77))
    policy = await store.policy(PLACE.guild_id)
    pending = [await store.find_pending(EditId(f"edit{one}aaaaaaaaaaa")) for one in "abc"]
    history = await store.history(PLACE.guild_id, 9)

    assert policy.rules.video_micros_most == 90 * CENT
    assert await store.override(PLACE.guild_id, role) == Rules(video_micros_most=130 * CENT)
    assert [one.edit for one in pending] == [
        OpenEvent(ChannelId(22), 7, 30 * CENT),
        SetRules(Subject(SubjectKind.MEMBER, UserId(30)), Rules(video_micros_most=70 * CENT)),
        SetPolicy(replace(policy, rules=Rules(video_micros_most=60 * CENT))),
    ]
    was, became = Rules(video_micros_most=120 * CENT), Rules(video_micros_most=130 * CENT)
    assert [(past.before, past.after) for past in history if past.before == was] == [(was, became)]
    [of_all] = [past.after for past in history if past.what == "rules"]
    assert of_all.rules.video_micros_most == 90 * CENT


@on_databases
async def test_a_change_that_waited_can_be_made_and_the_history_goes_on(branch):
    store = branch.money_store
    pending = await store.find_pending(EditId("editaaaaaaaaaaaa"))
    assert await store.take_pending(pending.id)
    await store.apply(by("opened"), pending.edit)

    assert len(await store.events(PLACE.guild_id, NOW)) == 2
    assert len(await store.history(PLACE.guild_id, 9)) == 6


@on_databases
async def test_each_message_that_was_owed_still_is(branch, address):
    owed = await branch.jobs.list_owed(NOW, 20)
    [temporary] = await SqlTemporaryMessages(branch.engine).list_due(NOW.replace(minute=1), 9)

    assert {(one.job_id, one.kind) for one in owed} == {
        *((JobId(f"job{letter}aaaaaaaaaaaa"), DeliveryKind.CARD) for letter in "abceh"),
        (JobId("jobiaaaaaaaaaaaa"), DeliveryKind.FAILURE),
    }
    assert temporary.message_id == MessageId(700)


def posted(number, said, job_id):
    """A message in the channel, with what its nonce `said` of its kind."""
    kind = DeliveryKind.CARD if said == "card" else DeliveryKind.VIDEO
    job_id = JobId(job_id)
    return Message(MessageId(number), PLACE.channel_id, f"{said}-{job_id}", kind, job_id, NOW)


@on_databases
async def test_a_video_that_was_being_posted_is_found_again_and_not_posted_twice(branch):
    world = World(store=branch.jobs)
    before = posted(999, "film", INTERRUPTED)  # as the nonce of the old program said
    cards = zip((901, 902, 904), "fgd", strict=True)
    world.messenger.messages = [
        before,
        *(posted(number, "card", f"job{letter}aaaaaaaaaaaa") for number, letter in cards),
    ]
    world.clock.advance(5)  # Discord still knows the nonce, which is another one now

    await world.start(owner="one").dispatcher.run_once()

    assert world.messenger.of(INTERRUPTED, DeliveryKind.VIDEO) == [before]
    row = await branch.jobs.find_delivery(INTERRUPTED, DeliveryKind.VIDEO)
    assert (row.state, row.message_id) == (DeliveryState.POSTED, MessageId(999))


@on_databases
async def test_the_schema_refuses_what_it_refused(branch):
    refused = [
        "UPDATE jobs SET state = 'queued' WHERE state = 'succeeded'",
        "UPDATE jobs SET state = 'accepted' WHERE state = 'queued'",
        "UPDATE jobs SET state = 'failed' WHERE state = 'queued'",
        "UPDATE jobs SET version = 0",
        "UPDATE deliveries SET kind = 'film' WHERE kind = 'video'",
        "UPDATE policy_history SET what = 'other'",
        "DELETE FROM jobs WHERE state = 'succeeded'",  # foreign keys are on again
    ]
    for statement in refused:
        with pytest.raises(StorageError):
            async with branch.engine.transaction() as tx:
                await tx.connection.execute(statement)


@on_databases
async def test_after_the_upgrade_the_work_goes_on(branch):
    waiting = await branch.jobs.list_next(make_job().provider, NOW, 9)
    due = await branch.jobs.claim_due("three", NOW.replace(hour=13), 60, most=9)
    job = await branch.request()

    assert [one.job_id for one in waiting] == [next(iter(JOBS))]
    assert {one.state for one in due} >= {JobState.RENDERING, JobState.DOWNLOADING}
    assert (await branch.jobs.get(job.id)).state is JobState.QUEUED


@on_databases
@pytest.mark.parametrize("broken", range(OLD + 1, OLD + 3))
async def test_a_script_that_breaks_half_way_leaves_an_older_version_in_order(
    kind, address, before, monkeypatch, broken
):
    scripts = [
        replace(one, sql=f"{one.sql}\nINSERT INTO nowhere VALUES (1);")
        if one.number == broken
        else one
        for one in migrations_for(kind)[OLD:]
    ]
    module = sqlite_engine if kind == "sqlite" else postgres_engine
    with monkeypatch.context() as patched:
        patched.setattr(module, "due_migrations", lambda *_: scripts)
        with pytest.raises(StorageError, match="nowhere"):
            async with open_database(address):
                pass
    left = await everything_in(kind, address)
    if kind == "postgres" or broken == OLD + 1:
        assert left == before
    assert sorted(row["state"] for row in left["jobs"]) == sorted(
        row["state"] for row in before["jobs"]
    )

    async with open_database(address) as engine:
        store = SqlJobStore(engine)
        assert {job_id: (await store.get(job_id)).state for job_id in JOBS} == JOBS


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_program_killed_within_a_script_leaves_the_older_version(kind, address, before):
    """All of the script is done but its commit, and its pages stand in the log."""
    path = path_of(address)
    killed = path.with_name("killed.db")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; PRAGMA cache_spill = 1;"
        )
        for one in migrations_for(kind)[OLD:NAMES_STATES]:
            file.executescript(f"BEGIN IMMEDIATE;\n{one.sql}\nPRAGMA user_version = {one.number};")
            for ending in ("", "-wal"):
                shutil.copy(f"{path}{ending}", f"{killed}{ending}")
            file.commit()

    found = await everything_in(kind, f"sqlite:///{killed}")
    assert sorted_rows(found["jobs"]) == sorted_rows(before["jobs"])
    async with open_database(f"sqlite:///{killed}") as engine:
        store = SqlJobStore(engine)
        assert {job_id: (await store.get(job_id)).state for job_id in JOBS} == JOBS


def test_programs_of_the_version_before_are_stopped_first():
    assert migrations_for("postgres")[12].contracts
