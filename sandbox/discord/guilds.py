"""The guild itself: its name and boosts, and the few rules that its channels, roles and members share.

Here and in `channels`, `roles` and `members`, `actor_id` is who makes the change and needs the
permission; None is the hand of the sandbox itself. Forms are Discord's own. Every change is published.
"""

from sandbox.discord import errors, forms, permissions
from sandbox.discord.events import Event
from sandbox.discord.models import Guild, Json
from sandbox.discord.payloads import guild_event_json
from sandbox.discord.world import World

MOST_TIER = 3


class Guilds:
    """Changes to guilds."""

    def __init__(self, world: World) -> None:
        self._world = world

    def update(self, guild: Guild, form: Json, actor_id: int | None = None) -> Guild:
        """`name`; `premium_tier` only by the sandbox's hand, because members buy it."""
        if actor_id is not None:
            self._world.require_in_guild(guild, actor_id, permissions.MANAGE_GUILD)
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=2, most=100)
        tier = forms.integer(
            faults, "premium_tier", form.get("premium_tier"), least=0, most=MOST_TIER
        )
        faults.raise_if_any()
        guild.name = name or guild.name
        if tier is not None and actor_id is None:
            guild.premium_tier = tier
        self._world.bus.publish(
            Event("GUILD_UPDATE", lambda _viewer: guild_event_json(guild), guild_id=guild.id)
        )
        return guild
