"""The doctor looks at an installation and says, thing by thing, what to fix."""

import asyncio
import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import discord
import pytest
from aiohttp import web
from pydantic import SecretStr

import bot.doctor
from bot.client import PERMISSIONS
from bot.doctor import compare_clocks, examine
from bot.health import Health, serving_health
from bot.storage.engines import postgres as postgres_engine
from tests.serving import serving


async def test_the_doctor_finds_a_good_installation_good(studio):
    findings = await examine(studio.settings())

    assert {finding.subject for finding in findings if not finding.fine} == set()
    assert "balance: $50.00" in [finding.text for finding in findings]


async def test_the_doctor_says_what_to_broken(studio):
    await studio.people.call("PATCH", "/application", {"message_content": False})
    no_keys = {"nanogpt_api_key": None, "nanophoto_api_key": None}
    settings = studio.settings().model_copy(update=no_keys)

    findings = {finding.subject: finding for finding in await examine(settings)}

    assert "enable Message Content Intent" in findings["Discord"].text
    assert findings["Video services"].text == "no key: set NANOGPT_API_KEY or NANOPHOTO_API_KEY"


async def test_the_doctor_says_of_what_it_cannot_reach_what_to_look_at(studio):
    with socket.socket() as deaf:  # bound, so that no one else takes its port, and not listening
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}/api"
        away = {"discord_api_url": nowhere, "nanogpt_base_url": nowhere}
        findings = await examine(studio.settings().model_copy(update=away))

    told = {finding.subject: finding.text for finding in findings if not finding.fine}
    assert told["Discord"].startswith("can't be reached: Cannot connect to host 127.0.0.1")
    assert told["NanoGPT"].endswith("check the network and NANOGPT_BASE_URL")


async def test_the_doctor_waits_for_no_one_who_never_answers(studio, monkeypatch):
    monkeypatch.setattr(bot.doctor, "DISCORD_SECONDS", 0.2)
    monkeypatch.setattr(postgres_engine, "CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        away = {
            "discord_api_url": f"http://{where}/api",
            "database_url": SecretStr(f"postgresql://bot:s3cret@{where}/db"),
        }
        async with asyncio.timeout(60):
            findings = await examine(studio.settings().model_copy(update=away))

    told = {finding.subject: finding.text for finding in findings if not finding.fine}
    assert told["Discord"] == "doesn't answer within 0 s"
    assert told["Database"] == "PostgreSQL doesn't answer within 0 s: check DATABASE_URL"


async def findings_of(settings):
    return {finding.subject: finding for finding in await examine(settings)}


async def test_the_doctor_tries_the_key_of_a_service_that_tells_no_balance(studio):
    wrong = {"nanophoto_api_key": SecretStr("npk-not-this-one"), "nanogpt_api_key": None}
    good = (await findings_of(studio.settings()))["NanoPhoto"]
    bad = (await findings_of(studio.settings().model_copy(update=wrong)))["NanoPhoto"]

    assert (good.fine, bad.fine) == (True, False)
    assert "key" in bad.text


async def test_the_doctor_names_each_permission_that_is_missing_in_a_server(studio):
    world = await studio.people.call("GET", "/world")
    [guild] = world["guilds"]
    everyone = f"/guilds/{guild['id']}/roles/{guild['id']}"
    before = (await findings_of(studio.settings()))["Servers"]
    for role in guild["roles"]:
        address = f"/guilds/{guild['id']}/roles/{role['id']}"
        await studio.people.call("PATCH", address, {"permissions": "1024"})
    await studio.people.call("PATCH", everyone, {"permissions": str(1024 | 2048)})
    after = (await findings_of(studio.settings()))[f"Server {guild['name']}"]

    assert before.fine
    assert not after.fine
    assert "Attach Files" in after.text
    assert "Read Message History" in after.text
    assert "View Channel" not in after.text


async def test_the_doctor_says_how_many_sessions_may_still_begin(studio):
    gateway = (await findings_of(studio.settings()))["Gateway"]

    assert gateway.fine
    assert re.match(r"\d+ of 1000 connections left", gateway.text)


@pytest.mark.parametrize(
    ("hours", "said"), [(2, "ahead of"), (-400 * 24, "behind"), (0, "agrees with Discord's")]
)
async def test_the_doctor_compares_the_clock_with_discords(monkeypatch, hours, said):
    sent = datetime.now(UTC) - timedelta(hours=hours)  # noqa: TID251 - compared with the machine's

    async def answer(_request):
        return web.json_response({}, headers={"Date": format_datetime(sent, usegmt=True)})

    async with serving(answer) as origin:
        monkeypatch.setattr(discord.http.Route, "BASE", origin)
        finding = await compare_clocks()

    assert finding.fine == (hours == 0)
    assert said in finding.text


async def test_the_doctor_sees_a_port_that_is_taken_and_knows_a_bot_that_runs(
    studio, unused_tcp_port
):
    settings = studio.settings().model_copy(update={"http_port": unused_tcp_port})
    free = (await findings_of(settings))["Health"]
    async with serving_health("127.0.0.1", unused_tcp_port, lambda: Health(True, True)):
        ours = (await findings_of(settings))["Health"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unused_tcp_port))
        theirs = (await findings_of(settings))["Health"]

    assert [free.fine, ours.fine, theirs.fine] == [True, True, False]
    assert "a running bot serves it" in ours.text
    assert "choose another HTTP_PORT" in theirs.text


async def test_the_doctor_gives_the_link_that_invites_the_bot_with_its_permissions(studio):
    findings = {finding.subject: finding.text for finding in await examine(studio.settings())}
    application = (await studio.people.call("GET", "/world"))["application"]

    assert f"client_id={application['id']}&" in findings["Invitation"]
    assert f"permissions={PERMISSIONS.value}" in findings["Invitation"]
