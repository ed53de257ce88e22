"""PostgreSQL: a connection pool, for several processes on one database."""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import asyncpg

from bot.errors import (
    ConfigurationError,
    DatabaseBusyError,
    SchemaVersionError,
    StorageError,
)
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.migrations import (
    DOUBLE,
    DOUBLE_COLUMN,
    Migration,
    due_migrations,
    ensure_current,
    healed,
    migrations_for,
)
from bot.storage.queries import load_queries

MAX_CONNECTIONS = 10
LOCK_TIMEOUT_MILLISECONDS = 5000
OLDEST_SERVER = 15  # the oldest on which the tests run
MIGRATION_LOCK = 0x53686F77  # one process migrates while the others wait
PROGRAM = f"showreel/{migrations_for('postgres')[-1].number}"  # application name of our connections
UNREADABLE = (
    "DATABASE_URL: not of the form postgresql://user:password@host:5432/name; escape special "
    "characters in the password as %XX, for example %2F for a slash"
)
MAX_PORT = 65_535
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[\w.%-]*)(:\d{1,5})?"
_PLACE = re.compile(rf"{_HOST}(,{_HOST})*(/[^?#]*)?(\?[^#]*)?")

CONNECT_SECONDS = 15.0
COMMAND_SECONDS = 60.0  # then the connection counts as dead; none of our commands takes so long
_AWAY = ("08", "53", "57")  # unreachable, out of resources, stopping or starting
_PASSING = frozenset(
    {
        "25006",  # read-only: another server is taking over
        "25P03",  # idle in a transaction too long, as a suspended process is
        "25P04",  # transaction timeout
        "40001",  # serialisation failure
        "40003",  # statement completion unknown
        "40P01",  # deadlock
        "55P03",  # lock timeout
    }
)


class PostgresEngine(Engine):
    """The port between stores and one PostgreSQL database.

    Behind a pooler in transaction mode, such as PgBouncer, the connection changes after each
    transaction: then nothing is prepared beyond one, reads are transactions too, and the lock
    timeout is set in each.
    """

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", *, lock_timeout_milliseconds: int | None
    ) -> None:
        """Take a pool; set `lock_timeout_milliseconds` in each transaction.

        None means it is already set for all of them.
        """
        super().__init__(load_queries("postgres", "asyncpg"))
        self._pool = pool
        self._lock_timeout_milliseconds = lock_timeout_milliseconds

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        lock_timeout_milliseconds: int = LOCK_TIMEOUT_MILLISECONDS,
        reads_only: bool = False,
        may_begin: bool = True,
    ) -> Self:
        """Connect and, unless it is for reading only, migrate.

        Raises ConfigurationError for an unreadable address; SchemaVersionError for a newer
        database, for one opened for reading only that is not at this version, and for a migration
        that running programs would not survive; StorageError.
        """
        address = spelt_out(url)
        is_pooled = await _is_pooled(address)
        options: dict[str, Any] = {"server_settings": {"application_name": PROGRAM}}
        if is_pooled:
            options["statement_cache_size"] = 0
        else:
            options["server_settings"]["lock_timeout"] = str(lock_timeout_milliseconds)
        with translated():
            pool = await asyncpg.create_pool(
                address,
                min_size=1,
                max_size=MAX_CONNECTIONS,
                command_timeout=COMMAND_SECONDS,
                timeout=CONNECT_SECONDS,
                **options,
            )
        try:
            with translated():
                await _prepare(pool, reads_only=reads_only, may_begin=may_begin)
        except BaseException:  # cancellation too: only we hold the pool
            await pool.close()
            raise
        return cls(pool, lock_timeout_milliseconds=lock_timeout_milliseconds if is_pooled else None)

    async def close(self) -> None:
        """Wait for running queries, then close every connection."""
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                if self._lock_timeout_milliseconds is not None:
                    limit = int(self._lock_timeout_milliseconds)
                    await connection.execute(f"SET LOCAL lock_timeout = {limit}")
                yield SqlTransaction(self.queries, connection)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            async with self._pool.acquire() as connection:
                if self._lock_timeout_milliseconds is None:
                    yield SqlTransaction(self.queries, connection)
                    return
                async with connection.transaction(readonly=True):
                    yield SqlTransaction(self.queries, connection)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield SqlTransaction(self.queries, connection)

    async def version(self) -> int:
        """Number of the last applied migration."""
        async with self.reading() as tx:
            return int(await tx.connection.fetchval("SELECT MAX(version) FROM schema_versions"))

    async def back_up(self, target: Path) -> None:
        """Raise StorageError: PostgreSQL has its own tool."""
        msg = f"back up a PostgreSQL database with pg_dump, not into {target}"
        raise StorageError(msg)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Translate the driver's errors into ours.

    An unreachable server may be back in a moment, so it counts as busy: callers must keep their
    data until then.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        raise (DatabaseBusyError if _passes(error) else StorageError)(_said(error)) from error
    except (asyncpg.TargetServerAttributeNotMatched, OSError, TimeoutError) as error:
        raise DatabaseBusyError(_said(error)) from error
    except asyncpg.InterfaceError as error:
        lost = any(words in str(error) for words in ("is closed", "is closing"))
        raise (DatabaseBusyError if lost else StorageError)(_said(error)) from error
    except (asyncpg.InternalClientError, UnicodeError, OverflowError) as error:
        raise StorageError(_said(error)) from error  # the last two: values it cannot encode


