"""A picture costs its child process and nothing else, whatever it was made to cost.

The kind: files of a few kilobytes that take minutes, gigabytes or the decoder's life: many scans,
many pixels, many frames, packed zeros, grids of grids; and anyone who waits being cancelled in the meantime.
"""

import asyncio
import os
import random
import shutil
import struct
import sys
import zlib

import pytest
from PIL import Image

from bot.errors import ImageRejectedError, StorageError
from bot.media.pictures import store as pictures
from bot.media.pictures.store import AT_ONCE, LIMITS, PictureWork
from bot.tasks import TaskOwner
from tests.unit.media.pictures.encoding import alike, encoded, heic, scene

MB = 1024**2


async def keep(content, folder, work=None, **given):
    """What comes of a file with this content."""
    source = folder / "source"
    await asyncio.to_thread(source.write_bytes, content)
    told = {"source": str(source), "target": str(folder / "kept"), "max_bytes": 19 * MB, **given}
    return await (work or PictureWork()).do("keep", folder, "a.png", name="a.png", **told)


def program(monkeypatch, text):
    """A child that does this instead."""
    monkeypatch.setattr(pictures, "_PROGRAM", (sys.executable, "-c", text))


CALLING = "import os,signal; open('calls', 'w').write(str(os.getpid())); signal.pause()"


def next_call(folder):
    """The number of the next child that begins; waits for it."""
    with (folder / "calls").open() as calls:
        return int(calls.read())


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_a_child_makes_is_where_it_was_asked_for(tmp_path):
    made = await keep(encoded(Image.new("RGB", (80, 90), "red"), "PNG"), tmp_path)

    content = (tmp_path / "kept").read_bytes()
    assert (made["form"], made["width"], made["height"]) == ("JPEG", 80, 90)
    assert made["size_bytes"] == len(content)


async def test_a_child_ends_with_anyone_who_waited_for_it(tmp_path, monkeypatch):
    program(monkeypatch, CALLING)
    os.mkfifo(tmp_path / "calls")
    tasks = TaskOwner()
    waiting = tasks.start(keep(b"", tmp_path), name="waiting")
    number = await asyncio.to_thread(next_call, tmp_path)
    assert is_running(number)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert not is_running(number)


async def test_few_children_run_at_once(tmp_path, monkeypatch):
    program(monkeypatch, CALLING)
    os.mkfifo(tmp_path / "calls")
    tasks, work = TaskOwner(), PictureWork()
    told = {"source": "a", "target": "b", "name": "c", "max_bytes": 1}
    waiting = [
        tasks.start(work.do("keep", tmp_path, "a", **told), name=f"{number}")
        for number in range(AT_ONCE + 3)
    ]
    for _ in range(AT_ONCE):
        await asyncio.to_thread(next_call, tmp_path)

    assert work._few_at_once.locked()
    for task in waiting:
        task.cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(end) for end in ended} == {asyncio.CancelledError}


