"""Reactions: who may add and remove which, and how many different ones a message holds."""

from sandbox.discord import errors
from sandbox.discord.payloads import member_json
from sandbox.discord.rules import emoji as emojis, permissions
from sandbox.discord.state.models import (
    Channel,
    Json,
    Message,
    Reaction,
    User,
)
from sandbox.discord.state.world import World

MOST_DIFFERENT = 20


class Reactions:
    """Adds and removes reactions for a user. `emoji` is what a path holds: `🎬` or `name:id`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(self, channel: Channel, message: Message, user_id: int, emoji: str) -> None:
        """React; a second time has no effect.

        Raises:
            DiscordError: 10014, 30010, or 50013 for the first of an emoji without ADD_REACTIONS.
        """
        permissions.require(self._world, channel, user_id, permissions.READ_MESSAGE_HISTORY)
        wanted = emojis.read(self._world, emoji)
        reaction = _find(message, wanted)
        if reaction is None:
            reaction = self._begin(channel, message, user_id, wanted)
        if user_id in reaction.user_ids:
            return
        reaction.user_ids[user_id] = None
        data = self._data(message, user_id, reaction.emoji) | {
            "message_author_id": str(message.author.id),
            "burst": False,
            "type": 0,
        }
        member = self._world.find_member(message.guild_id, user_id)
        if member is not None:
            data["member"] = member_json(member)
        self._publish("MESSAGE_REACTION_ADD", message, data)

    def remove(
        self, channel: Channel, message: Message, user_id: int, emoji: str, *, actor_id: int
    ) -> None:
        """Take back a reaction; someone else's needs MANAGE_MESSAGES."""
        needed = permissions.VIEW_CHANNEL if user_id == actor_id else permissions.MANAGE_MESSAGES
        permissions.require(self._world, channel, actor_id, needed)
        reaction = _find(message, emojis.read(self._world, emoji))
        if reaction is None or user_id not in reaction.user_ids:
            return
        del reaction.user_ids[user_id]
        if not reaction.user_ids:
            message.reactions.remove(reaction)
        data = self._data(message, user_id, reaction.emoji) | {"burst": False, "type": 0}
        self._publish("MESSAGE_REACTION_REMOVE", message, data)

    def clear(
        self, channel: Channel, message: Message, actor_id: int, emoji: str | None = None
    ) -> None:
        """Remove all reactions, or all with one emoji."""
        permissions.require(self._world, channel, actor_id, permissions.MANAGE_MESSAGES)
        data = _place(message)
        if emoji is None:
            message.reactions.clear()
            self._publish("MESSAGE_REACTION_REMOVE_ALL", message, data)
            return
        wanted = emojis.read(self._world, emoji)
        if (reaction := _find(message, wanted)) is not None:
            message.reactions.remove(reaction)
            self._publish(
                "MESSAGE_REACTION_REMOVE_EMOJI", message, data | {"emoji": reaction.emoji}
            )

    def users(self, message: Message, emoji: str, *, after: int, limit: int) -> list[User]:
        """Who reacted, by id."""
        reaction = _find(message, emojis.read(self._world, emoji))
        found = sorted(reaction.user_ids) if reaction else []
        return [self._world.user(user_id) for user_id in found if user_id > after][:limit]

    def _begin(self, channel: Channel, message: Message, user_id: int, wanted: Json) -> Reaction:
        permissions.require(self._world, channel, user_id, permissions.ADD_REACTIONS)
        if len(message.reactions) >= MOST_DIFFERENT:
            raise errors.too_many_reactions()
        if channel.thread is not None and channel.thread.archived:
            raise errors.thread_is_archived()
        reaction = Reaction(emoji=wanted)
        message.reactions.append(reaction)
        return reaction

    def _data(self, message: Message, user_id: int, emoji: Json) -> Json:
        return _place(message) | {"user_id": str(user_id), "emoji": emoji}

    def _publish(self, name: str, message: Message, data: Json) -> None:
        self._world.bus.publish_data(
            name,
            data,
            guild_id=message.guild_id or None,
            channel_id=message.channel_id,
            only_user=message.ephemeral_to,
        )


def _find(message: Message, wanted: Json) -> Reaction | None:
    found = (item for item in message.reactions if emojis.is_same(item.emoji, wanted))
    return next(found, None)


def _place(message: Message) -> Json:
    place = {"message_id": str(message.id), "channel_id": str(message.channel_id)}
    return place | ({"guild_id": str(message.guild_id)} if message.guild_id else {})
