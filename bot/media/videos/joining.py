"""Joins several videos into one, in order, exact to a frame.

Pictures of one shape, which one decoder configuration describes, are copied. If any differs, all are
first brought to the first one's size and rate, and their sound to its loudness. Sound is always
encoded once more, as one stream: each AAC file begins and ends with samples of its encoder's own,
and copies of such files click and drift at every seam. A part's sound is cut or filled to the length
of its pictures, counted in samples from the beginning so that no rounding adds up, and its ends are
faded over a few milliseconds. A part without sound is silent.
"""

import asyncio
import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bot.errors import ArtifactUnusableError
from bot.media.videos.boxes import Track, pictures_of
from bot.media.videos.ffmpeg import THREADS, Ffmpeg, Finished, Probe, input_of, probe

TOLERANCE_SECONDS = 0.3  # per shot, between what its container says and what was decoded
RATE_SHARE = Fraction(1, 200)  # by which rates differ that are meant to be the same
SAMPLES_PER_SECOND = 48_000
FADED_SAMPLES = 240  # 5 ms
# at this bitrate the fast coder takes half as long, and sounds no worse
SOUND = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "160k")
USUAL_RATE = Fraction(24)
RATES = (
    *(Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30)),
    *(Fraction(50), Fraction(60_000, 1001), Fraction(60)),
)
QUIETEST = -50.0  # LUFS; below it is noise, which stays as it is
MOST_GAIN, HEADROOM = 15.0, 1.0  # dB
_LOUDNESS = re.compile(r"^ *I: +(-?[\d.]+) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^ *Peak: +(-?[\d.]+) dBFS", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sound:
    """Where a part's sound is; None for silence."""

    path: Path | None
    gain: float = 0.0  # dB


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a sound is, in LUFS, and its highest sample, in dB of the full scale."""

    loudness: float
    peak: float


@dataclass(frozen=True, slots=True)
class Joiner:
    """Works in one folder, on files that no other task touches at the same time."""

    ffmpeg: Ffmpeg
    folder: Path

    async def join(self, parts: Sequence[Path], target: Path) -> None:
        """Join. Raises ArtifactUnusableError if a part is no video or joining fails."""
        tracks = [await asyncio.to_thread(pictures_of, part) for part in parts]
        whole = [track for track in tracks if track is not None]
        if len(whole) == len(parts) and are_alike(whole):
            sounds = [
                Sound(part if track.has_sound else None)
                for part, track in zip(parts, whole, strict=True)
            ]
            if await self._chained(parts, whole, sounds, target):
                return
        if not await self._encoded(parts, target):
            msg = f"{len(parts)} shots cannot be joined"
            raise ArtifactUnusableError(msg)

    async def _encoded(self, parts: Sequence[Path], target: Path) -> bool:
        """Bring all to the first one's kind, then join."""
        probes = [await self._probed(part) for part in parts]
        first = await asyncio.to_thread(pictures_of, parts[0])
        rate = USUAL_RATE if first is None else rate_of(first)
        pieces = [_aside(target, f"{number}.mp4") for number in range(len(parts))]
        try:
            tracks = []
            for part, piece, found in zip(parts, pieces, probes, strict=True):
                how = _like(probes[0], rate)
                picture = ("-map", f"0:{found.picture_index}")
                source = input_of(part, found.container)
                await self._run(*source, *picture, *how, "-an", "-f", "mp4", str(piece))
                track = await asyncio.to_thread(pictures_of, piece)
                if track is None or not _is_as_long(track, found):
                    return False
                tracks.append(track)
            sounds = await self._levelled(parts, probes)
            return await self._chained(pieces, tracks, sounds, target)
        finally:
            await asyncio.to_thread(_remove, pieces)

    async def _probed(self, part: Path) -> Probe:
        found = await probe(self.ffmpeg, part, self.folder)
        if found is None:
            msg = f"{part.name} holds no moving picture"
            raise ArtifactUnusableError(msg)
        return found

    async def _levelled(self, parts: Sequence[Path], probes: Sequence[Probe]) -> list[Sound]:
        levels = [
            await self._level(part) if found.has_sound else None
            for part, found in zip(parts, probes, strict=True)
        ]
        return [
            Sound(part if found.has_sound else None, gain)
            for part, found, gain in zip(parts, probes, gains(levels), strict=True)
        ]

    async def _level(self, part: Path) -> Level | None:
        measured = ("-map", "0:a:0", "-af", "ebur128=peak=sample", "-f", "null", "-")
        said = (await self._run(*input_of(part), *measured)).output
        loudness, peak = _LOUDNESS.findall(said), _PEAK.findall(said)
        return Level(float(loudness[-1]), float(peak[-1])) if loudness and peak else None

    async def _chained(
        self,
        pieces: Sequence[Path],
        tracks: Sequence[Track],
        sounds: Sequence[Sound],
        target: Path,
    ) -> bool:
        """Copy the pictures one after the other, encode the sounds; False if a frame is missing."""
        listed = _aside(target, "txt")
        await asyncio.to_thread(listed.write_text, _list(pieces, tracks), "utf-8")
        heard = [sound.path for sound in sounds if sound.path is not None]
        graph = ("-filter_complex", _graph(tracks, sounds), "-map", "[sound]") if heard else ()
        coded = SOUND if heard else ()
        try:
            finished = await self._run(
                *("-protocol_whitelist", "file", "-format_whitelist", "concat,mov"),
                *("-safe", "0", "-auto_convert", "0", "-f", "concat", "-i", str(listed)),
                *(one for path in heard for one in input_of(path)),
                *("-copyts", "-map", "0:v:0", *graph, "-c:v", "copy", *coded),
                *("-video_track_timescale", str(tracks[0].timescale)),
                *("-movflags", "+faststart", "-f", "mp4", str(target)),
            )
        finally:
            await asyncio.to_thread(_remove, [listed])
        made = await asyncio.to_thread(pictures_of, target) if finished.code == 0 else None
        return made is not None and made.frames == sum(track.frames for track in tracks)

    async def _run(self, *arguments: str) -> Finished:
        try:
            return await self.ffmpeg.run(*arguments, folder=self.folder)
        except TimeoutError:
            return Finished(-1, "")


def are_alike(tracks: Sequence[Track]) -> bool:
    """Whether these can be played one after the other by one decoder."""
    first = tracks[0]
    return all(
        track.is_whole
        and (track.config, track.sides) == (first.config, first.sides)
        and abs(track.seconds / track.frames - first.seconds / first.frames)
        <= RATE_SHARE * first.seconds / first.frames
        for track in tracks
    )


def rate_of(track: Track) -> Fraction:
    """The usual rate that is nearest to a video's own, in frames per second."""
    own = track.frames / track.seconds
    return min(RATES, key=lambda rate: abs(rate - own))


def gains(levels: Sequence[Level | None]) -> list[float]:
    """Decibels that make each as loud as the first that is heard, without clipping."""
    heard = [level for level in levels if level is not None and level.loudness > QUIETEST]
    return [
        0.0
        if level not in heard or level is None
        else max(
            -MOST_GAIN,
            min(heard[0].loudness - level.loudness, MOST_GAIN, max(-HEADROOM - level.peak, 0.0)),
        )
        for level in levels
    ]


def lengths(tracks: Sequence[Track]) -> list[int]:
    """Each part's samples; together they are never off by more than one."""
    ends = [Fraction(0)]
    for track in tracks:
        ends.append(ends[-1] + track.seconds)
    samples = [round(end * SAMPLES_PER_SECOND) for end in ends]
    return [after - before for before, after in itertools.pairwise(samples)]


def _list(pieces: Sequence[Path], tracks: Sequence[Track]) -> str:
    """A playlist of our own files, with where their pictures begin and end.

    On its own, ffmpeg takes in what an AAC encoder puts before the sound, and longer sound.
    """
    lines = ["ffconcat version 1.0"]
    for piece, track in zip(pieces, tracks, strict=True):
        name = str(piece.absolute()).replace("'", "'\\''")
        lines += [f"file '{name}'", "inpoint 0", f"duration {float(track.seconds):.6f}"]
    return "\n".join(lines) + "\n"


def _graph(tracks: Sequence[Track], sounds: Sequence[Sound]) -> str:
    """Filters that make one sound of all; input 0 is the pictures."""
    kind = f"aformat=sample_rates={SAMPLES_PER_SECOND}:channel_layouts=stereo"
    chains, number = [], 0
    for place, (samples, sound) in enumerate(zip(lengths(tracks), sounds, strict=True)):
        ends = f"atrim=end_sample={samples},asetpts=N/SR/TB"
        if sound.path is None:
            chains.append(f"anullsrc=r={SAMPLES_PER_SECOND}:cl=stereo,{kind},{ends}[part{place}]")
            continue
        number += 1
        faded = min(FADED_SAMPLES, samples // 2)
        chains.append(
            f"[{number}:a:0]aresample={SAMPLES_PER_SECOND}:async=1:first_pts=0,{kind},"
            f"{_louder(sound.gain)}apad=whole_len={samples},{ends},"
            f"afade=t=in:start_sample=0:nb_samples={faded},"
            f"afade=t=out:start_sample={samples - faded}:nb_samples={faded}[part{place}]"
        )
    joined = "".join(f"[part{place}]" for place in range(len(sounds)))
    return ";".join((*chains, f"{joined}concat=n={len(sounds)}:v=0:a=1[sound]"))


def _louder(gain: float) -> str:
    return f"volume={gain:.2f}dB," if gain else ""


def _like(first: Probe, rate: Fraction) -> tuple[str, ...]:
    """Encode to this size and rate, with square pixels."""
    width, height = max(first.width // 2, 1) * 2, max(first.height // 2, 1) * 2
    fitted = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2,"
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps={rate},format=yuv420p"
    )
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-threads", str(THREADS))
    return ("-vf", fitted, *encoder)


def _is_as_long(track: Track, found: Probe) -> bool:
    return abs(float(track.seconds) - found.duration_seconds) <= TOLERANCE_SECONDS


def _aside(target: Path, ending: str) -> Path:
    return target.with_name(f"{target.stem}.{secrets.token_hex(4)}.{ending}")


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
