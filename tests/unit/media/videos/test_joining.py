"""Shots become one video, exact to a frame: copied where they are alike, else brought to one kind."""

import hashlib
import shutil
from array import array
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ArtifactUnusableError
from bot.media.videos.boxes import Track, pictures_of
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg, probe
from bot.media.videos.joining import Joiner, Level, are_alike, gains, lengths, rate_of
from bot.media.videos.store import DiskVideoStore
from tests.factories import new_job_id


@dataclass
class AuditNote(Ffmpeg):
    """The real program; notes how it was called."""

    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(find_ffmpeg())

    async def run(self, *arguments: str, **options: Any) -> Any:
        self.calls.append(arguments)
        return await super().run(*arguments, **options)

    @property
    def encodings(self) -> int:
        return sum("libx264" in call for call in self.calls)


@pytest.fixture
def ffmpeg():
    return AuditNote()


@pytest.fixture
def joiner(ffmpeg, tmp_path):
    return Joiner(ffmpeg, tmp_path)


async def clip(
    folder: Path,
    number: int,
    *,
    size: str = "320x180",
    seconds: float = 1.0,
    colour: str = "red",
    tone: int | None = None,
    rate: int = 24,
    extra: tuple[str, ...] = (),
) -> Path:
    path = folder / f"job.shot-{number}.mp4"
    picture = f"color={colour}:size={size}:rate={rate}:duration={seconds}"
    sound = () if tone is None else ("-f", "lavfi", "-i", f"sine={tone}:duration={seconds}")
    recipe = ("-f", "lavfi", "-i", picture, *sound, "-pix_fmt", "yuv420p", *extra)
    kept = folder.parent / f"{hashlib.sha256(repr(recipe).encode()).hexdigest()}.mp4"
    if not kept.exists():  # each kind is encoded once in a run
        made = await Ffmpeg(find_ffmpeg()).run(*recipe, str(path), folder=folder)
        assert made.code == 0, made.output
        path.replace(kept)
    shutil.copyfile(kept, path)
    return path


async def joined(joiner, parts):
    target = joiner.folder / "whole"
    await joiner.join(parts, target)
    found = await probe(joiner.ffmpeg, target, joiner.folder)
    assert found is not None
    return found


async def colour_at(joiner, seconds):
    """The picture's middle there, as red, green and blue."""
    raw = joiner.folder / "pixel.raw"
    shown = await joiner.ffmpeg.run(
        *("-ss", str(seconds), "-i", str(joiner.folder / "whole"), "-frames:v", "1"),
        *("-vf", "crop=2:2,format=rgb24", "-f", "rawvideo", str(raw)),
        folder=joiner.folder,
    )
    assert shown.code == 0, shown.output
    return tuple("high" if value > 128 else "low" for value in raw.read_bytes()[:3])


RED, GREEN, BLUE = ("high", "low", "low"), ("low", "high", "low"), ("low", "low", "high")


async def test_shots_of_one_kind_are_joined_in_order_and_not_encoded_again(
    joiner, ffmpeg, tmp_path
):
    parts = [
        await clip(tmp_path, number, colour=colour)
        for number, colour in enumerate(("red", "lime", "blue"))
    ]
    found = await joined(joiner, parts)

    assert ffmpeg.encodings == 0
    assert found.duration_seconds == pytest.approx(3.0, abs=0.2)
    assert [await colour_at(joiner, at) for at in (0.5, 1.5, 2.5)] == [RED, GREEN, BLUE]


async def test_shots_with_sound_keep_it_and_are_not_encoded_again(joiner, ffmpeg, tmp_path):
    parts = [await clip(tmp_path, number, tone=440) for number in range(2)]
    found = await joined(joiner, parts)

    assert ffmpeg.encodings == 0
    assert found.has_sound
    assert found.duration_seconds == pytest.approx(2.0, abs=0.3)


async def test_a_shot_of_another_size_is_brought_to_the_first_ones(joiner, ffmpeg, tmp_path):
    parts = [
        await clip(tmp_path, 0),
        await clip(tmp_path, 1, size="180x320", colour="lime"),
        await clip(tmp_path, 2, size="640x360", colour="blue"),
    ]
    found = await joined(joiner, parts)

    assert ffmpeg.encodings == 3
    assert (found.width, found.height) == (320, 180)
    assert found.duration_seconds == pytest.approx(3.0, abs=0.3)
    assert [await colour_at(joiner, at) for at in (0.5, 1.5, 2.5)] == [RED, GREEN, BLUE]


async def heard(joiner) -> list[int]:
    """The sound's samples, at 48 kHz, of one channel."""
    raw = joiner.folder / "sound.raw"
    source = ("-i", str(joiner.folder / "whole"), "-map", "0:a:0", "-ac", "1", "-ar", "48000")
    done = await joiner.ffmpeg.run(*source, "-f", "s16le", str(raw), folder=joiner.folder)
    assert done.code == 0, done.output
    return list(array("h", raw.read_bytes()))


