from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.errors import ImageRejectedError
from cogs._private import pictures

MB = 1024 * 1024


class State:
    """As much of discord.py's connection state as a message asks for."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def attachment(number, filename, content_type=None, size=1000):
    payload = {
        "id": str(number),
        "filename": filename,
        "size": size,
        "url": f"https://cdn.example/{number}/{filename}",
        "proxy_url": f"https://media.example/{number}/{filename}",
    }
    return payload | ({"content_type": content_type} if content_type else {})


def message(**parts):
    payload = {
        "id": "1",
        "channel_id": "2",
        "type": 0,
        "content": "",
        "author": {"id": "3", "username": "fern", "discriminator": "0", "avatar": None},
        "attachments": [],
        "embeds": [],
        "edited_timestamp": None,
        "timestamp": "2026-11-21T00:00:00+00:00",
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
        "mentions": [],
        "mention_roles": [],
    }
    channel: Any = SimpleNamespace(id=2, guild=None, type=discord.ChannelType.text)
    state: Any = State()
    data: Any = payload | parts
    return discord.Message(state=state, channel=channel, data=data)


def names(found):
    return [picture.name for picture in found]


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "avif", "heic"])
def test_an_attached_picture_is_found_by_its_type_or_its_ending(ending):
    typed = message(attachments=[attachment(1, "picture", f"image/{ending}")])
    untyped = message(attachments=[attachment(1, f"picture.{ending}")])

    assert len(pictures.of_message(typed)) == 1
    assert len(pictures.of_message(untyped)) == 1


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [("film.mp4", "video/mp4"), ("notes.txt", "text/plain"), ("song.ogg", "audio/ogg")],
)
def test_what_plainly_is_no_picture_is_left_alone(filename, content_type):
    assert pictures.of_message(message(attachments=[attachment(1, filename, content_type)])) == []


def test_words_alone_hold_no_picture():
    assert pictures.of_message(message(content="look at this")) == []


def test_several_pictures_keep_their_order():
    found = pictures.of_message(
        message(attachments=[attachment(1, "a.png"), attachment(2, "b.png")])
    )

    assert names(found) == ["a.png", "b.png"]


def test_a_linked_picture_is_found_in_its_embed():
    embed = {
        "type": "image",
        "url": "https://example.org/fox.png",
        "thumbnail": {"url": "https://example.org/fox.png", "proxy_url": "https://media.example/f"},
    }

    found = pictures.of_message(message(embeds=[embed]))

    assert [picture.address for picture in found] == ["https://media.example/f"]


def test_a_linked_video_is_left_alone():
    embed = {"type": "video", "thumbnail": {"url": "https://example.org/still.png"}}

    assert pictures.of_message(message(embeds=[embed])) == []


def test_the_pictures_of_a_forwarded_message_are_found():
    snapshot = {
        "message": {
            "attachments": [attachment(9, "forwarded.png")],
            "content": "",
            "embeds": [],
            "type": 0,
            "timestamp": "2026-11-21T00:00:00+00:00",
            "edited_timestamp": None,
            "flags": 0,
            "mentions": [],
            "mention_roles": [],
        }
    }

    assert names(pictures.of_message(message(message_snapshots=[snapshot]))) == ["forwarded.png"]


def test_a_still_sticker_is_a_picture_and_a_lottie_is_not():
    stickers = [{"id": "5", "name": "wave", "format_type": 1}]
    lottie = [{"id": "6", "name": "hop", "format_type": 3}]

    assert names(pictures.of_message(message(sticker_items=stickers))) == ["wave"]
    assert pictures.of_message(message(sticker_items=lottie)) == []


def test_a_picture_has_the_same_key_whenever_the_message_is_read():
    def read():
        return message(attachments=[attachment(7, "a.png")])

    assert pictures.of_message(read())[0].key == pictures.of_message(read())[0].key == "a7"


def test_a_picture_that_stands_twice_is_one_picture():
    embed = {"type": "image", "thumbnail": {"url": "https://example.org/fox.png"}}

    assert len(pictures.of_message(message(embeds=[embed, embed]))) == 1


def test_two_hundred_megabytes_are_refused_before_a_byte_is_read():
    with pytest.raises(ImageRejectedError, match=r"big\.png has 200 MB .* at most 25 MB"):
        pictures.ensure_small_enough(200 * MB, "big.png")


def test_a_picture_of_unknown_size_is_given_the_benefit_of_the_doubt():
    pictures.ensure_small_enough(None, "linked.png")
