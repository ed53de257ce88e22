"""The program that decodes one picture and ends: `python -m bot.media.pictures.child`.

It reads its task as a line of JSON from standard input and answers with one. It imports no module
of the bot that opens connections, and its parent (`store`) gives it limits and no environment.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from bot.errors import ImageRejectedError
from bot.media.pictures import decoding


def main() -> None:
    """Exit with 0 whenever there is an answer, refusals included."""
    Image.MAX_IMAGE_PIXELS = None  # we check the count ourselves, by format
    details = json.loads(sys.stdin.read())
    act = keep if details.pop("act") == "keep" else fit
    try:
        answer = act(**details)
    except ImageRejectedError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"exhausted": "memory"}
    except OSError as error:  # decoders' errors are translated: this is our disk
        answer = {"broken": str(error)}
    sys.stdout.write(json.dumps(answer))


def keep(source: str, target: str, name: str, max_bytes: int, min_side: int = 0) -> dict[str, Any]:
    """Decode and write a picture, with no side below `min_side`: PNG if transparent.

    Else, or if that is too large, JPEG.
    """
    picture = decoding.decoded(Path(source).read_bytes(), name)
    picture = decoding.enlarged(picture, min_side)
    form = "PNG" if picture.mode == "RGBA" else "JPEG"
    content = decoding.encoded(picture, form)
    if len(content) > max_bytes:
        form = "JPEG"
        picture, content = decoding.jpeg_within(picture, max_bytes)
    return _written(picture, content, form, target)


def fit(source: str, target: str, max_bytes: int, min_side: int) -> dict[str, Any]:
    """Write a JPEG of at most `max_bytes` with no side below `min_side`."""
    picture = decoding.decoded(Path(source).read_bytes(), "the picture")
    picture = decoding.enlarged(picture, min_side)
    return _written(*decoding.jpeg_within(picture, max_bytes), "JPEG", target)


def _written(picture: Image.Image, content: bytes, form: str, target: str) -> dict[str, Any]:
    Path(target).write_bytes(content)
    return {
        "form": form,
        "digest": hashlib.sha256(content).hexdigest(),
        "width": picture.width,
        "height": picture.height,
        "size_bytes": len(content),
    }


if __name__ == "__main__":
    main()
