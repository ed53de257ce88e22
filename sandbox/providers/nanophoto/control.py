"""Control of NanoPhoto, below `/sandbox/api/providers/nanophoto`."""

from typing import Any

from sandbox.providers.control import Playable, checked
from sandbox.providers.nanophoto.overrides import NanoPhotoChanges, Overrides
from sandbox.providers.nanophoto.service import NanoPhoto

Json = dict[str, Any]


def playable(nanophoto: NanoPhoto) -> Playable:
    """What can be seen and changed of it."""

    def show() -> Json:
        balances = nanophoto.books.balances
        return nanophoto.overrides.model_dump() | {
            "balances": dict(balances),
            "requests_in_the_last_hour": {key: nanophoto.requests.count(key) for key in balances},
            "keys_seen_by_storage": len(nanophoto.keys_seen_by_storage),
        }

    def change(given: Json) -> None:
        changes = checked(NanoPhotoChanges, nanophoto.overrides.model_dump() | given)
        nanophoto.overrides = Overrides(**changes.model_dump(exclude={"balances"}))
        nanophoto.books.balances.update(changes.balances)

    return Playable(
        name="nanophoto",
        faults=nanophoto.faults,
        show=show,
        change=change,
        runs=lambda: [shot.describe() for shot in nanophoto.books.shots.values()],
        ledger=lambda: [entry.describe() for entry in nanophoto.books.entries],
    )
