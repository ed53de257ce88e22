"""What is sent of a picture is what people see of it, and pixels alone decide whether it is read.

The kind of what is no pixel: texts (tEXt, zTXt, iTXt of any size), EXIF that cannot be read, physical
sizes, thumbnails, wrong check sums, files that end early. The kind of what changes the pixels seen:
orientation, alpha (also of palettes, greys and sixteen bits), colour profiles of every space, whole,
broken or of another space than the picture.
"""

import contextlib
import random
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.errors import ImageRejectedError
from bot.media.pictures import decoding, stripping
from bot.media.pictures.decoding import decoded, enlarged
from tests.unit.media.pictures.encoding import (
    alike,
    encoded,
    heic,
    near,
    scene,
    with_chunk,
    with_segment,
)

ORIENTATION, X_RESOLUTION, EXPOSURE = 0x0112, 0x011A, 0x829A
FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]


# ---- only pixels decide


def text_of_two_megabytes(kind: bytes) -> bytes:
    packed = zlib.compress(b"prompt" * 350_000)
    if kind == b"iTXt":
        return b"workflow\x00\x01\x00\x00\x00" + packed
    return b"workflow\x00\x00" + packed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (b"zTXt", text_of_two_megabytes(b"zTXt")),
        (b"iTXt", text_of_two_megabytes(b"iTXt")),
        (b"tEXt", b"workflow\x00" + b"x" * 2_000_000),
        (b"zTXt", b"cut\x00\x00\x78"),
        (b"pHYs", b"\x00\x00"),
        (b"eXIf", b"II*\x00\xff\xff\xff\xff"),
        (b"eXIf", b""),
        (b"iCCP", b"name\x00\x00no zlib at all"),
        (b"iCCP", b""),
        (b"gAMA", b"\x00"),
        (b"cHRM", b"\x00" * 3),
        (b"sRGB", b""),
        (b"acTL", b"\xff"),
        (b"fcTL", b"\xff" * 40),
        (b"prVt", b"whatever"),
    ],
)
def test_what_a_png_says_beside_its_pixels_never_keeps_it_from_being_read(name, data):
    plain = encoded(scene(), "PNG")

    assert near(decoded(with_chunk(plain, name, data), "a"), scene(), 0)


def test_a_profile_that_would_inflate_into_gigabytes_is_left_out():
    bomb = b"name\x00\x00" + zlib.compress(bytes(64 * 1024**2))
    png = with_chunk(encoded(scene(), "PNG"), b"iCCP", bomb)

    assert stripping.bare(png, "PNG").profile is None
    assert near(decoded(png, "a"), scene(), 0)


def test_a_wrong_check_sum_is_no_reason_not_to_look_at_the_pixels():
    png = encoded(scene(), "PNG")
    at = png.index(b"IHDR") + 4 + 13

    assert near(decoded(png[:at] + b"\x00\x00\x00\x00" + png[at + 4 :], "a"), scene(), 0)


