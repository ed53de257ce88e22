"""Converts any video to one that plays everywhere: 8-bit 4:2:0 H.264, AAC or silent, MP4.

Discord, browsers and phones play that and little else: HEVC, AV1, VP9, ProRes, 10 bits or 4:4:4
show as a grey box to most members. The first sufficient rung of a ladder is used: the same pictures
and sound in a new container, new sound, new pictures, smaller new pictures, and last of all new
pictures without the unreadable sound.

Animated WebP is unpacked first, picture by picture, for an ffmpeg that cannot read it (before
version 8): as YUV4MPEG2, which carries rate and size. Its pictures may have different durations:
the rate is their average. Source: the YUV4MPEG2 stream header as mjpegtools documents it.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PIL import Image, ImageSequence

from bot.media.videos.ffmpeg import (
    THREADS,
    Ffmpeg,
    Probe,
    input_of,
    is_cut_off,
    major_brand,
    probe,
    shows_frames,
)

SIDES = (1080, 720, 480)  # the shorter one, if the full size takes too much memory or time
DIFFERENCE_SECONDS = 1.0  # by which a copy may differ from its source
DIFFERENCE_SHARE = 0.05
QUALITY = 18  # of libx264: visually lossless
SOUND = ("-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2")
_PLAIN = "format=yuv420p"
# from PQ or HLG to standard range; without zscale the colours are pale, but it plays
_TONED = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)

MAX_RAW_BYTES = 1024**3  # the size that ffmpeg may write, too
MAX_PIXELS = 4096 * 2304
SHORTEST_MS, USUAL_MS = 10, 100  # browsers show shorter frames, and those without a time, that long


@dataclass(frozen=True, slots=True)
class Converter:
    """Works in one folder, on a file that no other task touches at the same time."""

    ffmpeg: Ffmpeg
    folder: Path

    async def is_played(self, path: Path, found: Probe) -> bool:
        """Whether this file plays everywhere as it is."""
        if not (found.has_played_pixels and found.has_played_sound and found.container == "mov"):
            return False
        brand, cut_off = await asyncio.to_thread(_shape_of, path)
        expected = 1 + found.has_sound
        is_whole = found.streams == expected and found.duration_seconds > 0 and not cut_off
        return is_whole and brand not in {b"", b"qt  "}

    async def shows(self, path: Path, found: Probe) -> bool:
        """Whether at least one picture can be decoded."""
        first = ("-map", f"0:{found.picture_index}", "-frames:v", "1", "-f", "null", "-")
        arguments = (*input_of(path, found.container), *first)
        try:
            return shows_frames((await self.ffmpeg.run(*arguments, folder=self.folder)).output)
        except TimeoutError:
            return False

    async def convert(self, source: Path, found: Probe, target: Path) -> Probe | None:
        """Write a version that plays everywhere to `target`; None if every way fails."""
        whole = not await asyncio.to_thread(is_cut_off, source)
        for is_copy, way in _ladder(found, whole=whole):
            arguments = (*input_of(source, found.container), *way, "-f", "mp4", str(target))
            try:
                finished = await self.ffmpeg.run(*arguments, folder=self.folder)
            except TimeoutError:
                continue
            made = await probe(self.ffmpeg, target, self.folder) if finished.code == 0 else None
            if made is None or not (made.has_played_pixels and made.duration_seconds > 0):
                continue
            if (is_copy and not _is_as_long(found, made)) or not await self.shows(target, made):
                continue
            return made
        return None


def _ladder(found: Probe, *, whole: bool) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """Ways to convert, best first: whether pictures are copied, and ffmpeg's arguments."""
    end = ("-dn", "-sn", "-map_chapters", "-1", "-movflags", "+faststart")
    picture = ("-map", f"0:{found.picture_index}")
    heard = () if found.sound_index is None else ("-map", f"0:{found.sound_index}")
    if found.has_played_pixels and whole:
        for sound in (("-c:a", "copy"), SOUND) if found.has_played_sound else (SOUND,):
            yield True, (*picture, *heard, "-c:v", "copy", *sound, *end)
    shorter = min(found.width, found.height)
    sides = (None, *(side for side in SIDES if side < shorter))
    for colours in (_TONED, _PLAIN) if found.is_hdr else (_PLAIN,):
        for side in sides:
            yield False, (*picture, *heard, *_encoded(found, side, colours), *SOUND, *end)
    if heard:
        yield False, (*picture, *_encoded(found, None, _PLAIN), "-an", *end)


def _encoded(found: Probe, side: int | None, colours: str) -> tuple[str, ...]:
    """Re-encode with even sides; 4:2:0 has one colour per two by two pixels."""
    size = "scale=max(2\\,trunc(iw/2)*2):max(2\\,trunc(ih/2)*2)"
    if side is not None:
        size = f"scale={side}:-2" if found.width < found.height else f"scale=-2:{side}"
    return (
        *("-vf", f"{size},{colours}", "-c:v", "libx264", "-preset", "veryfast"),
        *("-crf", str(QUALITY), "-pix_fmt", "yuv420p", "-threads", str(THREADS)),
    )


def _is_as_long(found: Probe, made: Probe) -> bool:
    if not found.duration_seconds:
        return True
    most = max(DIFFERENCE_SECONDS, DIFFERENCE_SHARE * found.duration_seconds)
    return abs(made.duration_seconds - found.duration_seconds) <= most


def _shape_of(path: Path) -> tuple[bytes, bool]:
    return major_brand(path), is_cut_off(path)


def unpack_webp(path: Path, target: Path) -> bool:
    """Unpack an animation to `target`; False for a still or a failure. Blocks for seconds."""
    try:
        with Image.open(path, formats=["WEBP"]) as opened:
            frames = getattr(opened, "n_frames", 1)
            width, height = opened.width // 2 * 2, opened.height // 2 * 2
            is_fit = 0 < width * height <= MAX_PIXELS
            if frames < 2 or not is_fit or frames * width * height * 3 // 2 > MAX_RAW_BYTES:
                return False
            _write(opened, target, (width, height), _rate(opened, frames))
    except Exception:  # noqa: BLE001 - decoders raise whatever they like at a damaged file
        return False
    return True


def _rate(opened: Image.Image, frames: int) -> Fraction:
    """Pictures per second, on average."""
    total = 0
    for number in range(frames):
        opened.seek(number)
        shown = int(opened.info.get("duration") or 0)
        total += shown if shown >= SHORTEST_MS else USUAL_MS
    return Fraction(1000 * frames, total).limit_denominator(1001)


def _write(opened: Image.Image, target: Path, size: tuple[int, int], rate: Fraction) -> None:
    width, height = size
    with target.open("wb") as file:
        head = (
            f"YUV4MPEG2 W{width} H{height} F{rate.numerator}:{rate.denominator} Ip A1:1 C420jpeg\n"
        )
        file.write(head.encode())
        for frame in ImageSequence.Iterator(opened):
            whole = frame.convert("RGBA")
            flat = Image.new("RGB", whole.size)
            flat.paste(whole, mask=whole.getchannel("A"))
            luma, blue, red = flat.crop((0, 0, width, height)).convert("YCbCr").split()
            file.write(b"FRAME\n" + luma.tobytes())
            for plane in (blue, red):
                file.write(plane.resize((width // 2, height // 2), Image.Resampling.BOX).tobytes())
