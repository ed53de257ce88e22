"""Embeds that a bot sends: checked against Discord's limits and brought into their normal form."""

from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json

MOST_EMBEDS = 10
MOST_CHARACTERS = 6000
MOST_FIELDS = 25
_MEDIA_SCHEMES = ("http", "https", "attachment")
_LINK_SCHEMES = ("http", "https")
_CONTENT = (  # an embed without any of these is refused as one without a description
    "title", "description", "fields", "image", "thumbnail", "footer", "author", "timestamp",
)  # fmt: skip


def checked_embeds(faults: FormErrors, value: Any) -> list[Json]:
    """The embeds, at most ten and 6000 characters over all."""
    raw = forms.items(faults, "embeds", value, most=MOST_EMBEDS)
    embeds = [_embed(faults, f"embeds.{n}", item) for n, item in enumerate(raw)]
    if sum(_characters(embed) for embed in embeds) > MOST_CHARACTERS:
        faults.add(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {MOST_CHARACTERS}",
        )
    return embeds


def _embed(faults: FormErrors, path: str, value: Any) -> Json:
    raw = forms.fields(faults, path, value)
    embed: Json = {
        "type": "rich",
        "title": forms.text(faults, f"{path}.title", raw.get("title"), most=256),
        "description": forms.text(faults, f"{path}.description", raw.get("description"), most=4096),
        "color": forms.integer(faults, f"{path}.color", raw.get("color"), least=0, most=0xFFFFFF),
        "timestamp": forms.text(faults, f"{path}.timestamp", raw.get("timestamp"), most=64),
        "fields": _fields(faults, f"{path}.fields", raw.get("fields")) or None,
        "image": _media(faults, f"{path}.image", raw.get("image")),
        "thumbnail": _media(faults, f"{path}.thumbnail", raw.get("thumbnail")),
        "footer": _footer(faults, f"{path}.footer", raw.get("footer")),
        "author": _author(faults, f"{path}.author", raw.get("author")),
    }
    if raw.get("url") is not None:
        embed["url"] = forms.link(
            faults, f"{path}.url", raw["url"], schemes=_LINK_SCHEMES, most=2048
        )
    if not any(embed[name] for name in _CONTENT):
        faults.required(f"{path}.description")
    return {key: value for key, value in embed.items() if value is not None}


def _part(faults: FormErrors, path: str, value: Any) -> Json:
    """A part such as the footer; empty if it says nothing, and then Discord leaves it out."""
    if value is None:
        return {}
    raw = forms.fields(faults, path, value)
    return raw if any(item is not None and item != "" for item in raw.values()) else {}


def _fields(faults: FormErrors, path: str, value: Any) -> list[Json]:
    found = forms.items(faults, path, value, most=MOST_FIELDS)
    return [_field(faults, f"{path}.{n}", item) for n, item in enumerate(found)]


def _field(faults: FormErrors, path: str, value: Any) -> Json:
    raw = forms.fields(faults, path, value)
    return {
        "name": forms.required_text(faults, f"{path}.name", raw.get("name"), most=256),
        "value": forms.required_text(faults, f"{path}.value", raw.get("value"), most=1024),
        "inline": forms.boolean(faults, f"{path}.inline", raw.get("inline"), default=False),
    }


def _media(faults: FormErrors, path: str, value: Any) -> Json | None:
    if not (raw := _part(faults, path, value)):
        return None
    url = raw.get("url")
    if url is None:
        faults.required(f"{path}.url")
    found = forms.link(faults, f"{path}.url", url, schemes=_MEDIA_SCHEMES, most=2048)
    return {"url": found, "proxy_url": found}


def _footer(faults: FormErrors, path: str, value: Any) -> Json | None:
    if not (raw := _part(faults, path, value)):
        return None
    text = forms.required_text(faults, f"{path}.text", raw.get("text"), most=2048)
    return {"text": text, **_icon(faults, path, raw)}


def _author(faults: FormErrors, path: str, value: Any) -> Json | None:
    if not (raw := _part(faults, path, value)):
        return None
    name = forms.required_text(faults, f"{path}.name", raw.get("name"), most=256)
    author = {"name": name, **_icon(faults, path, raw)}
    if raw.get("url") is not None:
        author["url"] = forms.link(
            faults, f"{path}.url", raw["url"], schemes=_LINK_SCHEMES, most=2048
        )
    return author


def _icon(faults: FormErrors, path: str, raw: Json) -> Json:
    if raw.get("icon_url") is None:
        return {}
    url = forms.link(faults, f"{path}.icon_url", raw["icon_url"], schemes=_MEDIA_SCHEMES, most=2048)
    return {"icon_url": url, "proxy_icon_url": url}


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for field in embed.get("fields", ()):
        texts += [field["name"], field["value"]]
    return sum(len(text) for text in texts if text)