def exif(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """A directory as it stands in a file, with whatever is wrong in it."""
    start = b"II*\x00" if order == "<" else b"MM\x00*"
    rows = b"".join(struct.pack(f"{order}HHI", *row[:3]) + row[3] for row in entries)
    return b"Exif\x00\x00" + start + struct.pack(f"{order}IH", 8, len(entries)) + rows + bytes(4)


SIDEWAYS = (ORIENTATION, 3, 1, b"\x06\x00\x00\x00")
BROKEN_EXIFS = {
    "a rational of nothing": exif((EXPOSURE, 5, 1, b"\xff\xff\xff\x7f"), SIDEWAYS),
    "a resolution that is text": exif((X_RESOLUTION, 2, 4, b"abc\x00"), SIDEWAYS),
    "a type that does not exist": exif((EXPOSURE, 99, 1, b"\x00" * 4), SIDEWAYS),
    "a count of four thousand million": exif((EXPOSURE, 7, 2**32 - 1, b"\x00" * 4), SIDEWAYS),
    "motorola": exif((ORIENTATION, 3, 1, b"\x00\x06\x00\x00"), order=">"),
}
UNREADABLE_EXIFS = {
    "no directory": b"Exif\x00\x00II*\x00\xff\x00\x00\x00",
    "no order": b"Exif\x00\x00abcdefgh",
    "empty": b"Exif\x00\x00",
    "an orientation of 99": exif((ORIENTATION, 3, 1, b"\x63\x00\x00\x00")),
    "more entries than there are": b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff",
}


@pytest.mark.parametrize("found", BROKEN_EXIFS.values(), ids=BROKEN_EXIFS)
def test_a_picture_is_turned_upright_whatever_else_is_broken_in_its_exif(found):
    jpeg = encoded(scene(), "JPEG", quality=95)

    upright = decoded(with_segment(jpeg, 0xE1, found), "a")

    assert alike(upright, scene().transpose(Image.Transpose.ROTATE_270))


@pytest.mark.parametrize("found", UNREADABLE_EXIFS.values(), ids=UNREADABLE_EXIFS)
def test_exif_that_cannot_be_read_is_left_out(found):
    assert decoded(with_segment(encoded(scene(), "JPEG"), 0xE1, found), "a").size == (120, 96)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_other_formats_are_turned_by_their_exif_as_well(form, orientation):
    told = Image.Exif()
    told[ORIENTATION] = orientation
    picture = scene()

    upright = decoded(encoded(picture, form, exif=told, lossless=True), "a")

    turn = decoding._TURNED.get(orientation)
    expected = picture if turn is None else picture.transpose(turn)
    assert near(upright, expected, 0)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (0xE0, b"JFIF\x00"),
        (0xE0, b"JFIF\x00\x01\x02\x07\xff\xff\xff\xff\xff\xff"),
        (0xE2, b"MPF\x00" + b"\xff" * 40),
        (0xE2, b"ICC_PROFILE\x00\x01"),
        (0xED, b"Photoshop 3.0\x008BIM" + b"\xff" * 30),
        (0xFE, b"\xff" * 100),
        (0xEE, b"Adobe"),
    ],
)
def test_what_a_jpeg_says_beside_its_pixels_never_keeps_it_from_being_read(code, data):
    jpeg = encoded(scene(), "JPEG", quality=95)

    assert alike(decoded(with_segment(jpeg, code, data), "a"), scene())


# ---- files that end early


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_jpeg_that_lacks_its_last_bytes_is_whole(progressive, missing):
    jpeg = encoded(scene(), "JPEG", quality=95, progressive=progressive)

    assert alike(decoded(jpeg[:-missing], "a"), scene())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_rows_that_decode_are_used(form):
    noise = Image.frombytes("RGB", (300, 400), random.Random(5).randbytes(360_000))  # noqa: S311 - noise
    whole = encoded(noise, form, quality=90)
    seen = decoded(whole, "a")

    upper = decoded(whole[: int(len(whole) * 0.9)], "a")

    assert upper.width == 300
    assert 300 <= upper.height < 400
    assert near(upper, seen.crop((0, 0, 300, upper.height)), 0)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_of_which_too_little_decodes_is_damaged(form):
    noise = Image.frombytes("RGB", (300, 400), random.Random(5).randbytes(360_000))  # noqa: S311 - noise
    whole = encoded(noise, form, quality=90)

    with pytest.raises(ImageRejectedError, match="damaged"):
        decoded(whole[: int(len(whole) * 0.6)], "a")


def test_a_progressive_jpeg_that_ends_early_is_coarser():
    whole = encoded(scene(size=(320, 240)), "JPEG", quality=95, progressive=True)

    assert alike(decoded(whole[: int(len(whole) * 0.9)], "a"), scene(size=(320, 240)))


def test_a_progressive_jpeg_of_which_only_averages_came_is_damaged():
    whole = encoded(scene(size=(320, 240)), "JPEG", quality=95, progressive=True)
    second = whole.index(b"\xff\xda", whole.index(b"\xff\xda") + 2)

    with pytest.raises(ImageRejectedError, match="damaged"):
        decoded(whole[: second + 4], "a")


