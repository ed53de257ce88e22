"""Everything that is stored about a member is in the file that they get, and nothing about others.

The kind: a table or a column that names a member and is forgotten, also by a later migration; a row
of another member's; a secret; an instant or an id that a reader cannot use; damage; a member of whom
nothing is known.
"""

import contextlib
import json
import sqlite3

import pytest

from bot.errors import SchemaVersionError
from bot.ids import UserId
from bot.maintenance import export_member
from bot.settings import load_settings
from bot.storage.engines.databases import open_database
from bot.storage.privacy.records import SqlMemberRecords
from tests.contract.databases import on_databases
from tests.contract.test_copying import LATER_TABLES
from tests.contract.whole_databases import path_of, write_as_the_old_program
from tests.factories import NOW
from tests.faults.database_files import run

ME, OTHER = 1 << 62, 77
MEMBER_COLUMNS = {
    "user_id", "actor_id", "blocked_by", "added_by", "opened_by", "owner_id", "requester_id",
    "mentions", "subject_id",
}  # fmt: skip
# Tables about a member's jobs, which name no member themselves.
OF_JOBS = {"deliveries", "submissions", "private_answers", "ledger_entries"}
ONE_OF_EACH = """
    INSERT INTO member_settings (user_id, has_recipe) VALUES (30, 0);
    INSERT INTO blocked_members VALUES (10, 30, 'was rude', 31, 1000, 0);
    INSERT INTO blocked_members VALUES (10, 31, 'was rude', 30, 1000, 0);
    INSERT INTO disallowed_words VALUES (10, 'gore', 'Gore', 30, 1000);
    INSERT INTO picture_questions VALUES ('q', 30, 31, 'p', '', 10, 20, 1000, 2000, 'asked');
    INSERT INTO picture_owners VALUES ('key', 30, 'p', '');
    INSERT INTO notices (id, guild_id, channel_id, text, state, owed_at, next_attempt_at, attempts,
        mentions) VALUES ('n', 10, 20, 'hello', 'owed', 1000, 1000, 0, 30);
    INSERT INTO pending_changes VALUES ('c', 10, 30, '{}', 1000);
    INSERT INTO policy_overrides VALUES (10, 'member', 30, '{}');
    INSERT INTO improvements (id, guild_id, channel_id, user_id, model_id, reserved_micros, asked_at,
        state) VALUES ('i', 10, 20, 30, 'chat', 900, 1000, 'asking');
    INSERT INTO favorite_models VALUES (10, 30, 'kling');
    INSERT INTO private_answers SELECT id, 1, 'token', NULL, '', 1, 2, 3, NULL FROM jobs
        WHERE user_id = 30 LIMIT 1;
    INSERT INTO submissions (id, job_id, attempt, provider, tag, state, intended_at)
        SELECT 'subzaaaaaaaaaaaa', id, 9, provider, 'tag', 'intended', 1000 FROM jobs
        WHERE user_id = 30 LIMIT 1;
    INSERT INTO offers VALUES ('o', 'key', 10, 20, 30, NULL, '{}', 1, 1000);
    UPDATE events SET opened_by = 30;
    INSERT INTO policy_history VALUES ('h', 10, 1000, 30, 'cards', 'channel', 'off');
"""


@pytest.fixture
async def database(tmp_path):
    """A SQLite database with a row about member 30 in every table that names members."""
    address = f"sqlite:///{tmp_path}/showreel.db"
    await write_as_the_old_program("sqlite", address)
    async with open_database(address):
        pass
    with contextlib.closing(sqlite3.connect(path_of(address))) as file:
        file.executescript(LATER_TABLES + ONE_OF_EACH)
    return address


def columns_of(address):
    with contextlib.closing(sqlite3.connect(path_of(address))) as file:
        tables = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            table: [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }


def test_every_column_that_may_name_a_member_is_known(database):
    """Who adds one decides here what becomes of it."""
    suspicious = {
        column
        for columns in columns_of(database).values()
        for column in columns
        if any(part in column for part in ("user", "actor", "member", "owner", "requester", "_by"))
        or column in MEMBER_COLUMNS
    }

    assert suspicious - MEMBER_COLUMNS == {"lease_owner"}


async def test_every_row_that_names_a_member_is_in_the_file(database):
    with contextlib.closing(sqlite3.connect(path_of(database))) as file:
        file.row_factory = sqlite3.Row
        stored = {
            table: [
                row
                for row in map(dict, file.execute(f"SELECT * FROM {table}"))  # noqa: S608 - ours
                if any(row[name] == 30 for name in MEMBER_COLUMNS & set(columns))
            ]
            for table, columns in columns_of(database).items()
            if MEMBER_COLUMNS & set(columns)
        }
    async with open_database(database, may_begin=False) as engine:
        told = await SqlMemberRecords(engine).read(UserId(30))

    assert [table for table, rows in stored.items() if not rows] == []
    everything = [row for rows in told.values() for row in rows]
    for table, rows in stored.items():
        for row in rows:
            known = {name: row[name] for name in row if name in {"id", "name", "word", "text"}}
            assert any(known.items() <= one.items() for one in everything), (table, row)
    assert len(told) == len(stored) + len(OF_JOBS)
    assert sum(map(len, told.values())) >= sum(map(len, stored.values())) + len(OF_JOBS)
    assert [name for name, rows in told.items() if not rows] == []


async def test_what_is_read_can_be_used_and_holds_no_secret(database):
    async with open_database(database, may_begin=False) as engine:
        told = await SqlMemberRecords(engine).read(UserId(30))

    job = told["jobs"][0]
    assert job["accepted_at"].startswith("20")
    assert job["request"]["prompt"]
    assert "lease_owner" not in job
    assert "token" not in told["answers"][0]
    mine, of_other = sorted(told["blocks"], key=lambda row: row["user_id"])
    assert {"reason", "blocked_by"}.isdisjoint(mine)
    assert of_other["reason"] == "was rude"
    json.dumps(told)


@on_databases
async def test_a_member_gets_their_own_rows_alone(branch):
    """On both databases, with an id that is larger than a script's numbers."""
    await branch.decide()
    mine = await branch.request(user_id=UserId(ME))
    await branch.request(user_id=UserId(OTHER))
    told = await SqlMemberRecords(branch.engine).read(UserId(ME))

    assert [row["id"] for row in told["jobs"]] == [mine.id]
    assert told["jobs"][0]["user_id"] == str(ME)
    assert {row["job_id"] for row in told["messages"]} == {mine.id}
    assert {row["user_id"] for row in told["transactions"]} == {str(ME)}
    assert not any((await SqlMemberRecords(branch.engine).read(UserId(5))).values())


async def test_the_operator_writes_the_same_file(database, tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url=database, _env_file=None)
    content = json.loads(await export_member(settings, UserId(30), NOW))
    code, said = await run(tmp_path, "member", "export", "30", f"{tmp_path}/out.json")

    assert code == 0, said
    wrote = json.loads((tmp_path / "out.json").read_bytes())
    assert {**wrote, "exported_at": content["exported_at"]} == content
    assert content["jobs"]
    code, said = await run(tmp_path, "member", "export", "30", f"{tmp_path}/out.json")
    assert (code, "exists" in said) == (2, True)
    code, said = await run(tmp_path, "member", "export", "no-number")
    assert code == 2
    with contextlib.closing(sqlite3.connect(path_of(database))) as file:
        file.execute("PRAGMA user_version = 3")
    with pytest.raises(SchemaVersionError):
        await export_member(settings, UserId(30), NOW)
