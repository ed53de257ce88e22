"""Pictures from members: judged by their content, upright, stripped, and kept."""

import asyncio
import io
import os
import random
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from bot.errors import ImageRejectedError
from bot.media.downloads import guarded_session
from bot.media.pictures import store as pictures
from bot.media.pictures.store import MAX_BYTES, DiskImageStore
from tests.factories import make_image
from tests.serving import pair_of, serving
from tests.unit.media.pictures.encoding import heic

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
ORIENTATION = 0x0112
CAMERA = 0x0110


@pytest.fixture
async def store(tmp_path) -> AsyncIterator[DiskImageStore]:
    async with aiohttp.ClientSession() as session:
        yield DiskImageStore(tmp_path / "pictures", session, frozenset())


def picture(
    mode: str = "RGB", size: tuple[int, int] = (120, 80), colour: Any = None
) -> Image.Image:
    return Image.new(mode, size, colour) if colour is not None else Image.new(mode, size)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    count = size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, random.Random(7).randbytes(count))  # noqa: S311 - repeatable, no secret


def box(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(200)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
async def test_every_format_that_is_read_is_kept_as_a_jpeg_of_its_size(store, form):
    assert form != "AVIF" or features.check("avif")

    kept = await store.keep(encoded(picture(colour="red"), form), name="a")

    assert (kept.media_type, kept.width, kept.height) == ("image/jpeg", 120, 80)
    with Image.open(store.path(kept)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (120, 80))
    assert kept.size_bytes == store.path(kept).stat().st_size


async def test_a_phones_heic_is_kept_as_a_jpeg_by_the_child_that_reads_it(store):
    kept = await store.keep(heic(picture(colour="red"), quality=95), name="a.heic")

    assert (kept.media_type, kept.width, kept.height) == ("image/jpeg", 120, 80)


@pytest.mark.parametrize("orientation", range(2, 9))
async def test_a_picture_held_sideways_is_turned_upright_and_tells_nothing_of_its_camera(
    store, orientation
):
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, "Secret Camera"
    content = encoded(picture(colour="red"), "JPEG", exif=exif, comment=b"at home")

    kept = await store.keep(content, name="a.jpg")

    assert (kept.width, kept.height) == ((80, 120) if orientation >= 5 else (120, 80))
    left = store.path(kept).read_bytes()
    assert b"Secret Camera" not in left
    assert b"Exif" not in left
    assert b"at home" not in left


async def test_text_hidden_in_a_png_does_not_come_along(store):
    told = PngInfo()
    told.add_text("Author", "someone real")

    kept = await store.keep(encoded(picture("RGBA"), "PNG", pnginfo=told), name="a.png")

    assert b"someone real" not in store.path(kept).read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        encoded(picture("RGBA", colour=(255, 0, 0, 128)), "PNG"),
        encoded(picture("LA", colour=(200, 128)), "PNG"),
        encoded(picture("P"), "PNG", transparency=0),
        encoded(picture("RGBA", colour=(255, 0, 0, 128)), "WEBP"),
        encoded(picture("P"), "GIF", transparency=0),
    ],
    ids=["rgba", "grey", "palette", "webp", "gif"],
)
async def test_what_is_transparent_stays_so_in_a_png(store, content):
    kept = await store.keep(content, name="a")

    assert (kept.media_type, kept.key[-4:]) == ("image/png", ".png")
    with Image.open(store.path(kept)) as shown:
        assert shown.mode == "RGBA"
        assert shown.getchannel("A").tobytes().strip(b"\xff")


async def test_what_is_too_large_for_a_card_is_kept_as_a_smaller_jpeg(store, monkeypatch):
    most = 20_000
    monkeypatch.setattr(pictures, "KEPT_MAX_BYTES", most)

    kept = await store.keep(encoded(noise("RGBA", (400, 200)), "PNG"), name="a.png")

    assert (kept.media_type, kept.key[-4:]) == ("image/jpeg", ".jpg")
    assert kept.size_bytes == store.path(kept).stat().st_size <= most
    with Image.open(store.path(kept)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (kept.width, kept.height))


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "CMYK"])
async def test_pictures_of_few_or_many_shades_are_kept(store, mode):
    kept = await store.keep(encoded(picture(mode), "JPEG" if mode == "CMYK" else "PNG"), name="a")

    assert kept.media_type == "image/jpeg"


