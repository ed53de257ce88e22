"""Reads and changes the index of an MP4 and leaves its pictures and sound alone (ISO 14496-12).

A file is a row of boxes: a length in four bytes (1: in eight bytes after the name; 0: to the end of
the file), a name in four, and content, which may be boxes again. The index, `moov`, holds the
tables of every track and the tags. Everything here comes from outside: lengths are checked against
what is there, and what makes no sense is treated as absent. A comment is stored the way iTunes and
ffmpeg do it, in `moov/udta/meta/ilst/©cmt`.
"""

import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

MAX_INDEX_BYTES = 32 * 1024 * 1024
MAX_COMMENT_BYTES = 128 * 1024
MAX_WRITTEN_BYTES = 60_000  # QuickTime counts them in two bytes
MAX_BOXES = 4096  # in one place
_COMMENT = b"\xa9cmt"
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # signs all other bytes of the file
_TABLES = (b"trak", b"mdia", b"minf", b"stbl")
_UTF8 = 1  # type of a value in `ilst`


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box is; `begin` is that of its content."""

    name: bytes
    start: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Index:
    """The index of a file, header included, and where it was."""

    content: bytes
    start: int
    others: tuple[Box, ...]  # of the file


@dataclass(frozen=True, slots=True)
class Track:
    """What a track of pictures says about itself."""

    frames: int
    seconds: Fraction
    config: bytes  # of its decoder
    sides: tuple[int, int]
    timescale: int
    is_whole: bool  # shown from its first frame to its last, unturned
    has_sound: bool  # beside it


def index_of(path: Path) -> Index | None:
    """The index of a plain MP4; None for anything else, also for one in fragments."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            boxes: list[Box] = []
            place = 0
            while place < size:
                file.seek(place)
                box = _box(file.read(16), 0, place, size)
                if box is None or len(boxes) >= MAX_BOXES:
                    return None
                boxes.append(box)
                place = box.end
            found = [box for box in boxes if box.name == b"moov"]
            in_fragments = any(box.name == b"moof" for box in boxes)
            if len(found) != 1 or in_fragments or found[0].end - found[0].start > MAX_INDEX_BYTES:
                return None
            file.seek(found[0].start)
            content = file.read(found[0].end - found[0].start)
    except OSError:
        return None
    return Index(content, found[0].start, tuple(boxes))


def comments_of(path: Path) -> list[str]:
    """Every comment of an MP4, as far as it is text."""
    index = index_of(path)
    if index is None:
        return []
    found = []
    content = index.content
    for place in ((b"moov", b"udta"), (b"moov",)):
        for outer in _at(content, place):
            found += [content[box.begin + 4 : box.end] for box in _in(content, outer, _COMMENT)]
            for meta in _in(content, outer, b"meta"):
                found += _tags(content, meta)
    return [text for one in found if (text := _text(one)) is not None]


def write_comment(path: Path, text: str, target: Path) -> bool:
    """Copy a file to `target` with this comment; False if it is none that may be changed."""
    index = index_of(path) if len(text.encode()) <= MAX_WRITTEN_BYTES else None
    if index is None or any(_is_signed(path, box) for box in index.others):
        return False
    changed = bytearray(_with_comment(index.content, text.encode()))
    grown = len(changed) - len(index.content)
    end = index.start + len(index.content)
    if not _shift(changed, grown, end):
        return False
    with path.open("rb") as source, target.open("wb") as file:
        _copy(source, file, index.start)
        file.write(changed)
        source.seek(end)
        shutil.copyfileobj(source, file, 1024 * 1024)
    return True


def pictures_of(path: Path) -> Track | None:
    """The only track of pictures; None if there is none, or several."""
    index = index_of(path)
    if index is None:
        return None
    content = index.content
    kinds = [(trak, _kind(content, trak)) for trak in _at(content, (b"moov", b"trak"))]
    tracks = [trak for trak, kind in kinds if kind == b"vide"]
    if len(tracks) != 1:
        return None
    try:
        return _track(content, tracks[0], has_sound=any(kind == b"soun" for _, kind in kinds))
    except (struct.error, ZeroDivisionError, StopIteration):
        return None


