"""What a film is: its length, its size, and whether it has sound."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.media.ffmpeg import Ffmpeg, input_of

# at the start of a line: elsewhere stands what somebody wrote into the file, such as a prompt
_DURATION = re.compile(r"^ *Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", re.MULTILINE)
_PICTURE = re.compile(
    r"^ *Stream #[^\n]*?: Video: (\w+)[^\n]*?\b(\d{2,5})x(\d{2,5})\b", re.MULTILINE
)
_SOUND = re.compile(r"^ *Stream #[^\n]*?: Audio: (\w+)(?:[^\n]*?, (\d+ Hz, [\w.]+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Probe:
    """What ffmpeg says of a film."""

    duration_seconds: float
    codec: str
    width: int
    height: int
    sound: str | None = None  # its codec, rate and channels; None for a silent film

    @property
    def has_sound(self) -> bool:
        return self.sound is not None

    def is_like(self, other: "Probe") -> bool:
        """Whether their pictures and sounds can stand behind one another as they are."""
        mine = (self.codec, self.width, self.height, self.sound)
        return mine == (other.codec, other.width, other.height, other.sound)


async def probe(ffmpeg: Ffmpeg, path: Path, folder: Path) -> Probe | None:
    """None where there is no moving picture."""
    # without an output ffmpeg describes its input and ends with an error
    told = (await ffmpeg.run(*input_of(path), folder=folder)).told
    duration, picture = _DURATION.search(told), _PICTURE.search(told)
    if duration is None or picture is None:
        return None
    sound = _SOUND.search(told)
    hours, minutes, seconds = (float(part) for part in duration.groups())
    return Probe(
        duration_seconds=hours * 3600 + minutes * 60 + seconds,
        codec=picture[1],
        width=int(picture[2]),
        height=int(picture[3]),
        sound=None if sound is None else f"{sound[1]}, {sound[2]}",
    )
