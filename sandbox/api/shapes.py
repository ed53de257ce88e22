"""The API's answers as types for the OpenAPI document.

Discord's own objects are not described again: they are as Discord's OpenAPI document has them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

User = Annotated[dict[str, Any], Field(description="Discord's user object")]
Member = Annotated[dict[str, Any], Field(description="Discord's guild member object")]
Role = Annotated[dict[str, Any], Field(description="Discord's role object")]
Channel = Annotated[dict[str, Any], Field(description="Discord's channel object")]
Message = Annotated[dict[str, Any], Field(description="Discord's message object")]
Command = Annotated[dict[str, Any], Field(description="Discord's application command object")]
Guild = Annotated[
    dict[str, Any],
    Field(description="Discord's guild object with `channels`, `threads` and `members` in it"),
]


class Intents(BaseModel):
    """The developer portal's switches for privileged intents."""

    message_content: bool
    guild_members: bool
    presence: bool


class Application(BaseModel):
    """The bot's application."""

    id: str
    name: str
    bot: User
    online: bool
    intents: Intents
    user_installs: list[str]


class World(BaseModel):
    """Everything there is."""

    now: str
    application: Application
    guilds: list[Guild]


class Clock(BaseModel):
    """The sandbox's clock."""

    now: str
    offset_seconds: float


class VisibleChannel(BaseModel):
    """A channel and what the member may do in it."""

    channel: Channel
    permissions: str


class InteractionRecord(BaseModel):
    """How an interaction stands, as the person who started it sees it."""

    id: str
    type: int
    state: Literal["pending", "deferred", "answered", "modal", "choices", "failed"]
    message: Message | None
    modal: dict[str, Any] | None
    choices: list[dict[str, Any]]
    failure: str | None
    acknowledged_after_seconds: float | None


class Session(BaseModel):
    """A bot's session at the gateway."""

    session_id: str
    user_id: str
    shard: tuple[int, int]
    intents: int
    connected: bool
    sequence: int


class Disconnected(BaseModel):
    """How many connections were disturbed."""

    sessions: int


class Refusal(BaseModel):
    """Why a request was refused."""

    code: int
    message: str


class OrderedFault(BaseModel):
    """A fault on Discord's REST interface; `struck` counts how often it has come."""

    id: str
    kind: str
    method: str | None
    path: str
    status: int
    headers: dict[str, str]
    body: Any
    seconds: float
    times: int
    after: int
    struck: int


class MissingRoute(BaseModel):
    """A route of Discord's interface that was asked for and that the sandbox lacks."""

    method: str
    path: str
    count: int
