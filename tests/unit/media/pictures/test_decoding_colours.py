"""What is sent is what is seen: colours by their profile, and nothing of what was transparent."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms, ImageDraw

from bot.media.pictures import stripping
from bot.media.pictures.decoding import PLAIN, decoded, jpeg_within
from tests.unit.media.pictures.encoding import alike, chunk, encoded, near, scene


def hidden(mode: str = "RGBA") -> Image.Image:
    """A disc on a background that was made transparent, and is still there."""
    picture = scene("RGBA", (160, 120))
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).ellipse((40, 30, 120, 90), fill=255)
    picture.putalpha(mask)
    return picture.convert(mode)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF"])
def test_what_was_made_transparent_is_not_there_any_more(form):
    lossless = {"lossless": True, "exact": True} if form == "WEBP" else {}
    kept = decoded(encoded(hidden(), form, **lossless), "a")

    assert kept.mode == "RGBA"
    for corner in ((0, 0), (159, 0), (5, 110), (150, 100)):
        assert kept.getpixel(corner) == (*PLAIN, 0)
    assert kept.getchannel("A").getpixel((80, 60)) == 255


def test_traces_that_no_one_sees_are_removed_too():
    picture = scene("RGBA")
    picture.putalpha(Image.new("L", picture.size, 3))

    assert decoded(encoded(picture, "PNG"), "a").getcolors() == [(120 * 96, (*PLAIN, 0))]


@pytest.mark.parametrize("max_bytes", [60_000, 3_000])
def test_as_a_jpeg_it_stands_on_one_plain_colour(max_bytes):
    _, content = jpeg_within(decoded(encoded(hidden(), "PNG"), "a"), max_bytes)

    with Image.open(io.BytesIO(content)) as shown:
        for corner in ((0, 0), (shown.width - 1, 0), (2, shown.height - 2)):
            assert shown.getpixel(corner) == pytest.approx(PLAIN, abs=4)


def test_what_is_half_transparent_is_mixed_with_the_plain_colour():
    half = Image.new("RGBA", (80, 80), (255, 0, 0, 128))

    _, content = jpeg_within(decoded(encoded(half, "PNG"), "a"), 60_000)

    with Image.open(io.BytesIO(content)) as shown:
        assert shown.getpixel((40, 40)) == pytest.approx((255, 127, 127), abs=4)


def test_a_picture_whose_alpha_is_full_has_none():
    assert decoded(encoded(scene("RGBA"), "PNG"), "a").mode == "RGB"


def grey_png(depth: int, value: int, clear: int) -> bytes:
    """All of one grey, of which `clear` is transparent."""
    row = {1: 0xFF * value, 2: 0x55 * value, 4: 0x11 * value, 8: value}.get(depth)
    width = 64
    samples = (
        struct.pack(">H", value) * width if row is None else bytes([row]) * (width * depth // 8)
    )
    header = struct.pack(">IIBBBBB", width, 64, depth, 0, 0, 0, 0)
    data = zlib.compress((b"\x00" + samples) * 64)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tRNS", struct.pack(">H", clear))
    return start + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("depth", "value"), [(1, 1), (2, 2), (4, 9), (8, 200), (16, 300), (16, 51_000)]
)
def test_a_transparent_grey_is_transparent_at_every_depth(depth, value):
    assert decoded(grey_png(depth, value, value), "a").getchannel("A").getextrema() == (0, 0)

    other = value + 2 if depth > 4 else value - 1
    assert decoded(grey_png(depth, value, other), "a").mode == "RGB"


@pytest.mark.parametrize(("depth", "value"), [(8, 30), (16, 300), (16, 51_000)])
def test_a_transparent_colour_is_transparent_at_every_depth(depth, value):
    sample = struct.pack(">H", value) if depth == 16 else bytes([value])
    header = struct.pack(">IIBBBBB", 64, 64, depth, 2, 0, 0, 0)
    data = zlib.compress((b"\x00" + sample * 3 * 64) * 64)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    clear = chunk(b"tRNS", struct.pack(">HHH", value, value, value))
    pixels = chunk(b"IDAT", data) + chunk(b"IEND", b"")

    assert decoded(png + clear + pixels, "a").getchannel("A").getextrema() == (0, 0)
    assert decoded(png + pixels, "a").mode == "RGB"


def swapped_profile() -> bytes:
    """sRGB with green where red belongs: it shows when no one applies it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = struct.unpack_from(">I", profile, 128)[0]
    at = {bytes(profile[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(tags)}
    red, green = at[b"rXYZ"] + 4, at[b"gXYZ"] + 4
    one, other = bytes(profile[red : red + 8]), bytes(profile[green : green + 8])
    profile[red : red + 8], profile[green : green + 8] = other, one
    return bytes(profile)


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        *((form, "RGB") for form in ("PNG", "JPEG", "WEBP", "AVIF")),
        *((form, "RGBA") for form in ("PNG", "WEBP", "AVIF")),
        ("PNG", "P"),
    ],
)
def test_colours_are_those_of_the_profile(form, mode):
    picture = Image.new("RGB", (80, 80), (220, 40, 30))
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    content = encoded(picture, form, icc_profile=swapped_profile(), quality=95)

    seen = decoded(content, "a").convert("RGB").getpixel((40, 40))

    assert seen == pytest.approx((40, 220, 30), abs=12)


def test_a_profile_in_several_parts_is_put_together():
    long = swapped_profile() + bytes(100_000)
    picture = Image.new("RGB", (80, 80), (220, 40, 30))
    content = encoded(picture, "JPEG", icc_profile=long, quality=95)
    assert content.count(b"ICC_PROFILE\x00") > 1

    assert stripping.bare(content, "JPEG").profile == long


@pytest.mark.parametrize(
    "profile", [b"", b"no profile", swapped_profile()[:200], bytes(5_000)], ids=len
)
def test_a_profile_that_cannot_be_read_is_left_out(profile):
    picture = Image.new("RGB", (80, 80), (220, 40, 30))

    content = encoded(picture, "PNG", icc_profile=profile)

    assert decoded(content, "a").getpixel((40, 40)) == (220, 40, 30)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_of_colours_does_not_keep_another_kind_of_picture_from_being_read(mode):
    content = encoded(scene(mode), "JPEG", icc_profile=swapped_profile(), quality=95)

    seen = decoded(content, "a")

    assert alike(seen, scene(mode).convert("RGB"))


def test_a_profile_of_lab_is_for_no_picture_here():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    content = encoded(scene(), "PNG", icc_profile=lab)

    assert near(decoded(content, "a"), scene(), 0)


def grey_profile(gamma: float) -> bytes:
    """As scanners write it: a white point and one curve."""
    white = b"XYZ \x00\x00\x00\x00" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, round(gamma * 256)) + b"\x00\x00"
    text = b"desc" + bytes(4) + struct.pack(">I", 2) + b"g\x00" + bytes(80)
    tags, body = [], b""
    for name, data in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags.append(name + struct.pack(">II", 128 + 4 + 36 + len(body), len(data)))
        body += data + bytes(-len(data) % 4)
    size = 128 + 4 + 36 + len(body)
    head = struct.pack(">I", size) + b"lcms\x02\x10\x00\x00mntrGRAYXYZ " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\x00") + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\x00") + struct.pack(">I", 3) + b"".join(tags) + body


def test_greys_are_those_of_their_profile():
    grey = Image.new("L", (80, 80), 100)

    seen = decoded(encoded(grey, "PNG", icc_profile=grey_profile(1.0)), "a").getpixel((9, 9))

    assert seen == pytest.approx((168, 168, 168), abs=6)  # a linear 100 of 255 in sRGB
