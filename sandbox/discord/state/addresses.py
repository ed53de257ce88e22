"""The CDN's addresses: signed ones for attachments, plain ones for avatars, emoji and stickers.

An attachment's address carries when it was made, when it expires and a signature, as Discord's do.
Nobody keeps one: each payload is given a fresh one, and `bare` addresses sent in are signed anew.
"""

import hashlib
import hmac
import re
from urllib.parse import quote, urlsplit

from sandbox.clock import SandboxClock
from sandbox.discord.models import Attachment

ATTACHMENT_SECONDS = 24 * 3600
EPHEMERAL_SECONDS = 30 * 60
_ATTACHMENT_PATH = re.compile(r"/cdn(/(?:ephemeral-)?attachments/\d+/\d+/[^/?]+)$")


class Addresses:
    """Makes and checks addresses. `origin` is set once the server knows its port."""

    def __init__(self, clock: SandboxClock, secret: bytes) -> None:
        self.origin = "http://127.0.0.1"
        self._clock = clock
        self._secret = secret

    def attachment(self, owner_id: int, attachment: Attachment) -> str:
        """A fresh signed address; the owner is a channel, or the application for ephemeral ones."""
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        name = quote(attachment.filename)
        path = f"/{folder}/{owner_id}/{attachment.id}/{name}"
        seconds = EPHEMERAL_SECONDS if attachment.ephemeral else ATTACHMENT_SECONDS
        return f"{self.origin}/cdn{path}?{self._signature(path, seconds)}"

    def resigned(self, url: str) -> str:
        """The same address with a fresh signature if it is one of our attachments'."""
        path = self._own_attachment_path(url)
        if path is None or path.startswith("/ephemeral"):
            return url
        return f"{self.origin}/cdn{path}?{self._signature(path, ATTACHMENT_SECONDS)}"

    def is_valid(self, path: str, expires: str, issued: str, signature: str) -> bool:
        """Whether the signature belongs to the path (below /cdn) and has not expired."""
        expected = self._digest(path, expires, issued)
        if not hmac.compare_digest(expected, signature):
            return False
        return int(expires, 16) > self._clock.now().timestamp()

    def cdn(self, path: str) -> str:
        return f"{self.origin}/cdn/{path}"

    def _signature(self, path: str, seconds: int) -> str:
        now = int(self._clock.now().timestamp())
        expires, issued = f"{now + seconds:x}", f"{now:x}"
        return f"ex={expires}&is={issued}&hm={self._digest(path, expires, issued)}&"

    def _digest(self, path: str, expires: str, issued: str) -> str:
        text = f"{path}|{expires}|{issued}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def _own_attachment_path(self, url: str) -> str | None:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            return None
        found = _ATTACHMENT_PATH.match(parts.path)
        return found.group(1) if found else None
