"""One model as NanoGPT's list shows it.

Source: NanoGPT's page on video models, the list's `supported_parameters` being the truth, and an
older flat shape that clients still meet.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _option(value: Any) -> Any:
    return value if isinstance(value, dict) else {"value": value}


def _nothing_as(empty: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: empty if value is None else value)


class Shown(BaseModel):
    """A part of the list; what is not named here is of no use to us."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Option(Shown):
    """One choice of a parameter; `value` is what is to be sent, in its own type."""

    value: str | int | float | bool


class Parameter(Shown):
    """One parameter as the list describes it."""

    type: Annotated[str, _nothing_as("string")] = "string"
    label: Annotated[str, _nothing_as("")] = ""
    description: Annotated[str, _nothing_as("")] = ""
    default: Any = None
    options: Annotated[
        tuple[Annotated[Option, BeforeValidator(_option)], ...], _nothing_as(())
    ] = ()
    min: float | None = None
    max: float | None = None

    @property
    def words(self) -> str:
        """What it says of itself, in lower case."""
        return f"{self.label} {self.description}".lower()

    @property
    def choices(self) -> tuple[str, ...]:
        """Its options as texts, without the empty one, which means: as the service likes."""
        return tuple(text for option in self.options if (text := str(option.value)))

    @property
    def is_switch(self) -> bool:
        return self.type in {"switch", "boolean"} or {
            choice.lower() for choice in self.choices
        } == {"true", "false"}

    def usual(self) -> Any:
        """Its default where that is one of its options, else the first; None without either."""
        offered = [option.value for option in self.options]
        return self.default if self.default in offered or not offered else offered[0]


def _from_flat(value: Any) -> Any:
    """`{"durations": [5, 10], "resolutions": ["720p"]}` as parameters."""
    if not isinstance(value, dict) or "parameters" in value:
        return value
    names = {"durations": "duration", "resolutions": "resolution", "aspect_ratios": "aspect_ratio"}
    return {
        "parameters": {
            name: {"type": "select", "options": [str(choice) for choice in value[plural]]}
            for plural, name in names.items()
            if isinstance(value.get(plural), list)
        }
    }


class Parameters(Shown):
    """All of a model's parameters by the model's own names."""

    parameters: dict[str, Parameter] = {}


class Abilities(Shown):
    """What a model can do, by the list's own words."""

    video_generation: bool = False
    text_to_video: bool = False
    image_to_video: bool = False
    video_to_video: bool = False
    audio_input: bool = False


class Entry(Shown):
    """One model of the list."""

    id: str = Field(min_length=1, max_length=100)
    name: Annotated[str, _nothing_as("")] = ""
    capabilities: Annotated[Abilities, _nothing_as(Abilities())] = Abilities()
    supported_parameters: Annotated[
        Parameters, BeforeValidator(_from_flat), _nothing_as(Parameters())
    ] = Parameters()
    pricing: Annotated[dict[str, Any], _nothing_as({})] = {}
