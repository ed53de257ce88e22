"""Strips a picture's file to its pixels and the little that affects how they look.

Only pixels decide whether a picture is readable: texts, camera data, thumbnails and damaged parts
among them are dropped before a decoder sees the file. The orientation and the colour profile, which
affect the pixels, are read here. A file that ends early is passed on as far as it goes.

Sources: ITU-T T.81 (JPEG), W3C PNG 3rd edition, Google's WebP container specification, ISO
14496-12.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_SCANS = 50  # encoders write about ten; each costs as much as a whole picture
MAX_PROFILE_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 1000  # per EXIF directory
UPRIGHT = 1

_ORIENTATION_TAG = 0x0112
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_NO_PALETTE = frozenset({0, 2})  # colour types whose transparency is a value
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})  # Huffman, arithmetic, DQT, DNL, DRI
_SOS, _EOI = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_WEBP_PIXELS = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
_WEBP_DROPPED_FLAGS = 0x20 | 0x08 | 0x04  # profile, EXIF, XMP
_ISO_DROPPED = (b"Exif", b"mime")  # items of HEIC and AVIF


class TooManyScansError(ValueError):
    """More scans than any real encoder writes: made to keep decoders busy."""


@dataclass
class Bare:
    """A stripped file: `content` is pixels alone.

    `orientation` is EXIF's, 1 to 8; `profile` an ICC profile. `is_whole` is False for a file that
    ends early; `is_coarse_whole` then shows that a JPEG covers the whole picture, if not in every
    detail. `depth` is the bits per sample of a PNG that is grey or has no palette.
    """

    content: bytes
    orientation: int = UPRIGHT
    profile: bytes | None = None
    is_whole: bool = True
    is_coarse_whole: bool = False
    depth: int = 8


def bare(content: bytes, kind: str, *, filler: bytes = b"\x00") -> Bare:
    """Strip a file of this kind, as `kind_of` names it. Raises ValueError for any other.

    `filler` replaces every byte missing at the end of a WebP, and as many again, because the
    missing data may need more: its decoder accepts only whole files.
    """
    match kind:
        case "JPEG":
            return _Jpeg().read(content)
        case "PNG":
            return _bare_png(content)
        case "WEBP":
            return _bare_webp(content, filler)
        case "AVIF" | "HEIF":
            return Bare(_without_items(content))
        case _:
            return Bare(content)


def orientation_of(exif: bytes) -> int:
    """The orientation in an EXIF block; upright if unreadable."""
    data = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    try:
        if order is None:
            return UPRIGHT
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for number in range(min(count, MAX_ENTRIES)):
            tag, form, _, value = struct.unpack_from(f"{order}HHI4s", data, at + 2 + 12 * number)
            if tag == _ORIENTATION_TAG:
                size = {1: "B", 3: "H", 4: "I"}.get(form, "H")
                (found,) = struct.unpack_from(f"{order}{size}", value)
                return found if 1 <= found <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


@dataclass
class _Jpeg:
    """One reading of a JPEG, marker by marker."""

    kept: bytearray = field(default_factory=lambda: bytearray(b"\xff\xd8"))
    orientation: int = UPRIGHT
    parts: dict[int, bytes] = field(default_factory=dict)  # of the profile
    scans: int = 0
    is_progressive: bool = False
    components: int = 0
    begun: set[int] = field(default_factory=set)  # components that have any data
    has_detail: bool = False  # a scan beyond the average of each block

    def read(self, content: bytes) -> Bare:
        position, is_whole = 2, False
        while (match := _NEXT_MARKER.search(content, position)) is not None:
            code, position = match[1][0], match.end()
            if code == _EOI:
                is_whole = self.scans > 0
                break
            if code in _STANDALONE:
                continue
            (length,) = struct.unpack_from(">H", content.ljust(position + 2, b"\0"), position)
            segment = content[position + 2 : position + max(length, 2)]
            if len(segment) < length - 2:
                break
            position += max(length, 2)
            self._take(code, segment)
            if code == _SOS:
                after = _NEXT_MARKER.search(content, position)
                end = len(content) if after is None else after.start()
                self.kept += content[position:end]
                position = end
        return self._result(is_whole=is_whole)

    def _take(self, code: int, segment: bytes) -> None:
        if code == _SOS:
            self._begin_scan(segment)
        if code in _FRAMES:
            self.is_progressive = code in _PROGRESSIVE
            self.components = segment[5] if len(segment) > 5 else 0
        if code == 0xE0 and segment.startswith(b"JFIF\x00"):
            self.kept += _JFIF  # its density may be broken
        elif code in _FRAMES or code in _TABLES or code == _SOS:
            self._keep(code, segment)
        elif code == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
            self._keep(code, segment)  # tells the components' colour space
        elif code == 0xE1 and segment.startswith(b"Exif\x00\x00"):
            self.orientation = orientation_of(segment)
        elif code == 0xE2 and segment.startswith(b"ICC_PROFILE\x00") and len(segment) > 14:
            self.parts.setdefault(segment[12], segment[14:])

    def _begin_scan(self, segment: bytes) -> None:
        self.scans += 1
        if self.scans > MAX_SCANS:
            raise TooManyScansError
        count = segment[0] if segment else 0
        self.begun.update(segment[1 : 1 + 2 * count : 2])
        first = segment[1 + 2 * count : 2 + 2 * count]
        self.has_detail = self.has_detail or (first > b"\x00" and self.scans > 1)

    def _keep(self, code: int, segment: bytes) -> None:
        self.kept += struct.pack(">BBH", 0xFF, code, len(segment) + 2) + segment

    def _result(self, *, is_whole: bool) -> Bare:
        if is_whole:
            self.kept += b"\xff\xd9"
        profile = b"".join(self.parts[number] for number in sorted(self.parts))
        in_passes = self.is_progressive or (self.components > 1 and self.scans > 1)
        has_all = len(self.begun) == self.components > 0
        return Bare(
            bytes(self.kept),
            self.orientation,
            profile if 0 < len(profile) <= MAX_PROFILE_BYTES else None,
            is_whole=is_whole,
            is_coarse_whole=in_passes and has_all and (self.has_detail or not self.is_progressive),
        )


def _bare_png(content: bytes) -> Bare:
    """Strip a PNG and rewrite its checksums: a wrong one must not hide the pixels."""
    found, kept, has_end = Bare(b""), bytearray(_PNG_START), False
    for name, chunk, is_complete in _png_chunks(content):
        if name in _PNG_KEPT and (is_complete or name == b"IDAT"):
            kept += struct.pack(">I", len(chunk)) + name + chunk
            kept += struct.pack(">I", zlib.crc32(name + chunk))
        if name == b"IHDR" and len(chunk) == 13 and chunk[9] in _NO_PALETTE:
            found.depth = chunk[8]
        elif name == b"eXIf":
            found.orientation = orientation_of(chunk)
        elif name == b"iCCP":
            found.profile = _inflated(chunk.partition(b"\x00")[2][1:])
        has_end = has_end or name == b"IEND"
        found.is_whole = has_end and is_complete
    kept += b"\x00\x00\x00\x00IEND\xaeB`\x82"
    found.content = bytes(kept)
    return found


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield name, data, and whether the data is complete."""
    position = len(_PNG_START)
    while position + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        chunk = content[position + 8 : position + 8 + length]
        yield name, chunk, len(chunk) == length
        if name == b"IEND":
            return
        position += 12 + length


