"""A member's request, before it is checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.ids import ChannelId, GuildId, JobId, MessageId, ModelId, RoleId, UserId


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture that was downloaded, checked and stored; `key` names its file."""

    key: str
    media_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """A video to continue that was checked and stored; `key` names its file."""

    key: str
    width: int
    height: int
    size_bytes: int
    duration_seconds: float


class Derivation(StrEnum):
    """How a request came from an earlier video."""

    AGAIN = "again"  # the same with a new seed
    REMIX = "remix"  # changed by the member
    EXTEND = "extend"  # continued
    LOOP = "loop"  # ends as it starts
    BETTER = "better"  # the same with a better model
    REMAKE = "remake"  # one shot made again


@dataclass(frozen=True, slots=True)
class Parent:
    """The video a request was derived from; `job_id` is None for a video that is not ours.

    `extended` counts the extensions before this request.
    """

    derivation: Derivation
    job_id: JobId | None = None
    extended: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """One part of a video, with its own prompt and pictures."""

    prompt: str
    image: SourceImage | None = None
    end_image: SourceImage | None = None
    reference_images: tuple[SourceImage, ...] = ()

    @property
    def pictures(self) -> tuple[SourceImage, ...]:
        """Return all pictures in the order in which a service receives them."""
        return tuple(_pictures_in(self))


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One request for one video; None means the model's default.

    `shots` are the parts of a storyboard, in order; empty for a video of one shot, which the other
    fields describe. `duration_seconds` is per shot. `is_spoiler` if a picture was hidden as a
    spoiler, and so is the video. `source_video` is continued: by a model that takes videos, or by
    animating its last frame, which is then `image`.
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
    is_spoiler: bool = False
    source_video: SourceVideo | None = None
    parent: Parent | None = None

    @property
    def parts(self) -> tuple[Shot, ...]:
        """Return the shots; a video without a storyboard has one."""
        alone = Shot(self.prompt, self.image, self.end_image, self.reference_images)
        return self.shots or (alone,)

    @property
    def sends_video(self) -> bool:
        """Return whether a service gets the source video itself, not its last frame."""
        return self.source_video is not None and self.image is None

    @property
    def pictures(self) -> tuple[SourceImage, ...]:
        """Return every picture of every shot once, in order."""
        found = {image.key: image for part in self.shots for image in part.pictures}
        if not self.shots:
            found = {image.key: image for image in _pictures_in(self)}
        return tuple(found.values())


def _pictures_in(part: Shot | VideoRequest) -> Iterator[SourceImage]:
    """Iterate over a part's pictures in the order in which a service receives them."""
    if part.image is not None:
        yield part.image
    if part.end_image is not None:
        yield part.end_image
    yield from part.reference_images


@dataclass(frozen=True, slots=True)
class Origin:
    """The member who requested, and where the video belongs."""

    guild_id: GuildId
    channel_id: ChannelId
    user_id: UserId
    source_message_id: MessageId | None = None
    parent_id: ChannelId | None = None  # of a thread; not kept with an offer
    role_ids: frozenset[RoleId] = frozenset()  # the member's; not kept with an offer
