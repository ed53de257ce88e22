"""Shots become one film: as they are where they are alike, else brought to the first one's kind."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ArtifactUnusableError
from bot.media.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.films import DiskFilmStore
from bot.media.joining import Joiner
from bot.media.probing import probe
from tests.factories import new_job_id


@dataclass
class Noted(Ffmpeg):
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
    return Noted()


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
    made = await Ffmpeg(find_ffmpeg()).run(
        *("-f", "lavfi", "-i", picture, *sound, "-pix_fmt", "yuv420p", *extra, str(path)),
        folder=folder,
    )
    assert made.code == 0, made.told
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
    assert shown.code == 0, shown.told
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


@pytest.mark.parametrize("tones", [(440, None), (None, 440)], ids=["first", "second"])
async def test_a_shot_without_sound_between_those_with_it_is_silent(
    joiner, ffmpeg, tmp_path, tones
):
    parts = [await clip(tmp_path, number, tone=tone) for number, tone in enumerate(tones)]
    found = await joined(joiner, parts)

    assert ffmpeg.encodings == 2
    assert found.has_sound
    assert found.duration_seconds == pytest.approx(2.0, abs=0.3)


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

    assert ffmpeg.encodings == 2


async def test_a_film_of_one_shot_is_that_shot(joiner, ffmpeg, tmp_path):
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
async def test_a_shot_that_is_no_film_is_unusable_and_named(joiner, tmp_path, content):
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


async def test_shots_that_cannot_be_joined_either_way_are_unusable_and_nothing_is_left(
    joiner, ffmpeg, tmp_path
):
    parts = [await spoilt(tmp_path, number) for number in range(2)]

    with pytest.raises(ArtifactUnusableError, match="2 shots cannot be joined"):
        await joiner.join(parts, tmp_path / "whole")

    assert sorted(path.name for path in tmp_path.iterdir()) == [part.name for part in parts]


async def test_a_joined_film_stands_alone_and_its_shots_are_gone(tmp_path):
    store, job_id = DiskFilmStore(tmp_path, Ffmpeg(find_ffmpeg())), new_job_id()
    for number in range(2):
        (await clip(tmp_path, number)).replace(store.part_path(job_id, number))
    await store.join(job_id, 2)

    artifact = await store.inspect(job_id)
    assert artifact.duration_seconds == pytest.approx(2.0, abs=0.2)
    assert [path.name for path in tmp_path.iterdir()] == [artifact.key]
