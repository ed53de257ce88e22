"""The port for videos that members want to continue, on our disk."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.catalog.request import SourceImage, SourceVideo, VideoRequest


class SourceVideoStore(Protocol):
    """Videos to continue: checked, playable everywhere, and stored under their content's key."""

    async def fetch(self, address: str, *, name: str) -> SourceVideo:
        """Download through the SSRF guard, then check and store.

        Raises VideoRejectedError, and StorageError if the disk cannot be written.
        """

    async def keep(self, path: Path, *, name: str) -> SourceVideo:
        """Store a video that is on our disk, such as a job's; that file stays as it is.

        Raises VideoRejectedError and StorageError.
        """

    def path(self, video: SourceVideo) -> Path: ...

    def has(self, video: SourceVideo) -> bool:
        """Return whether the video is still stored."""

    async def prepare(self, video: SourceVideo, *, max_bytes: int) -> bytes:
        """Return the video's bytes, re-encoded if there are more than `max_bytes`.

        Raises VideoRejectedError.
        """

    async def first_frame(self, path: Path, *, name: str) -> SourceImage:
        """Store the first frame that any video on our disk shows, upright, as a picture.

        Raises VideoRejectedError, ImageRejectedError and StorageError.
        """

    async def last_frame(self, path: Path, *, name: str) -> SourceImage:
        """Store the last frame. Raises what `first_frame` raises."""

    async def find_recipe(self, path: Path) -> VideoRequest | None:
        """Read how a video was made from the file itself; None if it does not say.

        The request has no pictures, and its parent says how that video came to be.
        """

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        """Delete videos stored before that instant, except these keys; return how many."""
