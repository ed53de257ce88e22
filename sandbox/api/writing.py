"""Acting on messages: posting, editing, deleting, reacting, typing, starting threads."""

from typing import Any

from pydantic import Field

from sandbox.api import shapes
from sandbox.api.routing import As, Call, Form, Nothing, Route
from sandbox.discord import errors, payloads
from sandbox.discord.local_discord import LocalDiscord
from sandbox.discord.rules import permissions
from sandbox.discord.rules.channel_kinds import POSTED_IN
from sandbox.discord.state.models import (
    Channel,
    Json,
    Message,
    User,
)

_FORWARD = 1


class ActingForm(Form):
    """A body that names who acts."""

    user_id: int = Field(alias="as", description="the id of the user who acts")


class Forward(Form):
    """The message to forward."""

    channel_id: int
    message_id: int


class PostForm(ActingForm):
    """A new message."""

    content: str = ""
    reply_to: int | None = None
    forward: Forward | None = None
    sticker_ids: list[str] = Field(default_factory=list)
    embeds: list[dict[str, Any]] = Field(default_factory=list)


class EditForm(ActingForm):
    """The new text."""

    content: str


class ThreadForm(ActingForm):
    """A new thread, from a message if one is named; or a forum's post, which `content` opens."""

    name: str = Field(min_length=1, max_length=100)
    message_id: int | None = None
    type: int | None = None
    content: str = ""


class WritingRoutes:
    """Handlers that act as a person."""

    def __init__(self, discord: LocalDiscord) -> None:
        self._discord = discord
        self._world = discord.world

    def table(self) -> list[Route]:
        messages = "/channels/{channel}/messages"
        message = messages + "/{message}"
        reaction = message + "/reactions/{emoji}"
        return [
            Route(
                "POST", messages, self._post, "Post a message", PostForm,
                takes_files=True, answer=shapes.Message,
            ),
            Route("PATCH", message, self._edit, "Edit one's message", EditForm, answer=shapes.Message),
            Route("DELETE", message, self._delete, "Delete a message", query=As),
            Route("PUT", reaction, self._react, "React", query=As),
            Route("DELETE", reaction, self._unreact, "Take one's reaction back", query=As),
            Route("POST", "/channels/{channel}/typing", self._type, "Type", query=As),
            Route(
                "POST", "/channels/{channel}/threads", self._start_thread, "Start a thread",
                ThreadForm, takes_files=True, answer=shapes.Channel,
            ),
        ]  # fmt: skip

    def _person(self, user_id: int) -> User:
        user = self._world.user(user_id)
        if user.bot:
            raise errors.unknown_user()
        return user

    def _read(self, call: Call[Any, Any], user_id: int) -> tuple[Channel, Message]:
        """The channel and message of the path, if the person may read them."""
        channel = self._world.channel(call.path["channel"])
        message = self._discord.messages.get(channel, call.path["message"], user_id)
        return channel, message

    def _json(self, message: Message, user_id: int) -> Json:
        return payloads.message_json(self._world, message, self._world.viewer(user_id))

    async def _post(self, call: Call[PostForm, Nothing]) -> Json:
        author = self._person(call.body.user_id)
        channel = self._world.channel(call.path["channel"])
        form = _message_form(call.body, channel)
        message = self._discord.messages.create(channel, author, form, call.files)
        return self._json(message, author.id)

    async def _edit(self, call: Call[EditForm, Nothing]) -> Json:
        editor = self._person(call.body.user_id)
        _channel, message = self._read(call, editor.id)
        form = {"content": call.body.content}
        return self._json(self._discord.messages.edit(message, editor.id, form), editor.id)

    async def _delete(self, call: Call[Nothing, As]) -> None:
        """An ephemeral message can be dismissed by the person whom it is for."""
        _channel, message = self._read(call, call.query.user_id)
        dismissed = message.ephemeral_to == call.query.user_id
        self._discord.messages.delete(message, call.query.user_id, through_interaction=dismissed)

    async def _react(self, call: Call[Nothing, As]) -> None:
        user = self._person(call.query.user_id)
        channel, message = self._read(call, user.id)
        emoji = call.request.match_info["emoji"]
        self._discord.reactions.add(channel, message, user.id, emoji)

    async def _unreact(self, call: Call[Nothing, As]) -> None:
        user = self._person(call.query.user_id)
        channel, message = self._read(call, user.id)
        emoji = call.request.match_info["emoji"]
        self._discord.reactions.remove(channel, message, user.id, emoji, actor_id=user.id)

    async def _type(self, call: Call[Nothing, As]) -> None:
        user = self._person(call.query.user_id)
        channel = self._world.channel(call.path["channel"])
        permissions.require(self._world, channel, user.id, permissions.SEND_MESSAGES)
        data: Json = {
            "channel_id": str(channel.id),
            "user_id": str(user.id),
            "timestamp": int(self._world.clock.now().timestamp()),
        }
        if (member := self._world.find_member(channel.guild_id, user.id)) is not None:
            data |= {"guild_id": str(channel.guild_id), "member": payloads.member_json(member)}
        self._world.bus.publish_data(
            "TYPING_START", data, guild_id=channel.guild_id or None, channel_id=channel.id
        )

    async def _start_thread(self, call: Call[ThreadForm, Nothing]) -> Json:
        user = self._person(call.body.user_id)
        channel = self._world.channel(call.path["channel"])
        message = None
        if call.body.message_id is not None:
            message = self._discord.messages.get(channel, call.body.message_id, user.id)
        form: Json = {"name": call.body.name, "type": call.body.type}
        if form["type"] is None:
            form["type"] = 11
        if channel.type in POSTED_IN:
            form["message"] = {"content": call.body.content}
            thread, _opening = self._discord.threads.create_post(channel, user.id, form, call.files)
        else:
            thread = self._discord.threads.create(channel, user.id, form, message)
        return payloads.channel_json(self._world, thread, user.id)


def _message_form(body: PostForm, channel: Channel) -> Json:
    """The form as Discord's Create Message has it."""
    form: Json = {"content": body.content, "sticker_ids": body.sticker_ids, "embeds": body.embeds}
    if body.reply_to is not None:
        form["message_reference"] = {
            "channel_id": str(channel.id),
            "message_id": str(body.reply_to),
        }
    elif body.forward is not None:
        form["message_reference"] = {
            "type": _FORWARD,
            "channel_id": str(body.forward.channel_id),
            "message_id": str(body.forward.message_id),
        }
    return form
