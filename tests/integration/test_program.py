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
from bot.composition import composed
from bot.health import Health, serving_health
from tests.factories import NOW, make_job
from tests.serving import listening
from tests.studio import engine_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


async def test_health_is_fine_only_while_discord_and_the_database_are(unused_tcp_port, session):
    jobs = {"queued": 2, "rendering": 1}
    found = Health(discord=True, database=True, jobs=jobs, overdue_seconds=1.5)
    address = f"http://127.0.0.1:{unused_tcp_port}"

    async def ask(path):
        async with session.get(address + path) as answer:
            return answer.status, await answer.json()

    async with serving_health("127.0.0.1", unused_tcp_port, lambda: found):
        fine = [await ask(path) for path in ("/health", "/health/ready", "/health/live")]
        async with session.get(f"{address}/metrics") as answer:
            metrics = await answer.text()
            content_type = answer.headers["Content-Type"]
        found = Health(discord=False, database=True)
        ill = [await ask(path) for path in ("/health", "/health/ready", "/health/live")]

    told = {"discord": True, "database": True, "open_jobs": 3, "jobs": jobs, "overdue_seconds": 1.5}
    assert fine == [(200, told), (200, told), (200, {"live": True})]
    assert [status for status, _ in ill] == [503, 503, 200]
    assert "showreel_open_jobs 3.0" in metrics
    assert 'showreel_jobs{state="queued"} 2.0' in metrics
    assert 'showreel_jobs{state="downloading"} 0.0' in metrics
    assert "showreel_overdue_seconds 1.5" in metrics
    assert re.search(r"^showreel_tasks [1-9]", metrics, flags=re.MULTILINE)
    assert "process_resident_memory_bytes " in metrics
    assert "process_open_fds " in metrics
    assert content_type.startswith("text/plain; version=")


async def test_health_is_told_while_jobs_are_open_and_asks_the_database_for_nothing(
    studio, unused_tcp_port, session
):
    job = make_job(next_action_at=NOW)
    async with composed(studio.settings()) as parts:
        await parts.stores.jobs.accept(job, [])
        await parts.health.probe()
        async with engine_of(parts).reading() as tx:
            before = await tx.connection.execute_fetchall("SELECT * FROM notes ORDER BY name")
        address = f"http://127.0.0.1:{unused_tcp_port}"
        async with serving_health("127.0.0.1", unused_tcp_port, parts.health.current):
            async with session.get(f"{address}/health") as answer:
                told = await answer.json()
            async with session.get(f"{address}/metrics") as answer:
                assert answer.status == 200
        async with engine_of(parts).reading() as tx:
            after = await tx.connection.execute_fetchall("SELECT * FROM notes ORDER BY name")

    assert told["jobs"] == {"queued": 1}
    assert told["database"] is True
    assert told["overdue_seconds"] > 0
    assert [tuple(row) for row in before] == [tuple(row) for row in after] != []


async def test_a_port_that_is_taken_ends_the_start_with_one_line(studio, tmp_path):
    told = studio.sandbox.environment()
    told.pop("page")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        child = await start_bot(tmp_path / "bot", told | {"HTTP_PORT": str(port)})
        _, said = await child.communicate()

    assert child.returncode == 2
    assert f"HTTP_PORT: can't listen on 127.0.0.1:{port}" in said.decode()
    assert "Traceback" not in said.decode()


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
    assert "DISCORD_TOKEN: rejected by Discord" in said.decode()
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
    assert "everything in it is deleted" in told
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
    with socket.socket() as deaf:  # bound, so that no one else takes its port, and not listening
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}/api/v10"
        told = studio.sandbox.environment() | {"DISCORD_API_URL": nowhere}
        told.pop("page")
        said = await said_before_it_was_stopped(tmp_path / "other", told, "wait_seconds=2.0")

    assert said.count("connection_failed") == 2
    assert "can't reach Discord" in said
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
    said = await logged(second, "database_unreachable")
    first.kill()
    await logged(second, "discord_ready")
    second.send_signal(signal.SIGTERM)
    await asyncio.gather(first.communicate(), second.communicate())

    assert "another bot is using this database" in said
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
    assert "DISCORD_TOKEN: rejected by Discord" in said.decode()
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
    [asked] = re.findall(r"urlopen\('(http://[\d.:]+)/health/live'\)", dockerfile)

    assert told["DATA_DIR"] == volume
    assert f"VOLUME {volume}\n" in dockerfile
    assert f"http://{told['HTTP_HOST']}:{told['HTTP_PORT']}" == asked


def test_the_version_is_the_projects():
    [declared] = re.findall(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], cwd=ROOT, capture_output=True, check=True
    )

    assert done.stdout.decode().startswith(f"showreel {declared} (Python 3.")


def test_images_are_pinned_and_containers_have_limits():
    compose, dockerfile = (ROOT / "compose.yaml").read_text(), (ROOT / "Dockerfile").read_text()
    services = re.split(r"^  (?=\w+:$)", compose.split("\nvolumes:")[0], flags=re.MULTILINE)[1:]
    images = re.findall(r"^    image: (\S+)$", compose, flags=re.MULTILINE)
    images += re.findall(r"^FROM (\S+)", dockerfile, flags=re.MULTILINE)

    assert len(services) == 2
    assert [one for one in services if "mem_limit:" not in one or "pids_limit:" not in one] == []
    assert len(images) == 3
    assert [one for one in images if not re.search(r":\d+\.\d+(\.\d+)?-", one)] == []
    assert "apt-get install -y --no-install-recommends tini" in dockerfile, (
        "one ffmpeg, the wheel's"
    )


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
