"""What a member wishes for, before anybody has said whether it can be made."""

from dataclasses import dataclass

from bot.ids import ModelId


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture that was downloaded, checked and kept; `key` names its file."""

    key: str
    media_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One wish for one film. None means: what the model does by default."""

    prompt: str
    model_id: ModelId
    image: SourceImage | None = None
    end_image: SourceImage | None = None
    duration_seconds: int | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    audio: bool | None = None
