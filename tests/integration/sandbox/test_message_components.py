"""Buttons, selects and the new components of messages, with Discord's limits."""

import pytest

from sandbox.discord import seed
from tests.integration.sandbox.answering import row
from tests.integration.sandbox.parts import button, png
from tests.integration.sandbox.rest import Rest

VIDEOS = seed.VIDEOS


async def test_a_classic_card_with_buttons_and_a_select_is_accepted(rest: Rest) -> None:
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://example.com"}
    select = {
        "type": 3,
        "custom_id": "model",
        "options": [{"label": "Fast", "value": "fast"}, {"label": "Good", "value": "good"}],
        "max_values": 2,
    }

    sent = await rest.sent(
        VIDEOS, {"content": "card", "components": [row(button(), link), row(select)]}
    )

    assert sent["components"][0]["components"][0]["custom_id"] == "cancel"
    assert [item["id"] for item in sent["components"]] == [1, 4]


V2 = 1 << 15


def panel() -> list[object]:
    text = {"type": 10, "content": "Your video"}
    return [
        {
            "type": 17,
            "accent_color": 0x57F287,
            "components": [
                {
                    "type": 9,
                    "components": [text],
                    "accessory": {"type": 11, "media": {"url": "attachment://still.png"}},
                },
                {"type": 14, "divider": True, "spacing": 2},
                {"type": 12, "items": [{"media": {"url": "attachment://still.png"}}]},
                {"type": 13, "file": {"url": "attachment://still.png"}},
                row(button()),
            ],
        }
    ]


async def test_a_panel_of_the_new_components_shows_its_files(rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {"flags": V2, "components": panel()}, still_png=png())

    inner = sent["components"][0]["components"]
    assert inner[3]["name"] == "still.png"
    assert sent["attachments"] == []
    assert inner[2]["items"][0]["media"]["attachment_id"] == inner[3]["file"]["attachment_id"]
    async with rest.session.get(inner[2]["items"][0]["media"]["url"]) as answer:
        assert answer.status == 200


@pytest.mark.undocumented  # forwards
@pytest.mark.parametrize(
    "component",
    [
        {"type": 12, "items": [{"media": {"url": "attachment://still.png"}}]},
        {"type": 13, "file": {"url": "attachment://still.png"}},
        {
            "type": 9,
            "components": [{"type": 10, "content": "A still"}],
            "accessory": {"type": 11, "media": {"url": "attachment://still.png"}},
        },
    ],
)
async def test_a_file_that_a_component_shows_is_no_attachment_any_more(
    rest: Rest, component: dict[str, object]
) -> None:
    """The kind: whatever shows a file (gallery, file, thumbnail), however deep, and however the
    message is read: the answer, a later GET, a forward, an edit of something else."""
    payload = {"flags": V2, "components": [{"type": 17, "components": [component]}]}

    sent = await rest.sent(VIDEOS, payload, still_png=png(), beside_png=png())

    path = f"/channels/{VIDEOS}/messages/{sent['id']}"
    assert [item["filename"] for item in sent["attachments"]] == ["beside.png"]
    assert (await rest.get(path)).body["attachments"] == sent["attachments"]
    pointer = {"type": 1, "channel_id": str(VIDEOS), "message_id": sent["id"]}
    forward = await rest.sent(VIDEOS, {"message_reference": pointer})
    (snapshot,) = forward["message_snapshots"]
    assert [item["filename"] for item in snapshot["message"]["attachments"]] == ["beside.png"]
    edited = await rest.call("PATCH", path, {"allowed_mentions": {"parse": []}})
    assert [item["filename"] for item in edited.body["attachments"]] == ["beside.png"]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"flags": V2, "content": "x", "components": panel()}, "content"),
        (
            {"flags": V2, "components": [{"type": 10, "content": str(n)} for n in range(41)]},
            "components",
        ),
        ({"flags": V2, "components": [{"type": 10, "content": "x" * 2001}] * 2}, "components"),
    ],
)
async def test_the_new_components_have_limits_of_their_own(
    rest: Rest, payload: dict[str, object], path: str
) -> None:
    answer = await rest.send(VIDEOS, payload, {"still.png": png()})

    assert answer.code == 50035
    assert answer.fault(path)


async def test_a_component_cannot_show_a_file_that_is_not_there(rest: Rest) -> None:
    answer = await rest.send(VIDEOS, {"flags": V2, "components": panel()})

    where = ("components", "0", "components", "1", "items", "0", "media", "url")
    assert answer.fault(*where[:3], "2", *where[4:]).startswith("UNFURLED_MEDIA_ITEM")


async def test_a_classic_message_becomes_a_panel_only_when_its_text_goes(rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {"content": "classic"})
    path = f"/channels/{VIDEOS}/messages/{sent['id']}"
    new = {"flags": V2, "components": [{"type": 10, "content": "panel"}]}

    refused = await rest.call("PATCH", path, new)
    accepted = await rest.call("PATCH", path, {**new, "content": None, "embeds": []})
    back = await rest.call("PATCH", path, {"flags": 0, "content": "classic", "components": []})

    assert refused.code == 50035
    assert accepted.body["flags"] & V2
    assert back.code == 50035
