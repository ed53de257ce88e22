"""Uploaded bytes: one file per id in one folder, never in memory.

An upload is first spooled under a name of its own and adopted under its id once the request that
brought it has been accepted; what was refused is discarded.
"""

import itertools
from pathlib import Path


class BlobStore:
    """Files by id. Created with an existing, writable folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spooled = itertools.count(1)

    def path(self, blob_id: int) -> Path:
        """Where the blob lies; it need not exist."""
        return self._folder / str(blob_id)

    def spool_path(self) -> Path:
        """A fresh name to write an upload to before it is accepted."""
        return self._folder / f"spool-{next(self._spooled)}"

    def adopt(self, spooled: Path, blob_id: int) -> None:
        spooled.replace(self.path(blob_id))

    def write(self, blob_id: int, data: bytes) -> None:
        self.path(blob_id).write_bytes(data)

    def copy(self, blob_id: int, new_id: int) -> None:
        """Give a blob a second name; the file of the first is never written again."""
        self.path(new_id).hardlink_to(self.path(blob_id))

    def delete(self, blob_id: int) -> None:
        self.path(blob_id).unlink(missing_ok=True)
