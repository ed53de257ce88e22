"""The program around the bot: health, metrics, doctor, command line."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.client import PERMISSIONS
from bot.doctor import examine
from bot.health import Health, serving_health
from tests.serving import listening

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


async def test_health_is_fine_only_while_discord_and_the_database_are(unused_tcp_port, session):
    jobs = {"accepted": 2, "in_progress": 1}
    found = Health(discord=True, database=True, open_jobs=3, jobs=jobs, overdue_seconds=1.5)

    async def look():
        return found

    async with serving_health("127.0.0.1", unused_tcp_port, look):
        address = f"http://127.0.0.1:{unused_tcp_port}"
        async with session.get(f"{address}/health") as answer:
            fine = answer.status, await answer.json()
        async with session.get(f"{address}/metrics") as answer:
            metrics = await answer.text()
        found = Health(discord=False, database=True, open_jobs=3)
        async with session.get(f"{address}/health") as answer:
            ill = answer.status

    told = {"discord": True, "database": True, "open_jobs": 3}
    assert fine == (200, told | {"jobs": jobs, "overdue_seconds": 1.5})
    assert "showreel_open_jobs 3.0" in metrics
    assert 'showreel_jobs{state="accepted"} 2.0' in metrics
    assert 'showreel_jobs{state="collecting"} 0.0' in metrics
    assert "showreel_overdue_seconds 1.5" in metrics
    assert re.search(r"^showreel_tasks [1-9]", metrics, flags=re.MULTILINE)
    assert "process_resident_memory_bytes " in metrics
    assert "process_open_fds " in metrics
    assert ill == 503


async def test_the_doctor_finds_a_good_installation_good(studio):
    findings = await examine(studio.settings())

    assert {finding.subject for finding in findings if not finding.fine} == set()
    assert "the account holds $50.00" in [finding.text for finding in findings]


async def test_the_doctor_says_what_to_mend(studio):
    await studio.people.call("PATCH", "/application", {"message_content": False})
    no_keys = {"nanogpt_api_key": None, "nanophoto_api_key": None}
    settings = studio.settings().model_copy(update=no_keys)

    findings = {finding.subject: finding for finding in await examine(settings)}

    assert "switch Message Content on" in findings["Discord"].text
    assert findings["Video services"].text == "no key: set NANOGPT_API_KEY or NANOPHOTO_API_KEY"


async def test_the_doctor_says_of_what_it_cannot_reach_what_to_look_at(studio):
    with socket.socket() as deaf:  # bound, so that nobody else takes its port, and not listening
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}/api"
        away = {"discord_api_url": nowhere, "nanogpt_base_url": nowhere}
        findings = await examine(studio.settings().model_copy(update=away))

    told = {finding.subject: finding.text for finding in findings if not finding.fine}
    assert told["Discord"].startswith("cannot be reached: Cannot connect to host 127.0.0.1")
    assert told["nanogpt"].endswith("look at the network and NANOGPT_BASE_URL")


async def test_the_doctor_gives_the_link_that_invites_the_bot_with_its_permissions(studio):
    findings = {finding.subject: finding.text for finding in await examine(studio.settings())}
    application = (await studio.people.call("GET", "/world"))["application"]

    assert f"client_id={application['id']}&" in findings["Invitation"]
    assert f"permissions={PERMISSIONS.value}" in findings["Invitation"]


async def test_a_data_folder_that_cannot_be_made_ends_the_start_with_one_line(studio, tmp_path):
    (tmp_path / "file").touch()
    told = studio.sandbox.environment()
    told.pop("page")
    child = await start_bot(tmp_path / "file" / "data", told)
    assert child.stderr is not None
    [said] = [line async for line in child.stderr]
    await child.wait()

    assert child.returncode == 2
    assert b"DATA_DIR" in said


async def test_a_wrong_setting_ends_the_start_with_one_line_and_no_traceback(tmp_path):
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={"PATH": os.defpath, "HTTP_PORT": "eighty", "DATA_DIR": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await child.communicate()

    assert child.returncode == 2
    assert told.decode().startswith("HTTP_PORT: ")
    assert "Traceback" not in told.decode()


async def test_a_wrong_token_is_named_as_such(studio, tmp_path):
    told = studio.sandbox.environment() | {"DISCORD_TOKEN": "wrong.token.here"}
    told.pop("page")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path / "other"), **told},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await child.communicate()

    assert child.returncode == 2
    assert "DISCORD_TOKEN: Discord refused it" in said.decode()
    assert "Traceback" not in said.decode()
    assert "wrong.token.here" not in said.decode()


async def test_run_without_a_token_opens_the_sandbox_and_ctrl_c_stops_both(tmp_path):
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={"PATH": os.defpath, "TMPDIR": str(tmp_path), "SANDBOX_PORT": "0"},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    told = ""
    while "Ctrl-C" not in told:
        told += (await child.stdout.readline()).decode()
    [address] = re.findall(r"Showreel is at (\S+)", told)
    while b"discord_ready" not in await child.stderr.readline():
        pass
    child.send_signal(signal.SIGINT)
    await child.communicate()

    assert child.returncode == 0
    assert "play money" in told
    assert "everything in it is forgotten" in told
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as session, session.get(address):
            pass


async def test_a_port_that_is_taken_is_one_sentence_and_no_traceback():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            env={"PATH": os.defpath, "SANDBOX_PORT": str(port)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await child.communicate()

    [sentence] = said.decode().splitlines()
    assert child.returncode == 2
    assert f"A port from {port} to {port + 4} is taken" in sentence
    assert "set SANDBOX_PORT" in sentence


async def said_before_it_was_stopped(folder, told, event):
    """What `run` wrote to its log, up to this event; then it is stopped politely."""
    child = await start_bot(folder, told)
    said = await logged(child, event)
    child.send_signal(signal.SIGTERM)
    await child.communicate()
    assert child.returncode == 0
    return said


async def test_while_discord_cannot_be_reached_each_try_is_one_line(studio, tmp_path):
    with socket.socket() as deaf:  # bound, so that nobody else takes its port, and not listening
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}/api/v10"
        told = studio.sandbox.environment() | {"DISCORD_API_URL": nowhere}
        told.pop("page")
        said = await said_before_it_was_stopped(tmp_path / "other", told, "wait_seconds=2.0")

    assert said.count("connection_failed") == 2
    assert "Discord cannot be reached" in said
    assert "Traceback" not in said
    assert "Unclosed" not in said


async def test_a_stop_while_discord_lets_us_wait_is_no_trouble(studio, tmp_path):
    asked = asyncio.Event()

    async def keep_waiting(reader, _writer):
        while await reader.read(1024):
            asked.set()

    told = studio.sandbox.environment()
    told.pop("page")
    async with listening(keep_waiting) as mute:
        told["DISCORD_API_URL"] = f"{mute}/api/v10"
        child = await start_bot(tmp_path / "other", told)
        await asked.wait()
        child.send_signal(signal.SIGTERM)
        _, said = await child.communicate()

    assert child.returncode == 0
    assert "stopping" in said.decode()
    assert "failed" not in said.decode()


async def start_bot(folder, told):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={"PATH": os.defpath, "DATA_DIR": str(folder), **told},
        stderr=asyncio.subprocess.PIPE,
    )


async def logged(child, event):
    """Its log up to the line that names the event."""
    assert child.stderr is not None
    said = ""
    while event not in said:
        line = (await child.stderr.readline()).decode()
        assert line, said
        said += line
    return said


async def test_a_second_bot_on_the_same_file_waits_until_the_first_has_ended(studio, tmp_path):
    told = studio.sandbox.environment()
    told.pop("page")
    first = await start_bot(tmp_path / "other", told)
    await logged(first, "discord_ready")
    second = await start_bot(tmp_path / "other", told)
    said = await logged(second, "database_away")
    first.kill()
    await logged(second, "discord_ready")
    second.send_signal(signal.SIGTERM)
    await asyncio.gather(first.communicate(), second.communicate())

    assert "another bot runs on this database" in said
    assert second.returncode == 0


async def cut_off(studio, folder, code):
    """A bot that was connected when the gateway closed with this code, for good."""
    told = studio.sandbox.environment()
    told.pop("page")
    child = await start_bot(folder / "other", told)
    await logged(child, "discord_ready")
    await studio.people.call("POST", "/gateway/disconnect", {"code": code, "resumable": False})
    return child


@pytest.mark.parametrize("code", [4004, 4014], ids=["a new token", "an intent taken away"])
async def test_a_bot_that_discord_no_longer_wants_ends_with_the_reason(studio, tmp_path, code):
    child = await cut_off(studio, tmp_path, code)
    _, said = await child.communicate()

    assert child.returncode == 2
    assert "DISCORD_TOKEN: Discord refused it" in said.decode()
    assert "Traceback" not in said.decode()


async def test_a_client_that_discord_py_gives_up_is_succeeded_by_a_new_one(studio, tmp_path):
    child = await cut_off(studio, tmp_path, 4012)
    said = await logged(child, "discord_ready")
    child.send_signal(signal.SIGTERM)
    await child.communicate()

    assert child.returncode == 0
    assert said.count("client_ended") == 1
    assert "Traceback" not in said


async def test_while_the_gateway_is_lost_each_new_try_is_one_line(tmp_path):
    sandbox = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sandbox", "--json"),
        env={"PATH": os.defpath, "SANDBOX_PORT": "0", "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert sandbox.stdout is not None
    told = json.loads(await sandbox.stdout.readline())
    told.pop("page")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path / "bot"), **told},
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    while b"discord_ready" not in await child.stderr.readline():
        pass
    sandbox.terminate()
    await sandbox.communicate()
    said = ""
    while said.count("Attempting a reconnect") < 2:
        said += (await child.stderr.readline()).decode()
    child.send_signal(signal.SIGTERM)
    await child.communicate()

    assert "ClientConnectorError" in said
    assert "Traceback" not in said


async def test_a_start_that_failed_half_way_is_tried_again(studio, tmp_path):
    told = studio.sandbox.environment()
    told.pop("page")
    fault = {"method": "GET", "path": "/applications/*/commands", "kind": "status", "status": 400}
    await studio.people.call("POST", "/faults", fault)

    said = await said_before_it_was_stopped(tmp_path / "other", told, "discord_ready")

    assert said.count("supervised_failed") == 1


async def test_without_a_video_service_the_start_says_so_once(studio, tmp_path):
    told = studio.sandbox.environment() | {"NANOGPT_API_KEY": "", "NANOPHOTO_API_KEY": ""}
    told.pop("page")

    said = await said_before_it_was_stopped(tmp_path / "other", told, "discord_ready")

    assert said.count("no_video_service") == 1
    assert "set NANOGPT_API_KEY or NANOPHOTO_API_KEY" in said


def test_the_invitation_in_the_readme_asks_for_the_least_permissions():
    needed = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
    )

    assert needed == PERMISSIONS
    assert f"permissions={needed.value}`" in README


def test_the_container_keeps_its_data_on_the_volume_and_answers_its_health_check():
    compose, dockerfile = (ROOT / "compose.yaml").read_text(), (ROOT / "Dockerfile").read_text()
    told = dict(re.findall(r"^      ([A-Z_]+): \"?([^\"\n]+)\"?$", compose, flags=re.MULTILINE))

    [volume] = re.findall(r'volumes: \["data:(/\w+)"\]', compose)
    [asked] = re.findall(r"urlopen\('(http://[\d.:]+)/health'\)", dockerfile)

    assert told["DATA_DIR"] == volume
    assert f"VOLUME {volume}\n" in dockerfile
    assert f"http://{told['HTTP_HOST']}:{told['HTTP_PORT']}" == asked


def test_every_word_that_compose_wants_from_the_environment_is_explained():
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    example = (ROOT / ".env.example").read_text("utf-8")

    assert wanted == {"DISCORD_TOKEN", "POSTGRES_PASSWORD"}
    assert [name for name in wanted if f"{name}=" not in example or f"`{name}`" not in README] == []


def test_where_no_virtual_environment_can_be_made_none_is_left_and_the_hint_names_the_package(
    tmp_path,
):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    python = tmp_path / "python-without-venv"
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in *"-m venv"*) mkdir -p .venv/bin; : >.venv/bin/python; exit 1;; esac\n'
    )
    python.chmod(0o755)

    made = subprocess.run(  # noqa: S603 - our own Makefile
        ["/usr/bin/env", "make", f"PYTHON={python}", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode != 0
    assert "sudo apt install python3-venv" in made.stdout
    assert not (tmp_path / ".venv").exists()
