"""Frames from pictures: one in slow motion, or a scene with reference pictures floating in it."""

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from sandbox.videos.scenes import Scene


class StillInMotion:
    """One picture's video, ending in another where there is one."""

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


class SceneWithReferences:
    """One prompt's video in which every reference picture floats, side by side."""

    def __init__(self, scene: Scene, pictures: Sequence[Image.Image]) -> None:
        self._scene = scene
        width, height = scene.size
        side = min(width, height) * 2 // 5, width // (len(pictures) + 1)
        card = (min(side), min(side))
        self._cards = [
            ImageOps.expand(ImageOps.fit(picture.convert("RGB"), card), 2, (255, 255, 255))
            for picture in pictures
        ]

    def frame(self, share: float) -> Image.Image:
        picture = self._scene.frame(share)
        width, height = picture.size
        for number, card in enumerate(self._cards):
            middle = width * (number + 1) / (len(self._cards) + 1)
            drift = math.sin(share * 5 + number * 2) * height * 0.04
            corner = round(middle - card.width / 2), round((height - card.height) / 2 + drift)
            picture.paste(card, corner)
        return picture
