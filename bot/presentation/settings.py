"""What admins and members set, in words: a server's settings, and presets."""

from collections.abc import Mapping, Sequence

import discord

from bot.catalog.models import Catalog
from bot.catalog.presets import Preset
from bot.catalog.pricing import dollars
from bot.delivery.threads import ThreadTrouble
from bot.guilds.settings import ButtonsFor, CardPlace, GuildSettings, PicturesFor
from bot.ids import ChannelId, ModelId
from bot.presentation.escaping import plain, quoted
from bot.presentation.moderation.texts import log_channel
from bot.providers.contract import ImproverPrice

MAX_TEMPLATE = 60  # characters that a list shows
MAX_TEXT = 3_900  # of 4,096 that Discord takes in an embed
NO_PRESETS = "There are no presets yet. Save one with `/preset save`."


def of_server(
    settings: GuildSettings, catalog: Catalog, improver: ImproverPrice | None = None
) -> str:
    """Every setting of a server, with the current names of its models.

    `improver` is the model that improves prompts, with the most that this costs.
    """
    above = dollars(settings.confirm_above_micros)
    return (
        f"Videos that cost more than **{above}** need a confirmation.\n"
        f"{log_channel(settings)}\n"
        f"The buttons under a video are for: {_BUTTONS[settings.buttons]}\n"
        f"Default model for text: {_default(settings.text_model_id, catalog)}\n"
        f"Default model for pictures: {_default(settings.picture_model_id, catalog)}\n"
        f"{_cards(settings)}\n"
        f"{_RECIPES[settings.has_recipe]}\n"
        f"{_improver(settings, improver)}\n"
        f"{_SHARING[settings.pictures]}"
    )


def _improver(settings: GuildSettings, improver: ImproverPrice | None) -> str:
    """Whether members may pay for better prompts, and who writes them."""
    if not settings.improves_prompts:
        return "Improve my prompt is **off**."
    if improver is None:
        return (
            "Improve my prompt is **on**, but not offered: it needs a NanoGPT key and a model with a"
            " known price, which only the people who run this bot can set."
        )
    above = dollars(settings.confirm_above_micros)
    return (
        f"Improve my prompt is **on**: {quoted(improver.model_id, most=100)} at NanoGPT, up to"
        f" {dollars(improver.micros)} each, charged like a video. Members find it where a video needs a"
        f" confirmation, which is above {above}."
    )


def _default(model_id: ModelId | None, catalog: Catalog) -> str:
    if model_id is None:
        return "the cheapest that can do what is asked"
    found = catalog.find(model_id)
    return (
        f"`{model_id}`, which isn't offered any more"
        if found is None
        else quoted(found.name, most=100)
    )


_BUTTONS = {
    ButtonsFor.ANYONE: "anyone, at their own cost",
    ButtonsFor.MAKER: "the member who made it",
}
_SHARING = {
    PicturesFor.ANYONE: "Pictures of members who never chose: anyone may make videos from them.",
    PicturesFor.ASK: "Pictures of members who never chose: I ask them first.",
    PicturesFor.NO_ONE: "Pictures of members who never chose: no one else may use them.",
}
_RECIPES = {
    True: "The files of new videos say how they were made, unless their members don't want that.",
    False: "The files of new videos don't say how they were made.",
}


def card_trouble(channel_id: ChannelId, trouble: ThreadTrouble) -> str:
    """Tell a server's staff why a channel's cards are not in a thread."""
    return (
        f"⚠️ I post the cards of requests in <#{channel_id}> itself: {_TROUBLES[trouble]}"
        " `/settings cards` changes where they go."
    )


_TROUBLES = {
    ThreadTrouble.KIND: "a channel of its kind has no threads.",
    ThreadTrouble.PERMISSION: (
        "for a thread, I need the permissions Create Public Threads and Send Messages in Threads."
    ),
    ThreadTrouble.CLOSED: "its thread for them is locked or hidden from me.",
}


def _cards(settings: GuildSettings) -> str:
    """Sentences about where cards are posted, and whether they stay."""
    if settings.cards is CardPlace.OFF:
        where = (
            "Cards are **off**: only the member sees that a request was accepted. A request whose"
            " video service fetches its pictures from the card still gets one."
        )
    elif settings.cards is CardPlace.THREAD:
        where = (
            "Cards are posted in a thread of the request's channel, videos in the channel itself."
            " Where I can't open a thread, cards are posted in the channel, too."
        )
    else:
        where = "Cards are posted in the channel of the request."
    stays = "stay" if settings.keeps_cards else "are deleted"
    return f"{where} They {stays} once the video or the reason why it failed is posted."


def preset_saved(preset: Preset) -> str:
    """Answer to saving a preset."""
    who = "Everyone here can" if preset.owner.is_server else "You can"
    return f"Saved “{_name(preset)}”. {who} use it with `/preset use`."


def preset_deleted(preset: Preset) -> str:
    """Answer to deleting a preset."""
    whose = "the server's preset" if preset.owner.is_server else "your preset"
    return f"Deleted {whose} “{_name(preset)}”."


def preset_choice(preset: Preset) -> str:
    """Label of a preset in autocomplete."""
    return f"{preset.name} · this server's" if preset.owner.is_server else preset.name


def list_of_presets(presets: Sequence[Preset], names: Mapping[str, str]) -> discord.Embed:
    """Embed of presets, as many as fit; `names` maps models to names."""
    lines: list[str] = []
    for index, preset in enumerate(presets):
        line = _line(preset, names)
        if sum(map(len, lines)) + len(lines) + len(line) > MAX_TEXT:
            lines.append(f"… and {len(presets) - index} more: type `/preset use` to find them.")
            break
        lines.append(line)
    return discord.Embed(title="Presets", description="\n".join(lines) or NO_PRESETS)


def _line(preset: Preset, names: Mapping[str, str]) -> str:
    request = preset.request
    model = names.get(request.model_id, f"{request.model_id}, no longer available")
    parts = [
        plain(model, most=MAX_TEMPLATE) if request.model_id else None,
        f"{request.duration_seconds} s" if request.duration_seconds else None,
        request.aspect_ratio,
        request.resolution,
        "with sound" if request.audio else None,
        "for everyone here" if preset.owner.is_server else None,
    ]
    details = " · ".join([f"**{_name(preset)}**", *(part for part in parts if part)])
    template = plain(request.prompt, most=MAX_TEMPLATE)
    return f"{details}\n> {template}"


def _name(preset: Preset) -> str:
    return plain(preset.name, most=100)
