"""Moving pictures from words: a landscape, weather and a subject, chosen by what is said.

The same words give the same video, other words another. Everything is drawn with plain shapes.
"""

import hashlib
import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from sandbox.videos.drawing import Colour, Pen
from sandbox.videos.subjects import Where, coat_of, subject_of


@dataclass(frozen=True, slots=True)
class Palette:
    """Sky from top to horizon, hills from far to near, and light."""

    top: Colour
    low: Colour
    far: Colour
    near: Colour
    light: Colour


PALETTES = {
    "snow": Palette(
        (92, 122, 168), (214, 226, 240), (158, 178, 204), (240, 245, 250), (255, 250, 235)
    ),
    "sunset": Palette((58, 40, 92), (246, 146, 96), (116, 62, 96), (52, 30, 58), (255, 214, 140)),
    "ocean": Palette(
        (64, 132, 190), (190, 226, 238), (44, 118, 158), (18, 72, 110), (255, 250, 220)
    ),
    "night": Palette((10, 14, 38), (46, 54, 104), (28, 34, 70), (12, 16, 36), (236, 240, 255)),
    "city": Palette((36, 42, 84), (222, 140, 130), (62, 62, 104), (24, 26, 50), (255, 226, 160)),
    "forest": Palette(
        (120, 174, 190), (226, 236, 210), (86, 134, 106), (34, 74, 54), (255, 246, 214)
    ),
    "desert": Palette(
        (96, 156, 206), (250, 224, 178), (222, 166, 104), (188, 118, 66), (255, 248, 220)
    ),
    "space": Palette((6, 6, 20), (38, 20, 66), (74, 42, 106), (24, 16, 46), (250, 236, 255)),
}
_WORDS = {
    "snow": "snow snowy winter ice frost arctic ski skier",
    "sunset": "sunset sunrise dawn dusk evening golden",
    "ocean": "ocean sea wave waves beach water lake river whale fish shark dolphin surf boat ship",
    "night": "night moon stars midnight dark",
    "city": "city street skyline neon car taxi bus tram town building buildings",
    "forest": "forest tree trees wood woods garden meadow field jungle leaves flower flowers",
    "desert": "desert sand dune dunes canyon camel",
    "space": "space planet galaxy rocket spaceship astronaut nebula mars",
}
_WEATHERS = {"snow": "snow", "night": "stars", "space": "stars"}
_WET = frozenset(["rain", "rainy", "raining", "storm", "stormy", "thunderstorm"])


