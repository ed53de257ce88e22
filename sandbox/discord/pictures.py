"""Pictures that the sandbox draws itself, instead of shipping files: avatars, a landscape, a sticker.

All are PNG bytes and the same for the same input; what every sandbox shows is drawn once.
"""

import colorsys
import functools
import io
import random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
_AVATAR_SIZE = 256


@functools.lru_cache(maxsize=256)
def avatar(seed: int, letter: str) -> bytes:
    """A soft gradient with an initial."""
    hue = ((seed & 0xFFF) * 0.618034) % 1
    image = _gradient(
        (_AVATAR_SIZE, _AVATAR_SIZE), _hsv(hue, 0.55, 0.95), _hsv(hue + 0.12, 0.7, 0.6)
    )
    draw = ImageDraw.Draw(image)
    middle = (_AVATAR_SIZE / 2, _AVATAR_SIZE / 2)
    font = ImageFont.load_default(size=132)
    draw.text(middle, letter.upper()[:1] or "?", fill="white", font=font, anchor="mm")
    return _png(image)


@functools.cache
def landscape(size: tuple[int, int] = (1280, 720)) -> bytes:
    """Mountains under an evening sky: the picture that waits to be made to move."""
    width, height = size
    image = _gradient(size, (38, 30, 82), (255, 176, 120))
    _draw_sun(image, (int(width * 0.68), int(height * 0.52)), height // 9)
    ranges = random.Random(7)  # noqa: S311 - scenery, not a secret
    for layer in range(4):
        colour = _hsv(0.72 - 0.03 * layer, 0.35 + 0.1 * layer, 0.55 - 0.13 * layer)
        _draw_range(image, ranges, base=height * (0.58 + 0.11 * layer), colour=colour)
    return _png(image)


@functools.cache
def clapper(size: int = 128) -> bytes:
    """A little clapper board: the guild's own emoji."""
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 48, size - 8, size - 10), 10, fill=(43, 45, 49))
    for stripe in range(5):
        left = 8 + stripe * (size - 16) / 5
        colour = (242, 243, 245) if stripe % 2 else (88, 101, 242)
        draw.polygon(((left + 8, 18), (left + 30, 18), (left + 22, 42), (left, 42)), fill=colour)
    return _png(image)


@functools.cache
def star(size: int = 320) -> bytes:
    """A star with a face: the guild's own sticker."""
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    middle = size / 2
    draw.regular_polygon((middle, middle, size * 0.46), 5, fill=(254, 231, 92))
    draw.ellipse((middle - 42, middle - 30, middle - 22, middle - 6), fill=(35, 36, 40))
    draw.ellipse((middle + 22, middle - 30, middle + 42, middle - 6), fill=(35, 36, 40))
    draw.arc((middle - 36, middle - 14, middle + 36, middle + 40), 20, 160, (35, 36, 40), 8)
    return _png(image)


def _draw_sun(image: Image.Image, centre: tuple[int, int], radius: int) -> None:
    glow = Image.new("RGB", image.size, (0, 0, 0))
    x, y = centre
    ImageDraw.Draw(glow).ellipse(
        (x - 2 * radius, y - 2 * radius, x + 2 * radius, y + 2 * radius), fill=(110, 70, 40)
    )
    blurred = glow.filter(ImageFilter.GaussianBlur(radius))
    mask = blurred.convert("L")
    image.paste((255, 214, 160), mask=mask)
    ImageDraw.Draw(image).ellipse(
        (x - radius, y - radius, x + radius, y + radius), fill=(255, 236, 200)
    )


def _draw_range(image: Image.Image, ranges: random.Random, *, base: float, colour: Colour) -> None:
    """One row of mountains, from left to right in uneven steps."""
    width, height = image.size
    points = [(0.0, float(height))]
    x = 0.0
    while x < width:
        points.append((x, base - ranges.uniform(0, height * 0.14)))
        x += ranges.uniform(width * 0.03, width * 0.09)
    points += [(float(width), base), (float(width), float(height))]
    ImageDraw.Draw(image).polygon(points, fill=colour)


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    width, height = size
    column = Image.new("RGB", (1, height))
    for y in range(height):
        share = y / max(height - 1, 1)
        pixel = tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        column.putpixel((0, y), pixel)
    return column.resize((width, height))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(saturation, 1), max(value, 0))
    return round(red * 255), round(green * 255), round(blue * 255)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
