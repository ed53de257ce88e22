"""Maintains the database: migrate, back up, restore, copy, audit, export a member's data."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from bot.app import ledger_may_begin
from bot.archive.member_data import write
from bot.errors import ConfigurationError, StorageError
from bot.ids import UserId
from bot.jobs.messages import DeliveryKind
from bot.settings import Settings
from bot.storage.engines.copying import Progress, copy_rows
from bot.storage.engines.databases import alone_on, open_database, sqlite_file
from bot.storage.engines.files import copy, dated, examine, put_aside, put_in_place, rotate
from bot.storage.engines.postgres import PostgresEngine
from bot.storage.engines.sqlite import SqliteEngine
from bot.storage.engines.transaction import Engine
from bot.storage.migrations import due_migrations
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.privacy.records import SqlMemberRecords
from bot.storage.stores import SqlJobStore

MAX_OWED = 10_000  # messages checked after a restore


async def migrate_database(settings: Settings, *, new_ledger: bool = False) -> int:
    """Migrate the database to this program's version and return its number.

    Raises DatabaseBusyError while a bot runs on a SQLite file, StorageError for an empty database
    beside videos unless `new_ledger`.
    """
    may_begin = new_ledger or ledger_may_begin(settings)
    with alone_on(settings.database):
        async with open_database(settings.database, may_begin=may_begin) as engine:
            return await engine.version()


async def back_up_database(settings: Settings, target: Path | None, now: datetime) -> Path:
    """Copy the database while it is in use, and return the copy's path.

    Without a target, or into a folder, the copy is named by its date, and the oldest such copies
    beyond KEEP_BACKUPS are deleted. Raises StorageError for PostgreSQL.
    """
    folder = target or settings.data_dir / "backups"
    is_dated = target is None or await asyncio.to_thread(folder.is_dir)
    written = dated(folder, now) if is_dated else folder
    async with open_database(settings.database, reads_only=True) as engine:
        await engine.back_up(written)
    if is_dated:
        await asyncio.to_thread(rotate, written, settings.keep_backups)
    return written


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of `db restore`; `replaced` is the path of the previous database."""

    version: int
    findings: list[str]  # in the ledger; should be empty
    transactions: int
    missing: list[str]  # files in the data folder that open jobs still need
    replaced: Path | None


async def restore_database(settings: Settings, source: Path) -> Restored:
    """Make a backup the database: checked, copied, migrated and audited.

    Raises DatabaseBusyError while a bot runs on it, SchemaVersionError for a newer or a foreign
    file, StorageError for a damaged one.
    """
    path = sqlite_file(settings.database)
    if path is None:
        msg = "restore a PostgreSQL database with pg_restore or psql, not with this command"
        raise StorageError(msg)
    copied = path.with_name(f"{path.name}.restored")
    with alone_on(settings.database), _removed_unless_placed(copied):
        await asyncio.to_thread(_copy_sound, source, copied)
        async with open_database(f"sqlite:///{copied}", may_begin=False) as engine:
            money_store = SqlMoneyStore(engine, Money(engine))
            for damage in await money_store.damage():  # only rows still in use
                raise StorageError(damage)
            restored = Restored(
                await engine.version(),
                [*await money_store.audit(), *await money_store.damage(everything=True)],
                await money_store.count_transactions(),
                await _missing_files(settings, SqlJobStore(engine)),
                None,
            )
        replaced = await asyncio.to_thread(put_in_place, copied, path)
        return replace(restored, replaced=replaced)


def _copy_sound(source: Path, copied: Path) -> None:
    """Check and copy the source; nothing is replaced until all of it was read."""
    version = examine(source)
    if version == 0:
        msg = f"{source} is empty or missing: name a backup made by `python -m bot db backup`"
        raise StorageError(msg)
    due_migrations("sqlite", version)
    copy(source, copied)


@contextlib.contextmanager
def _removed_unless_placed(copied: Path) -> Iterator[None]:
    """Remove all leftovers of a copy, including the backup that a migration makes."""
    try:
        yield
    finally:
        for left in copied.parent.glob(f"{copied.name}*"):
            left.unlink(missing_ok=True)


async def _missing_files(settings: Settings, jobs: SqlJobStore) -> list[str]:
    """Missing pictures and videos that open jobs still send, and videos still to be posted."""
    pictures, videos = settings.data_dir / "pictures", settings.data_dir / "videos"
    requests = [job.request for job in await jobs.list_active()]
    needed = [pictures / image.key for request in requests for image in request.pictures]
    needed += [
        settings.data_dir / "source-videos" / request.source_video.key
        for request in requests
        if request.source_video is not None
    ]
    far = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
    needed += [
        videos / f"{delivery.job_id}.mp4"
        for delivery in await jobs.list_owed(far, MAX_OWED)
        if delivery.kind is DeliveryKind.VIDEO
    ]
    return sorted({str(file) for file in needed if not await asyncio.to_thread(file.exists)})


async def export_member(
    settings: Settings, user_id: UserId, now: datetime, file: IO[bytes]
) -> None:
    """Write all that is stored about a member, as JSON, also while a bot runs."""
    async with open_database(settings.database, reads_only=True) as engine:
        await write(file, user_id, SqlMemberRecords(engine).read(user_id), now)


async def audit_books(settings: Settings) -> tuple[list[str], int]:
    """Findings in the ledger and its rows, and the number of transactions."""
    async with open_database(settings.database, reads_only=True) as engine:
        return await _audited(engine)


@dataclass(frozen=True, slots=True)
class Copied:
    """Result of `db copy`; `kept` is the path of the SQLite database from now on."""

    rows: Mapping[str, int]  # by table
    findings: list[str]  # in the ledger, the same on both sides; should be empty
    transactions: int
    kept: Path


async def copy_database(
    settings: Settings, target: str, progress: Progress = lambda _done, _total: None
) -> Copied:
    """Copy a SQLite database into an empty PostgreSQL one, and audit both.

    Afterwards the SQLite file has another name: two bots on two copies would each make the videos
    that were open. `progress` is told the rows copied so far, and all. Raises DatabaseBusyError
    while a bot runs on it, StorageError if there is nothing to copy or the target is not empty,
    and ConfigurationError for an address of something else.
    """
    path = sqlite_file(settings.database)
    if path is None:
        msg = "DATABASE_URL: it names a PostgreSQL database already; `db copy` copies a SQLite one"
        raise ConfigurationError(msg)
    if not target.startswith(("postgresql://", "postgres://")):
        msg = "copy to postgresql://…; for a copy in a file, use `python -m bot db backup`"
        raise ConfigurationError(msg)
    with alone_on(settings.database):
        async with contextlib.AsyncExitStack() as stack:
            source = await SqliteEngine.open(path, may_begin=False)
            stack.push_async_callback(source.close)
            copied = await PostgresEngine.open(target)
            stack.push_async_callback(copied.close)
            counts = await copy_rows(source, copied, progress)
            before, after = await _audited(source), await _audited(copied)
        if before != after:
            msg = (
                f"the copy's ledger differs from the original's: {[*after[0]] or after[1]} instead of "
                f"{[*before[0]] or before[1]}. Keep using the SQLite database, and report this"
            )
            raise StorageError(msg)
        kept = await asyncio.to_thread(put_aside, path, f"{path.name}.copied")
    return Copied(counts, *after, kept or path)


async def _audited(engine: Engine) -> tuple[list[str], int]:
    money_store = SqlMoneyStore(engine, Money(engine))
    findings = [*await money_store.audit(), *await money_store.damage(everything=True)]
    return findings, await money_store.count_transactions()
