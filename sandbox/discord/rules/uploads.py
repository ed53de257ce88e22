"""Uploads: bodies with files are streamed to the blob store, checked and become attachments.

A file is never wholly in memory; what a refused request brought is removed. Discord tells the size in
pixels of an MP4, which is read from its track headers.
"""

import json
import mimetypes
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from PIL import Image, UnidentifiedImageError

from sandbox.discord import errors
from sandbox.discord.rules import forms
from sandbox.discord.state.blobs import BlobStore
from sandbox.discord.state.models import Attachment, Json
from sandbox.discord.state.world import World

MIB = 1024 * 1024
LIMIT_BY_TIER = {0: 20 * MIB, 1: 20 * MIB, 2: 50 * MIB, 3: 100 * MIB}
LIMIT_BY_NITRO = {0: 20 * MIB, 1: 50 * MIB, 2: 500 * MIB}
REQUEST_LIMIT = 200 * MIB
PAYLOAD = web.RequestKey("payload", object)  # for the traffic log
MOST_FILES = 10
_MOST_DESCRIPTION = 1024
_JSON_LIMIT = 8 * MIB
_VIDEOS = {"video/mp4", "video/quicktime"}
_CONTENT_TYPES = (
    "'application/json'",
    "'application/x-www-form-urlencoded'",
    "'multipart/form-data'",
)
_CHUNK = 256 * 1024
_FILE_FIELD = re.compile(r"^files?\[?(\d*)\]?$")
_ATTACHMENT_FIELD = re.compile(r"^attachments\[(\d+)\]$")
_CONTAINERS = {b"moov", b"trak"}
_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_FIXED_POINTS = struct.Struct(">II")  # 16.16, the last eight bytes of a track header


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a request brought, spooled and not yet accepted."""

    filename: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Body:
    """A request's JSON (or `payload_json`) and its files by the n of `files[n]`."""

    payload: Any
    files: dict[int, Upload] = field(default_factory=dict)

    def form(self) -> Json:
        """The payload as an object; 50035 for anything else; no payload is an empty object."""
        if self.payload is None:
            return {}
        if not isinstance(self.payload, dict):
            raise errors.invalid_form(
                "", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"
            )
        return self.payload

    def discard(self) -> None:
        """Remove what was not adopted."""
        for upload in self.files.values():
            upload.path.unlink(missing_ok=True)


async def read_body(request: web.Request, blobs: BlobStore) -> Body:
    """Read JSON or a form of either encoding. The caller calls `discard` when it is done.

    The payload is kept under `request[PAYLOAD]`
    for the traffic log.

    Raises:
        DiscordError: 50109 for broken JSON, 40005 for a request that is too large, 50035 for a
            body of another type.
    """
    body = await _read(request, blobs)
    request[PAYLOAD] = body.payload
    return body


async def _read(request: web.Request, blobs: BlobStore) -> Body:
    if request.content_type.startswith("multipart/"):
        return await _read_form(request, blobs)
    raw = await _read_whole(request)
    if raw and request.content_type == "application/x-www-form-urlencoded":
        return Body(_parse_pairs(raw))
    if raw and request.content_type != "application/json":
        message = f'Expected "Content-Type" header to be one of {{{", ".join(_CONTENT_TYPES)}}}.'
        raise errors.invalid_form("", "CONTENT_TYPE_INVALID", message)
    return Body(_parse(raw))


async def _read_whole(request: web.Request) -> bytes:
    raw = await request.content.read(_JSON_LIMIT + 1) if request.can_read_body else b""
    while request.can_read_body and not request.content.at_eof() and len(raw) <= _JSON_LIMIT:
        raw += await request.content.read(_CHUNK)
    if len(raw) > _JSON_LIMIT:
        raise errors.request_too_large()
    return raw


def _parse_pairs(raw: bytes) -> Any:
    """A form-encoded body: its `payload_json`, and what stands beside it."""
    pairs = parse_qsl(raw.decode("utf-8", errors="replace"), keep_blank_values=True)
    fields = dict(pairs)
    payload = _parse(fields.pop("payload_json", "{}").encode())
    return fields | payload if isinstance(payload, dict) else payload


