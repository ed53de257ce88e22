"""The handle of a submission: NanoPhoto has no id for a request, only one for each shot's task.

Written down as JSON, with the resolution that every look must repeat and the credits it cost.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import ProviderJobUnknownError


class Task(BaseModel):
    """One shot at the service, by our name for it and by theirs."""

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
    """Raises ProviderJobUnknownError for what `spell` never wrote."""
    try:
        return Handle.model_validate_json(handle)
    except ValidationError as error:
        msg = "a handle that cannot be read"
        raise ProviderJobUnknownError(msg) from error


@dataclass(frozen=True, slots=True)
class Batch:
    """Tasks that one request may ask for: all of one resolution."""

    resolution: str
    tasks: tuple[Task, ...]

    def payload(self) -> dict[str, Any]:
        return {"taskIds": [task.wire() for task in self.tasks], "resolution": self.resolution}
