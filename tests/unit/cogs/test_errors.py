"""What goes wrong in a command is said to its member, or at least to the operator."""

import ast
import importlib
import inspect
import logging
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.client import Client
from bot.errors import DatabaseBusyError, InvalidRequestError
from bot.money.limits import LimitKind, LimitReachedError, Refusal
from cogs import EXTENSIONS
from cogs._shared.answers import empty_on_error, guarded
from cogs._shared.interactions import check_manager
from cogs.errors import Errors
from cogs.models import Models
from cogs.quota_admin import QuotaAdmin
from cogs.show import Show
from cogs.storyboard import Storyboard
from cogs.video import Video


async def heard(kind, error, caplog):
    """What the operator reads of an error in such an interaction."""
    handlers: list[Any] = []
    await Errors(
        cast(Client, SimpleNamespace(tree=SimpleNamespace(error=handlers.append)))
    ).cog_load()
    offered: list[Any] = []

    async def offer(choices: list[Any]) -> None:
        offered.append(choices)

    response = SimpleNamespace(autocomplete=offer)
    await handlers[0](SimpleNamespace(type=kind, command=None, response=response), error)
    assert offered == [[]]  # so that the member does not wait for a list that never comes
    return [(row.msg, row.exc_info[1]) for row in caplog.records]


async def test_a_list_that_stays_empty_for_an_error_leaves_a_word_in_the_log(caplog):
    error = DatabaseBusyError("locked")

    said = await heard(discord.InteractionType.autocomplete, error, caplog)

    assert said == [("autocomplete_failed", error)]


async def test_the_error_itself_is_told_and_not_what_discord_wraps_it_in(caplog):
    error = ValueError("a bug")
    command: Any = SimpleNamespace(name="video")
    wrapped = app_commands.CommandInvokeError(command, error)

    said = await heard(discord.InteractionType.autocomplete, wrapped, caplog)

    assert said == [("autocomplete_failed", error)]


@pytest.mark.parametrize("is_deferred", [False, True])
async def test_more_reasons_than_a_message_holds_are_cut_and_not_kept_back(is_deferred):
    said: list[str] = []

    async def say(text: str = "", *, content: str = "", **_how: Any) -> None:
        said.append(text or content)

    response = SimpleNamespace(is_done=lambda: is_deferred, send_message=say)
    user, no_one = SimpleNamespace(id=30), discord.Permissions.none()
    interaction: Any = SimpleNamespace(
        user=user,
        guild_id=None,
        response=response,
        edit_original_response=say,
        permissions=no_one,
    )

    async def refuse() -> None:
        raise InvalidRequestError([f"Shot {number} has no words." for number in range(1000)])

    await guarded(interaction, refuse)

    [text] = said
    assert text.startswith("This request needs some changes:\n- Shot 0 has no words.")
    assert text.endswith("…")
    assert len(text) == 2000


class OrderResult:
    """An interaction that notes what it is answered; `rights` are those of anyone who asks."""

    type = discord.InteractionType.application_command
    command = guild_id = user = None

    def __init__(self, rights: discord.Permissions | None = None) -> None:
        self.said: list[str] = []
        self.permissions = rights or discord.Permissions.none()
        self.response = SimpleNamespace(is_done=lambda: False, send_message=self._say)

    async def _say(self, text: str, *, ephemeral: bool) -> None:
        assert ephemeral
        self.said.append(text)


async def answered(error: Exception, rights: discord.Permissions | None = None) -> str:
    """The one answer to a command that ends with this error."""
    handlers: list[Any] = []
    tree = SimpleNamespace(error=handlers.append)
    await Errors(cast(Client, SimpleNamespace(tree=tree))).cog_load()
    asked = OrderResult(rights)
    await handlers[0](asked, error)
    [text] = asked.said
    return text


class AnyCheck:
    """A command of which every check refuses in its own way."""

    name = qualified_name = "anything"


# The kind: whatever discord.py hands to the handler, the member reads one sentence of it.
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (app_commands.CheckFailure("no"), "can't use this command"),
        (app_commands.NoPrivateMessage(), "can't use this command"),
        (app_commands.MissingPermissions(["manage_guild"]), "can't use this command"),
        (app_commands.CommandNotFound("old", []), "This command was updated"),
        (
            app_commands.TransformerError(
                30, discord.AppCommandOptionType.user, app_commands.Transformer()
            ),
            "One of those options",
        ),
        (app_commands.CommandInvokeError(cast(Any, AnyCheck()), ValueError("bug")), "reference"),
        (app_commands.AppCommandError("a bug of Discord's"), "reference"),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_every_error_of_a_command_gets_one_answer(error, expected):
    assert expected in await answered(error)


