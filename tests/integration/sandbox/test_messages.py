import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.errors import DiscordError
from sandbox.discord.rules import permissions
from sandbox.discord.rules.uploads import MIB
from tests.integration.sandbox.answering import row
from tests.integration.sandbox.parts import button, png
from tests.integration.sandbox.rest import Rest

VIDEOS, STAFF = seed.VIDEOS, seed.STAFF


async def test_a_message_comes_back_as_it_was_sent(rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {"content": f" Hello <@{seed.FERN}> "})

    read = await rest.get(f"/channels/{VIDEOS}/messages/{sent['id']}")

    assert read.body == sent
    assert read.headers["Content-Type"] == "application/json"
    assert read.body["content"] == f"Hello <@{seed.FERN}>"
    assert [user["id"] for user in read.body["mentions"]] == [str(seed.FERN)]


async def test_no_one_is_pinged_whom_allowed_mentions_leave_out(rest: Rest) -> None:
    content = f"<@{seed.FERN}> <@{seed.JUNO}> <@&{seed.BOOSTER}> @everyone"
    allowed = {"parse": ["roles"], "users": [str(seed.JUNO)]}

    sent = await rest.sent(VIDEOS, {"content": content, "allowed_mentions": allowed})

    assert [user["id"] for user in sent["mentions"]] == [str(seed.JUNO)]
    assert sent["mention_roles"] == [str(seed.BOOSTER)]
    assert sent["mention_everyone"] is False


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 50006),
        ({"content": "   "}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"embeds": [{"title": "x"}] * 11}, 50035),
        ({"embeds": [{"description": "x" * 3001}] * 2}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"content": "x", "components": [row(button())] * 6}, 50035),
        ({"content": "x", "components": [row(*[button(str(n)) for n in range(6)])]}, 50035),
        ({"content": "x", "components": [row(button(), button())]}, 50035),
        ({"content": "x", "components": [row(button(label="x" * 81))]}, 50035),
        ({"content": "x", "components": [row(button(custom_id="x" * 101))]}, 50035),
        ({"content": "x", "components": [{"type": 10, "content": "only with the flag"}]}, 50035),
        ({"content": "x", "nonce": "x" * 26}, 50035),
        ({"content": "x", "poll": {}}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
        ({"sticker_ids": ["1"]}, 10060),
    ],
)
async def test_what_discord_refuses_is_refused(
    rest: Rest, payload: dict[str, object], code: int
) -> None:
    answer = await rest.send(VIDEOS, payload)

    assert (answer.status, answer.code) == (404 if code == 10060 else 400, code)


async def test_every_fault_of_a_form_is_named_at_once(rest: Rest) -> None:
    payload = {"content": "x" * 2001, "embeds": [{"title": "ok"}, {"title": "x" * 257}]}

    answer = await rest.send(VIDEOS, payload)

    assert answer.fault("content") == "BASE_TYPE_MAX_LENGTH"
    assert answer.fault("embeds", "1", "title") == "BASE_TYPE_MAX_LENGTH"


async def test_a_hidden_channel_lets_the_bot_neither_read_nor_write(rest: Rest) -> None:
    assert (await rest.send(STAFF, {"content": "hi"})).code == 50001
    assert (await rest.get(f"/channels/{STAFF}/messages")).code == 50001
    assert (await rest.get(f"/channels/{STAFF}")).code == 50001


async def test_announcements_take_no_messages_of_the_bot(rest: Rest) -> None:
    answer = await rest.send(seed.ANNOUNCEMENTS, {"content": "hi"})

    assert (answer.status, answer.code) == (403, 50013)


async def test_files_need_their_own_permission(sandbox: Sandbox, rest: Rest) -> None:
    channel = sandbox.discord.world.channel(VIDEOS)
    deny = {"type": 0, "allow": "0", "deny": str(permissions.ATTACH_FILES)}
    sandbox.discord.channels.set_overwrite(channel, seed.GUILD_ID, deny)
    sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.BOT_ROLE].permissions = 0

    assert (await rest.send(VIDEOS, {}, {"a.png": png()})).code == 50013
    assert (await rest.send(VIDEOS, {"content": "without"})).status == 200


