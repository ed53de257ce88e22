"""The names of things: one type per kind of id, so that they cannot be mixed up.

Ids of ours are 16 characters of base32 (80 random bits): short enough that `film-<job id>`
fits into the 25 characters that Discord allows a nonce.
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
IdempotencyKey = NewType("IdempotencyKey", str)
ProviderName = NewType("ProviderName", str)
ModelId = NewType("ModelId", str)  # the vendor's slug

GuildId = NewType("GuildId", int)  # Discord snowflakes
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)
RoleId = NewType("RoleId", int)

ID_BYTES = 10


def job_id_from(random_bytes: bytes) -> JobId:
    """Spell ten random bytes as a job id. Raises ValueError for any other number of bytes."""
    return JobId(_spell(random_bytes))


def submission_id_from(random_bytes: bytes) -> SubmissionId:
    """Spell ten random bytes as a submission id. Raises ValueError for any other number."""
    return SubmissionId(_spell(random_bytes))


def offer_id_from(random_bytes: bytes) -> OfferId:
    """Spell ten random bytes as an offer id. Raises ValueError for any other number."""
    return OfferId(_spell(random_bytes))


def notice_id_from(random_bytes: bytes) -> NoticeId:
    """Spell ten random bytes as a notice id. Raises ValueError for any other number."""
    return NoticeId(_spell(random_bytes))


def edit_id_from(random_bytes: bytes) -> EditId:
    """Spell ten random bytes as a change's id. Raises ValueError for any other number."""
    return EditId(_spell(random_bytes))


def _spell(random_bytes: bytes) -> str:
    if len(random_bytes) != ID_BYTES:
        msg = f"an id is made of {ID_BYTES} bytes, not {len(random_bytes)}"
        raise ValueError(msg)
    return base64.b32encode(random_bytes).decode().lower()
