import re
from pathlib import Path

import aiohttp
import pytest
from pydantic import BaseModel

from sandbox.api import services, shapes
from sandbox.api.routing import PREFIX
from sandbox.app import Sandbox
from sandbox.providers.faults import Fault
from tests.integration.sandbox.answering import answering, command
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest

DOCUMENT = Path(__file__).parents[3] / "docs" / "sandbox.md"
_ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)")


def documented() -> set[tuple[str, str]]:
    """The routes that section 3 of docs/sandbox.md names."""
    section = DOCUMENT.read_text().split("\n## 3.")[1].split("\n## ")[0]
    return set(_ROUTE.findall(section))


async def test_the_page_about_the_interface_names_exactly_its_routes(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    described = await crowd_of(sandbox, session).done("GET", "/openapi.json")
    served = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
    }
    assert served == documented()


async def test_the_document_describes_what_is_served(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    described = await crowd_of(sandbox, session).done("GET", "/openapi.json")

    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": PREFIX}]
    command = described["paths"]["/interactions/command"]["post"]
    body = command["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    schema = described["components"]["schemas"]["CommandForm"]
    assert set(schema["properties"]) == {"as", "channel_id", "command", "options"}
    answer = command["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/InteractionRecord"}
    reading = described["paths"]["/channels/{channel}/messages"]["get"]
    names = {item["name"]: item["required"] for item in reading["parameters"]}
    assert names == {"channel": True, "as": True, "limit": False, "before": False}


async def test_answers_have_the_shape_that_is_described(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        waiting = bot.in_the_meantime(bot.crowd.command("video"))
        await bot.callback(await bot.asked(), 4, {"content": "x"})
        record = (await waiting).body
        (connected,) = await bot.crowd.done("GET", "/gateway/sessions")
        fault = await bot.crowd.done("POST", "/faults", {"kind": "latency"})
        world = await bot.crowd.done("GET", "/world")

    assert shapes.InteractionRecord.model_validate(record).model_dump() == record
    assert shapes.Session.model_validate(connected).model_dump(mode="json") == connected
    assert shapes.OrderedFault.model_validate(fault).model_dump() == fault
    assert shapes.World.model_validate(world).model_dump() == world


@pytest.mark.parametrize(
    ("path", "switches"),
    [
        ("/providers/nanogpt", services.SwitchesNow),
        ("/providers/nanophoto", services.NanoPhotoNow),
    ],
)
async def test_the_video_services_serve_what_is_described_of_them(
    sandbox: Sandbox, session: aiohttp.ClientSession, path: str, switches: type[BaseModel]
) -> None:
    crowd = crowd_of(sandbox, session)
    now = await crowd.done("PATCH", path, {"refund": False})
    fault = await crowd.done("POST", f"{path}/faults", {"kind": "latency"})

    assert switches.model_validate(now).model_dump() == now
    assert await crowd.done("GET", path) == now
    assert Fault.model_validate(fault).model_dump() == fault
    assert await crowd.done("GET", f"{path}/faults") == [fault]
    assert await crowd.done("DELETE", f"{path}/faults") is None
    assert await crowd.done("GET", f"{path}/runs") == []
    assert await crowd.done("GET", f"{path}/ledger") == []


async def test_every_reference_in_the_document_leads_somewhere(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    described = await crowd_of(sandbox, session).done("GET", "/openapi.json")
    named = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert named <= set(described["components"]["schemas"])


async def test_operations_have_names_of_their_own(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    described = await crowd_of(sandbox, session).done("GET", "/openapi.json")
    names = [
        operation["operationId"]
        for operations in described["paths"].values()
        for operation in operations.values()
    ]
    assert len(set(names)) == len(names)