async def test_a_file_is_measured_named_and_played_from_a_signed_address(rest: Rest) -> None:
    sent = await rest.send(VIDEOS, {}, {"Grüße an Ada.png": png(64, 36)})

    attachment = sent.body["attachments"][0]
    assert attachment["filename"] == "Gre_an_Ada.png"
    assert (attachment["width"], attachment["height"]) == (64, 36)
    async with rest.session.get(attachment["url"]) as answer:
        assert (answer.status, await answer.read()) == (200, png(64, 36))
    async with rest.session.get(attachment["url"], headers={"Range": "bytes=1-3"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"PNG")


async def test_an_address_dies_after_a_day_and_a_fresh_one_comes_with_the_message(
    sandbox: Sandbox, rest: Rest
) -> None:
    sent = await rest.sent(VIDEOS, {}, a_png=png())

    sandbox.clock.advance(24 * 3600 + 1)
    read = await rest.get(f"/channels/{VIDEOS}/messages/{sent['id']}")

    async with rest.session.get(sent["attachments"][0]["url"]) as old:
        assert (old.status, await old.text()) == (404, "This content is no longer available.")
    async with rest.session.get(read.body["attachments"][0]["url"]) as fresh:
        assert fresh.status == 200


async def test_an_address_without_its_signature_opens_nothing(rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {}, a_png=png())

    bare = sent["attachments"][0]["url"].partition("?")[0]

    async with rest.session.get(bare) as answer:
        assert answer.status == 404


async def test_a_file_above_the_servers_limit_is_too_large_until_the_server_is_boosted(
    sandbox: Sandbox, rest: Rest
) -> None:
    video = b"\0" * (20 * MIB + 1)

    refused = await rest.send(VIDEOS, {}, {"video.mp4": video})
    sandbox.discord.world.guild(seed.GUILD_ID).premium_tier = 2
    accepted = await rest.send(VIDEOS, {}, {"video.mp4": video})

    assert (refused.status, refused.code) == (413, 40005)
    assert accepted.body["attachments"][0]["size"] == len(video)
    assert accepted.body["attachments"][0]["content_type"] == "video/mp4"


async def test_a_refused_upload_leaves_nothing_behind(sandbox: Sandbox, rest: Rest) -> None:
    folder = sandbox.discord.world.blobs.path(0).parent
    before = set(folder.iterdir())

    await rest.send(VIDEOS, {"content": "x" * 2001}, {"a.png": png()})

    assert set(folder.iterdir()) == before


async def test_more_than_ten_files_are_too_many(rest: Rest) -> None:
    answer = await rest.send(VIDEOS, {}, {f"{n}.png": png() for n in range(11)})

    assert answer.code == 30015


async def test_a_repeated_nonce_makes_one_message(rest: Rest) -> None:
    payload = {"content": "once", "nonce": "job-1", "enforce_nonce": True}

    first, second = await rest.sent(VIDEOS, payload), await rest.sent(VIDEOS, payload)
    read = await rest.get(f"/channels/{VIDEOS}/messages/{first['id']}")

    assert first == second
    assert first["nonce"] == "job-1"
    assert "nonce" not in read.body


async def test_a_nonce_is_forgotten_after_a_few_minutes(sandbox: Sandbox, rest: Rest) -> None:
    payload = {"content": "twice", "nonce": "job-2", "enforce_nonce": True}

    first = await rest.sent(VIDEOS, payload)
    sandbox.clock.advance(181)
    second = await rest.sent(VIDEOS, payload)

    assert first["id"] != second["id"]


async def test_the_nonce_of_a_deleted_message_finds_none(rest: Rest) -> None:
    payload = {"content": "gone", "nonce": "job-3", "enforce_nonce": True}
    sent = await rest.sent(VIDEOS, payload)

    await rest.call("DELETE", f"/channels/{VIDEOS}/messages/{sent['id']}")
    answer = await rest.send(VIDEOS, payload)

    assert (answer.status, answer.code) == (404, 10008)


async def test_a_reply_carries_what_it_replies_to(rest: Rest) -> None:
    original = await rest.sent(VIDEOS, {"content": "first"})

    reply = await rest.sent(
        VIDEOS, {"content": "second", "message_reference": {"message_id": original["id"]}}
    )

    assert reply["type"] == 19
    assert reply["referenced_message"]["content"] == "first"


async def test_a_reply_to_nothing_is_a_plain_message_if_it_may_fail(rest: Rest) -> None:
    reference = {"message_id": "1", "fail_if_not_exists": False}

    sent = await rest.sent(VIDEOS, {"content": "alone", "message_reference": reference})

    assert sent["type"] == 0
    assert "message_reference" not in sent


async def test_a_reply_needs_to_read_the_history(sandbox: Sandbox, rest: Rest) -> None:
    original = await rest.sent(VIDEOS, {"content": "first"})
    channel = sandbox.discord.world.channel(VIDEOS)
    deny = {"type": 1, "allow": "0", "deny": str(permissions.READ_MESSAGE_HISTORY)}
    sandbox.discord.channels.set_overwrite(channel, seed.APPLICATION_ID, deny)

    reference = {"message_id": original["id"]}
    answer = await rest.send(VIDEOS, {"content": "x", "message_reference": reference})

    assert answer.code == 160002


@pytest.mark.undocumented
async def test_a_forwarded_picture_comes_as_a_snapshot(rest: Rest) -> None:
    picture = (await rest.get(f"/channels/{seed.PICTURES}/messages")).body[0]
    reference = {"type": 1, "channel_id": str(seed.PICTURES), "message_id": picture["id"]}

    sent = await rest.sent(VIDEOS, {"message_reference": reference})

    snapshot = sent["message_snapshots"][0]["message"]
    assert snapshot["attachments"][0]["filename"] == "evening_mountains.png"
    async with rest.session.get(snapshot["attachments"][0]["url"]) as answer:
        assert answer.status == 200


async def test_an_embed_takes_its_picture_out_of_the_attachments(rest: Rest) -> None:
    embed = {
        "title": "A video",
        "color": 0x5865F2,
        "fields": [{"name": "Price", "value": "$0.10", "inline": True}],
        "footer": {"text": "Model", "icon_url": "https://example.com/icon.png"},
        "image": {"url": "attachment://still.png"},
    }

    sent = await rest.sent(VIDEOS, {"embeds": [embed]}, still_png=png())

    assert sent["attachments"] == []
    assert "/cdn/attachments/" in sent["embeds"][0]["image"]["url"]
    assert sent["embeds"][0]["image"]["width"] == 32


async def test_an_edit_changes_what_it_names_and_keeps_the_rest(rest: Rest) -> None:
    sent = await rest.sent(
        VIDEOS, {"content": "before", "components": [row(button())]}, a_png=png()
    )

    edited = await rest.call(
        "PATCH", f"/channels/{VIDEOS}/messages/{sent['id']}", {"content": "after"}
    )

    assert edited.body["content"] == "after"
    assert edited.body["edited_timestamp"] is not None
    assert edited.body["components"] == sent["components"]
    assert edited.body["attachments"][0]["id"] == sent["attachments"][0]["id"]


async def test_an_edit_keeps_only_the_files_that_it_names(rest: Rest) -> None:
    sent = (await rest.send(VIDEOS, {}, {"a.png": png(), "b.png": png()})).body
    path = f"/channels/{VIDEOS}/messages/{sent['id']}"

    kept = [{"id": int(sent["attachments"][1]["id"])}, {"id": 0, "filename": "c.png"}]
    edited = await rest.call("PATCH", path, {"attachments": kept}, files={"c.png": png()})

    assert [item["filename"] for item in edited.body["attachments"]] == ["b.png", "c.png"]


async def test_no_one_edits_what_someone_else_wrote(rest: Rest) -> None:
    picture = (await rest.get(f"/channels/{seed.PICTURES}/messages")).body[0]
    path = f"/channels/{seed.PICTURES}/messages/{picture['id']}"

    assert (await rest.call("PATCH", path, {"content": "mine"})).code == 50005
    assert (await rest.call("DELETE", path)).code == 50013


async def test_old_messages_cannot_be_edited_forever(sandbox: Sandbox, rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {"content": "old"})
    path = f"/channels/{VIDEOS}/messages/{sent['id']}"
    sandbox.clock.advance(3601)

    answers = [await rest.call("PATCH", path, {"content": str(n)}) for n in range(11)]

    assert {answer.status for answer in answers[:-1]} == {200}
    assert (answers[-1].status, answers[-1].code) == (429, 30046)


async def test_history_is_paged_in_all_directions(rest: Rest) -> None:
    ids = [(await rest.sent(VIDEOS, {"content": str(n)}))["id"] for n in range(6)]
    base = f"/channels/{VIDEOS}/messages?limit=3&"

    async def page(query: str) -> list[int]:
        return [ids.index(item["id"]) for item in (await rest.get(base + query)).body]

    assert await page("") == [5, 4, 3]
    assert await page(f"before={ids[3]}") == [2, 1, 0]
    assert await page(f"after={ids[1]}") == [4, 3, 2]
    assert await page(f"around={ids[2]}") == [3, 2, 1]


async def test_without_message_content_a_picture_is_an_empty_message(
    sandbox: Sandbox, rest: Rest
) -> None:
    sandbox.discord.world.application.message_content = False
    own = await rest.sent(seed.PICTURES, {"content": "mine"})

    found = (await rest.get(f"/channels/{seed.PICTURES}/messages")).body

    assert [item["content"] for item in found] == ["mine", ""]
    assert found[1]["attachments"] == []
    assert own["content"] == "mine"


async def test_many_messages_are_deleted_at_once_by_anyone_who_may(
    sandbox: Sandbox, rest: Rest
) -> None:
    ids = [(await rest.sent(VIDEOS, {"content": str(n)}))["id"] for n in range(3)]
    path = f"/channels/{VIDEOS}/messages/bulk-delete"

    refused = await rest.call("POST", path, {"messages": ids})
    role = sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.BOT_ROLE]
    role.permissions |= permissions.MANAGE_MESSAGES
    accepted = await rest.call("POST", path, {"messages": ids})

    assert refused.code == 50013
    assert accepted.status == 204
    assert (await rest.get(f"/channels/{VIDEOS}/messages")).body == []


