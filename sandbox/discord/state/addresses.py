"""The CDN's addresses: signed ones for attachments, plain ones for avatars, emoji and stickers.

An attachment's address carries when it was made, when it expires and a signature, as Discord's do.
No record holds one: each payload gets a fresh one, and `bare` addresses that come in get a new
signature.
"""

import contextlib
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.clock import SandboxClock
from sandbox.discord.state.models import Attachment

ATTACHMENT_SECONDS = 24 * 3600
EPHEMERAL_SECONDS = 30 * 60
_MOST_ORIGINS = 100  # the Host header is anyone's to write
_ATTACHMENT_PATH = re.compile(r"/cdn(/(?:ephemeral-)?attachments/\d+/\d+/[^/?]+)$")


_asked_at: ContextVar[str | None] = ContextVar("asked_at", default=None)


class Addresses:
    """Makes and checks addresses.

    They begin with the `public` base URL if there is one, else with the one at which the reader has
    reached the sandbox (`reached_at`), else, and outside requests, with the `local` one, which is set
    once the server knows its port.
    """

    def __init__(self, clock: SandboxClock, secret: bytes) -> None:
        self.local = "http://127.0.0.1"
        self.public: str | None = None
        self._told: set[str] = set()
        self._clock = clock
        self._secret = secret

    @property
    def origin(self) -> str:
        return self.public or _asked_at.get() or self.local

    @contextlib.contextmanager
    def reached_at(self, origin: str | None) -> Iterator[None]:
        """While the block runs, addresses are for someone who has reached the sandbox there."""
        if origin is not None and len(self._told) < _MOST_ORIGINS:
            self._told.add(origin)
        before = _asked_at.set(origin)
        try:
            yield
        finally:
            _asked_at.reset(before)

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

    def led_here(self, node: Any) -> Any:
        """The JSON with every address of the CDN's beginning where its reader reached the sandbox."""
        if isinstance(node, dict):
            return {key: self.led_here(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self.led_here(item) for item in node]
        if isinstance(node, str) and "/cdn/" in node:
            for known in (self.local, self.public, *self._told):
                if known is not None and node.startswith(f"{known}/cdn/"):
                    return self.origin + node.removeprefix(known)
        return node

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
        if f"{parts.scheme}://{parts.netloc}" not in {self.local, self.public, *self._told}:
            return None
        found = _ATTACHMENT_PATH.match(parts.path)
        return found.group(1) if found else None
