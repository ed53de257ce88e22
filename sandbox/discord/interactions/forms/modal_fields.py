"""What a person entered into a modal, as the bot gets it; judged as Discord's client judges it."""

from typing import Any

from sandbox.discord.errors import refused
from sandbox.discord.interactions.commands.option_values import named_file
from sandbox.discord.interactions.forms import modals
from sandbox.discord.interactions.forms.selects import check_values
from sandbox.discord.interactions.resolved import Resolved
from sandbox.discord.state.models import Attachment, Json

_LONGEST_TEXT = 4_000


class FieldReader:
    """Reads one submission. Raises refusals for what the client would not send."""

    def __init__(self, resolved: Resolved, files: dict[int, Attachment]) -> None:
        self._resolved = resolved
        self._files = files

    def read(self, modal: Json, values: Json) -> list[Json]:
        """The modal's components with the person's values in them."""
        known = {field["custom_id"] for field in modals.fields_of(modal)}
        if unknown := values.keys() - known:
            raise refused(f"{', '.join(sorted(unknown))}: the modal has no such field.")
        return [self._component(component, values) for component in modal["components"]]

    def _component(self, component: Json, values: Json) -> Json:
        data: Json = {"type": component["type"], "id": component["id"]}
        if component["type"] == modals.ACTION_ROW:
            data["components"] = [self._field(i, values) for i in component["components"]]
        elif component["type"] == modals.LABEL:
            data["component"] = self._field(component["component"], values)
        return data

    def _field(self, field: Json, values: Json) -> Json:
        name = field["custom_id"]
        value = values.get(name)
        data: Json = {"type": field["type"], "id": field["id"], "custom_id": name}
        match field["type"]:
            case modals.TEXT_INPUT:
                return data | {"value": _text(field, value)}
            case modals.CHECKBOX:
                return data | {"value": _checked(field, value)}
            case modals.RADIO_GROUP:
                return data | {"value": self._radio(field, value)}
            case modals.FILE_UPLOAD:
                return data | {"values": self._uploads(field, value)}
            case _:
                chosen = _preselected(field) if value is None else _as_list(value)
                return data | {"values": check_values(field, chosen, self._resolved)}

    def _radio(self, field: Json, value: Any) -> str | None:
        chosen = _preselected(field) if value is None else _as_list(value)
        one = field | {"min_values": 1, "max_values": 1}
        values = check_values(one, chosen, self._resolved)
        return values[0] if values else None

    def _uploads(self, field: Json, value: Any) -> list[str]:
        named = _as_list(value)
        low, high = field.get("min_values"), field.get("max_values") or 1
        low = 0 if field.get("required") is False else 1 if low is None else low
        if not low <= len(named) <= high:
            raise refused(f"{field['custom_id']}: upload {low} to {high} files.")
        attachments = [named_file(field["custom_id"], item, self._files) for item in named]
        for attachment in attachments:
            self._resolved.add_attachment(attachment)
        return [str(attachment.id) for attachment in attachments]


def _text(field: Json, value: Any) -> str:
    text = field.get("value") or "" if value is None else value
    name = field["custom_id"]
    if not isinstance(text, str):
        raise refused(f"{name}: must be a text.")
    if not text and field.get("required") is not False:
        raise refused(f"{name}: this field is required.")
    low, high = field.get("min_length") or 0, field.get("max_length") or _LONGEST_TEXT
    if text and not low <= len(text) <= high:
        raise refused(f"{name}: must be between {low} and {high} characters long.")
    return text


def _checked(field: Json, value: Any) -> bool:
    if value is None:
        return bool(field.get("default"))
    if not isinstance(value, bool):
        raise refused(f"{field['custom_id']}: must be true or false.")
    return value


def _preselected(field: Json) -> list[str]:
    chosen = [item["value"] for item in field.get("options") or () if item.get("default")]
    return chosen or [str(item["id"]) for item in field.get("default_values") or ()]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
