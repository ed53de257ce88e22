"""The tags of a forum's posts: which may be applied, and by whom."""

from sandbox.discord import errors
from sandbox.discord.rules import forms, permissions
from sandbox.discord.rules.channel_kinds import REQUIRE_TAG, fields_of
from sandbox.discord.state.models import Channel, Json
from sandbox.discord.state.world import World

MOST_APPLIED = 5


def applied(world: World, forum: Channel, form: Json, actor_id: int | None) -> list[int]:
    """The ids in the form's `applied_tags`, in order, each once.

    Raises:
        DiscordError: 10087 for a tag that the forum has not, 50013 for a moderated one without
            MANAGE_THREADS, 40067 for none where the forum asks for one.
    """
    faults = errors.FormErrors()
    raw = forms.items(faults, "applied_tags", form.get("applied_tags"), most=MOST_APPLIED)
    faults.raise_if_any()
    wanted = list(dict.fromkeys(forms.required_snowflake("applied_tags", item) for item in raw))
    known = {int(tag["id"]): tag for tag in fields_of(forum)["available_tags"]}
    if any(tag not in known for tag in wanted):
        raise errors.unknown_tag()
    if not wanted and forum.flags & REQUIRE_TAG:
        raise errors.tag_required()
    if actor_id is not None and any(known[tag]["moderated"] for tag in wanted):
        permissions.require(world, forum, actor_id, permissions.MANAGE_THREADS)
    return wanted
