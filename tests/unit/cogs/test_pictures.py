"""The pictures of a message: wherever Discord shows one, and by a key that outlives signatures."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.errors import ImageRejectedError
from bot.ids import UserId
from cogs._shared import pictures

MB = 1024 * 1024


class State:
    """As much of discord.py's connection state as a message asks for."""

    def store_user(self, data, **_how):
        return SimpleNamespace(id=int(data["id"]), bot=data.get("bot", False))

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


PLAIN = {
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


def message(**parts):
    channel: Any = SimpleNamespace(id=2, guild=None, type=discord.ChannelType.text)
    state: Any = State()
    data: Any = PLAIN | parts
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
    [
        ("fox", "IMAGE/PNG"),
        ("fox", " image/webp; charset=binary"),
        ("fox.HEIC", "application/octet-stream"),
        ("fox.jpg", "binary/octet-stream"),
    ],
)
def test_what_may_well_be_a_picture_is_looked_at(filename, content_type):
    found = pictures.of_message(message(attachments=[attachment(1, filename, content_type)]))
    assert names(found) == [filename]


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("data.bin", "application/octet-stream"),
        ("video.mp4", "video/mp4"),
        ("notes.txt", "text/plain"),
        ("song.ogg", "audio/ogg"),
    ],
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
    with pytest.raises(ImageRejectedError, match=r"big\.png is 200 MB, and the limit is 25 MB"):
        pictures.ensure_small_enough(200 * MB, "big.png")


def test_a_picture_of_unknown_size_is_given_the_benefit_of_the_doubt():
    pictures.ensure_small_enough(None, "linked.png")


# The kind: every part of a message that shows a picture, in every nesting


def media(number, name="art.png", **more):
    url = f"https://cdn.discordapp.com/attachments/2/{number}/{name}?ex=1&is=2&hm=3"
    proxy = url.replace("cdn.discordapp.com", "media.discordapp.net")
    return {
        "url": url,
        "proxy_url": proxy,
        "width": 320,
        "height": 240,
        "content_type": "image/png",
        "loading_state": 2,
        "attachment_id": str(number),
    } | more


def gallery(*items, **more):
    return {"type": 12, "id": 3, "items": [{"media": one, **more} for one in items]}


def container(*children, **more):
    return {"type": 17, "id": 1, "components": list(children), **more}


def section(accessory):
    words = {"type": 10, "id": 4, "content": "words"}
    return {"type": 9, "id": 2, "components": [words], "accessory": accessory}


def thumbnail(one, **more):
    return {"type": 11, "id": 5, "media": one, **more}


def file(one, **more):
    return {"type": 13, "id": 6, "file": one, "name": "art.png", "size": 1234, **more}


VIDEO = media(9, "video.mp4", content_type="video/mp4")
BUTTON = {"type": 2, "style": 5, "label": "a", "url": "https://example.org"}


@pytest.mark.parametrize(
    ("components", "keys"),
    [
        ([gallery(media(1), media(2))], ["a1", "a2"]),
        ([container(gallery(media(1)))], ["a1"]),
        ([section(thumbnail(media(1)))], ["a1"]),
        ([container(section(thumbnail(media(1))), gallery(media(2)))], ["a1", "a2"]),
        ([file(media(1))], ["a1"]),
        ([container(file(media(1)), {"type": 14, "id": 8})], ["a1"]),
        ([section(BUTTON)], []),
        ([gallery(VIDEO, media(1))], ["a1"]),
        ([file(media(1, "notes.txt", content_type="text/plain"))], []),
        ([{"type": 1, "components": [BUTTON]}], []),
        ([{"type": 99, "id": 7}], []),
    ],
)
@pytest.mark.parametrize("forwarded", [False, True])
def test_pictures_in_components_are_found(components, keys, forwarded):
    found = message(flags=32768, components=components)
    if forwarded:
        inner = {"attachments": [], "content": "", "embeds": [], "type": 0, "flags": 32768}
        inner |= {"timestamp": "2026-11-21T00:00:00+00:00", "edited_timestamp": None}
        inner |= {"mentions": [], "mention_roles": [], "components": components}
        found = message(message_snapshots=[{"message": inner}])

    assert [picture.key for picture in pictures.of_message(found)] == keys