def _kind(content: bytes, trak: Box) -> bytes:
    found = (
        content[box.begin + 8 : box.begin + 12]
        for box in _in_path(content, trak, (b"mdia", b"hdlr"))
    )
    return next(found, b"")


def _track(content: bytes, trak: Box, *, has_sound: bool) -> Track | None:
    header = _one(content, trak, b"mdia", b"mdhd")
    is_long = content[header.begin] == 1
    (timescale,) = struct.unpack_from(">I", content, header.begin + (20 if is_long else 12))
    sizes = _one(content, trak, *_TABLES[1:], b"stsz")
    (frames,) = struct.unpack_from(">I", content, sizes.begin + 8)
    times = _one(content, trak, *_TABLES[1:], b"stts")
    (count,) = struct.unpack_from(">I", content, times.begin + 4)
    if not frames or count > (times.end - times.begin) // 8:
        return None
    pairs = struct.unpack_from(f">{2 * count}I", content, times.begin + 8)
    ticks = sum(n * length for n, length in zip(pairs[::2], pairs[1::2], strict=True))
    entry = next(_boxes(content, _one(content, trak, *_TABLES[1:], b"stsd"), skip=8))
    sides = struct.unpack_from(">HH", content, entry.begin + 24)
    config = next(box for box in _boxes(content, entry, skip=78) if box.name == b"avcC")
    shown = _is_unturned(content, _one(content, trak, b"tkhd")) and _is_unedited(
        content, trak, ticks / timescale, ticks / timescale / frames
    )
    return Track(
        frames,
        Fraction(ticks, timescale),
        content[config.begin : config.end],
        (sides[0], sides[1]),
        timescale,
        shown,
        has_sound,
    )


def _is_unturned(content: bytes, header: Box) -> bool:
    at = header.begin + (52 if content[header.begin] == 1 else 40)
    return struct.unpack_from(">9i", content, at) == (
        *(0x10000, 0, 0),
        *(0, 0x10000, 0),
        *(0, 0, 0x40000000),
    )


def _is_unedited(content: bytes, trak: Box, seconds: float, frame: float) -> bool:
    """Whether the edit list, if any, shows everything: one entry, from the first frame on."""
    lists = list(_in_path(content, trak, (b"edts", b"elst")))
    if not lists:
        return True
    at = lists[0].begin
    is_long = content[at] == 1
    (count,) = struct.unpack_from(">I", content, at + 4)
    if count != 1:
        return False
    shown, begin = struct.unpack_from(">Qq" if is_long else ">Ii", content, at + 8)
    first = 0
    for offsets in _in_path(content, trak, (*_TABLES[1:], b"ctts")):
        (first,) = struct.unpack_from(">i", content, offsets.begin + 12)
    header = _one(content, Box(b"", 0, 0, len(content)), b"moov", b"mvhd")
    place = header.begin + (20 if content[header.begin] == 1 else 12)
    (timescale,) = struct.unpack_from(">I", content, place)
    return bool(begin == first and shown / timescale > seconds - frame / 2)


def _box(head: bytes, at: int, place: int, end: int) -> Box | None:
    """The box whose header is at `at`, and itself at `place` of something that ends at `end`."""
    if len(head) < at + 8:
        return None
    length, name = struct.unpack_from(">I4s", head, at)
    header = 8
    if length == 1 and len(head) >= at + 16:
        (length,) = struct.unpack_from(">Q", head, at + 8)
        header = 16
    elif length == 0:
        length = end - place
    if length < header or place + length > end:
        return None
    return Box(name, place, place + header, place + length)


def _boxes(content: bytes, outer: Box, skip: int = 0) -> Iterator[Box]:
    place = outer.begin + skip
    for _ in range(MAX_BOXES):
        box = _box(content, place, place, outer.end) if place < outer.end else None
        if box is None:
            return
        yield box
        place = box.end


def _in(content: bytes, outer: Box, name: bytes, skip: int = 0) -> Iterator[Box]:
    return (box for box in _boxes(content, outer, skip) if box.name == name)


def _in_path(content: bytes, outer: Box, names: tuple[bytes, ...]) -> Iterator[Box]:
    for box in _in(content, outer, names[0]):
        if len(names) == 1:
            yield box
        else:
            yield from _in_path(content, box, names[1:])


