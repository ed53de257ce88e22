"""Folders of stored files: deleting what is old, and naming a member's file."""

import shutil
from collections.abc import Collection
from pathlib import Path

MAX_NAME = 60  # characters of a file's name in a sentence


def delete_older(folder: Path, before: float, keep: Collection[str]) -> int:
    """Delete what was written before that instant (seconds since 1970); return how many.

    Keeps the names in `keep`. A folder inside was left by a process that was killed.
    """
    old = [path for path in folder.iterdir() if path.name not in keep and _is_older(path, before)]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)


def _is_older(path: Path, before: float) -> bool:
    """Whether the file is older; one that vanished was unfinished and has its name by now."""
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def short(name: str) -> str:
    """Cut a file's name for a sentence."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 3]}…"