def _parse(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise errors.invalid_json() from error


async def _read_form(request: web.Request, blobs: BlobStore) -> Body:
    """Any part may come first; files without a number get the next one."""
    body = Body({})
    payload: Any = {}
    budget = REQUEST_LIMIT
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            name = part.name or ""
            if name == "payload_json":
                payload = _parse(bytes(await part.read(decode=True)))
            elif part.filename is not None:
                upload = await _spool(part, blobs, budget)
                body.files[_file_number(name, len(body.files))] = upload
                budget -= upload.size
            elif isinstance(payload, dict):
                payload.setdefault(name, (await part.text()))
    except BaseException:  # cancelled as well: what was spooled is no one's
        body.discard()
        raise
    return Body(payload, body.files)


def _file_number(name: str, following: int) -> int:
    for pattern in (_FILE_FIELD, _ATTACHMENT_FIELD):
        if (found := pattern.match(name)) and found.group(1):
            return int(found.group(1))
    return following


async def _spool(part: BodyPartReader, blobs: BlobStore, budget: int) -> Upload:
    path = blobs.spool_path()
    size = 0
    try:
        with path.open("wb") as file:
            while chunk := await part.read_chunk(_CHUNK):
                size += len(chunk)
                _check_budget(size, budget)
                file.write(chunk)
    except BaseException:  # as above
        path.unlink(missing_ok=True)
        raise
    return Upload(part.filename or "unknown", path, size)


def _check_budget(size: int, budget: int) -> None:
    if size > budget:
        raise errors.request_too_large()


def described_files(form: Json) -> dict[int, Json]:
    """The form's `attachments` by id: the n of a new file, or the id of one that is there."""
    faults = errors.FormErrors()
    found: dict[int, Json] = {}
    raw = forms.items(faults, "attachments", form.get("attachments"), most=MOST_FILES)
    for n, value in enumerate(raw):
        path = f"attachments.{n}"
        item = forms.fields(faults, path, value)
        forms.text(faults, f"{path}.description", item.get("description"), most=_MOST_DESCRIPTION)
        number = forms.snowflake(item.get("id"))
        if number is None:
            faults.required(f"{path}.id")
        else:
            found[number] = item
    faults.raise_if_any()
    return found


def sanitised(filename: str) -> str:
    """The name as Discord keeps it: ASCII letters, digits, `_`, `-`, `.`; others become `_` or go."""
    name = PurePosixPath(filename.replace("\\", "/")).name.replace(" ", "_")
    kept = re.sub(r"[^A-Za-z0-9_.-]", "", name)
    lost_its_stem = kept.startswith(".") and not name.startswith(".")
    return "unknown" + kept if lost_its_stem else kept.lstrip(".") or "unknown"


class Attachments:
    """Makes attachments from uploads."""

    def __init__(self, world: World) -> None:
        self._world = world

    def limit_for(self, guild_id: int, nitro: int = 0) -> int:
        """The bytes that one file may have: the better of the guild's tier and the user's Nitro."""
        guild = self._world.guilds.get(guild_id)
        tier = guild.premium_tier if guild else 0
        return max(LIMIT_BY_TIER[tier], LIMIT_BY_NITRO[nitro])

    def accept(
        self,
        files: Mapping[int, Upload],
        *,
        limit: int,
        described: Mapping[int, Json] | None = None,
        ephemeral: bool = False,
    ) -> dict[int, Attachment]:
        """Turn all uploads into attachments, by their n; either all of them or none.

        `described` are the request's attachment objects, by n.

        Raises:
            DiscordError: 40005 for a file above the limit, 30015 for more than ten.
        """
        if len(files) > MOST_FILES:
            raise errors.too_many_attachments()
        if any(upload.size > limit for upload in files.values()):
            raise errors.file_too_large()
        descriptions = described or {}
        return {
            number: self._adopt(files[number], descriptions.get(number, {}), ephemeral=ephemeral)
            for number in sorted(files)
        }

    def _adopt(self, upload: Upload, described: Json, *, ephemeral: bool) -> Attachment:
        name = sanitised(str(described.get("filename") or upload.filename))
        kind, size = _inspect(upload.path, name)
        attachment = Attachment(
            id=self._world.ids.new(),
            filename=name,
            size=upload.size,
            content_type=kind,
            width=size[0] if size else None,
            height=size[1] if size else None,
            description=described.get("description"),
            ephemeral=ephemeral,
            spoiler=bool(described.get("is_spoiler")) or name.startswith("SPOILER_"),
            uploaded_at=self._world.clock.now(),
        )
        self._world.blobs.adopt(upload.path, attachment.id)
        return attachment


def _inspect(path: Path, name: str) -> tuple[str | None, tuple[int, int] | None]:
    """The content type by name or content, and the size in pixels of a picture or a video."""
    kind = mimetypes.guess_type(name)[0]
    try:
        with Image.open(path) as image:
            return Image.MIME.get(image.format or "", kind), image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return kind, video_size(path) if kind in _VIDEOS else None


def video_size(path: Path) -> tuple[int, int] | None:
    """Width and height of the first track that is seen; None for what is no MP4."""
    with path.open("rb") as file:
        try:
            return _find(file, 0, path.stat().st_size)
        except struct.error:
            return None


def _find(file: BinaryIO, start: int, end: int) -> tuple[int, int] | None:
    """Look through the boxes between two places, and into those that hold others."""
    while start + _HEADER.size <= end:
        file.seek(start)
        length, kind = _HEADER.unpack(file.read(_HEADER.size))
        body = start + _HEADER.size
        if length == 1:
            (length,) = _LARGE.unpack(file.read(_LARGE.size))
            body += _LARGE.size
        following = end if length == 0 else start + length
        if following <= start or following > end:
            return None
        found = _size_in(file, kind, body, following)
        if found is not None:
            return found
        start = following
    return None


def _size_in(file: BinaryIO, kind: bytes, body: int, end: int) -> tuple[int, int] | None:
    if kind in _CONTAINERS:
        return _find(file, body, end)
    if kind != b"tkhd":
        return None
    file.seek(end - _FIXED_POINTS.size)
    width, height = _FIXED_POINTS.unpack(file.read(_FIXED_POINTS.size))
    return (width >> 16, height >> 16) if width and height else None
