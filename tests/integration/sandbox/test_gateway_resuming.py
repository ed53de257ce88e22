import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord.gateway.sessions import REPLAYED_FRAMES
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.wire import Wire, connected, listening

Session = aiohttp.ClientSession


async def drop(wire: Wire) -> tuple[str, int]:
    """Go without a goodbye; what is needed to come back."""
    ready = next(frame for frame in wire.seen if frame["t"] == "READY")
    await wire.socket.close(code=4000)
    return ready["d"]["session_id"], wire.sequence


async def test_what_was_missed_is_told_in_order_after_resuming(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        session_id, sequence = await drop(wire)
    await crowd.say("one")
    await crowd.say("two")

    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, sequence)
        names = await wire.names_until("RESUMED")
        await crowd.say("three")
        await wire.until("MESSAGE_CREATE")

    assert names == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]
    said = [frame["d"]["content"] for frame in wire.seen if frame["t"] == "MESSAGE_CREATE"]
    assert said == ["one", "two", "three"]
    assert [frame["s"] for frame in wire.seen] == list(range(sequence + 1, sequence + 5))


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_goodbye_ends_the_session(sandbox: Sandbox, session: Session, code: int) -> None:
    async with listening(sandbox, session) as wire:
        session_id = wire.seen[0]["d"]["session_id"]
        await wire.socket.close(code=code)
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, 1)
        assert await wire.until_op(9) == {"t": None, "s": None, "op": 9, "d": False}


async def test_an_unknown_session_is_invalid_and_may_identify_again(
    sandbox: Sandbox, session: Session
) -> None:
    async with connected(sandbox, session) as wire:
        await wire.resume("no one", 1)
        assert (await wire.frame())["d"] is False
        await wire.identify()


async def test_a_number_that_was_never_given_cannot_be_resumed_from(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        session_id, _ = await drop(wire)
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, 1_000)
        assert await wire.close_code() == 4007


async def test_a_resume_needs_the_token(sandbox: Sandbox, session: Session) -> None:
    async with listening(sandbox, session) as wire:
        session_id, sequence = await drop(wire)
    async with connected(sandbox, session) as wire:
        wire.token = "wrong"
        await wire.resume(session_id, sequence)
        assert await wire.close_code() == 4004


async def test_a_session_left_for_long_cannot_be_resumed(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        session_id, sequence = await drop(wire)
    sandbox.clock.advance(301)
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, sequence)
        assert (await wire.frame())["op"] == 9


async def test_a_session_that_missed_too_much_cannot_be_resumed(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        session_id, sequence = await drop(wire)
    for _ in range(REPLAYED_FRAMES + 1):
        await crowd_of(sandbox, session).say("again")
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, sequence)
        assert (await wire.frame())["op"] == 9


async def test_who_resumes_elsewhere_loses_the_first_connection(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as first, connected(sandbox, session) as second:
        await second.resume(first.seen[0]["d"]["session_id"], first.sequence)
        await second.until("RESUMED")
        assert await first.close_code() == 4000
        await crowd_of(sandbox, session).say("still here")
        await second.until("MESSAGE_CREATE")


async def test_a_bot_can_be_asked_to_reconnect_and_keeps_its_session(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        assert await crowd.done("POST", "/gateway/disconnect", {"op": 7}) == {"sessions": 1}
        assert (await wire.until_op(7))["d"] is None
        session_id, sequence = await drop(wire)
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, sequence)
        await wire.until("RESUMED")


async def test_a_session_can_be_invalidated(sandbox: Sandbox, session: Session) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        await crowd.done("POST", "/gateway/disconnect", {"op": 9})
        assert (await wire.until_op(9))["d"] is False
        assert await crowd.done("GET", "/gateway/sessions") == []


async def test_a_close_code_leaves_the_session_to_be_resumed(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        await crowd.done("POST", "/gateway/disconnect", {"code": 4001})
        assert await wire.close_code() == 4001
        await wire.socket.close(code=1000)
        session_id, sequence = wire.seen[0]["d"]["session_id"], wire.sequence
    async with connected(sandbox, session) as wire:
        await wire.resume(session_id, sequence)
        await wire.until("RESUMED")
        (described,) = await crowd.done("GET", "/gateway/sessions")
        assert described["session_id"] == session_id
        assert described["connected"] is True
