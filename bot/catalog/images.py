"""The port for members' pictures on our disk."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.catalog.request import SourceImage


class ImageStore(Protocol):
    """Members' pictures, checked and stored on our disk."""

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        """Check, turn upright, strip of metadata and store.

        Raises ImageRejectedError, and StorageError if the disk cannot be written.
        """

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        """Download through the SSRF guard, then `keep`. Raises ImageRejectedError."""

    async def prepare(
        self, image: SourceImage, *, max_bytes: int, min_side: int = 0
    ) -> tuple[bytes, str]:
        """Return the bytes and media type, scaled to fit.

        At most `max_bytes`, and no side below `min_side` pixels. Raises ImageRejectedError.
        """

    def path(self, image: SourceImage) -> Path: ...

    def has(self, image: SourceImage) -> bool:
        """Whether it is still stored."""

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        """Delete pictures stored before that instant, except these keys; return how many."""
