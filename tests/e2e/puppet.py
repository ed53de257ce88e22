"""A bot that answers by script, so that the page meets everything that a bot can send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.app import Sandbox
from sandbox.tasks import TaskOwner
from tests.integration.sandbox.answering import Bot, answering, button, command, option, row
from tests.integration.sandbox.rest import Rest

Json = dict[str, Any]
SAY, THINK, CHANGE, CHOICES, ASK = 4, 5, 7, 8, 9
EPHEMERAL, V2 = 1 << 6, 1 << 15
MODELS = ["Seedance Lite", "Seedance Pro", "Veo 3"]


def label(text: str, component: Json, **more: Any) -> Json:
    return {"type": 18, "label": text, "component": component, **more}


def choice(name: str) -> Json:
    return {"label": name, "value": name.lower()}


FORM: Json = {
    "custom_id": "form",
    "title": "Tell me more",
    "components": [
        {"type": 10, "content": "**Every** word helps."},
        label("Words", {"type": 4, "custom_id": "words", "style": 2, "min_length": 3}),
        label(
            "Style",
            {"type": 3, "custom_id": "style", "options": [choice("Video"), choice("Cartoon")]},
        ),
        label(
            "Speed",
            {"type": 21, "custom_id": "speed", "options": [choice("Slow"), choice("Fast")]},
        ),
        label(
            "Pictures",
            {"type": 19, "custom_id": "pictures", "required": False, "max_values": 2},
        ),
    ],
}
PANEL: Json = {
    "flags": V2,
    "components": [
        {
            "type": 17,
            "accent_color": 0xF4B84A,
            "components": [
                {
                    "type": 9,
                    "components": [{"type": 10, "content": "# Panel\nEverything in one place"}],
                    "accessory": button("press", label="Press me"),
                },
                {"type": 14},
                row(
                    {
                        "type": 3,
                        "custom_id": "choose",
                        "placeholder": "Choose a style",
                        "options": [choice("Video"), choice("Cartoon")],
                    }
                ),
            ],
        }
    ],
}
EMBED: Json = {
    "content": "Look:",
    "embeds": [
        {
            "title": "A card",
            "description": "> with a *quote*",
            "color": 0x3FA869,
            "fields": [{"name": "Price", "value": "$0.12", "inline": True}],
            "footer": {"text": "Job 1"},
        }
    ],
    "components": [row(button("old", label="Old", style=2))],
}
COMMANDS = [
    command("hello"),
    command("form"),
    command("panel"),
    command("card"),
    command("slow"),
    command(
        "video",
        option(3, "prompt", required=True, max_length=100),
        option(3, "model", autocomplete=True),
        option(4, "seconds", min_value=1, max_value=10),
        option(3, "shape", choices=[{"name": "Wide", "value": "16:9"}]),
        option(6, "friend"),
        option(11, "picture"),
    ),
    command("admin", option(1, "open"), option(1, "close")),
    command("list", option(3, "search"), option(6, "friend")),
    {"name": "Inspect", "type": 3},
    {"name": "Greet", "type": 2},
]


_ANSWERS: dict[str, tuple[int, Json | None]] = {
    "form": (ASK, FORM),
    "panel": (SAY, PANEL),
    "card": (SAY, EMBED),
    "slow": (THINK, None),
}


def _words(name: str, data: Json) -> str:
    match name:
        case "press":
            return "You pressed it"
        case "choose":
            return f"You chose {data['values'][0]}"
        case "video":
            return f"Making: {data['options'][0]['value']}"
        case "form":
            return "Thank you for the form"
        case _:
            return f"Only for you: {name}"


@dataclass
class Puppet:
    """`heard` keeps the data of every interaction but autocompletion, newest last."""

    bot: Bot
    rest: Rest
    heard: list[Json] = field(default_factory=list)
    slow: list[Json] = field(default_factory=list)  # those that were promised an answer

    async def perform(self) -> None:
        while True:
            await self._answer(await self.bot.asked())

    async def _answer(self, interaction: Json) -> None:
        data = interaction["data"]
        name = data.get("name") or data["custom_id"]
        if interaction["type"] == 4:
            await self.bot.callback(interaction, CHOICES, _completed(data))
            return
        self.heard.append(data)
        if name == "slow":
            self.slow.append(interaction)
        if interaction["type"] == 2 and name in _ANSWERS:
            await self.bot.callback(interaction, *_ANSWERS[name])
        elif name == "old":
            await self.bot.callback(interaction, CHANGE, {"content": "New", "components": []})
        else:
            await self._say(interaction, _words(name, data))

    async def _say(self, interaction: Json, content: str) -> None:
        await self.bot.callback(interaction, SAY, {"content": content, "flags": EPHEMERAL})

    async def finish(self, content: str) -> None:
        """Give the answer that was promised."""
        path = "/messages/@original"
        await self.bot.webhook("PATCH", self.slow.pop(), path, {"content": content})


def _completed(data: Json) -> Json:
    typed = next(item["value"] for item in data["options"] if item.get("focused"))
    found = [name for name in MODELS if typed.lower() in name.lower()]
    return {"choices": [{"name": name, "value": name.lower()} for name in found]}


@asynccontextmanager
async def performing(sandbox: Sandbox, session: aiohttp.ClientSession) -> AsyncIterator[Puppet]:
    found = sandbox.environment()
    rest = Rest(session, found["DISCORD_API_URL"], found["DISCORD_TOKEN"])
    async with answering(sandbox, session, rest, *COMMANDS) as bot, TaskOwner() as tasks:
        puppet = Puppet(bot, rest)
        _performance = tasks.start(puppet.perform(), name="puppet")
        yield puppet
