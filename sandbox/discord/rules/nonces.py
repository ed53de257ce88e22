"""Nonces and the messages they made: the safety net for a post whose answer was lost.

Discord only says "the past few minutes"; three are taken here, so that no bot relies on more.
"""

from datetime import datetime, timedelta

from sandbox.clock import SandboxClock
from sandbox.discord import errors
from sandbox.discord.state.models import Json

WINDOW = timedelta(minutes=3)
MOST_CHARACTERS = 25
_Key = tuple[int, int, str]


class Nonces:
    """Nonces by author and channel."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._made: dict[_Key, tuple[int, datetime]] = {}

    def find(self, author_id: int, channel_id: int, nonce: str | int) -> int | None:
        """The id of the message that this nonce made within the window."""
        made = self._made.get((author_id, channel_id, str(nonce)))
        if made is None or self._clock.now() - made[1] > WINDOW:
            return None
        return made[0]

    def note(self, author_id: int, channel_id: int, nonce: str | int, message_id: int) -> None:
        now = self._clock.now()
        self._made = {key: made for key, made in self._made.items() if now - made[1] <= WINDOW}
        self._made[author_id, channel_id, str(nonce)] = (message_id, now)


def checked_nonce(form: Json) -> str | int | None:
    """The form's nonce; 50035 for one that is too long or of another type."""
    nonce: str | int | None = form.get("nonce")
    if nonce is None or (isinstance(nonce, int) and not isinstance(nonce, bool)):
        return nonce
    if not isinstance(nonce, str) or len(nonce) > MOST_CHARACTERS:
        raise errors.invalid_form(
            "nonce", "NONCE_TYPE_TOO_LONG", f"Nonce must be {MOST_CHARACTERS} or fewer in length."
        )
    return nonce
