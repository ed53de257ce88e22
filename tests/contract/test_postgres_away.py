"""A PostgreSQL server that cannot serve just now is away, whatever it says and however it says it.

The kinds: it starts, stops, recovers or is a standby; someone ends our connection; it has no room,
takes no writes, or gave another transaction the way; a pooler before it says so in states that no
driver knows; the connection breaks. Such an error is one line, to be tried again. Whatever else the
server refuses is not.
"""

import asyncio
import contextlib
import struct

import asyncpg
import pytest

from bot.errors import DatabaseBusyError, StorageError
from bot.storage.engines.postgres import PostgresEngine, translated
from tests.contract.databases import on_postgres
from tests.pooler import SSL_REQUEST, message, read, told

STARTS = "the database system is not yet accepting connections"
AWAY = [  # state, what it says first, and in detail
    ("57P01", "terminating connection due to administrator command", ""),
    ("57P02", "terminating connection because of crash of another server process",
     "The postmaster has commanded this server process to roll back the current transaction."),
    ("57P02", "terminating connection due to immediate shutdown command", ""),
    ("57P03", "the database system is starting up", ""),
    ("57P03", "the database system is shutting down", ""),
    ("57P03", "the database system is in recovery mode", ""),
    ("57P03", STARTS, "Consistent recovery state has not been yet reached."),
    ("57P03", "the database system is not accepting connections", "Hot standby mode is disabled."),
    ("57P03", "das Datenbanksystem startet", ""),
    ("57P04", "terminating connection because the database was dropped", ""),
    ("57P05", "terminating connection due to idle-session timeout", ""),
    ("57014", "canceling statement due to statement timeout", ""),
    ("57000", "a state of this class", ""),
    ("08000", "connection exception", ""),
    ("08001", "could not connect to server", ""),
    ("08003", "connection does not exist", ""),
    ("08004", "server rejected the connection", ""),
    ("08006", "server conn crashed?", ""),
    ("08007", "transaction resolution unknown", ""),
    ("08P01", "query_wait_timeout", ""),
    ("08XXX", "a state that no driver knows", ""),
    ("53000", "insufficient resources", ""),
    ("53100", "could not extend file: No space left on device", "Check free disk space."),
    ("53200", "out of memory", "Failed on request of size 8192."),
    ("53300", "sorry, too many clients already", ""),
    ("53300", "remaining connection slots are reserved", ""),
    ("53400", "configuration limit exceeded", ""),
    ("53999", "a state that no driver knows", ""),
    ("25006", "cannot execute INSERT in a read-only transaction", ""),
    ("25P03", "terminating connection due to idle-in-transaction timeout", ""),
    ("25P04", "terminating connection due to transaction timeout", ""),
    ("40001", "could not serialize access due to concurrent update", ""),
    ("40001", "canceling statement due to conflict with recovery", "It needed a row version."),
    ("40003", "statement completion unknown", ""),
    ("40P01", "deadlock detected", "Process 1 waits for ShareLock;\nblocked by process 2."),
    ("55P03", "canceling statement due to lock timeout", ""),
]  # fmt: skip
TO_STAY = [
    ("22P02", "invalid input syntax for type integer", ""),
    ("23505", "duplicate key value violates unique constraint", "Key (id)=(1) already exists."),
    ("28P01", "password authentication failed for user", ""),
    ("3D000", "database does not exist", ""),
    ("42P01", "relation does not exist", ""),
    ("42501", "permission denied for table jobs", ""),
    ("XX000", "cache lookup failed", ""),
    ("XX001", "invalid page in block 0", ""),
    ("99999", "a state that no driver knows", ""),
]


LEAVES = b"X"  # what a client says last


def refusal(state, says, detail):
    """As the server writes it."""
    fields = {"S": "ERROR", "V": "ERROR", "C": state, "M": says} | ({"D": detail} if detail else {})
    return message(b"E", b"".join(told(name + words) for name, words in fields.items()) + b"\0")


@contextlib.asynccontextmanager
async def server(talk):
    """A server that does this once it has read how a client begins; answers with its address."""

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                [length] = struct.unpack("!I", await reader.readexactly(4))
                start = await reader.readexactly(length - 4)
                if struct.unpack("!I", start[:4]) != (SSL_REQUEST,):
                    break
                writer.write(b"N")
            await talk(reader, writer)
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        port = running.sockets[0].getsockname()[1]
        yield f"postgresql://showreel@127.0.0.1:{port}/showreel"


