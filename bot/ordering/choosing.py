"""Choose the model for a member: by name, by preference, or by what was asked.

`usable` is the one filter of models: lists, autocomplete, presets and defaults show what it returns.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.catalog.capability import Capability, Kind
from bot.catalog.choice import AllowedModels, Choice, Preference, Terms, allowed_id, choose, usable
from bot.catalog.models import Catalog
from bot.catalog.names import candidates, named, unclear
from bot.catalog.request import Origin, VideoRequest
from bot.errors import InvalidRequestError
from bot.guilds.settings import GuildSettings, GuildStore
from bot.ids import GuildId, ModelId, UserId
from bot.money.account import MemberMoney
from bot.money.limits import LimitKind, LimitReachedError, Refusal
from bot.ordering.quotes import Quotes
from bot.providers.circuit_breaker import CircuitBreakers

FAVORITE, DEFAULT = "Your favorite", "This server's default"
FOR_ADULTS = (
    "This video comes from an age-restricted channel or a model for adults."
    " Leave out `to_all`, or show it in an age-restricted channel."
)


class FavoriteStore(Protocol):
    """Members' favorite models, one for each server."""

    async def get(self, guild_id: GuildId, user_id: UserId) -> ModelId | None: ...

    async def put(self, guild_id: GuildId, user_id: UserId, model_id: ModelId | None) -> None:
        """Write a favorite, or remove it if None."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model of a request; `note` says why it isn't the one a member would expect."""

    model_id: ModelId
    note: str = ""


@dataclass(frozen=True, slots=True)
class Favorite:
    """A member's favorite as they set it; `capability` is None if it isn't offered any more."""

    model_id: ModelId
    capability: Capability | None
    is_allowed: bool


class ModelChooser:
    """Choose models within the rules of a server; store members' favorites."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        quotes: Quotes,
        favorites: FavoriteStore,
        guilds: GuildStore,
        member_money: MemberMoney,
        breakers: CircuitBreakers,
    ) -> None:
        self._catalog = catalog
        self._quotes = quotes
        self._favorites = favorites
        self._guilds = guilds
        self._member_money = member_money
        self._breakers = breakers

    async def usable(self, place: Origin | None, *, adults: bool = False) -> list[Capability]:
        """Return the models that this member may use here, in the catalog's order.

        Models made for adults are only included if the channel is for `adults`. Outside servers
        (None) no rules apply.
        """
        allowed = None if place is None else await self._allowed(place)
        return [one for one in usable(self._catalog, allowed) if adults or not one.is_explicit]

    async def named(self, text: str, place: Origin, *, adults: bool = False) -> Chosen:
        """Return the model that a member named, and its new name if it was renamed.

        A name that several models have is the one's that the member may use. A model that they may
        not use is refused with the request's other limits. Raises InvalidRequestError.
        """
        allowed = await self._allowed(place)
        found = _only(text, usable(self._catalog, allowed)) or _only(text, self._catalog)
        if found is None:
            raise InvalidRequestError([unclear(text, await self.usable(place, adults=adults))])
        ensure_suits(found, adults=adults)
        old = text.strip() in found.other_ids
        note = f"{text.strip()} is now called {found.name}." if old else ""
        return Chosen(allowed_id(found, allowed) or found.model_id, note)

    async def choose(self, sketch: VideoRequest, place: Origin) -> Chosen:
        """Choose the model for a request that names none.

        The member's favorite, then the server's default, then the cheapest that can do what the
        `sketch` asks for. Raises InvalidRequestError if none is available.
        """
        allowed, favorite, settings, paused = await asyncio.gather(
            self._allowed(place),
            self._favorites.get(place.guild_id, place.user_id),
            self._guilds.get(place.guild_id),
            self._breakers.paused({one.provider for one in self._catalog}),
        )
        preferences = _preferences(favorite, settings, sketch)
        terms = Terms(
            allowed, preferences, paused, self._catalog.preferred, self._quotes.answers_for
        )
        found = choose(sketch, self._catalog, terms)
        if found is None:
            raise _none_left(are_any_listed=bool(list(self._catalog)))
        return _chosen(found, terms)

    async def pick(
        self, named: str | None, sketch: VideoRequest, place: Origin, *, adults: bool = False
    ) -> Chosen:
        """Return the `named` model or, without a name, choose one. Raises as both."""
        if named and named.strip():
            return await self.named(named, place, adults=adults)
        return await self.choose(sketch, place)

    async def pick_for_storyboard(
        self, named: str | None, sketch: VideoRequest, place: Origin, *, adults: bool = False
    ) -> Chosen:
        """Return the `named` model or, without a name, choose one that can make the `sketch`.

        Raises as `pick`; also LimitReachedError for a named model that the member may not use:
        nothing has been written yet.
        """
        chosen = await self.pick(named, sketch, place, adults=adults)
        found = self._catalog.find(chosen.model_id)
        if found is None:
            return chosen
        if not usable([found], await self._allowed(place)):
            raise LimitReachedError((Refusal(LimitKind.MODEL),))
        # said once, not for each shot, none of which can be given a picture of its own
        has_pictures = any(part.pictures for part in sketch.parts)
        if not has_pictures and (reason := unfit(found, Kind.TEXT)) and not found.is_explicit:
            raise InvalidRequestError([reason])
        return chosen

    async def favorite(self, place: Origin) -> Favorite | None:
        """Return the member's favorite, None if they have none."""
        model_id = await self._favorites.get(place.guild_id, place.user_id)
        if model_id is None:
            return None
        found = self._catalog.find(model_id)
        allowed = await self._allowed(place)
        return Favorite(model_id, found, found is not None and bool(usable([found], allowed)))

    async def set_favorite(self, place: Origin, text: str) -> Capability:
        """Make the named model the member's favorite.

        Raises InvalidRequestError, also for a model made for adults, which is never chosen by
        itself; and LimitReachedError for one they may not use.
        """
        chosen = await self.named(text, place, adults=True)
        found = self._catalog.find(chosen.model_id)
        if found is None or (reason := unfit(found)):
            raise InvalidRequestError([reason if found else unclear(text, self._catalog)])
        if not usable([found], await self._allowed(place)):
            raise LimitReachedError((Refusal(LimitKind.MODEL),))
        await self._favorites.put(place.guild_id, place.user_id, found.model_id)
        return found

    async def clear_favorite(self, place: Origin) -> None:
        await self._favorites.put(place.guild_id, place.user_id, None)

    async def _allowed(self, place: Origin) -> AllowedModels:
        return await self._member_money.allowed_models(place)


