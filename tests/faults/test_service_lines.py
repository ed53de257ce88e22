"""Every trouble on the line to a video service becomes the right class of error, within a limit.

The classes decide about money: what is certain not to have been taken may be handed over again,
all else is looked up and never repeated.
"""

import asyncio
import contextlib

import aiohttp
import pytest

from bot.errors import (
    ArtifactUnavailableError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    SubmissionUncertainError,
    TransientProviderError,
)
from bot.providers import artifacts, http
from bot.providers.contract import ProviderState
from tests.faults.proxy import proxying
from tests.faults.troubles import AFTER_THE_ACT, BUSY, MALFORMED, Strike, Trouble, huge_json, seeded
from tests.local_nanogpt import desk_at, local_nanogpt
from tests.local_nanophoto import local_nanophoto as open_nanophoto, order, watched

LONGEST_SECONDS = 60.0  # for anything here, on a busy machine; troubles that last longer are cut
FOREVER_SECONDS = 3600
SHORT = aiohttp.ClientTimeout(total=0.4)
TO_PAGE = {"Content-Type": "text/html"}
PAGE = b"<html><h1>Bad gateway</h1></html>"

LOST = {
    "refused": Strike(Trouble.REFUSE, times=2),
    "reset before it": Strike(Trouble.RESET_BEFORE, times=2),
    "reset after it": Strike(Trouble.RESET_AFTER, times=2),
    "cut in its head": Strike(Trouble.TRUNCATE, times=2),
    "cut in its body": Strike(Trouble.CUT, times=2),
    "never answered": Strike(Trouble.BLACK_HOLE, times=2),
    "dripping for too long": Strike(Trouble.DRIP, seconds=FOREVER_SECONDS, times=2),
    "late for too long": Strike(Trouble.LATENCY, seconds=FOREVER_SECONDS, times=2),
}
ANSWERED = {
    "malformed": Strike(Trouble.REPLACE, body=MALFORMED, times=2),
    "huge": Strike(Trouble.REPLACE, body=huge_json(), times=2),
    "a list": Strike(Trouble.REPLACE, body=b"[1, 2]", times=2),
    "empty": Strike(Trouble.REPLACE, body=b"", times=2),
    "a page with 502": Strike(Trouble.ANSWER, status=502, headers=TO_PAGE, body=PAGE, times=2),
    "a page with 504 after it": Strike(
        Trouble.REPLACE, status=504, headers=TO_PAGE, body=PAGE, times=2
    ),
    "500 without a word": Strike(Trouble.REPLACE, status=500, body=b"", times=2),
}
HARMLESS = {
    "late": Strike(Trouble.LATENCY, seconds=0.1),
    "dripping": Strike(Trouble.DRIP, seconds=0.1),
    "closed behind": Strike(Trouble.CLOSE_IDLE),
}
LIMITED = {
    "in seconds": ({"Retry-After": "7"}, 7),
    "in silence": ({}, None),
    "in nonsense": ({"Retry-After": "soon"}, None),
}


def fresh(strike):
    """The same trouble, as no one has met it yet."""
    return Strike(**{**strike.__dict__, "random": seeded(1), "headers": dict(strike.headers)})


@contextlib.contextmanager
def patience_for(trouble):
    """The bot's own limits, shorter where they are what ends this: not for what must succeed."""
    with pytest.MonkeyPatch.context() as patch:
        if trouble.trouble is Trouble.BLACK_HOLE or trouble.seconds == FOREVER_SECONDS:
            patch.setattr(http, "READ_TIMEOUT", SHORT)
            patch.setattr(http, "SUBMIT_TIMEOUT", SHORT)
            patch.setattr(artifacts, "TIMEOUT", SHORT)
        yield


