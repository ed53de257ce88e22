"""Numbered schema changes, never edited once landed; one folder per engine."""

import re
from dataclasses import dataclass
from importlib import resources

from bot.errors import SchemaVersionError

_COMMENT = re.compile(r"--[^\n]*")
# Changes that break statements of a running program: they remove or rename what it uses, or require
# a column that it leaves out. New tables, indexes and columns with a default do not.
_CONTRACTS = re.compile(
    r"DROP\s+(TABLE|COLUMN)|RENAME|SET\s+NOT\s+NULL|\sTYPE\s"
    r"|ADD\s+COLUMN(?![^;]*\bDEFAULT\b)[^;]*\bNOT\s+NULL",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered script."""

    number: int
    sql: str

    @property
    def contracts(self) -> bool:
        """Whether programs of the previous version break beside it."""
        return _CONTRACTS.search(_COMMENT.sub("", self.sql)) is not None


def migrations_for(engine: str) -> list[Migration]:
    """All scripts of this engine (`sqlite` or `postgres`), in order."""
    folder = resources.files(__name__) / engine
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda f: f.name
    )
    return [Migration(int(file.name.split("_")[0]), file.read_text("utf-8")) for file in files]


def due_migrations(engine: str, version: int) -> list[Migration]:
    """Scripts that a database of this version still needs, in order.

    Raises SchemaVersionError for a version that this program does not know.
    """
    migrations = migrations_for(engine)
    newest = migrations[-1].number
    if version > newest:
        msg = (
            f"the database is at version {version}, but this program only knows {newest}: update it"
        )
        raise SchemaVersionError(msg)
    return [migration for migration in migrations if migration.number > version]


def ensure_current(engine: str, version: int) -> None:
    """Check the version for programs that only read and so never migrate.

    Raises SchemaVersionError for an empty, older or newer database.
    """
    due = due_migrations(engine, version)
    if due and version == 0:
        msg = "there's no Showreel database yet: `python -m bot run` creates it"
        raise SchemaVersionError(msg)
    if due:
        msg = (
            f"the database is at version {version}, but this program needs {due[-1].number}: "
            "start the bot, or run `python -m bot db migrate`"
        )
        raise SchemaVersionError(msg)


def healed(migration: Migration, *, is_done: bool) -> Migration:
    """The script, or its missing part if the database already has its change.

    Two commits of 2026-11-21 numbered two scripts 0007: their databases are at version 7 and have
    what 0008 adds. A database of a branch may have that and lack the index of 0007.
    """
    if migration.number != DOUBLE.number or not is_done:
        return migration
    return Migration(migration.number, DOUBLE.sql)


DOUBLE = Migration(
    8,
    "CREATE INDEX IF NOT EXISTS jobs_claimed ON jobs (provider, lease_expires_at)"
    " WHERE state = 'accepted' AND lease_owner IS NOT NULL;",
)
DOUBLE_COLUMN = ("notices", "posting_at")  # added by 0008
