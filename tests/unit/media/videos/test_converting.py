"""Whatever ffmpeg can read becomes a video that everyone can play, and what is one stays as it is.

The kind: codecs (HEVC, AV1, VP9, VP8, MPEG-4 part 2, ProRes, MJPEG, GIF, animated WebP and PNG),
containers (WebM, Matroska, QuickTime, AVI, MPEG-TS, FLV), pixels (10 bits, 4:2:2, 4:4:4, full range,
HDR, odd sides, a turned picture, a rate that varies), sound (Opus, Vorbis, FLAC, MP3, PCM, surround),
and what stands beside (several streams, a cover as first video stream, timecodes, no length); not
whole; without a picture, or with none that can be decoded. Judged by probing, with every ffmpeg that
this machine has.
"""

import functools
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest
from PIL import Image

from bot.errors import ArtifactUnusableError
from bot.jobs.job import Artifact
from bot.media.videos import converting
from bot.media.videos.converting import Converter
from bot.media.videos.ffmpeg import Ffmpeg, Finished, Probe, find_ffmpeg, probe
from bot.media.videos.playable import NOT_CONVERTED
from bot.media.videos.store import DiskVideoStore
from tests.factories import new_job_id

PROGRAMS = {str(find_ffmpeg()), imageio_ffmpeg.get_ffmpeg_exe()}
SEEN = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=8:duration=1")
ODD = ("-f", "lavfi", "-i", "testsrc2=size=65x49:rate=8:duration=1")
HEARD = ("-f", "lavfi", "-i", "sine=duration=1")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
HDR = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
VARIES = ("-vf", "setpts=PTS+floor(N/3)*0.2/TB", "-fps_mode", "vfr")
AV1 = ("-c:v", "libaom-av1", "-cpu-used", "8", "-b:v", "60k")