@pytest.mark.parametrize("form", FORMATS)
def test_however_a_picture_is_damaged_its_member_is_told_what_to_do(form):
    chance, told = random.Random(3), Image.Exif()  # noqa: S311 - repeatable, no secret
    told[ORIENTATION], told[0x0110] = 6, "a camera"
    sound = encoded(scene(size=(80, 80)), form, **({} if form == "GIF" else {"exif": told}))
    for _ in range(500):
        spoilt = bytearray(sound)
        for _ in range(chance.randint(1, 6)):
            spoilt[min(int(chance.expovariate(1 / 60)), len(spoilt) - 1)] = chance.randrange(256)
        with contextlib.suppress(ImageRejectedError):  # and nothing else
            decoded(bytes(spoilt), "a")


# ---- what would keep a decoder busy


def with_scans(scans: int, *, side: int = 64) -> bytes:
    """A progressive JPEG whose last scan stands there so many times more."""
    jpeg = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * scans + jpeg[-2:]


def test_a_jpeg_of_more_scans_than_encoders_write_is_not_decoded():
    assert decoded(with_scans(30), "a").size == (64, 64)
    with pytest.raises(ImageRejectedError, match="built in an unusual way"):
        decoded(with_scans(60), "a")


def test_scans_inside_a_thumbnail_are_not_counted():
    thumbnail = b"Exif\x00\x00" + with_scans(60)

    assert decoded(with_segment(encoded(scene(), "JPEG"), 0xE1, thumbnail), "a").size == (120, 96)


# ---- the sizes of phones


@pytest.mark.parametrize("size", [(8160, 6120), (6048, 8064), (16320, 12240)])
def test_a_phones_largest_jpeg_is_decoded_at_a_reduced_size(size, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    content = encoded(Image.new("L", size, 77), "JPEG", quality=40)

    seen = decoded(content, "phone.jpg")

    assert 8_000_000 < seen.width * seen.height <= decoding.KEPT_PIXELS
    assert seen.width / seen.height == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_jpeg_of_more_than_any_phone_takes_is_refused_by_its_header(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    jpeg = encoded(Image.new("L", (64, 64)), "JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    huge = jpeg[:at] + struct.pack(">HH", 20_000, 10_100) + jpeg[at + 4 :]

    with pytest.raises(ImageRejectedError, match="more than 200 megapixels"):
        decoded(huge, "a.jpg")


def test_a_heic_is_read():
    assert alike(decoded(heic(scene(), quality=95), "a.heic"), scene())


def test_a_heic_is_read_whatever_its_exif_holds():
    content = heic(scene(), quality=95, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")

    assert decoded(content, "a.heic").size == (120, 96)


def test_a_heic_that_ends_early_is_damaged():
    content = heic(scene(), quality=95)

    with pytest.raises(ImageRejectedError, match="damaged"):
        decoded(content[: len(content) // 2], "a.heic")


def test_a_heic_of_more_pixels_than_are_kept_is_halved(monkeypatch):
    monkeypatch.setattr(decoding, "KEPT_PIXELS", 10_000)

    assert decoded(heic(scene(size=(200, 160)), quality=95), "a.heic").size == (100, 80)


def test_a_png_of_the_size_of_8k_is_kept_as_it_is():
    assert decoded(encoded(Image.new("L", (7680, 4320), 50), "PNG"), "a").size == (7680, 4320)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((64, 64), (300, 300)), ((100, 400), (300, 1200)), ((300, 90), (1000, 300))],
)
def test_a_small_picture_is_enlarged_in_its_shape(size, expected):
    assert enlarged(Image.new("RGB", size), 300).size == expected


def test_a_picture_that_is_large_enough_stays_as_it_is():
    picture = Image.new("RGB", (300, 301))

    assert enlarged(picture, 300) is picture


def test_text_hidden_beside_the_pixels_does_not_come_along():
    told = PngInfo()
    told.add_text("Author", "someone real")
    content = encoded(scene(), "PNG", pnginfo=told)

    assert b"someone" not in stripping.bare(content, "PNG").content
    assert b"someone" not in decoding.encoded(decoded(content, "a"), "PNG")