@pytest.mark.parametrize("tones", [(440, None), (None, 440)], ids=["first", "second"])
async def test_a_shot_without_sound_beside_those_with_it_is_silent(joiner, ffmpeg, tmp_path, tones):
    parts = [await clip(tmp_path, number, tone=tone) for number, tone in enumerate(tones)]
    found = await joined(joiner, parts)
    sound = await heard(joiner)

    assert ffmpeg.encodings == 0
    assert found.has_sound
    loud = [max(map(abs, sound[at : at + 24_000])) > 1000 for at in (12_000, 60_000)]
    assert loud == [tone is not None for tone in tones]


async def test_no_frame_is_lost_and_no_seam_clicks(joiner, ffmpeg, tmp_path):
    """Sound of its own length, B-frames, and lengths that no sample rate divides."""
    extra = ("-bf", "2", "-c:v", "libx264", "-b:a", "96k", "-shortest")
    seconds = (0.9, 1.3, 0.7)
    parts = [
        await clip(tmp_path, number, tone=500, rate=30, seconds=length, extra=extra)
        for number, length in enumerate(seconds)
    ]
    tracks = [pictures_of(part) for part in parts]
    await joined(joiner, parts)
    whole, sound = pictures_of(tmp_path / "whole"), await heard(joiner)

    assert ffmpeg.encodings == 0
    assert whole is not None
    assert whole.frames == sum(track.frames for track in tracks if track is not None)
    assert whole.seconds == sum(track.seconds for track in tracks if track is not None)
    assert whole.is_whole  # may be joined again without re-encoding
    assert len(sound) == pytest.approx(float(whole.seconds) * 48_000, abs=1024)
    usual = max(abs(b - a) for a, b in pairwise(sound[10_000:20_000]))
    steepest = max(abs(b - a) for a, b in pairwise(sound))
    assert steepest <= 2 * usual  # a cut without fading is twenty times as steep


async def test_what_was_joined_is_joined_again_as_it_is(joiner, ffmpeg, tmp_path):
    parts = [await clip(tmp_path, number, tone=440) for number in range(2)]
    await joined(joiner, parts)
    first = tmp_path / "first.mp4"
    (tmp_path / "whole").replace(first)
    await joined(joiner, [first, parts[0]])
    whole = pictures_of(tmp_path / "whole")

    assert ffmpeg.encodings == 0
    assert whole is not None
    assert whole.frames == 72


async def test_loudness_is_brought_to_the_first_ones(joiner, tmp_path):
    quiet = ("-af", "volume=-24dB")
    parts = [
        await clip(tmp_path, 0, tone=440, extra=("-af", "volume=-6dB")),
        await clip(tmp_path, 1, tone=440, size="180x320", extra=quiet),
    ]
    await joined(joiner, parts)
    sound = await heard(joiner)
    before, after = (max(map(abs, sound[at : at + 24_000])) for at in (12_000, 60_000))

    assert after == pytest.approx(before, rel=0.35)


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ([], []),
        ([None, None], [0.0, 0.0]),
        ([Level(-20, -10), Level(-26, -12)], [0.0, 6.0]),
        ([Level(-20, -10), Level(-14, -3)], [0.0, -6.0]),
        ([Level(-20, -10), Level(-40, -30)], [0.0, 15.0]),  # at most
        ([Level(-20, -10), Level(-26, -3)], [0.0, 2.0]),  # would clip
        ([Level(-20, -10), Level(-26, 0)], [0.0, 0.0]),
        ([Level(-70, -60), Level(-20, -10), Level(-23, -12)], [0.0, 0.0, 3.0]),  # silence first
        ([None, Level(-20, -10), Level(float("-inf"), float("-inf"))], [0.0, 0.0, 0.0]),
    ],
)
def test_gains(levels, wanted):
    assert gains(levels) == pytest.approx(wanted)


def track(seconds, frames=24, **fields):
    told = Track(
        frames, Fraction(seconds), b"config", (320, 180), 12288, is_whole=True, has_sound=False
    )
    return replace(told, **fields)


def test_lengths_never_drift():
    tracks = [track(Fraction(1001, 30_000))] * 1000

    assert sum(lengths(tracks)) == round(1000 * Fraction(1001, 30_000) * 48_000)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (track(2, 48), True),
        (track(Fraction(1000, 999), 24), True),  # of a container that counts in milliseconds
        (track(1, 30), False),
        (track(1, config=b"other"), False),
        (track(1, sides=(180, 320)), False),
        (track(1, is_whole=False), False),
    ],
)
def test_what_is_alike(other, alike):
    assert are_alike([track(1), other]) is alike