def unfit(capability: Capability, kind: Kind | None = None) -> str:
    """Say why a model can't be a favorite, or the default for this kind; empty if it can."""
    name = capability.name
    if capability.is_explicit:
        return f"{name} makes videos for adults, so I never choose it by myself. Name it under `model` instead."
    if kind is Kind.TEXT and kind not in capability.kinds:
        return f"{name} only animates pictures. Choose a model that works from text."
    if kind is Kind.IMAGE and kind not in capability.kinds and not capability.reference_images_max:
        return f"{name} only works from text. Choose a model that animates pictures."
    return ""


def ensure_suits(capability: Capability, *, adults: bool) -> None:
    """Keep models for adults in channels for `adults`. Raises InvalidRequestError."""
    if capability.is_explicit and not adults:
        where = "Use it in an age-restricted channel, or choose another model"
        raise InvalidRequestError([f"{capability.name} makes videos for adults. {where}."])


def ensure_video_suits(model: Capability | None, *, made_among_adults: bool, adults: bool) -> None:
    """Keep a video that was made for adults in channels for `adults`.

    That is one whose channel is for adults, or whose model is. Raises InvalidRequestError.
    """
    is_for_adults = made_among_adults or (model is not None and model.is_explicit)
    if is_for_adults and not adults:
        raise InvalidRequestError([FOR_ADULTS])


def named_among(text: str, models: Sequence[Capability], catalog: Catalog) -> Capability:
    """Return the model with this name, of the `models` that a member may use.

    Raises InvalidRequestError, and LimitReachedError for one that they may not use.
    """
    found = named(text, models)
    if found is None and catalog.named(text) is not None:
        raise LimitReachedError((Refusal(LimitKind.MODEL),))
    if found is None:
        raise InvalidRequestError([unclear(text, models)])
    return found


def _only(text: str, models: Iterable[Capability]) -> Capability | None:
    found = candidates(text, models)
    return found[0] if len(found) == 1 else None


def _preferences(
    favorite: ModelId | None, settings: GuildSettings, sketch: VideoRequest
) -> tuple[Preference, ...]:
    default = settings.picture_model_id if sketch.pictures else settings.text_model_id
    both = ((favorite, FAVORITE), (default, DEFAULT))
    return tuple(Preference(model_id, whose) for model_id, whose in both if model_id is not None)


def _chosen(choice: Choice, terms: Terms) -> Chosen:
    model_id = allowed_id(choice.capability, terms.allowed) or choice.capability.model_id
    return Chosen(model_id, choice.note)


def _none_left(*, are_any_listed: bool) -> InvalidRequestError:
    if are_any_listed:
        return InvalidRequestError(
            ["You can't use any of the available models. Ask a server admin."]
        )
    return InvalidRequestError(["No video service is set up. Ask the bot's operator."])