async def test_of_many_shades_of_grey_none_is_lost_to_white(store):
    kept = await store.keep(encoded(picture("I;16", colour=32768), "PNG"), name="scan.png")

    with Image.open(store.path(kept)) as shown:
        assert shown.getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=3)


async def test_of_an_animation_the_first_frame_is_kept(store):
    frames = [picture(colour=colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    kept = await store.keep(content, name="a.gif")

    with Image.open(store.path(kept)) as shown:
        assert shown.getpixel((10, 10)) == pytest.approx((254, 0, 0), abs=5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (encoded(picture(), "BMP"), "a BMP picture"),
        (encoded(picture(), "TIFF"), "a TIFF picture"),
        (box(b"isom"), "a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "a video"),
        (b"%PDF-1.7", "a PDF"),
        (b"just words", "not a picture I can read"),
        (b"", "not a picture I can read"),
    ],
)
async def test_what_is_not_read_is_refused_in_one_sentence_that_says_what_to_send(
    store, content, said
):
    with pytest.raises(ImageRejectedError) as refused:
        await store.keep(content, name="thing.png")

    assert str(refused.value) == f"thing.png is {said}. Send it as PNG, JPEG or WebP."


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5])
async def test_a_damaged_picture_is_refused(store, form, share):
    content = encoded(noise("RGB", (120, 80)), form)

    with pytest.raises(ImageRejectedError, match="damaged"):
        await store.keep(content[: int(len(content) * share)], name="a")


