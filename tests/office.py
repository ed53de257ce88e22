"""Someone at their keyboard, who reads every private answer; for stories told by command."""

from typing import Any

from tests.people import Person, Watch
from tests.studio import FOX, Json, buttons_of, settled_answer


class Office:
    """Someone at their keyboard in #videos, reading every private answer."""

    def __init__(self, person: Person, channel: str, watch: Watch) -> None:
        self.person, self.channel, self.watch = person, channel, watch

    async def ask(self, command: str, **options: Any) -> Json:
        """The private answer, whole."""
        record = await self.person.command(self.channel, command, options)

        def answered(kind: str, data: Json) -> bool:
            message = data.get("message") if kind == "INTERACTION_RECORD" else None
            if message is None or data["id"] != record["id"]:
                return False
            return bool(message["content"] or message["embeds"] or message["attachments"])

        message: Json = (await self.watch.until(answered))["message"]
        return message

    async def set(self, command: str, **options: Any) -> str:
        """A change, agreed to where that is asked for; what was said at last."""
        message = await self.ask(f"quota-admin {command}", **options)
        if not message["components"]:
            return str(message["content"])
        [button] = buttons_of(message)
        pressed = await self.person.press(message, button["custom_id"])
        return await settled_answer(self.person, self.watch, pressed)

    async def request(self, **options: Any) -> str:
        record = await self.person.command(self.channel, "video", {**FOX, **options})
        return await settled_answer(self.person, self.watch, record)


def card_of(message: Json) -> Json:
    [embed] = message["embeds"]
    fields = {field["name"]: field["value"] for field in embed.get("fields", [])}
    return {"title": embed["title"], "text": embed.get("description", ""), **fields}
