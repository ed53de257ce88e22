"""A SQLite database as a file: check it, copy it, replace it.

Examined files are opened read-only and so stay unchanged: otherwise SQLite writes a left-over
write-ahead log into any file of that name when the last connection to it closes.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.errors import DatabaseBusyError, SchemaVersionError, StorageError

_HEADER = b"SQLite format 3\0"
APPLICATION_ID = 0x53686F77  # "Show"
BESIDE = ("-wal", "-shm")  # files that SQLite keeps beside one in use
JOURNAL = "-journal"  # beside one not yet in write-ahead mode, as a fresh copy is
KEPT_BEFORE_MIGRATIONS = 3  # copies
_FOR_NOW = (  # locked, no room, or a failing disk: written data is unaffected
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_READONLY",
)
_RESTORE = "restore a backup with `python -m bot db restore FILE`"


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Translate the driver's errors into ours, except programming errors."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        busy = getattr(error, "sqlite_errorname", "").startswith(_FOR_NOW)
        raise (DatabaseBusyError if busy else StorageError)(str(error)) from error
    except (OSError, UnicodeError, OverflowError) as error:  # the last two: values it cannot encode
        raise StorageError(str(error)) from error


def address_of(path: Path, mode: str) -> str:
    """SQLite's URI of the file; neither mode, `ro` or `rw`, creates it."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def examine(path: Path, *, timeout_seconds: float = 5.0, is_thorough: bool = True) -> int:
    """Read the whole file and return its schema version, 0 if empty; change nothing.

    Unless `is_thorough`, indexes are not compared with their tables, which takes longest. Raises
    StorageError, with the remedy, for anything but a sound database of this program.
    """
    if not _is_filled(path):
        return 0
    try:
        _ensure_header(path)
        with contextlib.closing(
            sqlite3.connect(address_of(path, "ro"), uri=True, timeout=timeout_seconds)
        ) as connection:
            return _examine(connection, path, "integrity" if is_thorough else "quick")
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_READONLY_ROLLBACK":
            return _examine_interrupted(path, is_to_be_written=not is_thorough)
        if name.startswith(_FOR_NOW):
            raise DatabaseBusyError(str(error)) from error
        if name.startswith("SQLITE_NOTADB"):
            msg = f"{path} isn't a SQLite database: {_RESTORE}, or set DATABASE_URL to another file"
            raise StorageError(msg) from error
        if name.startswith("SQLITE_CANTOPEN"):
            msg = (
                f"can't open the database {path}: check the permissions of the file and its folder"
            )
            raise StorageError(msg) from error
        msg = f"the database {path} is damaged ({error}): {_RESTORE}"
        raise StorageError(msg) from error


def _examine_interrupted(path: Path, *, is_to_be_written: bool) -> int:
    """Version of a file that a killed program left with a rollback journal.

    Opening it for writing rolls back the unfinished write. A copy shows beforehand whether that
    leaves a sound database: the journal may belong to another file that once had this name.
    """
    if not is_to_be_written:
        msg = (
            f"a program was stopped while it was writing {path}: run `python -m bot run` or "
            "`python -m bot db migrate` to roll back its unfinished write"
        )
        raise StorageError(msg)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.examined-") as folder:
        copied = Path(folder) / path.name
        for ending in ("", JOURNAL):
            source = path.with_name(f"{path.name}{ending}")
            shutil.copyfile(source, copied.with_name(f"{copied.name}{ending}"))
        try:
            with contextlib.closing(
                sqlite3.connect(address_of(copied, "rw"), uri=True)
            ) as connection:
                return _examine(connection, path, "integrity")
        except sqlite3.DatabaseError as error:
            msg = (
                f"the journal {path.name}{JOURNAL} doesn't fit {path} ({error}): "
                f"{_RESTORE}, or move the journal away if it belongs to another file"
            )
            raise StorageError(msg) from error


