"""Using the bot: commands, autocompletion, components, modals and context menus.

Each answers as soon as the bot has acknowledged the interaction, or the three seconds are over.
"""

from typing import Any

from pydantic import Field

from sandbox.api import shapes
from sandbox.api.routing import As, Call, Form, Nothing, Route
from sandbox.discord import errors
from sandbox.discord.interactions.service import Interactions
from sandbox.discord.state.models import Channel, Interaction, Json


class PersonForm(Form):
    """Who acts."""

    user_id: int = Field(alias="as", description="the id of the user who acts")


class PlaceForm(PersonForm):
    """Who acts, and where."""

    channel_id: int


class CommandForm(PlaceForm):
    """A slash command; a file's value is `attachment://0` for `files[0]`."""

    command: str = Field(min_length=1, description='its path, such as "quota-admin pool set"')
    options: dict[str, Any] = Field(default_factory=dict)


class AutocompleteForm(CommandForm):
    """What stands in the options while one of them is being typed."""

    focused: str


class ComponentForm(PlaceForm):
    """A press of a button, or a choice in a select."""

    message_id: int
    custom_id: str
    values: list[Any] = Field(default_factory=list)


class ModalForm(PersonForm):
    """What was entered; `interaction_id` is the interaction that was answered with the modal."""

    interaction_id: int
    fields: dict[str, Any] = Field(default_factory=dict)


class ContextMenuForm(PlaceForm):
    """A command from the menu of a message or user."""

    command: str
    target_id: int


class InteractingRoutes:
    """Handlers that start interactions."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions
        self._world = interactions.discord.world
        self._actions = interactions.actions

    def table(self) -> list[Route]:
        record = shapes.InteractionRecord
        return [
            Route(
                "POST", "/interactions/command", self._command, "Run a slash command",
                CommandForm, takes_files=True, answer=record,
            ),
            Route(
                "POST", "/interactions/autocomplete", self._autocomplete, "Type into an option",
                AutocompleteForm, answer=record,
            ),
            Route(
                "POST", "/interactions/component", self._component,
                "Press a button or choose in a select", ComponentForm, answer=record,
            ),
            Route(
                "POST", "/interactions/modal", self._modal, "Submit a modal",
                ModalForm, takes_files=True, answer=record,
            ),
            Route(
                "POST", "/interactions/context-menu", self._context_menu,
                "Choose a command from a message's or user's menu", ContextMenuForm, answer=record,
            ),
            Route(
                "GET", "/interactions/{id}", self._show, "How an interaction stands",
                query=As, answer=record,
            ),
        ]  # fmt: skip

    def _place(self, form: PlaceForm) -> tuple[int, Channel]:
        """The person and the channel, if there are such."""
        self._check_person(form.user_id)
        return form.user_id, self._world.channel(form.channel_id)

    def _check_person(self, user_id: int) -> None:
        if self._world.user(user_id).bot:
            raise errors.unknown_user()

    async def _record(self, interaction: Interaction) -> Json:
        return await self._interactions.settled(interaction)

    async def _command(self, call: Call[CommandForm, Nothing]) -> Json:
        form = call.body
        user_id, channel = self._place(form)
        return await self._record(
            self._actions.command(user_id, channel, form.command, form.options, call.files)
        )

    async def _autocomplete(self, call: Call[AutocompleteForm, Nothing]) -> Json:
        form = call.body
        user_id, channel = self._place(form)
        return await self._record(
            self._actions.autocomplete(user_id, channel, form.command, form.options, form.focused)
        )

    async def _component(self, call: Call[ComponentForm, Nothing]) -> Json:
        form = call.body
        user_id, channel = self._place(form)
        return await self._record(
            self._actions.component(user_id, channel, form.message_id, form.custom_id, form.values)
        )

    async def _modal(self, call: Call[ModalForm, Nothing]) -> Json:
        form = call.body
        self._check_person(form.user_id)
        opener = self._interactions.store.find(form.interaction_id)
        if opener is None:
            raise errors.unknown_interaction()
        return await self._record(
            self._actions.modal(form.user_id, opener, form.fields, call.files)
        )

    async def _context_menu(self, call: Call[ContextMenuForm, Nothing]) -> Json:
        form = call.body
        user_id, channel = self._place(form)
        return await self._record(
            self._actions.context_menu(user_id, channel, form.command, form.target_id)
        )

    async def _show(self, call: Call[Nothing, As]) -> Json:
        interaction = self._interactions.store.find(call.path["id"])
        if interaction is None or interaction.user_id != call.query.user_id:
            raise errors.unknown_interaction()
        return self._interactions.records.describe(interaction)