def test_a_rate_is_the_usual_one_that_is_nearest():
    assert rate_of(track(1, 24)) == 24
    assert rate_of(track(Fraction(24 * 1001, 24_000), 24)) == Fraction(24_000, 1001)
    assert rate_of(track(1, 8)) == Fraction(24_000, 1001)
    assert rate_of(track(1, 240)) == 60


async def test_shots_of_another_codec_are_encoded(joiner, ffmpeg, tmp_path):
    parts = [await clip(tmp_path, number, extra=("-c:v", "mpeg4")) for number in range(2)]
    found = await joined(joiner, parts)

    assert ffmpeg.encodings == 2
    assert found.codec == "h264"


async def test_sounds_of_different_rates_are_brought_to_one(joiner, ffmpeg, tmp_path):
    parts = [
        await clip(tmp_path, number, tone=440, extra=("-ar", rate))
        for number, rate in enumerate(("44100", "22050"))
    ]
    await joined(joiner, parts)

    assert ffmpeg.encodings == 0
    assert len(await heard(joiner)) == pytest.approx(96_000, abs=1024)


async def test_a_video_of_one_shot_is_that_shot(joiner, ffmpeg, tmp_path):
    found = await joined(joiner, [await clip(tmp_path, 0, tone=440)])

    assert ffmpeg.encodings == 0
    assert found.duration_seconds == pytest.approx(1.0, abs=0.2)


async def test_shots_at_different_rates_keep_their_lengths(joiner, ffmpeg, tmp_path):
    parts = [await clip(tmp_path, 0, rate=24), await clip(tmp_path, 1, rate=30, colour="lime")]
    found = await joined(joiner, parts)

    assert found.duration_seconds == pytest.approx(2.0, abs=0.3)
    assert [await colour_at(joiner, at) for at in (0.5, 1.5)] == [RED, GREEN]


@pytest.mark.parametrize(
    "content", [b"", b"an error page", b"#EXTM3U\nhttp://127.0.0.1/a.ts"], ids=["", "page", "list"]
)
async def test_a_shot_that_is_no_video_is_unusable_and_named(joiner, tmp_path, content):
    good, broken = await clip(tmp_path, 0), tmp_path / "job.shot-1.mp4"
    broken.write_bytes(content)

    with pytest.raises(ArtifactUnusableError, match=r"shot-1\.mp4 holds no moving picture"):
        await joiner.join([good, broken], tmp_path / "whole")


async def test_a_shot_that_is_cut_off_is_unusable(joiner, tmp_path):
    good, broken = await clip(tmp_path, 0), await clip(tmp_path, 1)
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ArtifactUnusableError):
        await joiner.join([good, broken], tmp_path / "whole")


async def test_a_shot_that_is_not_there_is_unusable(joiner, tmp_path):
    with pytest.raises(ArtifactUnusableError):
        await joiner.join([await clip(tmp_path, 0), tmp_path / "nothing"], tmp_path / "whole")


async def spoilt(folder, number, **recipe):
    """A shot whose index is whole and whose picture is not."""
    path = await clip(folder, number, extra=("-movflags", "+faststart"), **recipe)
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin:] = bytes(len(content) - begin)
    path.write_bytes(bytes(content))
    return path


async def test_shots_without_a_picture_are_unusable_and_nothing_of_the_joining_is_left(tmp_path):
    store, job_id = DiskVideoStore(tmp_path, Ffmpeg(find_ffmpeg())), new_job_id()
    for number in range(2):
        (await spoilt(tmp_path, number)).replace(store.part_path(job_id, number))
    parts = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(ArtifactUnusableError):
        await store.join(job_id, 2)

    assert sorted(path.name for path in tmp_path.iterdir()) == parts


async def test_a_shot_follows_the_video_that_it_continues(tmp_path):
    store, job_id = DiskVideoStore(tmp_path, Ffmpeg(find_ffmpeg())), new_job_id()
    source = (await clip(tmp_path, 7)).replace(tmp_path / "source.mp4")
    (await clip(tmp_path, 0)).replace(store.part_path(job_id, 0))
    await store.join(job_id, 1, after=source)

    assert (await store.inspect(job_id)).duration_seconds == pytest.approx(2.0, abs=0.05)
    assert source.exists()


async def test_a_joined_video_stands_alone_and_its_shots_are_gone(tmp_path):
    store, job_id = DiskVideoStore(tmp_path, Ffmpeg(find_ffmpeg())), new_job_id()
    for number in range(2):
        (await clip(tmp_path, number)).replace(store.part_path(job_id, number))
    await store.join(job_id, 2)

    artifact = await store.inspect(job_id)
    assert artifact.duration_seconds == pytest.approx(2.0, abs=0.2)
    assert [path.name for path in tmp_path.iterdir()] == [artifact.key]