def test_an_external_picture_in_a_gallery_is_fetched_by_its_proxy():
    linked = media(1, url="https://example.org/a.png", proxy_url="https://media.example/p/a.png")
    del linked["attachment_id"]

    [picture] = pictures.of_message(message(components=[gallery(linked)]))

    assert picture.address == "https://media.example/p/a.png"


def embed(kind="rich", **parts):
    return {"type": kind, "url": "https://example.org/page", **parts}


PICTURE = {"url": "https://example.org/fox.png", "width": 800, "height": 600}


@pytest.mark.parametrize("kind", ["rich", "article", "link"])
def test_the_large_picture_of_a_link_or_an_embed_is_found_where_there_is_no_other(kind):
    alone = message(embeds=[embed(kind, thumbnail=PICTURE)])
    beside = message(embeds=[embed(kind, thumbnail=PICTURE)], attachments=[attachment(1, "a.png")])

    assert names(pictures.of_message(alone)) == ["fox.png"]
    assert names(pictures.of_message(beside)) == ["a.png"]


@pytest.mark.parametrize(
    "parts",
    [
        {"thumbnail": PICTURE | {"width": 48, "height": 48}},
        {"author": {"name": "a", "icon_url": "https://example.org/i.png"}},
        {"footer": {"text": "a", "icon_url": "https://example.org/i.png"}},
    ],
)
def test_icons_are_no_pictures(parts):
    assert pictures.of_message(message(embeds=[embed(**parts)])) == []


@pytest.mark.parametrize("kind", ["video", "gifv"])
def test_the_still_of_a_video_is_no_picture(kind):
    assert pictures.of_message(message(embeds=[embed(kind, thumbnail=PICTURE)])) == []


def reply(words, **answered):
    first = {"id": "7", **{name: value for name, value in PLAIN.items() if name != "id"}}
    return message(
        type=19,
        content=words,
        message_reference={"type": 0, "message_id": "7", "channel_id": "2"},
        referenced_message=first | answered,
    )


def test_words_that_answer_a_picture_mean_that_picture():
    assert names(pictures.of_message(reply("yes!", attachments=[attachment(1, "a.png")]))) == [
        "a.png"
    ]


def test_an_answer_with_a_picture_of_its_own_means_that_one():
    answer = reply("yes!", attachments=[attachment(1, "a.png")])
    answer.attachments = message(attachments=[attachment(2, "b.png")]).attachments

    assert names(pictures.of_message(answer)) == ["b.png"]


# Spoilers


@pytest.mark.parametrize(
    "parts",
    [
        {"attachments": [attachment(1, "SPOILER_a.png")]},
        {"attachments": [attachment(1, "a.png") | {"flags": 8}]},
        {"components": [gallery(media(1), spoiler=True)]},
        {"components": [container(gallery(media(1)), spoiler=True)]},
        {"components": [container(section(thumbnail(media(1), spoiler=True)))]},
        {"components": [file(media(1), spoiler=True)]},
        {
            "content": "look: || https://example.org/page ||",
            "embeds": [embed("image", thumbnail=PICTURE)],
        },
    ],
)
def test_a_hidden_picture_is_known_to_be_hidden(parts):
    assert [picture.is_spoiler for picture in pictures.of_message(message(**parts))] == [True]


@pytest.mark.parametrize(
    "parts",
    [
        {"attachments": [attachment(1, "a.png")]},
        {"components": [container(gallery(media(1)), spoiler=False)]},
        {
            "content": "||not|| https://example.org/page ||this||",
            "embeds": [embed("image", thumbnail=PICTURE)],
        },
    ],
)
def test_an_open_picture_is_known_to_be_open(parts):
    assert [picture.is_spoiler for picture in pictures.of_message(message(**parts))] == [False]


# Keys: what Discord signs, and where from and how small it is asked for, is no part of a picture

