"""Plain pictures, as someone might post them."""

import io

from PIL import Image


def picture(
    form: str = "PNG",
    size: tuple[int, int] = (160, 90),
    colour: tuple[int, int, int] = (200, 120, 40),
) -> bytes:
    """The content of a file of one colour; `form` is a name that Pillow knows."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, form)
    return target.getvalue()