def _inflated(packed: bytes) -> bytes | None:
    """Decompress at most a profile's size: a few bytes can hold gigabytes."""
    try:
        profile = zlib.decompressobj().decompress(packed, MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return None
    return profile if len(profile) <= MAX_PROFILE_BYTES else None


def _bare_webp(content: bytes, filler: bytes) -> Bare:
    """Strip a WebP; keeps only the first frame of an animation."""
    found, chunks, frames = Bare(b""), bytearray(), 0
    position = 12
    while position + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, position)
        chunk = content[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
        if name == b"ICCP":
            found.profile = chunk if len(chunk) <= MAX_PROFILE_BYTES else None
        elif name == b"EXIF":
            found.orientation = orientation_of(chunk)
        elif name == b"VP8X" and len(chunk) >= 10:
            chunks += _riff(name, bytes([chunk[0] & ~_WEBP_DROPPED_FLAGS]) + chunk[1:])
        elif name in _WEBP_PIXELS and not (name == b"ANMF" and frames):
            frames += name == b"ANMF"
            found.is_whole = len(chunk) == length
            if length > 3 * max(len(chunk), 1):  # hardly any of it is there
                raise ValueError
            chunks += _riff(name, chunk if found.is_whole else chunk.ljust(2 * length, filler))
    found.content = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + bytes(chunks)
    return found


def _riff(name: bytes, chunk: bytes) -> bytes:
    return name + struct.pack("<I", len(chunk)) + chunk + b"\x00" * (len(chunk) % 2)


def _without_items(content: bytes) -> bytes:
    """Rename HEIC and AVIF metadata so that readers ignore it; only boxes turn pictures."""
    position = 0
    while position + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, position)
        if name == b"meta" and length >= 8:
            head = content[position : position + length]
            for item in _ISO_DROPPED:
                head = head.replace(item, b"free")
            return content[:position] + head + content[position + length :]
        if length < 8:
            break
        position += length
    return content