class Scene:
    """One prompt's video; `frame` draws the picture at a share of its length, from 0 to 1."""

    def __init__(self, prompt: str, size: tuple[int, int], seconds: float) -> None:
        self.size, self.seconds = size, seconds
        words = re.findall(r"[a-z]+", prompt.lower())
        digest = hashlib.sha256(prompt.encode()).digest()
        self._random = random.Random(digest)  # noqa: S311 - a drawing, not a secret
        theme = _theme(words, digest)
        self._palette = PALETTES[theme]
        self._theme = theme
        self._weather = "rain" if _WET & set(words) else _WEATHERS.get(theme, "motes")
        self._subject = subject_of(words)
        self._coat = coat_of(words, self._subject) if self._subject else None
        self._sky = self._draw_sky()
        self._layers = [self._draw_layer(depth) for depth in range(4)]
        self._specks = [
            (self._random.random(), self._random.random(), self._random.uniform(0.3, 1.0))
            for _ in range(140)
        ]

    def frame(self, share: float) -> Image.Image:
        width, height = self.size
        picture = self._sky.copy()
        seconds = share * self.seconds
        for depth, layer in enumerate(self._layers):
            offset = int(seconds * width * 0.02 * (depth + 1) ** 1.6) % width
            picture.paste(layer, (-offset, 0), layer)
            picture.paste(layer, (width - offset, 0), layer)
            if depth == 2:
                self._draw_subject(picture, seconds)
        self._draw_specks(picture, seconds)
        return picture.resize((width, height)) if picture.size != self.size else picture

    def _draw_sky(self) -> Image.Image:
        width, height = self.size
        column = Image.new("RGB", (1, height))
        for y in range(height):
            column.putpixel((0, y), _blend(self._palette.top, self._palette.low, y / height))
        sky = column.resize(self.size)
        glow = Image.new("RGB", self.size)
        x = width * self._random.uniform(0.2, 0.8)
        up, radius = height * 0.3, height * 0.09
        draw = ImageDraw.Draw(glow)
        draw.ellipse((x - radius, up - radius, x + radius, up + radius), fill=self._palette.light)
        halo = glow.filter(ImageFilter.GaussianBlur(height // 10))
        mask = halo.convert("L")
        sky = Image.composite(Image.new("RGB", self.size, self._palette.light), sky, mask)
        sky.paste(glow, (0, 0), glow.convert("L").point(lambda value: 255 if value > 60 else 0))
        return sky

    def _draw_layer(self, depth: int) -> Image.Image:
        """A strip of hills, trees or houses that meets itself at its ends."""
        width, height = self.size
        layer = Image.new("RGBA", self.size)
        draw = ImageDraw.Draw(layer)
        colour = (*_blend(self._palette.far, self._palette.near, depth / 3), 255)
        base = height * (0.52 + 0.13 * depth)
        waves = [
            (
                self._random.randint(1, 3 + depth),
                self._random.random() * math.tau,
                height * self._random.uniform(0.015, 0.05),
            )
            for _ in range(3)
        ]

        def ground(x: float) -> float:
            return base + sum(h * math.sin(math.tau * n * x / width + p) for n, p, h in waves)

        points = [(x, ground(x)) for x in range(0, width + 4, 4)]
        draw.polygon([(0, height), *points, (width, height)], fill=colour)
        self._plant(draw, ground, depth, colour)
        return layer

    def _plant(
        self,
        draw: ImageDraw.ImageDraw,
        ground: Callable[[float], float],
        depth: int,
        colour: tuple[int, ...],
    ) -> None:
        width, height = self.size
        shade = tuple(int(part * 0.82) for part in colour[:3])
        for _ in range(9 - depth * 2):
            x = self._random.uniform(0.05, 0.92) * width
            tall = height * self._random.uniform(0.06, 0.13) * (1 + depth * 0.35)
            foot = ground(x) + 4
            if self._theme == "ocean":
                continue  # waves bear nothing
            if self._theme == "city":
                wide = tall * 0.5
                draw.rectangle((x, foot - tall * 1.6, x + wide, foot), fill=shade)
            elif self._theme == "desert":
                _draw_cactus(draw, x, foot, tall, shade)
            elif depth < 3:
                for step in range(3):
                    top = foot - tall * (0.4 + 0.3 * step)
                    half = tall * (0.30 - 0.07 * step)
                    draw.polygon(
                        [
                            (x, top - tall * 0.28),
                            (x - half, top + tall * 0.2),
                            (x + half, top + tall * 0.2),
                        ],
                        fill=shade,
                    )

    def _draw_subject(self, picture: Image.Image, seconds: float) -> None:
        if self._subject is None or self._coat is None:
            return
        width, height = self.size
        where, unit = self._subject.where, height * 0.055 * self._subject.size
        x = width * (0.34 + 0.12 * math.sin(seconds * 0.7))
        y = height * where.value - abs(math.sin(seconds * 7)) * unit * 0.5
        if where is Where.STANDING:
            x, y = width * 0.42, height * where.value
        elif where is not Where.GROUND:
            y = height * where.value + math.sin(seconds * 1.6) * unit * 0.6
        pen = Pen(ImageDraw.Draw(picture), x, y, unit, seconds, self._coat)
        self._subject.paint(pen)

    def _draw_specks(self, picture: Image.Image, seconds: float) -> None:
        width, height = self.size
        draw = ImageDraw.Draw(picture)
        for x, y, near in self._specks:
            shine = near
            if self._weather == "rain":
                left, top = (x - seconds * 0.1) % 1, (y + seconds * 1.6 * near) % 1
                fall = (left * width, top * height, (left - 0.01) * width, (top + 0.05) * height)
                draw.line(fall, fill=(196, 212, 232), width=1)
                continue
            if self._weather == "snow":
                left = (x - seconds * 0.06 * near + math.sin(seconds + x * 9) * 0.01) % 1
                top = (y + seconds * 0.22 * near) % 1
            elif self._weather == "stars":
                left, top = x, y * 0.55
                shine = near * (0.5 + 0.5 * abs(math.sin(seconds * 2 + x * 40)))
            else:
                left = (x + seconds * 0.02 * near) % 1
                top = (y - seconds * 0.03 * near) % 1
                shine = near * 0.6
            size = max(1.0, height * 0.006 * shine)
            box = (left * width, top * height, left * width + size, top * height + size)
            draw.ellipse(box, fill=self._palette.light)


def _draw_cactus(
    draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float, shade: tuple[int, ...]
) -> None:
    thick = max(3, int(tall * 0.18))
    draw.line((x, foot, x, foot - tall), fill=shade, width=thick)
    for side, low in ((-1, 0.35), (1, 0.5)):
        out = x + side * tall * 0.3
        arm = [(x, foot - tall * low), (out, foot - tall * low), (out, foot - tall * (low + 0.3))]
        draw.line(arm, fill=shade, width=thick, joint="curve")


def _theme(words: list[str], digest: bytes) -> str:
    for theme, names in _WORDS.items():
        if set(words) & set(names.split()):
            return theme
    return sorted(PALETTES)[digest[0] % len(PALETTES)]


def _blend(one: Colour, other: Colour, share: float) -> Colour:
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )
