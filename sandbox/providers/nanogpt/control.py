"""Control of NanoGPT, below `/sandbox/api/providers/nanogpt`."""

from typing import Any

from sandbox.providers.control import Playable, checked
from sandbox.providers.nanogpt.overrides import Changes
from sandbox.providers.nanogpt.runs import MICROS
from sandbox.providers.nanogpt.service import NanoGpt

Json = dict[str, Any]


def playable(nanogpt: NanoGpt) -> Playable:
    """What can be seen and changed of it."""

    def settled() -> NanoGpt:
        nanogpt.settle()
        return nanogpt

    def show() -> Json:
        balances = settled().books.balances.items()
        return nanogpt.overrides.model_dump() | {
            "balance_usd": {key: micros / MICROS for key, micros in balances},
            "keys_seen_by_storage": len(nanogpt.keys_seen_by_storage),
        }

    def change(given: Json) -> None:
        nanogpt.settle()
        form = checked(Changes, nanogpt.overrides.model_dump() | given)
        nanogpt.overrides = form.overrides()
        for key, usd in form.balance_usd.items():
            nanogpt.books.open(key, round(usd * MICROS))

    return Playable(
        name="nanogpt",
        faults=nanogpt.faults,
        show=show,
        change=change,
        runs=lambda: [run.describe() for run in settled().books.runs.values()],
        ledger=lambda: [entry.describe() for entry in settled().books.entries],
    )