@pytest.fixture
async def bounded():
    """Nothing hangs."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    yield
    assert loop.time() - begun < LONGEST_SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("services")


@pytest.fixture
async def desk(folder):
    """NanoGPT behind one proxy, and its videos behind another."""
    async with local_nanogpt(folder) as wire:
        service = wire.service
        async with (
            proxying(wire.sandbox.nanogpt.origin) as api,
            proxying(service.storage_origin) as videos,
        ):
            service.storage_origin = videos.origin
            async with desk_at(wire, origin=api.origin) as opened:
                yield opened, api, videos


@pytest.fixture
async def photo(folder):
    """NanoPhoto behind a proxy."""
    async with open_nanophoto(folder) as local, proxying(local.sandbox.nanophoto.origin) as api:
        yield local, local.client(origin=api.origin), api


@pytest.mark.parametrize("strike", (LOST | ANSWERED).values(), ids=LOST | ANSWERED)
async def test_a_submission_whose_answer_is_lost_is_uncertain_and_sent_once(desk, bounded, strike):
    nanogpt, api, _ = desk
    api.plan.order(trouble := fresh(strike))

    with patience_for(trouble), pytest.raises(SubmissionUncertainError):
        await nanogpt.submit()

    assert trouble.struck == 1
    assert len(nanogpt.money) <= 1
    if trouble.trouble in AFTER_THE_ACT:
        [(kind, _)] = nanogpt.money
        assert kind == "charge"


@pytest.mark.parametrize("strike", (LOST | ANSWERED).values(), ids=LOST | ANSWERED)
async def test_a_submission_to_nanophoto_is_uncertain_as_well(photo, bounded, strike):
    local, client, api = photo
    api.plan.order(trouble := fresh(strike))

    with patience_for(trouble), pytest.raises(SubmissionUncertainError):
        await client.submit(order())

    assert trouble.struck == 1
    assert len(local.movements("charge")) <= 1


@pytest.mark.parametrize("strike", HARMLESS.values(), ids=HARMLESS)
async def test_what_only_takes_its_time_changes_nothing(desk, bounded, strike):
    nanogpt, api, videos = desk
    for proxy in (api, videos):
        proxy.plan.order(Strike(**{**strike.__dict__, "times": 9}))

    receipt = await nanogpt.submit()
    seen = await nanogpt.ended(receipt)

    assert seen.state is ProviderState.SUCCEEDED
    assert len(nanogpt.money) == 1


@pytest.mark.parametrize(("headers", "seconds"), LIMITED.values(), ids=LIMITED)
async def test_who_asks_too_often_comes_again_when_told_and_nothing_was_charged(
    desk, headers, seconds
):
    nanogpt, api, _ = desk
    api.plan.order(Strike(Trouble.ANSWER, status=429, headers=headers, body=BUSY))

    with pytest.raises(ProviderRateLimitedError) as caught:
        await nanogpt.submit()

    assert nanogpt.money == []
    assert (caught.value.retry_at is not None) == (seconds is not None)


async def test_where_no_server_listens_nothing_was_taken(desk, unused_tcp_port):
    nanogpt, _, _ = desk
    async with desk_at(nanogpt.wire, origin=f"http://127.0.0.1:{unused_tcp_port}") as other:
        with pytest.raises(ProviderUnavailableError):
            await other.submit()


ASKED = {name: strike for name, strike in (LOST | ANSWERED).items() if name != "refused"}
"""A kept connection is not made again, and so cannot be refused."""


def looked_at_again(strike):
    """aiohttp asks again by itself once, where a connection it kept was closed."""
    return Strike(**{**fresh(strike).__dict__, "times": 4})


@pytest.mark.parametrize("strike", ASKED.values(), ids=ASKED)
async def test_a_poll_that_fails_may_be_repeated_and_then_shows_the_video(desk, bounded, strike):
    nanogpt, api, _ = desk
    receipt = await nanogpt.submit()
    await nanogpt.service.making[receipt.handle]
    api.plan.order(trouble := looked_at_again(strike))

    with (
        patience_for(trouble),
        pytest.raises((TransientProviderError, ProviderProtocolError)),
    ):
        await nanogpt.client.poll(receipt.handle, nanogpt.request)
    api.plan.clear()
    seen = await nanogpt.client.poll(receipt.handle, nanogpt.request)

    assert seen.state is ProviderState.SUCCEEDED


@pytest.mark.parametrize("strike", ASKED.values(), ids=ASKED)
async def test_a_poll_of_nanophoto_that_fails_says_nothing_of_its_videos(photo, bounded, strike):
    local, client, api = photo
    receipt = await local.submitted(client, order())
    api.plan.order(trouble := looked_at_again(strike))

    try:
        with patience_for(trouble):
            found = await client.poll_batch(watched(receipt))
    except (TransientProviderError, ProviderProtocolError) as error:
        found = [error]
    api.plan.clear()
    [seen] = await client.poll_batch(watched(receipt))

    assert isinstance(found[0], TransientProviderError | ProviderProtocolError)
    assert seen.state is ProviderState.SUCCEEDED


async def test_a_poll_that_is_never_answered_is_a_time_out_and_no_absence(desk, bounded):
    nanogpt, api, _ = desk
    receipt = await nanogpt.submit()
    api.plan.order(trouble := Strike(Trouble.BLACK_HOLE))

    with patience_for(trouble), pytest.raises(ProviderTimeoutError):
        await nanogpt.client.poll(receipt.handle, nanogpt.request)


@pytest.mark.parametrize("strike", ASKED.values(), ids=ASKED)
async def test_a_lost_submission_is_found_again_though_asking_fails_at_first(desk, bounded, strike):
    nanogpt, api, _ = desk
    api.plan.order(Strike(Trouble.RESET_AFTER))
    with pytest.raises(SubmissionUncertainError):
        await nanogpt.submit("tag-7")
    api.plan.order(trouble := looked_at_again(strike))

    with (
        patience_for(trouble),
        pytest.raises((TransientProviderError, ProviderProtocolError)),
    ):
        await nanogpt.client.recover("tag-7", nanogpt.request)
    api.plan.clear()
    receipt = await nanogpt.client.recover("tag-7", nanogpt.request)

    [run] = nanogpt.service.books.runs.values()
    assert receipt is not None
    assert receipt.handle == run.id


FETCHING = {name: strike for name, strike in (LOST | ANSWERED).items() if name != "huge"}


@pytest.mark.parametrize("strike", FETCHING.values(), ids=FETCHING)
async def test_a_video_is_fetched_whole_or_not_at_all(desk, bounded, tmp_path, strike):
    nanogpt, _, videos = desk
    [address] = (await nanogpt.ended(await nanogpt.submit())).artifact_addresses
    videos.plan.order(trouble := looked_at_again(strike))
    target = tmp_path / "video.mp4"

    with patience_for(trouble), pytest.raises(ArtifactUnavailableError):
        await nanogpt.client.fetch(address, target)
    assert list(tmp_path.iterdir()) == []
    videos.plan.clear()
    await nanogpt.client.fetch(address, target)

    assert target.read_bytes()[4:8] == b"ftyp"


async def test_fifty_megabytes_of_nonsense_are_no_video(desk, bounded, tmp_path):
    nanogpt, _, videos = desk
    [address] = (await nanogpt.ended(await nanogpt.submit())).artifact_addresses
    videos.plan.order(Strike(Trouble.REPLACE, body=huge_json()))

    with pytest.raises(ArtifactUnavailableError):
        await nanogpt.client.fetch(address, tmp_path / "video.mp4")

    assert list(tmp_path.iterdir()) == []


async def test_the_models_are_listed_whatever_becomes_of_the_question(desk, bounded):
    nanogpt, api, _ = desk
    for strike in (LOST | ANSWERED).values():
        api.plan.order(trouble := looked_at_again(strike))
        with patience_for(trouble):
            assert await nanogpt.client.list_capabilities()
        api.plan.clear()
