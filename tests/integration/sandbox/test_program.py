import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import aiohttp
import pytest


async def program(folder: Path, *arguments: str) -> Process:
    """`python -m sandbox` on free ports, away from this machine's settings."""
    environment = {"SANDBOX_PORT": "0", "SANDBOX_DATA_DIR": str(folder)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, stdin=PIPE, stdout=PIPE, env=environment
    )


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode()


async def test_the_first_line_tells_a_program_everything(tmp_path: Path) -> None:
    process = await program(tmp_path, "--json", "--with-parent")
    told = json.loads(await first_line(process))

    headers = {"Authorization": f"Bot {told['DISCORD_TOKEN']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{told['DISCORD_API_URL']}/users/@me") as answer,
    ):
        assert (await answer.json())["username"] == "showreel"
    assert told["DISCORD_GATEWAY_URL"].startswith("ws://")
    await process.communicate(b"")
    assert process.returncode == 0


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_cleanly(tmp_path: Path, name: signal.Signals) -> None:
    process = await program(tmp_path)
    assert "http://127.0.0.1:" in await first_line(process)

    process.send_signal(name)
    await process.communicate()

    assert process.returncode == 0


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    process = await program(tmp_path, "--with-parent")
    await first_line(process)

    assert process.stdin is not None
    process.stdin.close()

    assert await process.wait() == 0
    await process.communicate()


async def test_it_ends_without_a_word_when_no_one_reads_its_first_line(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--json", "--with-parent"),
        env={"SANDBOX_PORT": "0", "SANDBOX_DATA_DIR": str(tmp_path)},
        stdin=PIPE,
        stdout=writing,
        stderr=PIPE,
    )
    os.close(writing)
    _, said = await process.communicate()

    assert (process.returncode, said) == (0, b"")


REFUSED = {
    "a port that is taken": ("SANDBOX_PORT", None),
    "a port that is no number": ("SANDBOX_PORT", "eighty"),
    "an address that is not here": ("SANDBOX_HOST", "192.0.2.1"),
}


@pytest.mark.parametrize(("name", "value"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_it_cannot_use_is_one_sentence_that_names_the_setting(
    name: str, value: str | None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = {name: value or str(taken.getsockname()[1])}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox"), stderr=PIPE, env={"PATH": os.defpath} | given
        )
        _, said = await process.communicate()

    [sentence] = said.decode().splitlines()
    assert process.returncode == 2
    assert name in sentence