async def welcome(writer):
    """It lets the client in, and waits for what it wants."""
    parameters = {"client_encoding": "UTF8", "server_version": "15.0"}
    known = [message(b"S", told(name, value)) for name, value in parameters.items()]
    begun = [message(b"R", struct.pack("!I", 0)), *known]
    writer.write(b"".join([*begun, message(b"K", bytes(8)), message(b"Z", b"I")]))


def refusing(row):
    async def talk(_reader, writer):
        writer.write(refusal(*row))
        await writer.drain()

    return talk


def answering(row):
    """To what it was asked for, and stays connected."""

    async def talk(reader, writer):
        await welcome(writer)
        while (await read(reader))[0] != LEAVES:
            writer.write(refusal(*row) + message(b"Z", b"I"))

    return talk


def ending(row):
    """While it does what it was asked for, without an answer."""

    async def talk(reader, writer):
        await welcome(writer)
        await read(reader)
        await refusing(row)(reader, writer)

    return talk


async def reset(_reader, writer):
    writer.transport.abort()


async def reset_within(reader, writer):
    await welcome(writer)
    await read(reader)
    writer.transport.abort()


async def closed_within_an_answer(reader, writer):
    await welcome(writer)
    await read(reader)
    writer.write(b"T\0\0\0")


async def error_of(talk):
    async with server(talk) as address:
        with pytest.raises(StorageError) as caught:
            await PostgresEngine.open(address)
    return caught.value


@pytest.mark.parametrize("does", [refusing, answering, ending])
@pytest.mark.parametrize("row", AWAY, ids=" ".join)
async def test_a_server_that_cannot_serve_now_is_tried_again(row, does):
    error = await error_of(does(row))

    assert type(error) is DatabaseBusyError
    assert row[1] in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("does", [refusing, answering])
@pytest.mark.parametrize("row", TO_STAY, ids=" ".join)
async def test_what_stays_as_it_is_is_no_server_that_is_away(row, does):
    error = await error_of(does(row))

    assert type(error) is StorageError
    assert row[1] in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("talk", [reset, reset_within, closed_within_an_answer])
async def test_a_connection_that_breaks_is_a_server_that_is_away(talk):
    assert type(await error_of(talk)) is DatabaseBusyError


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), DatabaseBusyError),
        (BrokenPipeError(), DatabaseBusyError),
        (TimeoutError(), DatabaseBusyError),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"), DatabaseBusyError),
        (asyncpg.InterfaceError("cannot perform operation: connection is closed"), DatabaseBusyError),
        (asyncpg.InterfaceError("the underlying connection is closed"), DatabaseBusyError),
        (asyncpg.InterfaceError("pool is closing"), DatabaseBusyError),
        (asyncpg.TargetServerAttributeNotMatched("none takes writes"), DatabaseBusyError),
        (asyncpg.InterfaceError("another operation is in progress"), StorageError),
        (asyncpg.InternalClientError("waiter is done"), StorageError),
        (asyncpg.DataError("an integer is required"), StorageError),
        (OverflowError("int too large"), StorageError),
        (UnicodeEncodeError("utf-8", "\ud83c", 0, 1, "surrogates"), StorageError),
    ],
    ids=repr,
)  # fmt: skip
def test_what_the_driver_says_by_itself_is_told_apart_too(error, meant):
    with pytest.raises(StorageError) as caught, translated():
        raise error

    assert type(caught.value) is meant


@on_postgres
async def test_a_connection_that_is_ended_within_a_transaction_is_a_server_that_is_away(address):
    engine = await PostgresEngine.open(address)
    other = await asyncpg.connect(address)

    async def write():
        async with engine.transaction() as tx:
            own = await tx.connection.fetchval("SELECT pg_backend_pid()")
            await other.execute("SELECT pg_terminate_backend($1)", own)
            await tx.connection.execute("UPDATE jobs SET version = 2")

    try:
        with pytest.raises(DatabaseBusyError):
            await write()
        async with engine.reading() as tx:
            assert await tx.connection.fetchval("SELECT 1") == 1
    finally:
        await other.close()
        await engine.close()
