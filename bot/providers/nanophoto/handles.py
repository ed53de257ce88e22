"""The handle of a submission: NanoPhoto has ids of tasks only, none of requests.

Stored as JSON, with the resolution that every poll must repeat and the price in credits.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import ProviderJobUnknownError


class Task(BaseModel):
    """One shot at the service, by our id and by theirs."""

    model_config = ConfigDict(frozen=True)

    shot_id: str
    task_id: str

    def wire(self) -> dict[str, str]:
        return {"shotId": self.shot_id, "taskId": self.task_id}


class Handle(BaseModel):
    """The tasks of one submission, in the order of its shots."""

    model_config = ConfigDict(frozen=True)

    resolution: str
    tasks: tuple[Task, ...] = Field(min_length=1)
    credits: int = 0

    def spell(self) -> str:
        return self.model_dump_json()


def parse(handle: str) -> Handle:
    """Parse a handle. Raises ProviderJobUnknownError if `spell` did not write it."""
    try:
        return Handle.model_validate_json(handle)
    except ValidationError as error:
        msg = "a handle that cannot be read"
        raise ProviderJobUnknownError(msg) from error


@dataclass(frozen=True, slots=True)
class Batch:
    """Tasks that one request may poll: all of one resolution."""

    resolution: str
    tasks: tuple[Task, ...]

    def payload(self) -> dict[str, Any]:
        return {"taskIds": [task.wire() for task in self.tasks], "resolution": self.resolution}