@pytest.mark.parametrize(
    ("text", "limits", "deadline_seconds"),
    [
        ("while True: pass", LIMITS | {"RLIMIT_CPU": 1}, 60.0),
        ("import signal; signal.pause()", LIMITS, 0.3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", LIMITS, 60.0),
    ],
    ids=["processor time", "time", "killed for memory"],
)
async def test_what_takes_too_much_is_refused_in_words(
    tmp_path, monkeypatch, text, limits, deadline_seconds
):
    program(monkeypatch, text)

    with pytest.raises(ImageRejectedError, match="takes too much work"):
        await keep(b"", tmp_path, PictureWork(limits, deadline_seconds))


async def test_what_takes_too_much_memory_is_refused_in_words(tmp_path):
    content = encoded(Image.new("RGBA", (4000, 4000)), "PNG", compress_level=1)
    little = PictureWork(LIMITS | {"RLIMIT_AS": 200 * MB})

    with pytest.raises(ImageRejectedError, match="takes too much work"):
        await keep(content, tmp_path, little)


async def test_a_decoder_that_falls_over_makes_its_picture_a_damaged_one(tmp_path, monkeypatch):
    program(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")

    with pytest.raises(ImageRejectedError, match="damaged"):
        await keep(b"", tmp_path)


async def test_a_fault_of_ours_is_not_the_pictures(tmp_path, monkeypatch, caplog):
    program(monkeypatch, "raise SystemExit('no module named bot')")

    with pytest.raises(StorageError):
        await keep(b"", tmp_path)
    assert "picture_child_ended" in caplog.messages


async def test_a_program_that_is_not_there_is_no_fault_of_the_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_PROGRAM", (str(tmp_path / "nothing"),))

    with pytest.raises(StorageError):
        await keep(b"", tmp_path)


async def test_a_disk_that_takes_no_more_is_no_fault_of_the_picture(tmp_path):
    noise = Image.frombytes("RGB", (400, 400), random.Random(1).randbytes(480_000))  # noqa: S311 - noise
    content = encoded(noise, "JPEG")
    full = PictureWork(LIMITS | {"RLIMIT_FSIZE": 10_000})

    with pytest.raises(StorageError):
        await keep(content, tmp_path, full)


async def test_a_child_writes_no_compiled_modules_which_a_limit_would_cut_off(
    tmp_path, monkeypatch
):
    root = tmp_path / "program"
    shutil.copytree(
        pictures._ROOT / "bot", root / "bot", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(pictures, "_ROOT", root)

    made = await keep(encoded(Image.new("RGB", (80, 90), "red"), "PNG"), tmp_path)

    assert made["width"] == 80
    assert list(root.rglob("*.pyc")) == []


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def zeros(count: int) -> bytes:
    """So many packed bytes without ever holding them."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(MB)) for _ in range(count // MB)), packer.flush()])


def progressive(side: int, scans: int) -> bytes:
    jpeg = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True, quality=50)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * scans + jpeg[-2:]


def gif_of(size: bytes) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    return gif[:6] + size + gif[10:]


WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\xfe\x3f\x00\xfe\x3f\x00"
BOMBS = {  # made when they are needed
    "png of 900 megapixels": lambda: png(30_000, 30_000, zeros(MB)),
    "png with much more than its pixels": lambda: png(64, 64, zeros(64 * MB)),
    "interlaced png": lambda: png(2_000, 2_000, zeros(17 * MB), interlaced=True),
    "jpeg of 8000 scans": lambda: progressive(600, 8_000),
    "jpeg of 40 scans": lambda: progressive(1_500, 30),
    "gif of 65535 squared": lambda: gif_of(b"\xff\xff\xff\xff"),
    "webp of 16383 squared": lambda: WEBP,
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_small_file_that_was_made_to_cost_much_costs_little_and_gets_an_answer(
    tmp_path, name
):
    content = BOMBS[name]()
    assert len(content) < 3 * MB

    try:
        made = await keep(content, tmp_path)
    except ImageRejectedError as refused:
        answer = str(refused)
        assert any(way in answer for way in ("send", "Make it smaller"))
    else:
        assert made["width"] * made["height"] <= 33_000_000


async def test_a_heic_is_decoded_within_the_limits_of_a_child(tmp_path):
    """As a phone takes it, on whose side its decoder's threads and tables count, too."""
    taken = scene(size=(4032, 3024))
    content = heic(taken, quality=60)

    kept = await keep(content, tmp_path)

    assert (kept["form"], kept["width"], kept["height"]) == ("JPEG", 4032, 3024)
    with Image.open(tmp_path / "kept") as shown:
        assert alike(shown.convert("RGB"), taken)


async def test_a_heic_that_ends_early_costs_its_child_alone(tmp_path):
    content = heic(scene(), quality=95)

    with pytest.raises(ImageRejectedError, match="damaged"):
        await keep(content[: len(content) // 2], tmp_path)
    assert (await keep(content, tmp_path))["form"] == "JPEG"
