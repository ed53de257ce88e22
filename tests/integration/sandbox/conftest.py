"""One running sandbox per test, on ports of its own, and a bot that talks REST to it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.app import Sandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.integration.sandbox.crowd import Crowd, crowd_of
from tests.integration.sandbox.rest import Rest


@pytest.fixture
async def sandbox(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    log = os.environ.get("SANDBOX_TRAFFIC_LOG")  # noqa: TID251 - to judge the tests' own traffic
    if request.node.get_closest_marker("undocumented") is not None:
        log = None
    settings = SandboxSettings(
        port=0,
        data_dir=tmp_path,
        rate_limits=False,
        generation_seconds=0,
        traffic_log=Path(log) if log else tmp_path / "traffic.jsonl",
    )
    async with running_sandbox(settings) as running:
        yield running


@pytest.fixture
def rest(sandbox: Sandbox, session: aiohttp.ClientSession) -> Rest:
    found = sandbox.environment()
    return Rest(session, found["DISCORD_API_URL"], found["DISCORD_TOKEN"])


@pytest.fixture
def crowd(sandbox: Sandbox, session: aiohttp.ClientSession) -> Crowd:
    return crowd_of(sandbox, session)