def _passes(error: asyncpg.PostgresError) -> bool:
    """Whether an error is temporary, by its SQLSTATE.

    The message depends on the server's version and language, and poolers use states for which the
    driver has no class.
    """
    state = str(error.sqlstate or "")
    return state.startswith(_AWAY) or state in _PASSING


def _said(error: Exception) -> str:
    """The error in one line; the driver appends details and hints as further lines."""
    return " ".join(str(error).split()) or type(error).__name__


async def _is_pooled(address: str) -> bool:
    """Whether a pooler hands out connections between us and the server.

    A pooler answers with a process id that it made up, as it does not know yet which connection
    will serve. Raises ConfigurationError, StorageError.
    """
    with translated():
        try:
            connection = await asyncpg.connect(
                address,
                statement_cache_size=0,
                command_timeout=COMMAND_SECONDS,
                timeout=CONNECT_SECONDS,
            )
        except TimeoutError:
            msg = f"PostgreSQL doesn't answer within {CONNECT_SECONDS:.0f} s: check DATABASE_URL"
            raise DatabaseBusyError(msg) from None
        except OSError as error:
            msg = f"can't reach PostgreSQL ({error}): check that it runs, and DATABASE_URL"
            raise DatabaseBusyError(msg) from error
        except ValueError:  # its text quotes the address, perhaps with parts of the password
            raise ConfigurationError(UNREADABLE) from None
        try:
            async with connection.transaction():
                served_by = await connection.fetchval("SELECT pg_backend_pid()")
                return bool(served_by != connection.get_server_pid())
        finally:
            await connection.close()


def spelt_out(url: str) -> str:
    """Escape as %XX every character that could end user or password too early.

    The password extends to the last @; a % that starts no %XX is literal. Raises
    ConfigurationError, without any part of the address.
    """
    scheme, _, rest = url.partition("://")
    details, at, place = rest.rpartition("@")
    user, colon, password = details.partition(":")
    ports = re.findall(r":(\d+)(?=[,/?]|$)", place.partition("/")[0])
    if not _PLACE.fullmatch(place) or any(int(port) > MAX_PORT for port in ports):
        raise ConfigurationError(UNREADABLE)
    return f"{scheme}://{_escaped(user)}{colon}{_escaped(password)}{at}{place}"


def _escaped(part: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", part), safe="%")


def ensure_new_enough(major: int) -> None:
    """Raise SchemaVersionError for a server older than OLDEST_SERVER, which README asks for."""
    if major < OLDEST_SERVER:
        msg = (
            f"PostgreSQL {major} is too old: Showreel needs {OLDEST_SERVER} or newer. Upgrade the"
            " server, or set DATABASE_URL to another one"
        )
        raise SchemaVersionError(msg)


async def _prepare(
    pool: "asyncpg.Pool[asyncpg.Record]", *, reads_only: bool, may_begin: bool
) -> None:
    async with pool.acquire() as connection, connection.transaction():
        ensure_new_enough(connection.get_server_version().major)
        if reads_only:
            ensure_current("postgres", await _version(connection))
            return
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        version = await _version(connection)
        if version == 0 and not may_begin:
            msg = (
                "the PostgreSQL database is empty, but there are videos in the data folder: check "
                "DATABASE_URL, restore a dump, or start a new ledger with "
                "`python -m bot db migrate --new-ledger`"
            )
            raise StorageError(msg)
        due = due_migrations("postgres", version)
        if version and any(migration.contracts for migration in due):
            await _ensure_alone(connection, version)
        await _migrate(connection, due)


async def _version(connection: Any) -> int:
    """Version of the schema; 0 if there is none."""
    if await connection.fetchval("SELECT to_regclass('schema_versions')") is None:
        return 0
    return int(await connection.fetchval("SELECT COALESCE(MAX(version), 0) FROM schema_versions"))


async def _ensure_alone(connection: Any, version: int) -> None:
    """Raise SchemaVersionError while other programs are connected.

    Programs of the previous version would fail on removed columns or tables, so they must stop
    first.
    """
    others = await connection.fetchval(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name <> $1"
        " AND (application_name = '' OR application_name LIKE 'showreel/%')",
        PROGRAM,
    )
    if others:
        msg = (
            f"the database is at version {version}, and running processes would fail with the "
            "next one: stop every other Showreel process, then start this one"
        )
        raise SchemaVersionError(msg)


async def _migrate(connection: Any, due: Sequence[Migration]) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)"
    )
    for migration in due:
        is_done = migration.number == DOUBLE.number and await _has_column(
            connection, *DOUBLE_COLUMN
        )
        await connection.execute(healed(migration, is_done=is_done).sql)
        await connection.execute(
            "INSERT INTO schema_versions (version) VALUES ($1)", migration.number
        )


async def _has_column(connection: Any, table: str, column: str) -> bool:
    found = await connection.fetchval(
        "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2"
        " AND NOT attisdropped",
        table,
        column,
    )
    return found is not None