def _at(content: bytes, names: tuple[bytes, ...]) -> Iterator[Box]:
    return _in_path(content, Box(b"", 0, 0, len(content)), names)


def _one(content: bytes, outer: Box, *names: bytes) -> Box:
    return next(_in_path(content, outer, names))


def _meta_skip(content: bytes, meta: Box) -> int:
    """Bytes before a `meta`'s boxes: four in MP4, none in QuickTime."""
    return 0 if content[meta.begin + 4 : meta.begin + 8] == b"hdlr" else 4


def _tags(content: bytes, meta: Box) -> Iterator[bytes]:
    """Comments among the tags: under their own name, or by their number in a list of keys."""
    skip = _meta_skip(content, meta)
    names = {_COMMENT}
    for keys in _in(content, meta, b"keys", skip):
        for number, key in enumerate(_boxes(content, keys, skip=8), 1):
            if content[key.begin : key.end].lower().rpartition(b".")[2] == b"comment":
                names.add(struct.pack(">I", number))
    for tags in _in(content, meta, b"ilst", skip):
        for tag in _boxes(content, tags):
            if tag.name in names:
                for data in _in(content, tag, b"data"):
                    yield content[data.begin + 8 : data.end]


def _text(content: bytes) -> str | None:
    if len(content) > MAX_COMMENT_BYTES:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _pack(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def _with_comment(content: bytes, text: bytes) -> bytes:
    """The index with this comment in place of any other; other tags stay."""
    moov = _one(content, Box(b"", 0, 0, len(content)), b"moov")
    kept, user = [], b""
    for box in _boxes(content, moov):
        if box.name == b"udta":
            user += content[box.begin : box.end]
        else:
            kept.append(content[box.start : box.end])
    return _pack(b"moov", *kept, _pack(b"udta", _tagged(user, text)))


def _tagged(user: bytes, text: bytes) -> bytes:
    """The content of `udta` with this comment."""
    kept, tags, is_foreign = [], b"", False
    for box in _boxes(user, Box(b"", 0, 0, len(user))):
        if box.name == b"meta":
            skip = _meta_skip(user, box)
            kinds = [user[one.begin + 8 : one.begin + 12] for one in _in(user, box, b"hdlr", skip)]
            if kinds == [b"mdir"]:
                for old in _in(user, box, b"ilst", skip):
                    tags += b"".join(
                        user[tag.start : tag.end]
                        for tag in _boxes(user, old)
                        if tag.name != _COMMENT
                    )
                continue
            is_foreign = True  # there may be one `meta` only
        if box.name != _COMMENT:
            kept.append(user[box.start : box.end])
    if is_foreign:
        return b"".join(kept) + _pack(_COMMENT, struct.pack(">HH", len(text), 0x55C4), text)
    value = _pack(b"data", struct.pack(">II", _UTF8, 0), text)
    handler = _pack(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    return b"".join(kept) + _pack(
        b"meta", bytes(4), handler, _pack(b"ilst", tags, _pack(_COMMENT, value))
    )


def _shift(index: bytearray, by: int, after: int) -> bool:
    """Move the addresses of what comes after the old index; False if they cannot be."""
    content = bytes(index)
    try:
        for tables in _at(content, (b"moov", *_TABLES)):
            for name, kind, width in ((b"stco", "I", 4), (b"co64", "Q", 8)):
                for box in _in(content, tables, name):
                    (count,) = struct.unpack_from(">I", content, box.begin + 4)
                    if count > (box.end - box.begin - 8) // width:
                        return False
                    old = struct.unpack_from(f">{count}{kind}", content, box.begin + 8)
                    new = (place + by if place >= after else place for place in old)
                    struct.pack_into(f">{count}{kind}", index, box.begin + 8, *new)
    except struct.error:
        return False
    return True


def _is_signed(path: Path, box: Box) -> bool:
    """Whether the box is a C2PA manifest, which any change of the file would break."""
    if box.name != b"uuid":
        return False
    with path.open("rb") as file:
        file.seek(box.begin)
        return file.read(16) == _C2PA


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    """Copy the first bytes of a file."""
    while length and (chunk := source.read(min(length, 1024 * 1024))):
        target.write(chunk)
        length -= len(chunk)
