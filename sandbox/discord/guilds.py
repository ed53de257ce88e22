"""Guilds, their channels, roles and members: the changes that people and bots make to them.

`actor_id` is who makes the change and needs the permission; None is the hand of the sandbox itself.
Forms are Discord's own. Every change is published.
"""

from sandbox.discord.models import Channel, Guild, Json, Member, Role
from sandbox.discord.world import World


class Guilds:
    """Changes to guilds."""

    def __init__(self, world: World) -> None:
        self._world = world

    def update(self, guild: Guild, form: Json, actor_id: int | None = None) -> Guild:
        """`name`, `premium_tier` (the latter only by the sandbox's hand)."""
        raise NotImplementedError

    def create_channel(self, guild: Guild, form: Json, actor_id: int | None = None) -> Channel:
        raise NotImplementedError

    def update_channel(self, channel: Channel, form: Json, actor_id: int | None = None) -> Channel:
        """Channels and threads (`archived`, `locked`, `auto_archive_duration`, `invitable`)."""
        raise NotImplementedError

    def delete_channel(self, channel: Channel, actor_id: int | None = None) -> None:
        raise NotImplementedError

    def create_role(self, guild: Guild, form: Json, actor_id: int | None = None) -> Role:
        raise NotImplementedError

    def update_role(
        self, guild: Guild, role_id: int, form: Json, actor_id: int | None = None
    ) -> Role:
        raise NotImplementedError

    def delete_role(self, guild: Guild, role_id: int, actor_id: int | None = None) -> None:
        raise NotImplementedError

    def add_member(
        self,
        guild: Guild,
        username: str,
        *,
        global_name: str | None = None,
        role_ids: set[int] | None = None,
        nitro: int = 0,
    ) -> Member:
        """Make a user who joins the guild."""
        raise NotImplementedError

    def update_member(
        self, guild: Guild, user_id: int, form: Json, actor_id: int | None = None
    ) -> Member:
        """`roles`, `nick`, `communication_disabled_until`."""
        raise NotImplementedError

    def remove_member(self, guild: Guild, user_id: int, actor_id: int | None = None) -> None:
        raise NotImplementedError