CDN = "https://cdn.discordapp.com"
PROXY = "https://images-ext-1.discordapp.net/external"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"{CDN}/attachments/2/9/a.png?ex=1&is=2&hm=3",
            f"{CDN}/attachments/2/9/a.png?ex=4&is=5&hm=6",
        ),
        (
            f"{CDN}/attachments/2/9/a.png",
            "https://media.discordapp.net/attachments/2/9/a.png?width=9",
        ),
        (
            f"{CDN}/attachments/2/9/a.png",
            f"{CDN}/attachments/2/9/a.png?format=webp&quality=lossless",
        ),
        (f"{CDN}/ephemeral-attachments/2/9/a.png?ex=1", f"{CDN}/ephemeral-attachments/2/9/a.png"),
        (
            f"{PROXY}/sig1/https/example.org/a.png",
            f"{PROXY.replace('1', '2')}/sig2/https/example.org/a.png",
        ),
        (f"{PROXY}/sig1/https/example.org/a.png?width=40&height=30", "https://example.org/a.png"),
        (f"{PROXY}/s/%3Fx%3D1/https/example.org/a.png", "https://example.org/a.png?x=1"),
        (
            f"{PROXY}/s/https/cdn.discordapp.com/attachments/2/9/a.png",
            f"{CDN}/attachments/2/9/a.png",
        ),
        (
            f"{CDN}/emojis/5.png?size=48",
            "https://media.discordapp.net/emojis/5.png?size=96&quality=lossless",
        ),
        (
            "http://127.0.0.1:8421/x/a.png?ex=1&is=2&hm=3",
            "http://127.0.0.1:8421/x/a.png?ex=4&is=5&hm=6",
        ),
        ("https://EXAMPLE.org/a.png", "https://example.org/a.png"),
    ],
)
def test_two_addresses_of_one_picture_have_one_key(one, other):
    assert pictures.identity(one) == pictures.identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{CDN}/attachments/2/9/a.png", f"{CDN}/attachments/2/8/a.png"),
        ("https://example.org/a.png?id=1", "https://example.org/a.png?id=2"),
        ("https://example.org/a.png?width=1", "https://example.org/a.png?width=2"),
        ("https://example.org/a.png", "https://example.net/a.png"),
        (
            f"{PROXY}/s/%3Fx%3D1/https/example.org/a.png",
            f"{PROXY}/s/%3Fx%3D2/https/example.org/a.png",
        ),
        (f"{CDN}/emojis/5.png", f"{CDN}/emojis/6.png"),
        ("https://notdiscordapp.com/a.png?width=1", "https://notdiscordapp.com/a.png?width=2"),
    ],
)
def test_two_pictures_have_two_keys(one, other):
    assert pictures.identity(one) != pictures.identity(other)


def test_the_picture_of_a_bots_embed_keeps_its_key_when_it_is_signed_again():
    def read(signature):
        url = f"{CDN}/attachments/2/9/art.png?ex={signature}&is={signature}&hm={signature}"
        return message(embeds=[embed(image={"url": url, "proxy_url": url})])

    assert [one.key for one in pictures.of_message(read("aa"))] == ["a9"]
    assert pictures.of_message(read("aa"))[0].key == pictures.of_message(read("bb"))[0].key


def given_file(name, flags=0):
    """An upload, as discord.py hands it to a command."""
    data = attachment(1, name, "image/png") | {"flags": flags}
    state = SimpleNamespace(http=None)
    return discord.Attachment(data=cast(Any, data), state=cast(Any, state))


@pytest.mark.parametrize(
    ("name", "flags", "hidden"),
    [("a.png", 0, False), ("SPOILER_a.png", 0, True), ("a.png", 1 << 3, True), ("a.png", 4, False)],
)
def test_an_upload_is_hidden_by_its_name_or_by_its_flag(name, flags, hidden):
    uploads = pictures.Uploads(UserId(3))
    uploads.promise(given_file("plain.png"))
    assert not uploads.has_spoiler

    uploads.promise(given_file(name, flags))

    assert uploads.has_spoiler is hidden