async def test_a_picture_that_would_burst_into_gigabytes_is_refused_before_it_is_decoded(store):
    bomb = encoded(picture("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000

    with pytest.raises(ImageRejectedError, match="more than 33 megapixels"):
        await store.keep(bomb, name="bomb.png")


async def test_a_picture_that_is_too_small_is_refused_with_its_size(store):
    with pytest.raises(ImageRejectedError, match=r"only 63 by 80\. Send at least 64 by 64"):
        await store.keep(encoded(picture(size=(63, 80)), "PNG"), name="a.png")


async def test_too_many_bytes_are_refused(store):
    with pytest.raises(ImageRejectedError, match="larger than 25 MB"):
        await store.keep(bytes(25 * 1024**2 + 1), name="a.png")


async def test_a_long_name_is_shortened_in_what_is_said(store):
    with pytest.raises(ImageRejectedError) as refused:
        await store.keep(b"words", name="n" * 300)

    assert len(str(refused.value)) < 140


async def test_the_same_picture_kept_twenty_times_at_once_is_one_file(store):
    content = encoded(noise("RGB", (200, 200)), "PNG")

    kept = await asyncio.gather(*(store.keep(content, name="a.png") for _ in range(20)))

    assert len(set(kept)) == 1
    assert [path.name for path in store.path(kept[0]).parent.iterdir()] == [kept[0].key]


async def test_a_picture_within_the_limit_is_prepared_as_it_was_kept(store):
    kept = await store.keep(encoded(picture("RGBA"), "PNG"), name="a.png")

    content, media_type = await store.prepare(kept, max_bytes=kept.size_bytes)

    assert (content, media_type) == (store.path(kept).read_bytes(), "image/png")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("most", [90_000, 20_000])
async def test_a_large_picture_is_made_to_fit_as_a_jpeg_of_its_shape(store, mode, most):
    kept = await store.keep(encoded(noise(mode, (400, 200)), "PNG"), name="a.png")
    assert kept.size_bytes > most

    content, media_type = await store.prepare(kept, max_bytes=most)

    assert len(content) <= most
    assert media_type == "image/jpeg"
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.format == "JPEG"
        assert shown.width / shown.height == pytest.approx(2, abs=0.05)


async def test_a_small_picture_is_enlarged_where_a_service_wants_more(store):
    kept = await store.keep(encoded(picture(size=(120, 80), colour="red"), "PNG"), name="a.png")

    content, media_type = await store.prepare(kept, max_bytes=100_000, min_side=300)

    assert media_type == "image/jpeg"
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.size == (450, 300)
    assert [path.name for path in store.path(kept).parent.iterdir()] == [kept.key]


async def test_a_small_picture_is_kept_large_enough_for_services_that_fetch_it(tmp_path, session):
    """What a service is given as an address is the kept file: nothing can enlarge it later."""
    store = DiskImageStore(tmp_path, session, frozenset(), min_side=300)
    see_through = encoded(picture("RGBA", (100, 64), colour=(255, 0, 0, 128)), "PNG")

    kept = await store.keep(see_through, name="emoji.png")
    wide = await store.keep(encoded(picture(size=(640, 360)), "JPEG"), name="a.jpg")

    assert (kept.width, kept.height, kept.media_type) == (469, 300, "image/png")
    with Image.open(store.path(kept)) as shown:
        assert (shown.size, shown.mode) == ((469, 300), "RGBA")
    assert (wide.width, wide.height) == (640, 360)


async def test_many_large_pictures_at_once_take_little_memory_and_leave_no_files(tmp_path):
    small, piece = encoded(noise("RGB", (64, 64)), "PNG"), bytes(64 * 1024)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(small) + 320 * len(piece)
        await response.prepare(request)
        for part in (small, *([piece] * 320)):
            await response.write(part)
        return response

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            store = DiskImageStore(tmp_path, session, hosts)
            tracemalloc.start()
            try:
                kept = await asyncio.gather(
                    *(store.fetch(f"{origin}/{n}", name=f"{n}.png") for n in range(12))
                )
                most = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert len(set(kept)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [kept[0].key]
    assert most < 16 * 1024**2  # of 240 MB that went through, both ends of the line together


async def test_a_picture_that_cannot_be_made_small_enough_is_refused(store):
    kept = await store.keep(encoded(noise("RGB", (100, 100)), "PNG"), name="a.png")

    with pytest.raises(ImageRejectedError, match="small enough"):
        await store.prepare(kept, max_bytes=500)


async def test_a_picture_that_is_no_longer_kept_is_asked_for_again(store):
    with pytest.raises(ImageRejectedError, match="Send it again"):
        await store.prepare(make_image(key="gone.png"), max_bytes=1000)


async def test_a_picture_is_fetched_from_where_it_was_posted(tmp_path):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=encoded(picture(colour="red"), "PNG"))

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            kept = await DiskImageStore(tmp_path, session, hosts).fetch(origin, name="a.png")

    assert (kept.width, kept.height) == (120, 80)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "http://example.com/a.png",
            "I can't use .*: only https .* are fetched. Post the picture itself, not a link.",
        ),
        ("https://127.0.0.1/a.png", "couldn't download"),
    ],
)
async def test_a_picture_that_may_not_or_cannot_be_fetched_is_refused_in_words(
    tmp_path, address, said
):
    async with guarded_session(frozenset()) as session:
        store = DiskImageStore(tmp_path, session, frozenset())
        with pytest.raises(ImageRejectedError, match=said):
            await store.fetch(address, name="a.png")


async def test_a_picture_whose_download_is_too_large_is_asked_for_smaller(tmp_path):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(MAX_BYTES + 1))

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            store = DiskImageStore(tmp_path, session, hosts)
            with pytest.raises(ImageRejectedError) as refused:
                await store.fetch(origin, name="a.png")

    assert str(refused.value) == "a.png has more than 25 MB. Send a smaller PNG or JPEG."


async def test_a_picture_that_gets_its_name_in_the_meantime_does_not_keep_others_from_being_forgotten(
    store,
):
    old = await store.keep(encoded(picture(), "PNG"), name="x.png")
    os.utime(store.path(old), (1_000, 1_000))
    folder = store.path(old).parent
    folder.joinpath("listed.part").symlink_to("under its name by now")

    assert await store.forget_older(LONG_AGO, keep=()) == 1
    assert not store.path(old).exists()


async def test_old_pictures_are_forgotten_unless_a_video_needs_them(store):
    kept = [
        await store.keep(encoded(picture(colour=(60 * n, 9, 9)), "PNG"), name="x.png")
        for n in (1, 2, 3)
    ]
    needed, old, _ = kept
    for image in (needed, old):
        os.utime(store.path(image), (1_000, 1_000))
    assert len({image.key for image in kept}) == 3

    assert await store.forget_older(LONG_AGO, keep={needed.key}) == 1

    assert [store.path(image).exists() for image in kept] == [True, False, True]
