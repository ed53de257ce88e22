"""Recognises a video's container by its first bytes, as names and types may lie.

The results are names of ffmpeg's demuxers, one of which is then forced: on its own, ffmpeg takes a
playlist for a video and follows the addresses in it. Sources: ISO 14496-12, the Matroska and RIFF
specifications, and ffmpeg's own list of signatures.
"""

HEAD_BYTES = 400  # of a file; a transport stream has a sync byte every 188 bytes

WEBP = "webp_anim"
_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"moof", b"sidx"}
)
_PREFIXES = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpegvideo"),
    (b"\x00\x00\x00\x01\x40\x01", "hevc"),
    (b"\x00\x00\x00\x01\x67", "h264"),
    (b"\x00\x00\x00\x01\x27", "h264"),
    (b"DKIF", "ivf"),
    (b"YUV4MPEG2", "yuv4mpegpipe"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "mxf"),
)
_FEWEST_BYTES = 12


def container_of(head: bytes) -> str | None:
    """Container of the first `HEAD_BYTES` of a file, or all of it; None if no video."""
    if len(head) < _FEWEST_BYTES:
        return None
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WEBP": WEBP}.get(head[8:12])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "apng" if b"acTL" in head[:64] else None
    if head[:1] == b"G" and head[188:189] in {b"G", b""} and head[376:377] in {b"G", b""}:
        return "mpegts" if len(head) > 188 else _by_prefix(head)
    return _by_prefix(head)


def _by_prefix(head: bytes) -> str | None:
    return next((name for prefix, name in _PREFIXES if head.startswith(prefix)), None)
