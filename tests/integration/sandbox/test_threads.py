from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.rules import permissions
from tests.integration.sandbox.rest import Rest

VIDEOS = seed.VIDEOS


async def started(rest: Rest) -> tuple[str, str]:
    """A message and the thread that hangs on it, by id."""
    sent = await rest.sent(VIDEOS, {"content": "root"})
    path = f"/channels/{VIDEOS}/messages/{sent['id']}/threads"
    answer = await rest.call("POST", path, {"name": "Making of", "auto_archive_duration": 60})
    assert answer.status == 201, answer.body
    return sent["id"], answer.body["id"]


async def test_a_thread_has_the_id_of_its_message_and_there_is_only_one(rest: Rest) -> None:
    message_id, thread_id = await started(rest)

    again = await rest.call(
        "POST", f"/channels/{VIDEOS}/messages/{message_id}/threads", {"name": "Again"}
    )
    root = await rest.get(f"/channels/{VIDEOS}/messages/{message_id}")

    assert thread_id == message_id
    assert (again.status, again.code) == (400, 160004)
    assert root.body["thread"]["name"] == "Making of"


async def test_a_thread_without_a_message_is_announced(rest: Rest) -> None:
    answer = await rest.call("POST", f"/channels/{VIDEOS}/threads", {"name": "Free", "type": 11})

    assert (answer.status, answer.body["type"]) == (201, 11)
    assert answer.body["member"]["user_id"] == str(seed.APPLICATION_ID)
    newest = (await rest.get(f"/channels/{VIDEOS}/messages?limit=1")).body[0]
    assert (newest["type"], newest["content"]) == (18, "Free")


async def test_a_private_thread_is_hidden_from_anyone_who_is_not_in_it(
    sandbox: Sandbox, rest: Rest
) -> None:
    world = sandbox.discord.world
    world.guild(seed.GUILD_ID).roles[
        seed.BOT_ROLE
    ].permissions |= permissions.CREATE_PRIVATE_THREADS

    answer = await rest.call("POST", f"/channels/{VIDEOS}/threads", {"name": "Secret", "type": 12})
    thread = world.channel(int(answer.body["id"]))

    assert permissions.granted_in(world, thread, seed.FERN) == 0
    await rest.call("PUT", f"/channels/{thread.id}/thread-members/{seed.FERN}")
    assert permissions.granted_in(world, thread, seed.FERN) & permissions.VIEW_CHANNEL


async def test_members_come_and_go(rest: Rest) -> None:
    _, thread_id = await started(rest)
    path = f"/channels/{thread_id}/thread-members"

    await rest.call("PUT", f"{path}/{seed.JUNO}")
    both = await rest.get(f"{path}?with_member=true")
    await rest.call("DELETE", f"{path}/@me")
    one = await rest.get(path)

    assert {item["user_id"] for item in both.body} == {str(seed.JUNO), str(seed.APPLICATION_ID)}
    assert [item["user_id"] for item in one.body] == [str(seed.JUNO)]
    assert (await rest.call("PUT", f"{path}/@me")).status == 204
    assert (await rest.get(f"{path}/{seed.JUNO}")).status == 200


async def test_a_post_wakes_an_archived_thread_but_an_edit_does_not(
    sandbox: Sandbox, rest: Rest
) -> None:
    _, thread_id = await started(rest)
    sent = await rest.sent(thread_id, {"content": "inside"})
    await rest.call("PATCH", f"/channels/{thread_id}", {"archived": True})

    edit = await rest.call(
        "PATCH", f"/channels/{thread_id}/messages/{sent['id']}", {"content": "changed"}
    )
    archived = await rest.get(f"/channels/{VIDEOS}/threads/archived/public")
    await rest.sent(thread_id, {"content": "awake"})

    assert edit.code == 50083
    assert [item["id"] for item in archived.body["threads"]] == [thread_id]
    active = await rest.get(f"/guilds/{seed.GUILD_ID}/threads/active")
    assert [item["id"] for item in active.body["threads"]] == [thread_id]


