"""Ids: one type per kind, so that they cannot be mixed up.

Our own ids are 16 characters of base32 (80 random bits): short enough that `video-<job id>` fits
into the 25 characters that Discord allows a nonce.
"""

import base64
from typing import NewType

JobId = NewType("JobId", str)
SubmissionId = NewType("SubmissionId", str)
OfferId = NewType("OfferId", str)
NoticeId = NewType("NoticeId", str)
TransactionId = NewType("TransactionId", str)
AccountId = NewType("AccountId", str)
EventId = NewType("EventId", str)
EditId = NewType("EditId", str)
QuestionId = NewType("QuestionId", str)
IdempotencyKey = NewType("IdempotencyKey", str)
ProviderName = NewType("ProviderName", str)
ModelId = NewType("ModelId", str)  # the vendor's slug

GuildId = NewType("GuildId", int)  # Discord snowflakes
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)
RoleId = NewType("RoleId", int)

ID_BYTES = 10


def spelled(random_bytes: bytes) -> str:
    """Spell ten random bytes as an id. Raises ValueError for any other number of bytes."""
    if len(random_bytes) != ID_BYTES:
        msg = f"an id is made of {ID_BYTES} bytes, not {len(random_bytes)}"
        raise ValueError(msg)
    return base64.b32encode(random_bytes).decode().lower()
