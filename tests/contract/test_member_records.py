"""Everything that is stored about a member is in the file that they get, and nothing about others.

The kind: a table or a column that names a member and is forgotten, also by a later migration; a row
of another member's; a secret; an instant or an id that a reader cannot use; damage; a member of whom
nothing is known.
"""

import contextlib
import io
import json
import sqlite3
from typing import Any

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


async def told_by(engine, user_id):
    """What a reader gets, as data."""
    told: dict[str, list[Any]] = {}
    async for title, rows in SqlMemberRecords(engine).read(user_id):
        told.setdefault(title, []).extend(map(json.loads, rows))
    return told


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
        told = await told_by(engine, UserId(30))

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
        told = await told_by(engine, UserId(30))

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
    told = await told_by(branch.engine, UserId(ME))

    assert [row["id"] for row in told["jobs"]] == [mine.id]
    assert told["jobs"][0]["user_id"] == str(ME)
    assert {row["job_id"] for row in told["messages"]} == {mine.id}
    assert {row["user_id"] for row in told["transactions"]} == {str(ME)}
    assert not any((await told_by(branch.engine, UserId(5))).values())


async def test_the_operator_writes_the_same_file(database, tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url=database, _env_file=None)
    whole = io.BytesIO()
    await export_member(settings, UserId(30), NOW, whole)
    content = json.loads(whole.getvalue())
    code, said = await run(tmp_path, "member", "export", "30", f"{tmp_path}/out.json")

    assert code == 0, said
    wrote = json.loads((tmp_path / "out.json").read_bytes())
    assert {**wrote, "exported_at": content["exported_at"]} == content
    assert content["jobs"]
    code, said = await run(tmp_path, "member", "export", "30", f"{tmp_path}/out.json")
    assert (code, "exists" in said) == (2, True)
    assert (tmp_path / "out.json").stat().st_mode & 0o077 == 0, "for its reader alone"
    code, said = await run(tmp_path, "member", "export", "30", f"{tmp_path}/nowhere/out.json")
    assert (code, "can't be written" in said) == (2, True)
    code, said = await run(tmp_path, "member", "export", "no-number")
    assert code == 2
    with contextlib.closing(sqlite3.connect(path_of(database))) as file:
        file.execute("PRAGMA user_version = 3")
    with pytest.raises(SchemaVersionError):
        await export_member(settings, UserId(30), NOW, io.BytesIO())
    code, _ = await run(tmp_path, "member", "export", "30", f"{tmp_path}/half.json")
    assert code != 0
    assert not (tmp_path / "half.json").exists(), "half a file would look whole"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "NaN",
        "1e999",
        '{"seed": NaN, "scale": -Infinity}',
        "[" * 100_000,
        "[" * 400 + "]" * 400,
        '{"seed": ' + "9" * 5000 + "}",
        '"\\ud800"',
        "x" * 1_000_000,
    ],
    ids=[
        "empty",
        "cut off",
        "nan",
        "infinity",
        "nan within",
        "open",
        "deep",
        "digits",
        "half",
        "long",
    ],
)
async def test_damage_hides_no_other_row_and_makes_no_file_that_cannot_be_read(database, damage):
    with contextlib.closing(sqlite3.connect(path_of(database))) as file:
        file.execute(
            "UPDATE jobs SET request = ?, accepted_at = ? WHERE id IN"
            " (SELECT id FROM jobs WHERE user_id = 30 LIMIT 1)",
            (damage, (1 << 63) - 1),
        )
        file.commit()
    settings = load_settings(database_url=database, _env_file=None)
    whole = io.BytesIO()
    await export_member(settings, UserId(30), NOW, whole)

    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    told = json.loads(whole.getvalue(), parse_constant=refuse)
    assert len(told["jobs"]) == 1
    assert told["words"]


async def test_a_members_words_stay_words_and_addresses_with_keys_are_left_out(database):
    with contextlib.closing(sqlite3.connect(path_of(database))) as file:
        file.executescript("""
            UPDATE disallowed_words SET word = '[1]';
            UPDATE submissions SET artifact_address = 'https://service.test/v?key=secret';
            UPDATE offers SET request = '{"image": {"owners": [{"user_id": 4611686018427387904}]}}';
        """)
    async with open_database(database, may_begin=False) as engine:
        told = await told_by(engine, UserId(30))

    assert [row["word"] for row in told["words"]] == ["[1]"]
    assert "secret" not in json.dumps(told)
    assert told["offers"][0]["request"]["image"]["owners"] == [{"user_id": str(ME)}]


@on_databases
async def test_pages_show_one_instant_and_hold_up_no_one(branch):
    """Also where the rows end with a page, and while others read and write."""
    await branch.decide()
    for _ in range(4):
        await branch.request(user_id=UserId(ME))
    seen = []
    async with branch.engine.snapshot() as tx:
        async for page in tx.pages("export_jobs", 2, user_id=ME):
            seen.append(len(page))
            made = await branch.request(user_id=UserId(ME))
            assert (await branch.engine.read_one("get_job", id=made.id))["id"] == made.id
    assert seen == [2, 2]
    assert len((await told_by(branch.engine, UserId(ME)))["jobs"]) == 6
