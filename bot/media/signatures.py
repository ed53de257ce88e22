"""What a file is by its first bytes; its name and declared type are somebody's word."""

_PREFIXES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"%PDF", "a PDF"),
)
_BRANDS = {
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"heim": "a HEIC picture",
    b"hevc": "a HEIC picture",
    b"mif1": "a HEIC picture",
    b"msf1": "a HEIC picture",
}


def kind_of(content: bytes) -> str | None:
    """Pillow's name of a format that is read, words for one that is not, None for the unknown."""
    for prefix, kind in _PREFIXES:
        if content.startswith(prefix):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        if b"avif" in content[8:40]:  # the general brand first, AVIF among the compatible ones
            return "AVIF"
        return _BRANDS.get(content[8:12], "a video")
    if b"<svg" in content[:1000].lower():
        return "an SVG drawing"
    return None
