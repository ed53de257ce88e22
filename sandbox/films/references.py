"""Moving pictures from words with what is to be seen in them: a scene with pictures before it."""

import math
from collections.abc import Sequence

from PIL import Image, ImageOps

from sandbox.films.scenes import Scene


class SceneWithReferences:
    """One prompt's film in which every reference picture floats, side by side."""

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