async def test_a_sticker_is_sent_by_itself(rest: Rest) -> None:
    sent = await rest.sent(VIDEOS, {"sticker_ids": [str(seed.STICKER)]})

    assert sent["sticker_items"] == [{"id": str(seed.STICKER), "name": "star", "format_type": 1}]


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"content": ["x"]},
        {"embeds": [None]},
        {"embeds": [{"fields": {}, "timestamp": 1}]},
        {"content": "x", "components": [{"type": []}]},
        {"content": "x", "components": [{"type": 1, "components": [{"type": 2}]}]},
        {"content": "x", "allowed_mentions": {"parse": True}},
        {"content": "x", "attachments": [{"description": "no id"}]},
        {"content": "x", "message_reference": {"type": 1, "message_id": {}}},
    ],
    ids=str,
)
async def test_a_malformed_form_is_the_bots_fault(rest: Rest, payload: object) -> None:
    answer = await rest.call("POST", f"/channels/{VIDEOS}/messages", payload)

    assert (answer.status, answer.code) == (400, 50035)


async def test_slowmode_holds_back_members_but_neither_moderators_nor_bots(
    sandbox: Sandbox, rest: Rest
) -> None:
    local, world = sandbox.discord, sandbox.discord.world
    channel = world.channel(VIDEOS)
    local.channels.update(channel, {"rate_limit_per_user": 30})
    for user_id in (seed.JUNO, seed.MAX, seed.MAX):
        local.messages.create(channel, world.user(user_id), {"content": "x"})

    with pytest.raises(DiscordError) as refused:
        local.messages.create(channel, world.user(seed.JUNO), {"content": "again"})

    assert (refused.value.status, refused.value.code) == (429, 20016)
    assert [(await rest.send(VIDEOS, {"content": "x"})).status for _ in range(2)] == [200, 200]
    sandbox.clock.advance(30)
    local.messages.create(channel, world.user(seed.JUNO), {"content": "again"})
