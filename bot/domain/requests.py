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
class Shot:
    """One part of a film: its own words, and its own pictures."""

    prompt: str
    image: SourceImage | None = None
    end_image: SourceImage | None = None
    reference_images: tuple[SourceImage, ...] = ()

    @property
    def pictures(self) -> tuple[SourceImage, ...]:
        """All of them, in the order in which a service is given them."""
        ends = (self.image, self.end_image)
        return (*(image for image in ends if image is not None), *self.reference_images)


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One wish for one film. None means: what the model does by default.

    `shots` are the parts of a storyboard, in order; empty for a film of one shot, which the other
    fields describe. `duration_seconds` is that of a shot.
    """

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
    reference_images: tuple[SourceImage, ...] = ()
    shots: tuple[Shot, ...] = ()

    @property
    def parts(self) -> tuple[Shot, ...]:
        """The shots; a film that is no storyboard has one."""
        alone = Shot(self.prompt, self.image, self.end_image, self.reference_images)
        return self.shots or (alone,)

    @property
    def pictures(self) -> tuple[SourceImage, ...]:
        """Every picture of every shot once, in order."""
        found = {image.key: image for part in self.parts for image in part.pictures}
        return tuple(found.values())
