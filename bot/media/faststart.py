"""Whether an MP4 can be played while it is still arriving: its index stands before its pictures.

Source: ISO 14496-12: a file is a row of boxes, each with its length in four bytes (1: in the eight
bytes after the name; 0: to the end of the file) and its name in four.
"""

from pathlib import Path

BOXES_MOST = 64  # before the index or the pictures; a film has three or four


def has_fast_start(path: Path) -> bool:
    """True as well for what is no MP4, which nothing here could mend."""
    with path.open("rb") as file:
        for _ in range(BOXES_MOST):
            header = file.read(16)
            if len(header) < 8 or header[4:8] == b"moov":
                return True
            if header[4:8] == b"mdat":
                return False
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length < 8:
                return True
            file.seek(length - len(header), 1)
    return True