PLAYED = {
    "silent": ((*SEEN, *H264, "-movflags", "+faststart"), "mp4"),
    "AAC": ((*SEEN, *HEARD, *H264, "-c:a", "aac", "-movflags", "+faststart"), "mp4"),
    "full range": (
        (*SEEN, "-c:v", "libx264", "-pix_fmt", "yuvj420p", "-movflags", "+faststart"),
        "mp4",
    ),
    "varying rate": ((*SEEN, *VARIES, *H264, "-movflags", "+faststart"), "mp4"),
}
OTHERS = {
    "HEVC": ((*SEEN, "-c:v", "libx265", "-x265-params", "log-level=none"), "mp4"),
    "HEVC, 10 bits": (
        (*SEEN, "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"),
        "mp4",
    ),
    "HDR": ((*SEEN, "-c:v", "libx265", "-x265-params", HDR, "-pix_fmt", "yuv420p10le"), "mp4"),
    "AV1": ((*SEEN, *AV1), "mp4"),
    "AV1 in WebM with Opus": ((*SEEN, *HEARD, *AV1, "-c:a", "libopus"), "webm"),
    "VP9 in MP4": ((*SEEN, "-c:v", "libvpx-vp9"), "mp4"),
    "VP9 in WebM with Vorbis": ((*SEEN, *HEARD, "-c:v", "libvpx-vp9", "-c:a", "libvorbis"), "webm"),
    "VP8": ((*SEEN, "-c:v", "libvpx"), "webm"),
    "MPEG-4 part 2": ((*SEEN, "-c:v", "mpeg4"), "mp4"),
    "MPEG-4 part 2 in AVI with MP3": (
        (*SEEN, *HEARD, "-c:v", "mpeg4", "-c:a", "libmp3lame"),
        "avi",
    ),
    "ProRes with PCM": ((*SEEN, *HEARD, "-c:v", "prores_ks", "-c:a", "pcm_s16le"), "mov"),
    "ProRes 4444": ((*SEEN, "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"), "mov"),
    "MJPEG": ((*SEEN, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "mov"),
    "GIF": (SEEN, "gif"),
    "animated PNG": ((*SEEN, "-f", "apng"), "png"),
    "H.264, 10 bits": ((*SEEN, "-c:v", "libx264", "-pix_fmt", "yuv420p10le"), "mp4"),
    "4:2:2": ((*SEEN, "-c:v", "libx264", "-pix_fmt", "yuv422p"), "mp4"),
    "4:4:4, odd sides": ((*ODD, "-c:v", "libx264", "-pix_fmt", "yuv444p"), "mp4"),
    "RGB": ((*SEEN, "-c:v", "libx264rgb"), "mp4"),
    "H.264 in Matroska": ((*SEEN, *HEARD, *H264, "-c:a", "aac"), "mkv"),
    "H.264 in Matroska with FLAC": ((*SEEN, *HEARD, *H264, "-c:a", "flac"), "mkv"),
    "H.264 in QuickTime": ((*SEEN, *H264), "mov"),
    "H.264 in AVI": ((*SEEN, *H264), "avi"),
    "H.264 in a transport stream": ((*SEEN, *HEARD, *H264, "-c:a", "aac"), "ts"),
    "H.264 in FLV": ((*SEEN, *HEARD, *H264, "-c:a", "aac"), "flv"),
    "H.264 in fragments": ((*SEEN, *H264, "-movflags", "frag_keyframe+empty_moov"), "mp4"),
    "Opus in MP4": ((*SEEN, *HEARD, *H264, "-c:a", "libopus"), "mp4"),
    "MP3 in MP4": ((*SEEN, *HEARD, *H264, "-c:a", "libmp3lame"), "mp4"),
    "FLAC in MP4": ((*SEEN, *HEARD, *H264, "-c:a", "flac", "-strict", "-2"), "mp4"),
    "surround": ((*SEEN, *HEARD, *H264, "-c:a", "flac", "-ac", "6"), "mkv"),
    "several of each": (
        (*SEEN, *HEARD, "-map", "0", "-map", "0", "-map", "1", "-map", "1", *H264, "-c:a", "aac"),
        "mp4",
    ),
    "timecodes": ((*SEEN, *H264, "-timecode", "00:00:01:00"), "mov"),
    "varying rate in WebM": ((*SEEN, *VARIES, "-c:v", "libvpx"), "webm"),
}


@pytest.fixture(params=sorted(PROGRAMS), ids=["one ffmpeg", "another"][: len(PROGRAMS)])
def ffmpeg(request) -> Ffmpeg:
    return Ffmpeg(Path(request.param))


@pytest.fixture
def store(tmp_path, ffmpeg) -> DiskVideoStore:
    return DiskVideoStore(tmp_path / "videos", ffmpeg)


@functools.cache
def encoders_of(program: str) -> frozenset[str]:
    told = subprocess.run([program, "-hide_banner", "-encoders"], capture_output=True, check=True)  # noqa: S603 - an ffmpeg
    return frozenset(
        re.findall(rb"^ [VAS][\w.]{5} (\S+)".decode(), told.stdout.decode(), re.MULTILINE)
    )


async def made(store: DiskVideoStore, ffmpeg: Ffmpeg, recipe: tuple[str, ...], suffix: str) -> Path:
    """A video where a job's would lie, in this container."""
    wanted = {recipe[at + 1] for at, part in enumerate(recipe) if part in {"-c:v", "-c:a"}}
    if missing := wanted - encoders_of(str(ffmpeg._program)):
        pytest.skip(f"this ffmpeg has no encoder {', '.join(sorted(missing))}")
    target = store.path(new_job_id())
    source = target.with_suffix(f".{suffix}")
    finished = await ffmpeg.run(*recipe, str(source), folder=target.parent)
    assert finished.code == 0, finished.output[-600:]
    return source.replace(target)


async def inspected(store: DiskVideoStore, path: Path) -> Artifact:
    return await store.inspect(path.stem)  # type: ignore[arg-type]  # a path is named by its job


async def described(ffmpeg: Ffmpeg, path: Path) -> Probe:
    found = await probe(ffmpeg, path, path.parent)
    assert found is not None
    return found


def head_of(path: Path) -> bytes:
    return path.read_bytes()[:12]


async def plays(ffmpeg: Ffmpeg, path: Path) -> bool:
    """By another look than the code's own: brand, codec, pixels, sound, and that all is decoded."""
    found = await described(ffmpeg, path)
    decoded = await ffmpeg.run(*("-xerror", "-i", str(path), "-f", "null", "-"), folder=path.parent)
    head = head_of(path)
    return (
        decoded.code == 0
        and re.search(r"frame= *[1-9]", decoded.output) is not None
        and head[4:8] == b"ftyp"
        and head[8:12] != b"qt  "
        and (found.codec, found.pixels) in {("h264", "yuv420p"), ("h264", "yuvj420p")}
        and (found.sound or "aac").startswith("aac")
    )


@pytest.mark.parametrize(("recipe", "suffix"), PLAYED.values(), ids=PLAYED.keys())
async def test_what_plays_everywhere_stays_byte_by_byte(store, ffmpeg, recipe, suffix):
    path = await made(store, ffmpeg, recipe, suffix)
    before = path.read_bytes()

    artifact = await inspected(store, path)

    assert path.read_bytes() == before
    assert artifact.remark is None


@pytest.mark.parametrize(("recipe", "suffix"), OTHERS.values(), ids=OTHERS.keys())
async def test_everything_else_is_made_to_play(store, ffmpeg, recipe, suffix):
    path = await made(store, ffmpeg, recipe, suffix)
    before = await described(ffmpeg, path)

    artifact = await inspected(store, path)

    after = await described(ffmpeg, path)
    assert await plays(ffmpeg, path)
    assert after.has_sound is before.has_sound
    assert (artifact.width, artifact.height) == (before.width // 2 * 2, before.height // 2 * 2)
    assert artifact.duration_seconds == pytest.approx(before.duration_seconds or 1.0, abs=0.6)
    assert artifact.remark is None
    assert [left.name for left in path.parent.iterdir()] == [path.name]


async def test_pictures_that_play_are_not_encoded_again_for_their_sound(store, ffmpeg):
    recipe, suffix = OTHERS["Opus in MP4"]
    path = await made(store, ffmpeg, recipe, suffix)
    before = await hash_of_pictures(ffmpeg, path)

    await inspected(store, path)

    assert await hash_of_pictures(ffmpeg, path) == before


async def hash_of_pictures(ffmpeg: Ffmpeg, path: Path) -> str:
    arguments = ("-i", str(path), "-map", "0:v:0", "-c", "copy", "-f", "md5", "hash")
    finished = await ffmpeg.run(*arguments, folder=path.parent)
    assert finished.code == 0
    told = (path.parent / "hash").read_text()
    (path.parent / "hash").unlink()
    return told


async def test_a_turned_picture_keeps_its_turn_and_is_measured_as_it_is_shown(store, ffmpeg):
    path = await made(store, ffmpeg, (*SEEN, *H264), "mp4")
    turned = path.with_suffix(".turned.mp4")
    for rotate in (("-display_rotation", "90"), ("-metadata:s:v:0", "rotate=90")):
        before = ("-i", str(path)) if rotate[0].startswith("-m") else (*rotate, "-i", str(path))
        after = rotate if rotate[0].startswith("-m") else ()
        await ffmpeg.run(*before, *after, "-c", "copy", str(turned), folder=path.parent)
        found = await probe(ffmpeg, turned, path.parent)
        if found is not None and found.width == 48:
            break
    turned.replace(path)

    artifact = await inspected(store, path)

    assert (artifact.width, artifact.height) == (48, 64)


async def test_a_cover_in_front_of_the_video_is_not_taken_for_it(store, ffmpeg, tmp_path):
    Image.new("RGB", (32, 32), "red").save(tmp_path / "cover.png")
    cover = ("-i", str(tmp_path / "cover.png"))
    mapped = ("-map", "1:v", "-map", "0:v", "-c:v:0", "png", "-disposition:v:0", "attached_pic")
    recipe = (*SEEN, *cover, *mapped, "-c:v:1", "libx264", "-pix_fmt:v:1", "yuv420p")
    path = await made(store, ffmpeg, recipe, "mp4")

    artifact = await inspected(store, path)

    assert (artifact.width, artifact.height) == (64, 48)
    assert await plays(ffmpeg, path)


@pytest.mark.parametrize("reads_it", [True, False], ids=["as it reads it", "by Pillow"])
async def test_an_animated_webp_is_made_to_play(store, ffmpeg, monkeypatch, reads_it):
    frames = [Image.new("RGB", (65, 49), (shade, 0, 0)) for shade in range(0, 250, 25)]
    path = store.path(new_job_id())
    frames[0].save(path, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    if not reads_it:
        assert converting.unpack_webp(path, path)

    artifact = await inspected(store, path)

    assert await plays(ffmpeg, path)
    assert artifact.duration_seconds == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("share", [0.5, 0.9])
async def test_of_a_video_that_is_not_whole_what_is_there_is_made_to_play(store, ffmpeg, share):
    recipe = (*SEEN, *H264, "-g", "1", "-movflags", "+faststart")
    path = await made(store, ffmpeg, recipe, "mp4")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    artifact = await inspected(store, path)

    assert await plays(ffmpeg, path)
    assert artifact.duration_seconds is not None
    assert 0.1 < artifact.duration_seconds <= 1.0


async def test_a_video_without_its_index_is_unusable(store, ffmpeg):
    path = await made(store, ffmpeg, (*SEEN, *H264), "mp4")  # the index stands at the end
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(ArtifactUnusableError, match="no moving picture"):
        await inspected(store, path)


@pytest.mark.parametrize(
    ("recipe", "suffix"),
    [
        ((*HEARD, "-c:a", "aac"), "mp4"),
        ((*HEARD, "-c:a", "libopus"), "webm"),
        ((*SEEN, "-frames:v", "0", *H264), "mp4"),
        ((*SEEN, "-frames:v", "1"), "png"),
        ((*SEEN, "-frames:v", "1"), "jpg"),
    ],
    ids=["sound", "sound in WebM", "no pictures", "a PNG", "a JPEG"],
)
async def test_what_shows_nothing_that_moves_is_unusable(store, ffmpeg, recipe, suffix):
    path = await made(store, ffmpeg, recipe, suffix)
    before = path.read_bytes()

    with pytest.raises(ArtifactUnusableError):
        await inspected(store, path)

    assert path.read_bytes() == before


class Short(Ffmpeg):
    """Encodes no picture with a side of so many lines; as where memory or time run out."""

    def __init__(self, *cannot: str) -> None:
        super().__init__(find_ffmpeg())
        self.cannot = cannot

    async def run(self, *arguments: str, folder: Path, deadline_seconds: float = 60.0) -> Finished:
        if "libx264" in arguments and any(part in " ".join(arguments) for part in self.cannot):
            raise TimeoutError
        return await super().run(*arguments, folder=folder, deadline_seconds=deadline_seconds)


async def test_what_is_too_much_in_full_size_is_made_smaller(tmp_path):
    store = DiskVideoStore(tmp_path / "videos", Short("trunc"))
    large = ("-f", "lavfi", "-i", "color=size=1280x720:rate=2:duration=1", "-c:v", "mpeg4")
    path = await made(store, Ffmpeg(find_ffmpeg()), large, "mp4")

    artifact = await inspected(store, path)

    assert artifact.height == 480
    assert await plays(Ffmpeg(find_ffmpeg()), path)


async def test_what_cannot_be_converted_is_kept_as_it_came_and_says_so(tmp_path):
    store = DiskVideoStore(tmp_path / "videos", Short("libx264"))
    path = await made(store, Ffmpeg(find_ffmpeg()), (*SEEN, "-c:v", "mpeg4"), "mp4")
    before = path.stat().st_size

    artifact = await inspected(store, path)

    assert artifact.remark == NOT_CONVERTED
    assert (artifact.size_bytes, path.stat().st_size) == (before, before)
    assert [left.name for left in path.parent.iterdir()] == [path.name]


async def test_sound_that_cannot_be_read_does_not_cost_the_video(store, ffmpeg, tmp_path):
    class Deaf(Ffmpeg):
        async def run(self, *arguments, folder, deadline_seconds=60.0):
            if "aac" in arguments:
                return Finished(1, "no such decoder")
            return await super().run(*arguments, folder=folder, deadline_seconds=deadline_seconds)

    recipe, suffix = OTHERS["MPEG-4 part 2 in AVI with MP3"]
    path = await made(store, ffmpeg, recipe, suffix)
    found = await described(ffmpeg, path)
    target = tmp_path / "target.mp4"

    converted = await Converter(Deaf(ffmpeg._program), tmp_path).convert(path, found, target)

    assert converted is not None
    assert not converted.has_sound
    assert await plays(ffmpeg, target)


async def test_shots_in_several_forms_are_joined_to_one_that_plays(store, ffmpeg):
    job_id = new_job_id()
    for number, name in enumerate(["VP8", "MPEG-4 part 2 in AVI with MP3"]):
        path = await made(store, ffmpeg, *OTHERS[name])
        path.replace(store.part_path(job_id, number))

    await store.join(job_id, 2)
    artifact = await store.inspect(job_id)

    assert artifact.duration_seconds == pytest.approx(2.0, abs=0.6)
    assert await plays(ffmpeg, store.path(job_id))
