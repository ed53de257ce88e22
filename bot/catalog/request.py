"""A member's request, before it is checked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.ids import ChannelId, GuildId, JobId, MessageId, ModelId, RoleId, UserId


@dataclass(frozen=True, slots=True)
class PictureOwner:
    """The member whose picture is used.

    `picture` names it wherever it is shown; `message` is the path of the message with it, its
    server first, or empty for a file that was given to a command.
    """

    user_id: UserId
    picture: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture that was downloaded, checked and stored; `key` names its file.

    A frame of a video belongs to everyone whose pictures the video was made with.
    """

    key: str
    media_type: str
    width: int
    height: int
    size_bytes: int
    owners: tuple[PictureOwner, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """A video to continue that was checked and stored; `key` names its file."""

    key: str
    width: int
    height: int
    size_bytes: int
    duration_seconds: float
    owners: tuple[PictureOwner, ...] = ()


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
    duration_seconds: int | None = None  # None: as the request says
    reuses: JobId | None = None  # the shot of an earlier storyboard that is used as it is

    @property
    def pictures(self) -> tuple[SourceImage, ...]:
        """Return all pictures in the order in which a service receives them."""
        return tuple(_pictures_in(self))


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One request for one video; None means the model's default.

    `shots` are the parts of a storyboard, in order; empty for a video of one shot, which the other
    fields describe. `duration_seconds` holds for each shot without a length of its own. If
    `continuous`, each shot starts from the last frame of the one before. `is_spoiler` if a picture
    was hidden as a spoiler, and so is the video. `source_video` is continued: by a model that takes
    videos, or by animating its last frame, which is then `image`.
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
    continuous: bool = False

    @property
    def total_seconds(self) -> int | None:
        """Return the length of all new shots; None if the model decides one of them."""
        lengths = [part.duration_seconds or self.duration_seconds for part in self.parts]
        known = [length for length in lengths if length is not None]
        return sum(known) if len(known) == len(lengths) else None

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

    @property
    def owners(self) -> tuple[PictureOwner, ...]:
        """Return once everyone whose pictures this is made from, with each of their pictures."""
        parts: list[Shot | VideoRequest] = [self, *self.shots]
        # not of `pictures`: one stored picture may be given as that of several members
        found = [owner for part in parts for image in _pictures_in(part) for owner in image.owners]
        if self.source_video is not None:
            found += self.source_video.owners
        return tuple(dict.fromkeys(found))


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


# Stands for the last frame of the shot before, which is not there yet; it costs like any picture.
LAST_FRAME = SourceImage(key="", media_type="image/png", width=16, height=9, size_bytes=0)


def single_requests(request: VideoRequest) -> tuple[VideoRequest, ...]:
    """Return each shot as a request of its own, without the frame that it may start from."""
    return tuple(
        replace(
            request,
            prompt=shot.prompt,
            image=shot.image,
            end_image=shot.end_image,
            reference_images=shot.reference_images,
            duration_seconds=shot.duration_seconds or request.duration_seconds,
            shots=(),
            continuous=False,
            parent=None,
        )
        for shot in request.shots
    )


def priced_requests(request: VideoRequest) -> Iterator[VideoRequest]:
    """Yield each shot as it is priced: continued shots start with a picture."""
    for number, single in enumerate(single_requests(request)):
        continues = request.continuous and number > 0 and single.image is None
        yield replace(single, image=LAST_FRAME) if continues else single