async def test_a_check_that_refuses_says_why_instead_of_leaving_a_traceback():
    asked: Any = OrderResult()

    with pytest.raises(app_commands.AppCommandError) as refused:
        check_manager(asked)

    assert "Manage Server" in await answered(refused.value)
    assert check_manager(cast(Any, OrderResult(discord.Permissions(manage_guild=True))))


LIMIT = LimitReachedError([Refusal(LimitKind.POOL, 90_000, 100_000, 20_000)])


async def test_a_refusal_names_a_command_only_to_those_who_have_it():
    members = await answered(app_commands.CommandInvokeError(cast(Any, AnyCheck()), LIMIT))
    admins = await answered(
        app_commands.CommandInvokeError(cast(Any, AnyCheck()), LIMIT),
        discord.Permissions(manage_guild=True),
    )

    assert "/quota-admin" not in members
    assert "A server admin can change that." in members
    assert "You can change that with `/quota-admin pool`." in admins


def refused_by_discord(code: int) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=400, reason="Bad Request")
    return discord.HTTPException(response, {"code": code, "message": "no"})


@pytest.mark.parametrize(("code", "is_logged"), [(40060, False), (10062, False), (50035, True)])
async def test_choices_that_another_process_sent_first_leave_no_traceback(code, is_logged, caplog):
    await Errors(cast(Client, SimpleNamespace(tree=SimpleNamespace(error=callable)))).cog_load()
    tree = logging.getLogger("discord.app_commands.tree")

    try:
        raise refused_by_discord(code)
    except discord.HTTPException:
        tree.exception("Ignoring exception in autocomplete for %r", "video")

    assert [row.name for row in caplog.records if row.exc_info] == [tree.name] * is_logged


@pytest.mark.parametrize("error", [InvalidRequestError(["no"]), ValueError("a bug")])
async def test_an_autocomplete_that_fails_offers_nothing(error):
    class Cog:
        @empty_on_error
        async def names(self, interaction, typed):
            if typed:
                raise error
            return ["first"]

    assert await Cog().names(None, "") == ["first"]
    assert await Cog().names(None, "x") == []


def test_every_autocomplete_of_the_bot_offers_nothing_where_it_fails():
    found = [
        (command.qualified_name, name, param.autocomplete)
        for cog in (Video, Storyboard, Models, Show, QuotaAdmin)
        for command in commands_of(cog)
        for name, param in command._params.items()
        if param.autocomplete is not None
    ]

    assert len(found) > 10
    for command, name, callback in found:
        assert inspect.unwrap(callback) is not callback, (command, name)


def commands_of(cog: Any) -> list[Any]:
    return [one for one in cog.__cog_app_commands__ if hasattr(one, "_params")]


@pytest.mark.parametrize(
    ("custom_id", "is_answered"),
    [("v0:cancel:aaaaaaaaaaaaaaaa", True), ("old", True), ("v1:cancel:aaaaaaaaaaaaaaaa", False)],
)
@pytest.mark.parametrize(
    "kind", [discord.InteractionType.component, discord.InteractionType.modal_submit]
)
async def test_what_belongs_to_an_older_version_is_answered(kind, custom_id, is_answered):
    asked: Any = OrderResult()
    asked.type, asked.data = kind, {"custom_id": custom_id}

    await Errors(cast(Client, SimpleNamespace())).on_interaction(asked)

    assert len(asked.said) == is_answered


def awaited_in(listener: ast.AsyncFunctionDef) -> list[str]:
    calls = [one.value for one in ast.walk(listener) if isinstance(one, ast.Await)]
    return [ast.unparse(one.func) for one in calls if isinstance(one, ast.Call)]


def test_every_press_and_form_passes_the_check_that_refuses_blocked_members():
    """The kind: a listener that acts by itself would act for a blocked member, too."""
    sources = [inspect.getsource(importlib.import_module(name)) for name in EXTENSIONS]
    listeners = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "on_interaction"
    ]

    assert len(listeners) > 8
    assert {name for one in listeners for name in awaited_in(one)} == {"guarded"}
