"""How a PostgreSQL database is reached, and what happens to its schema while others use it.

The kind: an address with any characters in its password; a pooler in transaction mode; a database
that is newer, older or empty; programs of another version under way.
"""

import asyncio
from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

import asyncpg
import pytest
from hypothesis import given, settings, strategies as st

from bot.errors import ConfigurationError, DatabaseBusyError, SchemaVersionError, StorageError
from bot.jobs.job import JobState
from bot.storage.engines import postgres as postgres_engine
from bot.storage.engines.databases import open_database
from bot.storage.engines.postgres import PostgresEngine, spelt_out
from bot.storage.migrations import Migration, migrations_for
from tests.contract.branches import Branch
from tests.contract.databases import on_postgres
from tests.pooler import running_pooler

NEWEST = migrations_for("postgres")[-1].number
PASSWORDS = ["p/ss", "p@ss", "p#ss", "50%off", "a b", "p?x=1", "s:e:c", "q/w@e#r%t y?&=+", "ä/ö"]


def parsed(address):
    """User, password, host, port and database, as a reader of addresses has them."""
    found = urlsplit(address)
    user, password = unquote(found.username or ""), unquote(found.password or "")
    return user, password, found.hostname, found.port, found.path


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_read_whatever_characters_are_in_it(password):
    wanted = ("bot", password, "db.example", 5433, "/showreel")

    assert parsed(spelt_out(f"postgresql://bot:{password}@db.example:5433/showreel")) == wanted
    written = quote(password, safe="")
    assert parsed(spelt_out(f"postgresql://bot:{written}@db.example:5433/showreel")) == wanted


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_characters="%", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_password_without_a_percent_sign_is_read_as_it_is(password):
    address = spelt_out(f"postgresql://bot:{password}@db.example/showreel")

    assert parsed(address)[1] == password


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot@db/showreel?sslmode=require",
        "postgresql:///showreel?host=/run/postgresql",
        "postgresql://bot:x@one:5432,two:5433/showreel",
        "postgresql://bot:x@[::1]:5432/showreel",
        "postgres://bot:p%2Fx@db/showreel",
    ],
)
def test_an_address_that_is_in_order_stays_as_it_is(address):
    assert spelt_out(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot:hunter2/x:y",
        "postgresql://bot:hunter2@db:port/showreel",
        "postgresql://bot:hunter2@db:99999/showreel",
        "postgresql://bot:hunter2@db/showreel?sslmode=hunter2",
        "postgresql://bot:hunter2@d b/showreel",
        "postgresql://bot:hunter2@[::1/showreel",
    ],
)
async def test_an_address_that_cannot_be_read_is_refused_without_a_part_of_it(address):
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL: ") as caught:
        await PostgresEngine.open(address)

    shown = [caught.value, caught.value.__cause__]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "hunter2" not in " ".join(map(repr, shown))


@on_postgres
async def test_an_address_without_special_characters_opens(address):
    async with open_database(address) as engine:
        assert await engine.version() == NEWEST


# --- a pooler ------------------------------------------------------------------------------------


@on_postgres
async def test_behind_a_pooler_jobs_are_accepted_moved_and_settled(address):
    async with running_pooler(address) as (pooled, pooler), open_database(pooled) as engine:
        branch = Branch(engine)
        jobs = [await branch.request() for _ in range(2)]
        at_once = [replace(one, state=JobState.SUCCEEDED) for one in jobs]
        await asyncio.gather(*(branch.end(one) for one in jobs))
        found = await asyncio.gather(*(branch.jobs.get(one.id) for one in jobs))
        audited = await branch.money_store.audit()

    assert [one.state for one in found] == [one.state for one in at_once]
    assert audited == []
    assert min(pooler.transactions) > 3  # each session served some


@on_postgres
async def test_behind_a_pooler_no_one_waits_long_for_a_lock(address):
    async with running_pooler(address) as (pooled, _):
        engine = await PostgresEngine.open(pooled, lock_timeout_milliseconds=100)
        other = await asyncpg.connect(address)
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(DatabaseBusyError, match="lock timeout"):
                    async with engine.transaction() as tx:
                        await tx.connection.execute("UPDATE jobs SET version = 2")
        finally:
            await other.close()
            await engine.close()


# --- versions ------------------------------------------------------------------------------------


async def execute(address, *statements):
    connection = await asyncpg.connect(address)
    try:
        return [await connection.execute(one) for one in statements]
    finally:
        await connection.close()


