"""Moving pictures from a picture: a slow push towards it, light drifting over it, another after it."""

import math
import random

from PIL import Image, ImageDraw, ImageOps


class StillInMotion:
    """One picture's film, ending in another where there is one."""

    def __init__(self, first: Image.Image, last: Image.Image | None, size: tuple[int, int]) -> None:
        self.size = size
        self._first = ImageOps.fit(first.convert("RGB"), (size[0] * 5 // 4, size[1] * 5 // 4))
        self._last = None if last is None else ImageOps.fit(last.convert("RGB"), self._first.size)
        chosen = random.Random(7)  # noqa: S311 - a drawing, not a secret
        self._motes = [(chosen.random(), chosen.random(), chosen.random()) for _ in range(36)]

    def frame(self, share: float) -> Image.Image:
        picture = self._first
        if self._last is not None:
            picture = Image.blend(picture, self._last, min(max((share - 0.25) * 2, 0.0), 1.0))
        zoom = 1.0 + 0.2 * share
        width, height = picture.width / (1.05 * zoom), picture.height / (1.05 * zoom)
        left = (picture.width - width) * (0.5 + 0.35 * math.sin(share * 2.2))
        top = (picture.height - height) * (0.5 - 0.25 * math.sin(share * 1.7))
        box = (left, top, left + width, top + height)
        frame = picture.resize(self.size, Image.Resampling.BILINEAR, box=box)
        self._add_motes(frame, share)
        return frame

    def _add_motes(self, frame: Image.Image, share: float) -> None:
        draw = ImageDraw.Draw(frame, "RGBA")
        for x, y, near in self._motes:
            left = ((x + share * 0.15 * near) % 1) * frame.width
            top = ((y - share * 0.25 * near) % 1) * frame.height
            size = 1 + frame.height * 0.006 * near
            alpha = int(40 + 90 * near * abs(math.sin(share * 6 + x * 20)))
            draw.ellipse((left, top, left + size, top + size), fill=(255, 250, 225, alpha))
