"""Animate a picture: with a 🎬 reaction, or with the message command "Animate" and its form.

The reaction may be on any message that the bot can read, however old. A picture becomes one job per
member; of several it is asked which one is meant. Taking the reaction back cancels what was not yet
submitted. Reactions are free, so that their answers are few: one refusal per member and minute, one
read per message and minute, and no picture is fetched before the limits were asked.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.request import Origin, SourceImage, VideoRequest
from bot.client import Client
from bot.errors import (
    DatabaseBusyError,
    DuplicateRequestError,
    InvalidRequestError,
    StorageError,
    UserFacingError,
)
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, ModelId, UserId
from bot.ordering.intake import Gates
from bot.presentation import answers
from bot.retries import backoff_seconds
from bot.services import Services
from cogs._shared import asking, choosing, pictures
from cogs._shared.answers import TemporaryAnswers, answer, guarded
from cogs._shared.asking import Said
from cogs._shared.choosing import Choice
from cogs._shared.forms.fields import PictureField, Plan, form_of
from cogs._shared.forms.filled import Filled, FormId, form_sent
from cogs._shared.forms.requesting import wanted
from cogs._shared.forms.sending import Sent, answer_form, give_back
from cogs._shared.interactions import (
    cannot_post,
    custom_id_in,
    ensure_may_post,
    is_thread,
    missing_permissions,
    parent_of,
    place_of,
    roles_of,
)
from cogs._shared.pictures import MAX_PICTURES, Picture
from cogs._shared.reading import Reader, Throttle

_log = logging.getLogger(__name__)

TRIGGER = "🎬"
PROMPT = "Bring this picture to life with gentle, natural motion."
REACTIONS_AT_ONCE = 2  # of one member
REFUSALS_A_MINUTE = 5  # in one channel: however many members react, its videos must get through
QUESTIONS_A_MINUTE = 5  # to one member, who may react to any number of messages
ANY_PICTURE = Picture("any", "", "picture")
KIND = "animate"  # of its form
NOT_ASKED = "Only the member who reacted with 🎬 can choose."
_SUBJECT = re.compile("([0-9]{1,20})([a-z][0-9a-f]{1,20})?")
_VARIATION_SELECTOR = "\N{VARIATION SELECTOR-16}"


class Animate(commands.Cog):
    """Starts a job for a picture of a message; `_wanted` holds reactions being worked on."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._wanted: dict[tuple[int | None, int], object] = {}  # by (message, user)
        self._taken_back: dict[tuple[int | None, int], object] = {}  # and still to be cancelled
        self._chosen_now: dict[tuple[int | None, int], set[object]] = {}  # presses at work
        self._few_at_once = Gates(REACTIONS_AT_ONCE)
        self._reader = Reader(client, client.services.clock)
        self._throttle = Throttle(client.services.clock)
        self._answers = TemporaryAnswers(client.services.temporary, client.services.clock)
        self._menu = app_commands.ContextMenu(name="Animate", callback=self._animate_by_menu)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        if event.guild_id is None or not _is_trigger(event.emoji) or _is_bot(event):
            return
        request = (event.message_id, event.user_id)
        if request in self._wanted:
            return  # the same reaction, taken back and made again, is at work
        self._taken_back.pop(request, None)
        own = self._wanted[request] = object()
        try:
            async with self._few_at_once.one_of(event.user_id):
                await self._animate_by_reaction(event)
        finally:
            if self._wanted.get(request) is own:  # else it was taken back, and perhaps made again
                del self._wanted[request]

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        if event.guild_id is None or not _is_trigger(event.emoji):
            return
        self._wanted.pop((event.message_id, event.user_id), None)
        self._chosen_now.pop((event.message_id, event.user_id), None)
        place = _place(event, self._client.get_channel(event.channel_id))
        await self._cancel_once_possible(place)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle a chosen picture or a form that was sent, perhaps of an earlier process."""
        choice = choosing.parse(custom_id_in(interaction))
        if choice is not None:
            await guarded(interaction, lambda: self._animate_chosen(interaction, choice))
        form = form_sent(interaction, KIND)
        if form is not None:
            await guarded(interaction, lambda: self._animate_by_form(interaction, form))

    async def _animate_by_reaction(self, event: discord.RawReactionActionEvent) -> None:
        place = _place(event, self._client.get_channel(event.channel_id))
        if not self._is_wanted(place):
            return
        lacking = self._missing_permissions(event)
        if lacking:
            await self._answer_privately(event, lacking)
            return
        if self._throttle.is_exhausted(_refusal_of(place)) and await self._is_still_refused(place):
            return  # it was told why less than a minute ago
        message = await self._reader.read(event.channel_id, event.guild_id, event.message_id)
        found = [] if message is None else await self._reader.pictures_of(message)
        if message is None or not found or not self._is_wanted(place):
            return  # videos and words are left alone
        try:
            await self._services.blocking.ensure_not_blocked(place.guild_id, place.user_id)
            if len(found) > 1:
                await self._ask_which(message, found, place)
            else:
                await self._animate_while_wanted(found[0], message, place)
        except DuplicateRequestError:
            return  # once per picture and member, however often it is pressed
        except (UserFacingError, StorageError) as error:
            await self._refuse(message, place, answers.sentence(error, is_public=True))

    async def _animate_while_wanted(
        self, picture: Picture, message: discord.Message, place: Origin
    ) -> None:
        """Animate, unless the member takes the reaction back in between."""
        source = picture.promised()
        request, note = await self._chosen(picture, source.promised, place)
        async with self._services.intake.taking(request, [source], place) as complete:
            if not self._is_wanted(place):
                return
            said = await asking.ask(
                self._services, complete, place, _key(picture, place), is_public=True
            )
        said = asking.noted(note, said)
        if not self._is_wanted(place):  # too late for the listener to have seen this job
            await self._cancel_once_possible(place)
        elif said.job_id is None:  # there is a price to confirm
            subject = f"{message.id}:{picture.key}:{place.user_id}"
            await self._ask(message, place, said.text, subject, said.view)

    async def _ask_which(
        self, message: discord.Message, found: Sequence[Picture], place: Origin
    ) -> None:
        question = await self._question(message, found, place)
        subject = f"{message.id}:which:{place.user_id}"
        await self._ask(message, place, question.text, subject, question.view)

    async def _ask(
        self,
        message: discord.Message,
        place: Origin,
        text: str,
        subject: str,
        view: discord.ui.View | None,
    ) -> None:
        """Ask in the channel, a few times a minute per member: questions stay for ten minutes."""
        if self._throttle.allow_times(("questions", place.user_id), QUESTIONS_A_MINUTE):
            await self._answers.tell(message, place.user_id, text, subject=subject, view=view)
        else:
            _log.info("questions_limited", extra={"user": place.user_id})

    async def _question(
        self, message: discord.Message, found: Sequence[Picture], place: Origin
    ) -> Said:
        """Ask which picture is meant. Raises what a request for the first of them would raise."""
        picture = replace(found[0], owner=None)  # whose it is counts once it is chosen
        request = await self._request(picture, picture.promised().promised, place)
        await self._services.ordering.ensure_possible(request, place)
        try:
            price = self._services.quotes.priced(request)[2]
        except InvalidRequestError:  # the service says what it costs when it has the picture
            price = None
        return Said(*choosing.question(found, message.id, place.user_id, price))

    async def _animate_chosen(self, interaction: discord.Interaction, choice: Choice) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        if interaction.user.id != choice.user_id:
            raise InvalidRequestError([NOT_ASKED])
        place = replace(place_of(interaction), source_message_id=MessageId(choice.message_id))
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        message = await self._reader.read(place.channel_id, interaction.guild_id, choice.message_id)
        found = [] if message is None else await self._reader.pictures_of(message)
        chosen = choice.pick(found)
        if not chosen:
            raise InvalidRequestError(["That picture is gone. Choose another one."])
        request, own = (place.source_message_id, place.user_id), object()
        self._chosen_now.setdefault(request, set()).add(own)
        try:
            await self._make_all(interaction, chosen, place)
        finally:
            presses = self._chosen_now.get(request, set())
            is_taken_back = own not in presses
            presses.discard(own)
            if not presses:
                self._chosen_now.pop(request, None)
        if is_taken_back:  # too late for the listener to have seen these jobs
            await self._cancel_once_possible(place)

    async def _make_all(
        self, interaction: discord.Interaction, chosen: Sequence[Picture], place: Origin
    ) -> None:
        first, *others = [await self._make_and_say(picture, place) for picture in chosen]
        await asking.show(self._services, interaction, first)
        await _follow_up(self._services, interaction, others)

    async def _make_and_say(self, picture: Picture, place: Origin) -> Said:
        try:
            source = picture.promised()
            request, note = await self._chosen(picture, source.promised, place)
            said = await asking.ask_with_pictures(
                self._services, request, [source], place, _key(picture, place)
            )
            return asking.noted(note, said)
        except UserFacingError as error:
            return Said(answers.sentence(error))

    async def _animate_by_menu(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        place = place_of(interaction, message)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        found = pictures.of_message(message)[:MAX_PICTURES]
        if not found:
            file_name = next((file.filename for file in message.attachments), None)
            await answer(interaction, answers.no_picture(file_name))
            return
        only = found[0].key if len(found) == 1 else ""
        plan = replace(
            _plan(FormId(KIND, f"{message.id}{only}")),
            filled=Filled(prompt=PROMPT),
            choices=tuple(choosing.named(found)),
        )
        form = await form_of(self._services, interaction, plan, place)
        await interaction.response.send_modal(form)

    async def _animate_by_form(self, interaction: discord.Interaction, form: FormId) -> None:
        place = replace(place_of(interaction), source_message_id=_subject(form)[0])
        await answer_form(self._services, interaction, _plan(form), place, self._ask_by_form)

    async def _ask_by_form(self, sent: Sent) -> Said | None:
        """Make a request for each chosen picture. Raises what `ask` does."""
        interaction, place = sent.interaction, sent.place
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        message_id = place.source_message_id or 0
        message = await self._reader.read(place.channel_id, interaction.guild_id, message_id)
        found = [] if message is None else await self._reader.pictures_of(message)
        keys = {only} if (only := _subject(sent.plan.form)[1]) else set(sent.filled.pictures)
        chosen = [one for one in found if one.key in keys]
        if not chosen:
            raise InvalidRequestError(["That picture is gone. Choose another one."])
        if len(chosen) == 1:
            return await self._make_of_form(sent, chosen[0])
        await self._make_each(sent, chosen)
        return None

    async def _make_each(self, sent: Sent, chosen: Sequence[Picture]) -> None:
        """Make one video per picture and answer for each; a refused one stops no other."""
        made: list[Said] = []
        troubles: list[str] = []
        for picture in chosen:
            try:
                made.append(await self._make_of_form(sent, picture))
            except UserFacingError as error:
                troubles.append(answers.sentence(error))
        if troubles:
            await give_back(self._services, sent, "\n".join(dict.fromkeys(troubles)))
        else:  # in the place of "thinking…", which a message that follows would take otherwise
            await asking.show(self._services, sent.interaction, made.pop(0))
        await _follow_up(self._services, sent.interaction, made)

    async def _make_of_form(self, sent: Sent, picture: Picture) -> Said:
        source = picture.promised()
        found = await wanted(
            self._services, sent.interaction, sent.filled, pictures=[source.promised]
        )
        request = replace(found.request, is_spoiler=picture.is_spoiler)
        key = IdempotencyKey(f"interaction:{sent.interaction.id}:{picture.key}")
        said = await asking.ask_with_pictures(self._services, request, [source], sent.place, key)
        return asking.noted(found.note, said)

    async def _request(self, picture: Picture, image: SourceImage, place: Origin) -> VideoRequest:
        request, _ = await self._chosen(picture, image, place)
        return request

    async def _chosen(
        self, picture: Picture, image: SourceImage, place: Origin
    ) -> tuple[VideoRequest, str]:
        """Return the request, and a note if its model isn't the one the member prefers."""
        sketch = VideoRequest(PROMPT, ModelId(""), image=image, is_spoiler=picture.is_spoiler)
        chosen = await self._services.choosing.choose(sketch, place)
        return replace(sketch, model_id=chosen.model_id), chosen.note

    def _is_wanted(self, place: Origin) -> bool:
        return (place.source_message_id, place.user_id) in self._wanted

    async def _is_still_refused(self, place: Origin) -> bool:
        """Whether the limits still refuse this member; reads no message."""
        try:
            request = await self._request(ANY_PICTURE, ANY_PICTURE.promised().promised, place)
            await self._services.ordering.ensure_possible(request, place)
        except UserFacingError:
            return True
        except StorageError:
            return False  # and whatever meets the database next says so
        self._throttle.forget(_refusal_of(place))
        return False

    async def _cancel_once_possible(self, place: Origin) -> None:
        """Cancel, and retry while the database is away: Discord reports a removed reaction once.

        Unless the reaction is made again in the meantime.
        """
        request = (place.source_message_id, place.user_id)
        own = self._taken_back[request] = object()
        tries = 0
        while self._taken_back.get(request) is own:
            tries += 1
            try:
                await self._cancel_by_reaction(place)
            except DatabaseBusyError as error:
                _log.warning("not_cancelled_yet", extra={"error": str(error), "tries": tries})
                await self._services.clock.sleep(backoff_seconds(tries))
            else:
                break
        if self._taken_back.get(request) is own:
            del self._taken_back[request]

    async def _cancel_by_reaction(self, place: Origin) -> None:
        """Cancel the reaction's jobs; tell the member if some were already submitted."""
        if place.source_message_id is None:
            return
        taken = await self._services.cancelling.cancel_by_reaction(
            place.source_message_id, place.user_id
        )
        if taken.too_late and self._throttle.allow(("too late", place.user_id)):
            channel = self._client.get_partial_messageable(
                place.channel_id, guild_id=place.guild_id
            )
            subject = f"{place.source_message_id}:late:{place.user_id}"
            text = answers.too_late(taken.too_late)
            await self._answers.send(channel, place.user_id, text, subject)

    def _missing_permissions(self, event: discord.RawReactionActionEvent) -> list[str]:
        """List the permissions missing to post a video; none for an unknown channel."""
        channel = self._client.get_channel(event.channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return []
        permissions = channel.permissions_for(channel.guild.me)
        return missing_permissions(permissions, thread=is_thread(channel))

    async def _answer_privately(
        self, event: discord.RawReactionActionEvent, lacking: Sequence[str]
    ) -> None:
        """Tell the member directly, where nothing may be posted; some accept no such messages."""
        _log.info("reaction_without_permission", extra={"channel_id": event.channel_id})
        if not self._throttle.allow(("may not post", event.user_id)):
            return
        text = f"<#{event.channel_id}>: {answers.sentence(cannot_post(lacking))}"
        try:
            direct = await self._client.create_dm(discord.Object(event.user_id))
            await direct.send(text)
        except discord.HTTPException as error:
            _log.info("reaction_unanswerable", extra={"code": error.code})

    async def _refuse(self, message: discord.Message, place: Origin, text: str) -> None:
        """Tell a refusal, once a minute per member and a few times per channel."""
        if self._throttle.allow(_refusal_of(place)) and self._throttle.allow_times(
            ("refusals", place.channel_id), REFUSALS_A_MINUTE
        ):
            await self._answers.tell(
                message, place.user_id, text, subject=f"refusal:{place.user_id}"
            )
        else:
            _log.info("refused_silently", extra={"user": place.user_id})


def _plan(form: FormId) -> Plan:
    """Return the form for one picture, or one that asks which of several."""
    ask = PictureField.NONE if _subject(form)[1] else PictureField.CHOOSE
    return Plan(form, "Animate", ask_pictures=ask, animates=True)


def _subject(form: FormId) -> tuple[MessageId, str]:
    """Return the message, and its picture unless one is to be chosen. Raises InvalidRequestError."""
    match = _SUBJECT.fullmatch(form.subject)
    if match is None:
        raise InvalidRequestError([answers.OLD_BUTTON])
    return MessageId(int(match[1])), match[2] or ""


async def _follow_up(
    services: Services, interaction: discord.Interaction, answered: Sequence[Said]
) -> None:
    for said in answered:
        given: dict[str, Any] = {} if said.view is None else {"view": said.view}
        sent = await interaction.followup.send(said.text, ephemeral=True, wait=True, **given)
        await asking.follow(services, interaction, said, MessageId(sent.id))


def _is_trigger(emoji: discord.PartialEmoji) -> bool:
    return emoji.id is None and emoji.name.replace(_VARIATION_SELECTOR, "") == TRIGGER


def _is_bot(event: discord.RawReactionActionEvent) -> bool:
    return event.member is not None and event.member.bot


def _key(picture: Picture, place: Origin) -> IdempotencyKey:
    return IdempotencyKey(f"reaction:{place.source_message_id}:{picture.key}:{place.user_id}")


def _refusal_of(place: Origin) -> tuple[str, UserId]:
    return ("refusal", place.user_id)


def _place(event: discord.RawReactionActionEvent, channel: object) -> Origin:
    return Origin(
        guild_id=GuildId(event.guild_id or 0),
        channel_id=ChannelId(event.channel_id),
        user_id=UserId(event.user_id),
        source_message_id=MessageId(event.message_id),
        parent_id=parent_of(channel),
        role_ids=roles_of(event.member),
    )


async def setup(client: Client) -> None:
    await client.add_cog(Animate(client))
