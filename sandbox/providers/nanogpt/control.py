"""Playing NanoGPT, below `/sandbox/api/providers/nanogpt`."""

from typing import Any

from sandbox.providers.control import Playable, checked
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.providers.nanogpt.switches import Switches

Json = dict[str, Any]


def playable(nanogpt: NanoGpt) -> Playable:
    """What can be seen and changed of it."""

    def show() -> Json:
        seen = len(nanogpt.keys_seen_by_storage)
        return nanogpt.switches.model_dump() | {"keys_seen_by_storage": seen}

    def change(given: Json) -> None:
        nanogpt.switches = checked(Switches, nanogpt.switches.model_dump() | given)

    return Playable(
        name="nanogpt",
        faults=nanogpt.faults,
        show=show,
        change=change,
        runs=lambda: [run.describe() for run in nanogpt.books.runs.values()],
        ledger=lambda: [entry.describe() for entry in nanogpt.books.entries],
    )