def _is_filled(path: Path) -> bool:
    """Whether the file has content. Raises StorageError if it is not readable."""
    try:
        if path.exists() and not path.is_file():
            msg = f"the database {path} isn't a file: change DATABASE_URL or DATA_DIR"
            raise StorageError(msg)
        size = path.stat().st_size if path.exists() else 0
        log = path.with_name(f"{path.name}-wal")
        if not size and log.exists() and log.stat().st_size:
            msg = (
                f"the database {path} is empty or missing, but {log.name} isn't, and SQLite "
                f"would delete it: {_RESTORE}, or move {log.name} away to start over"
            )
            raise StorageError(msg)
        if size and not os.access(path, os.R_OK | os.W_OK):
            msg = f"this user can't read and write the database {path}: change its owner"
            raise StorageError(msg)
    except OSError as error:
        msg = f"can't access the database {path}: {error.strerror}"
        raise StorageError(msg) from error
    return size > 0


def _ensure_header(path: Path) -> None:
    """Raise StorageError for a foreign file; SQLite takes one of a few bytes for empty."""
    with path.open("rb") as file:
        if file.read(len(_HEADER)) == _HEADER:
            return
    msg = f"{path} isn't a SQLite database: {_RESTORE}, or set DATABASE_URL to another file"
    raise StorageError(msg)


def _examine(connection: sqlite3.Connection, path: Path, check: str) -> int:
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    [found] = connection.execute(f"PRAGMA {check}_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(str(found).strip().splitlines()[-1])
    tables = int(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])
    if application not in {0, APPLICATION_ID} or version < 0 or (version == 0 and tables):
        msg = f"{path} is another program's database: set DATABASE_URL to another file"
        raise SchemaVersionError(msg)
    return version


def make_file(path: Path) -> None:
    """Create the file, readable by its owner alone from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)


def copy(source: Path, target: Path) -> None:
    """Copy a file that may be in use, whole or not at all; replaces the target.

    Raises StorageError if the target is not writable or is the source itself.
    """
    if target.exists() and target.samefile(source):
        msg = f"{target} is the database itself: name another file"
        raise StorageError(msg)
    part = target.with_name(f"{target.name}.part")
    try:
        with translated():
            make_file(part)
            part.write_bytes(b"")  # clear the rest of an aborted copy
            with contextlib.closing(
                sqlite3.connect(address_of(source, "ro"), uri=True)
            ) as connection:
                connection.execute("VACUUM INTO ?", (str(part),))
            _flush(part)
            part.replace(target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def copy_before_migration(path: Path, version: int) -> None:
    """Copy the file beside itself, and keep the latest few such copies."""
    copy(path, path.with_name(f"{path.name}.version-{version}.backup"))
    kept = [
        (int(number), one)
        for one in path.parent.glob(f"{path.name}.version-*.backup")
        if (number := one.name.removesuffix(".backup").rpartition("-")[2]).isdigit()
    ]
    for _, old in sorted(kept)[:-KEPT_BEFORE_MIGRATIONS]:
        old.unlink(missing_ok=True)


def dated(folder: Path, now: datetime) -> Path:
    """File name for a backup made now; names sort by date."""
    return folder / f"showreel-{now:%Y-%m-%dT%H%M%SZ}.db"


def rotate(made: Path, most: int) -> list[Path]:
    """Delete and return the oldest dated backups beyond `most`, never the one just made."""
    others = sorted(
        one for one in made.parent.glob("showreel-????-??-??T??????Z.db") if one != made
    )
    old = others[: max(len(others) + 1 - max(most, 1), 0)]
    for one in old:
        one.unlink(missing_ok=True)
    return old


def put_in_place(copied: Path, path: Path) -> Path | None:
    """Make a copy the database; keep the replaced file beside it and return its path."""
    replaced = put_aside(path, f"{path.name}.replaced")
    copied.replace(path)
    return replaced


def put_aside(path: Path, name: str) -> Path | None:
    """Rename a database in its folder and return its new path; None if there is none.

    The file moves before its write-ahead log: killed in between, the next start finds a log without
    a file and reports it, rather than a file that lacks its last writes.
    """
    names = ("", *BESIDE, JOURNAL)
    for ending in names:
        path.with_name(f"{name}{ending}").unlink(missing_ok=True)
    was_there = path.exists()
    for ending in names:
        old = path.with_name(f"{path.name}{ending}")
        if old.exists():
            old.replace(path.with_name(f"{name}{ending}"))
    return path.with_name(name) if was_there else None