async def test_a_locked_thread_is_for_moderators(sandbox: Sandbox, rest: Rest) -> None:
    _, thread_id = await started(rest)
    thread = sandbox.discord.world.channel(int(thread_id))
    sandbox.discord.channels.update(thread, {"archived": True, "locked": True}, seed.MAX)

    assert (await rest.send(thread_id, {"content": "let me in"})).code == 50083
    assert (await rest.call("PATCH", f"/channels/{thread_id}", {"locked": False})).code == 50013


async def test_threads_have_a_permission_of_their_own(sandbox: Sandbox, rest: Rest) -> None:
    _, thread_id = await started(rest)
    channel = sandbox.discord.world.channel(VIDEOS)
    deny = {"type": 1, "allow": "0", "deny": str(permissions.SEND_MESSAGES)}
    sandbox.discord.channels.set_overwrite(channel, seed.APPLICATION_ID, deny)

    assert (await rest.send(VIDEOS, {"content": "x"})).code == 50013
    assert (await rest.send(thread_id, {"content": "x"})).status == 200


async def test_archived_threads_are_read_page_by_page(sandbox: Sandbox, rest: Rest) -> None:
    """The kind: what has pages must come to an end, whichever way a client turns them."""
    for number in range(5):
        path = f"/channels/{seed.VIDEOS}/threads"
        made = await rest.call("POST", path, {"name": f"thread {number}", "type": 11})
        sandbox.clock.advance(1)
        thread = await rest.call("PATCH", f"/channels/{made.body['id']}", {"archived": True})
        assert thread.status == 200
    names: list[str] = []
    query, more = "limit=2", True
    while more:
        page = (await rest.get(f"/channels/{seed.VIDEOS}/threads/archived/public?{query}")).body
        names += [item["name"] for item in page["threads"]]
        assert [item["id"] for item in page["members"]] == [item["id"] for item in page["threads"]]
        more = page["has_more"]
        last = page["threads"][-1]["thread_metadata"]["archive_timestamp"]
        query = f"limit=2&before={last.replace('+', '%2B')}"
    assert names == [f"thread {number}" for number in (4, 3, 2, 1, 0)]
    bad = await rest.get(f"/channels/{seed.VIDEOS}/threads/archived/public?before=yesterday")
    assert bad.fault("before") == "DATE_TIME_TYPE_PARSE"


async def test_a_threads_members_are_read_page_by_page(rest: Rest) -> None:
    path = f"/channels/{seed.VIDEOS}/threads"
    thread = (await rest.call("POST", path, {"name": "thread", "type": 11})).body["id"]
    for user in (seed.FERN, seed.ADA, seed.JUNO):
        await rest.call("PUT", f"/channels/{thread}/thread-members/{user}")
    found: list[str] = []
    after = "0"
    while page := (
        await rest.get(f"/channels/{thread}/thread-members?with_member=true&limit=2&after={after}")
    ).body:
        found += [item["user_id"] for item in page]
        assert all("member" in item for item in page)
        after = found[-1]
    assert found == [str(item) for item in (seed.APPLICATION_ID, seed.ADA, seed.FERN, seed.JUNO)]


async def test_private_threads_that_the_bot_joined_are_listed_by_id(rest: Rest) -> None:
    path = f"/channels/{seed.VIDEOS}/threads"
    made = [
        (await rest.call("POST", path, {"name": f"thread {n}", "type": 12})).body["id"]
        for n in range(3)
    ]
    for thread in made:
        await rest.call("PATCH", f"/channels/{thread}", {"archived": True})
    joined = f"/channels/{seed.VIDEOS}/users/@me/threads/archived/private"
    every = (await rest.get(joined)).body["threads"]
    assert [item["id"] for item in every] == made[::-1]
    older = (await rest.get(f"{joined}?before={made[1]}")).body["threads"]
    assert [item["id"] for item in older] == made[:1]
