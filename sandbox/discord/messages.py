"""Messages: create, edit, delete and read, with the rules that Discord holds bots and people to."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.discord.models import Channel, Json, Message, User
from sandbox.discord.uploads import Attachments, Upload
from sandbox.discord.world import World

NO_FILES: Mapping[int, Upload] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from when it is not plainly posted: the answer to an interaction.

    Such a message needs no permissions in the channel, takes no nonce, and may be for one user only.
    """

    interaction: Json  # interaction_metadata
    application_id: int
    type: int = 20  # 20 after a slash command, 23 after a context menu, 19 in reply to a component
    ephemeral_to: int | None = None
    thinking: bool = False  # deferred: empty, with the LOADING flag, until it is edited
    reply_to: Message | None = None  # the component's message


class Messages:
    """The one way in which messages come about, whoever writes them."""

    def __init__(self, world: World, attachments: Attachments) -> None:
        self._world = world
        self._attachments = attachments

    def create(
        self,
        channel: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload] = NO_FILES,
        *,
        origin: Origin | None = None,
    ) -> Message:
        """Post `body` (Discord's Create Message form) and publish MESSAGE_CREATE."""
        raise NotImplementedError

    def edit(
        self,
        message: Message,
        editor_id: int,
        body: Json,
        files: Mapping[int, Upload] = NO_FILES,
        *,
        through_interaction: bool = False,
    ) -> Message:
        """Change the message and publish MESSAGE_UPDATE. Ends its LOADING flag.

        `through_interaction` edits with a token: no permissions, archived threads or old-edit limit.
        """
        raise NotImplementedError

    def delete(self, message: Message, actor_id: int, *, through_interaction: bool = False) -> None:
        """Remove it and publish MESSAGE_DELETE; others' messages need MANAGE_MESSAGES."""
        raise NotImplementedError

    def get(self, channel: Channel, message_id: int, reader_id: int) -> Message:
        """The message if this user may read it; 10008 otherwise."""
        raise NotImplementedError

    def history(
        self,
        channel: Channel,
        reader_id: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """What this user can read of the channel, newest first."""
        raise NotImplementedError
