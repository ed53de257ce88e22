"""The application's commands, global and per guild, as Discord keeps them.

A command is known by scope, type and name: registering the same again changes it and keeps its id.
Two hundred may be made a day and scope; changing one, or overwriting all with the same names, does
not count. The day goes by the sandbox's clock.
"""

from collections import deque
from datetime import datetime, timedelta

from sandbox.discord import errors
from sandbox.discord.errors import DiscordError, FormErrors
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.validation import check_command
from sandbox.discord.state.models import Command, Json
from sandbox.discord.state.world import World

Scope = int | None  # a guild's id; None is everywhere


class CommandRegistry:
    """Commands by scope and id, in the order in which they were made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._commands: dict[Scope, dict[int, Command]] = {}
        self._creates: dict[Scope, deque[datetime]] = {}

    def list_in(self, scope: Scope) -> list[Command]:
        return list(self._commands.get(scope, {}).values())

    def available_in(self, guild_id: int) -> list[Command]:
        """Global commands and the guild's own."""
        own = self.list_in(guild_id) if guild_id else []
        return [*self.list_in(None), *own]

    def get(self, scope: Scope, command_id: int) -> Command:
        if (command := self._commands.get(scope, {}).get(command_id)) is None:
            raise errors.unknown_command()
        return command

    def find(self, command_id: int) -> Command | None:
        found = (commands.get(command_id) for commands in self._commands.values())
        return next((command for command in found if command is not None), None)

    def create(self, scope: Scope, body: object) -> tuple[Command, bool]:
        """Make the command, or change the one of the same type and name; True if it is new."""
        raw = _checked(body)
        existing = self._find_same(scope, raw)
        if existing is None:
            _check_room([*(item.raw for item in self.list_in(scope)), raw])
        command = self._store(scope, raw, existing)
        self._publish()
        return command, existing is None

    def edit(self, scope: Scope, command_id: int, body: object) -> Command:
        command = self.get(scope, command_id)
        changes = dict(body) if isinstance(body, dict) else {}
        changes.pop("type", None)
        raw = _checked(command.raw | changes if isinstance(body, dict) else body)
        if self._find_same(scope, raw) not in (None, command):
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise errors.invalid_form("name", code, "Application command names must be unique")
        self._update(command, raw)
        self._publish()
        return command

    def delete(self, scope: Scope, command_id: int) -> None:
        self.get(scope, command_id)
        del self._commands[scope][command_id]
        self._publish()

    def overwrite(self, scope: Scope, bodies: object) -> list[Command]:
        """Make these the only commands of the scope; those of the same names keep their ids."""
        if not isinstance(bodies, list):
            raise errors.invalid_form(
                "", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"
            )
        faults = FormErrors()
        checked = [check_command(body, str(index), faults) for index, body in enumerate(bodies)]
        _check_unique(checked, faults)
        faults.raise_if_any()
        _check_room(checked)
        kept = [(raw, self._find_same(scope, raw)) for raw in checked]
        self._check_budget(scope, sum(existing is None for _, existing in kept))
        stored = [self._store(scope, raw, existing) for raw, existing in kept]
        self._commands[scope] = {command.id: command for command in stored}
        self._publish()
        return stored

    def _find_same(self, scope: Scope, raw: Json) -> Command | None:
        wanted = (raw["type"], raw["name"])
        found = (
            item for item in self.list_in(scope) if (item.raw["type"], item.raw["name"]) == wanted
        )
        return next(found, None)

    def _store(self, scope: Scope, raw: Json, existing: Command | None) -> Command:
        if existing is not None:
            self._update(existing, raw)
            return existing
        self._check_budget(scope, 1)
        self._creates.setdefault(scope, deque()).append(self._world.clock.now())
        ids = self._world.ids
        command = Command(ids.new(), self._world.application.id, scope, ids.new(), raw)
        self._commands.setdefault(scope, {})[command.id] = command
        return command

    def _update(self, command: Command, raw: Json) -> None:
        if command.raw != raw:
            command.raw = raw
            command.version = self._world.ids.new()

    def _check_budget(self, scope: Scope, wanted: int) -> None:
        creates = self._creates.setdefault(scope, deque())
        while creates and creates[0] <= self._world.clock.now() - timedelta(days=1):
            creates.popleft()
        if wanted and len(creates) + wanted > limits.CREATES_PER_DAY:
            raise errors.too_many_command_creates()

    def _publish(self) -> None:
        self._world.bus.publish_data("COMMANDS_CHANGED", {})


def _checked(body: object) -> Json:
    faults = FormErrors()
    raw = check_command(body, "", faults)
    faults.raise_if_any()
    return raw


def _check_room(commands: list[Json]) -> None:
    for kind, most in limits.COMMANDS_PER_TYPE.items():
        if sum(raw["type"] == kind for raw in commands) > most:
            message = f"Maximum number of application commands reached ({most})"
            raise DiscordError(400, limits.TOO_MANY_CODES[kind], message)


def _check_unique(commands: list[Json], faults: FormErrors) -> None:
    seen: set[tuple[object, object]] = set()
    for index, raw in enumerate(commands):
        key = (raw["type"], str(raw["name"]))
        if key in seen:
            message = "Application command names must be unique"
            faults.add(str(index), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)


def command_json(command: Command) -> Json:
    """The command as Discord answers it; a guild's command says which guild's."""
    raw = command.raw
    data: Json = {
        "id": str(command.id),
        "application_id": str(command.application_id),
        "version": str(command.version),
        **{key: value for key, value in raw.items() if key not in {"options", "dm_permission"}},
    }
    if raw["options"]:
        data["options"] = raw["options"]
    if command.guild_id is None:
        return data | {"dm_permission": raw["dm_permission"]}
    data.pop("contexts")
    return data | {"guild_id": str(command.guild_id)}
