"""The proxy spoils what it was told to spoil, and nothing else."""

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.clock import FakeClock
from tests.faults.proxy import proxying
from tests.faults.troubles import MALFORMED, Plan, Strike, Trouble, huge_json, seeded
from tests.serving import serving

BODY = bytes(range(256)) * 40
SHORT = aiohttp.ClientTimeout(total=0.3)  # for what is never answered


class Server:
    """Answers everything with the same bytes, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    async def answer(self, request):
        if request.headers.get("Upgrade") == "websocket":
            return await self.echo(request)
        self.asked.append((request.method, request.path_qs, await request.read()))
        return web.Response(body=BODY)

    async def echo(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket


class NotedWaits(FakeClock):
    """No one waits; how long they would have is noted."""

    def __init__(self):
        super().__init__()
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
async def proxy(server):
    async with serving(server.answer) as origin, proxying(origin) as opened:
        yield opened


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


async def get(session, proxy, path="/a", method="GET", **more):
    async with session.request(method, proxy.origin + path, **more) as response:
        return response.status, await response.read()


async def test_without_orders_all_passes_on_one_connection(proxy, session, server):
    async def pieces():
        yield b"one, "
        yield b"two"

    assert await get(session, proxy, "/a?b=c") == (200, BODY)
    assert await get(session, proxy, "/d", "POST", data=b"x" * 100_000) == (200, BODY)
    assert await get(session, proxy, "/e", "POST", data=pieces()) == (200, BODY)

    assert [path for _, path, _ in server.asked] == ["/a?b=c", "/d", "/e"]
    assert [len(body) for _, _, body in server.asked] == [0, 100_000, 8]
    assert proxy.requests == ["GET /a", "POST /d", "POST /e"]


@pytest.mark.parametrize(
    ("trouble", "is_acted"),
    [
        (Trouble.RESET_BEFORE, False),
        (Trouble.BLACK_HOLE, False),
        (Trouble.RESET_AFTER, True),
        (Trouble.TRUNCATE, True),
        (Trouble.CUT, True),
    ],
)
async def test_a_broken_request_reaches_the_server_or_does_not(
    proxy, session, server, trouble, is_acted
):
    proxy.plan.order(Strike(trouble, method="POST"))
    patience = {"timeout": SHORT} if trouble is Trouble.BLACK_HOLE else {}

    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await get(session, proxy, method="POST", **patience)

    assert len(server.asked) == int(is_acted)
    assert await get(session, proxy, method="POST") == (200, BODY)


async def test_a_refused_connection_is_no_request(proxy, session, server):
    proxy.plan.order(Strike(Trouble.REFUSE))

    with pytest.raises(aiohttp.ClientError):
        await get(session, proxy, method="POST")

    assert server.asked == []


async def test_an_answer_may_come_instead_of_the_act_or_after_it(proxy, session, server):
    proxy.plan.order(Strike(Trouble.ANSWER, status=429, headers={"Retry-After": "7"}, body=b"wait"))
    proxy.plan.order(Strike(Trouble.REPLACE, body=MALFORMED))

    async with session.get(proxy.origin) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert server.asked == []
    assert await get(session, proxy) == (200, MALFORMED)
    assert len(server.asked) == 1


async def test_fifty_megabytes_of_json_are_fifty_megabytes_of_json():
    assert len(huge_json()) > 50_000_000


@pytest.mark.parametrize("trouble", [Trouble.LATENCY, Trouble.DRIP])
async def test_latency_and_dripping_only_take_their_time(server, session, trouble):
    clock = NotedWaits()
    async with serving(server.answer) as origin, proxying(origin, clock=clock) as proxy:
        proxy.plan.order(Strike(trouble, seconds=100))

        assert await get(session, proxy) == (200, BODY)

    assert sum(clock.waits) == pytest.approx(100)


async def test_a_kept_connection_that_was_closed_costs_a_get_nothing_and_a_post_its_answer(
    proxy, session, server
):
    proxy.plan.order(Strike(Trouble.RESET_REUSED, times=2))

    assert await get(session, proxy) == (200, BODY)
    assert await get(session, proxy) == (200, BODY)  # aiohttp asks again, on a new connection
    with pytest.raises(aiohttp.ClientError):
        await get(session, proxy, method="POST")

    assert [method for method, _, _ in server.asked] == ["GET", "GET"]


async def test_a_connection_may_be_closed_behind_a_good_answer(proxy, session):
    proxy.plan.order(Strike(Trouble.CLOSE_IDLE))

    assert await get(session, proxy) == (200, BODY)
    assert await get(session, proxy) == (200, BODY)


async def test_only_what_matches_is_struck_and_only_so_often(proxy, session):
    strike = Strike(Trouble.ANSWER, "POST", "/b*", times=2, after=1, status=500)
    proxy.plan.order(strike)

    asked = [("GET", "/b"), ("POST", "/a"), *[("POST", "/b/c")] * 4]
    found = [(await get(session, proxy, path, method))[0] for method, path in asked]

    assert found == [200, 200, 200, 500, 500, 200]


async def test_the_same_seed_spoils_the_same_requests(server, session):
    async def play(seed):
        chance = [Strike(Trouble.ANSWER, status=status) for status in (500, 502, 503)]
        plan = Plan(random=seeded(seed), share=0.5, by_chance=chance)
        async with serving(server.answer) as origin, proxying(origin, plan) as proxy:
            return [(await get(session, proxy))[0] for _ in range(20)]

    first = await play(1)
    assert first == await play(1)
    assert first != await play(2)
    assert {200, 500} < set(first)


async def test_a_websocket_passes_and_can_be_cut_or_hushed(proxy, session):
    async with session.ws_connect(proxy.origin) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=30) == "hello"
        proxy.hush_sockets()
        await socket.send_str("still there?")
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)
        proxy.speak_again()
    async with session.ws_connect(proxy.origin) as socket:
        await socket.send_str("hello")
        await socket.receive_str(timeout=30)
        assert proxy.cut_sockets() == 2
        assert (await socket.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSED
