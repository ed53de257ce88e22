"""Fields of each channel type: bitrate and region of voice channels, tags and layout of forums.

Each type has fields of its own, with Discord's defaults; clients insist on some of them. A field that
a type does not have is ignored, as on Discord. Limits are those of the documentation's "Channel
Resource" page and of the OpenAPI document.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.discord.errors import DiscordError, FormErrors
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Channel, Json

TEXT, VOICE, CATEGORY, NEWS, STAGE, FORUM, MEDIA = 0, 2, 4, 5, 13, 15, 16
TALKING = frozenset({VOICE, STAGE})
POSTED_IN = frozenset({FORUM, MEDIA})
ARCHIVE_MINUTES = frozenset({60, 1440, 4320, 10080})
REQUIRE_TAG = 1 << 4
MOST_TAGS = 20
_MOST_TAG_NAME = 50
_MOST_SLOWMODE = 21600
_LEAST_BITRATE, _MOST_STAGE_BITRATE = 8000, 64000
_MOST_BITRATE_BY_TIER = (96000, 128000, 256000, 384000)
_MOST_PEOPLE = {VOICE: 99, STAGE: 10000}

_TALKING: Json = {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
_THREADED: Json = {"default_thread_rate_limit_per_user": 0}
_FORUM: Json = {
    **_THREADED,
    "available_tags": [],
    "default_reaction_emoji": None,
    "default_sort_order": None,
    "default_forum_layout": 0,
}
_DEFAULTS: dict[int, Json] = {
    TEXT: _THREADED,
    NEWS: _THREADED,
    VOICE: _TALKING,
    STAGE: _TALKING,
    FORUM: _FORUM,
    MEDIA: _FORUM,
}
_OPTIONAL = {  # shown once they are set
    TEXT: ("default_auto_archive_duration",),
    NEWS: ("default_auto_archive_duration",),
    VOICE: ("video_quality_mode",),
    STAGE: ("video_quality_mode",),
    FORUM: ("default_auto_archive_duration",),
    MEDIA: ("default_auto_archive_duration",),
}


def fields_of(channel: Channel) -> Json:
    """The fields that the channel's type has besides those of every channel."""
    return _DEFAULTS.get(channel.type, {}) | channel.options


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a channel's own fields; faults go to `faults`."""

    faults: FormErrors
    channel: Channel
    form: Json
    premium_tier: int
    new_id: Callable[[], int]

    def read(self) -> Json:
        """What the form sets, of what this type of channel has."""
        known = (*_DEFAULTS.get(self.channel.type, {}), *_OPTIONAL.get(self.channel.type, ()))
        return {name: self._read(name, self.form[name]) for name in known if name in self.form}

    def _read(self, name: str, value: Any) -> Any:
        if name == "available_tags":
            return self._tags(value)
        if name == "default_reaction_emoji":
            return self._emoji(name, value)
        if name == "rtc_region":
            return forms.text(self.faults, name, value, most=100)
        found = self._number(name, value)
        return _DEFAULTS[self.channel.type].get(name) if found is None else found

    def _number(self, name: str, value: Any) -> int | None:
        choices = {
            "default_auto_archive_duration": ARCHIVE_MINUTES,
            "video_quality_mode": {1, 2},
            "default_sort_order": {0, 1},
            "default_forum_layout": {0, 1, 2},
        }
        if name in choices:
            return forms.choice(self.faults, name, value, choices[name])
        least, most = self._range(name)
        return forms.integer(self.faults, name, value, least=least, most=most)

    def _range(self, name: str) -> tuple[int, int]:
        if name == "bitrate":
            boosted = _MOST_BITRATE_BY_TIER[self.premium_tier]
            most = _MOST_STAGE_BITRATE if self.channel.type == STAGE else boosted
            return _LEAST_BITRATE, most
        if name == "user_limit":
            return 0, _MOST_PEOPLE[self.channel.type]
        return 0, _MOST_SLOWMODE

    def _tags(self, value: Any) -> list[Json]:
        raw = forms.items(self.faults, "available_tags", value, most=MOST_TAGS)
        tags = [self._tag(f"available_tags.{n}", item) for n, item in enumerate(raw)]
        if len({tag["name"] for tag in tags}) < len(tags):
            raise DiscordError(400, 40061, "Tag names must be unique")
        return tags

    def _tag(self, path: str, value: Any) -> Json:
        """A tag that is there keeps its id; a new one is given one."""
        raw = forms.fields(self.faults, path, value)
        before = {tag["id"] for tag in fields_of(self.channel)["available_tags"]}
        known = str(raw.get("id")) if str(raw.get("id")) in before else None
        return {
            "id": known or str(self.new_id()),
            "name": forms.required_text(
                self.faults, f"{path}.name", raw.get("name"), most=_MOST_TAG_NAME
            ),
            "moderated": forms.boolean(
                self.faults, f"{path}.moderated", raw.get("moderated"), default=False
            ),
            **self._emoji_fields(path, raw),
        }

    def _emoji(self, path: str, value: Any) -> Json | None:
        if value is None:
            return None
        return self._emoji_fields(path, forms.fields(self.faults, path, value))

    def _emoji_fields(self, path: str, raw: Json) -> Json:
        emoji_id = forms.snowflake(raw.get("emoji_id"))
        name = forms.text(self.faults, f"{path}.emoji_name", raw.get("emoji_name"), most=100)
        return {
            "emoji_id": str(emoji_id) if emoji_id else None,
            "emoji_name": None if emoji_id else name or None,
        }
