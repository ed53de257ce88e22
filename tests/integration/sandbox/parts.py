"""Parts of messages, as bots send them."""

from io import BytesIO

from PIL import Image


def png(width: int = 32, height: int = 18) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (width, height), "teal").save(stream, "PNG")
    return stream.getvalue()


def button(custom_id: str = "cancel", **more: object) -> dict[str, object]:
    return {"type": 2, "style": 1, "label": "Cancel", "custom_id": custom_id, **more}
