"""Numbered changes of the schema, never edited once landed; a folder for each engine."""

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered script."""

    number: int
    sql: str


def migrations_for(engine: str) -> list[Migration]:
    """All scripts of this engine (`sqlite` or `postgres`), in order."""
    folder = resources.files(__name__) / engine
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda f: f.name
    )
    return [Migration(int(file.name.split("_")[0]), file.read_text("utf-8")) for file in files]
