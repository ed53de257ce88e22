"""One option's value, judged as Discord's client judges what a person fills in."""

from typing import Any

from sandbox.discord.errors import refused
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.resolved import Resolved
from sandbox.discord.state.models import Attachment, Json

_FILE = "attachment://"


class ValueReader:
    """Checks values, resolves ids and takes the files that they name."""

    def __init__(self, resolved: Resolved, files: dict[int, Attachment]) -> None:
        self._resolved = resolved
        self._files = files

    def read(self, option: Json, value: Any) -> Any:
        """The value as the bot gets it. Raises a refusal for one that could not be entered."""
        match option["type"]:
            case limits.STRING:
                return _read_text(option, value)
            case limits.INTEGER | limits.NUMBER:
                return _read_number(option, value)
            case limits.BOOLEAN:
                if not isinstance(value, bool):
                    raise refused(f"{option['name']}: must be true or false.")
                return value
            case limits.ATTACHMENT:
                return self._take_file(option["name"], value)
            case _:
                return self._resolve(option, value)

    def _resolve(self, option: Json, value: Any) -> str:
        if isinstance(value, bool) or not str(value).isdecimal():
            raise refused(f"{option['name']}: must be an id.")
        item_id = int(value)
        match option["type"]:
            case limits.USER_OPTION:
                self._resolved.add_user(item_id)
            case limits.CHANNEL:
                self._resolved.add_channel(item_id, option.get("channel_types"))
            case limits.ROLE:
                self._resolved.add_role(item_id)
            case _:
                self._resolved.add_mentionable(item_id)
        return str(item_id)

    def _take_file(self, name: str, value: Any) -> str:
        """`attachment://n` is the n-th of the request's files."""
        attachment = named_file(name, value, self._files)
        self._resolved.add_attachment(attachment)
        return str(attachment.id)


def named_file(name: str, value: Any, files: dict[int, Attachment]) -> Attachment:
    """The uploaded file that `attachment://n` names."""
    number = str(value).removeprefix(_FILE)
    if not str(value).startswith(_FILE) or not number.isdecimal():
        raise refused(f"{name}: must be attachment://n for files[n].")
    if (attachment := files.get(int(number))) is None:
        raise refused(f"{name}: there is no files[{number}] in the request.")
    return attachment


def _read_text(option: Json, value: Any) -> str:
    name = option["name"]
    if not isinstance(value, str):
        raise refused(f"{name}: must be a text.")
    _check_choice(option, value)
    low, high = option.get("min_length") or 0, option.get("max_length") or limits.STRING_LENGTH
    if not option.get("choices") and not max(low, 1) <= len(value) <= high:
        raise refused(f"{name}: must be between {max(low, 1)} and {high} characters long.")
    return value


def _read_number(option: Json, value: Any) -> int | float:
    name = option["name"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(f"{name}: must be a number.")
    if option["type"] == limits.INTEGER and value != int(value):
        raise refused(f"{name}: must be a whole number.")
    number = int(value) if option["type"] == limits.INTEGER else value
    _check_choice(option, number)
    low = option.get("min_value", -limits.BIGGEST_NUMBER)
    high = option.get("max_value", limits.BIGGEST_NUMBER)
    if not low <= number <= high:
        raise refused(f"{name}: must be between {low} and {high}.")
    return number


def _check_choice(option: Json, value: Any) -> None:
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices:
        raise refused(f"{option['name']}: must be one of {', '.join(map(str, choices))}.")