@on_postgres
async def test_who_only_reads_an_empty_database_makes_nothing_in_it(address):
    with pytest.raises(SchemaVersionError, match="there's no Showreel database yet"):
        async with open_database(address, reads_only=True):
            pass

    found = await execute(address, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
    assert found == ["SELECT 0"]


@on_postgres
async def test_an_empty_database_beside_videos_is_not_begun_unasked(address):
    with pytest.raises(StorageError, match="restore a dump"):
        async with open_database(address, may_begin=False):
            pass


@on_postgres
@pytest.mark.parametrize(("version", "said"), [(NEWEST - 1, "db migrate"), (NEWEST + 1, "update")])
async def test_who_only_reads_refuses_another_version(address, version, said):
    async with open_database(address):
        pass
    await execute(
        address,
        f"DELETE FROM schema_versions WHERE version > {version}",  # noqa: S608 - a number of ours
        f"INSERT INTO schema_versions VALUES ({version}) ON CONFLICT DO NOTHING",  # noqa: S608 - the same
    )

    with pytest.raises(SchemaVersionError, match=f"at version {version}.*{said}"):
        async with open_database(address, reads_only=True):
            pass


@on_postgres
async def test_a_database_that_has_what_the_eighth_adds_already_opens(address):
    scripts = [one.sql for one in migrations_for("postgres")[:8]]
    numbers = ", ".join(f"({number})" for number in range(1, 8))
    await execute(
        address,
        *scripts,
        "DROP INDEX jobs_claimed",
        "CREATE TABLE schema_versions (version BIGINT PRIMARY KEY)",
        f"INSERT INTO schema_versions VALUES {numbers}",  # noqa: S608 - numbers of ours
    )

    async with open_database(address) as engine:
        assert await engine.version() == NEWEST

    index = await execute(address, "SELECT 1 FROM pg_indexes WHERE indexname = 'jobs_claimed'")
    assert index == ["SELECT 1"]


EXPANDS = Migration(NEWEST + 1, "ALTER TABLE jobs ADD COLUMN extra TEXT;")
CONTRACTS = Migration(NEWEST + 1, "ALTER TABLE jobs DROP COLUMN last_queued_at;")


@pytest.fixture
def next_version(monkeypatch):
    """As a program that knows one migration more."""

    def begin(migration):
        monkeypatch.setattr(postgres_engine, "due_migrations", lambda *_: [migration])
        monkeypatch.setattr(postgres_engine, "PROGRAM", f"showreel/{migration.number}")

    return begin


@on_postgres
async def test_what_programs_under_way_survive_is_done_beside_them(address, next_version):
    async with open_database(address) as old:
        next_version(EXPANDS)
        async with open_database(address) as new:
            assert await new.version() == NEWEST + 1
        job = await Branch(old).request()

    assert job.state is JobState.QUEUED


@on_postgres
async def test_what_they_would_not_survive_waits_until_they_are_stopped(address, next_version):
    async with open_database(address):
        next_version(CONTRACTS)
        with pytest.raises(SchemaVersionError, match="stop every other Showreel process"):
            async with open_database(address):
                pass

    async with open_database(address) as new:
        assert await new.version() == NEWEST + 1


@pytest.mark.parametrize(
    ("sql", "contracts"),
    [
        ("ALTER TABLE a ADD COLUMN b TEXT;", False),
        ("ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0;", False),
        ("CREATE INDEX i ON a (b);", False),
        ("-- DROP TABLE a\nCREATE TABLE c (b BIGINT NOT NULL);", False),
        ("ALTER TABLE a DROP CONSTRAINT c;", False),
        ("ALTER TABLE a ADD COLUMN b BIGINT NOT NULL;", True),
        ("ALTER TABLE a DROP COLUMN b;", True),
        ("DROP TABLE a;", True),
        ("ALTER TABLE a RENAME COLUMN b TO c;", True),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL;", True),
        ("ALTER TABLE a ALTER COLUMN b TYPE TEXT;", True),
    ],
)
def test_what_would_break_programs_under_way_is_recognised(sql, contracts):
    assert Migration(1, sql).contracts is contracts


@on_postgres
async def test_a_migration_that_breaks_half_way_leaves_the_version(address, next_version):
    async with open_database(address):
        pass
    next_version(Migration(NEWEST + 1, "CREATE TABLE half (id BIGINT); SELECT * FROM nowhere;"))

    with pytest.raises(StorageError, match="nowhere"):
        async with open_database(address):
            pass

    left = await execute(
        address,
        "SELECT 1 FROM pg_tables WHERE tablename = 'half'",
        f"SELECT 1 FROM schema_versions WHERE version > {NEWEST}",  # noqa: S608 - a number of ours
    )
    assert left == ["SELECT 0", "SELECT 0"]


@pytest.mark.parametrize("major", [9, 13, 14])
def test_an_older_server_is_refused_with_what_to_do(major):
    with pytest.raises(SchemaVersionError, match=f"PostgreSQL {major} is too old.* 15 or newer"):
        postgres_engine.ensure_new_enough(major)


@pytest.mark.parametrize("major", [15, 16, 18])
def test_a_server_that_is_new_enough_is_taken(major):
    postgres_engine.ensure_new_enough(major)
