"""What happens to a program from outside: faults, delays and sudden death.

Every fake asks the weather before each effect (`submit`) and after it (`submit answered`). What
the weather raises before means that nothing happened; what it raises after, that it happened and
the answer was lost. `mortal` puts an adapter that is no fake, such as a real database, under it.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar, cast

Weather = Callable[[str], Awaitable[None]]
Adapter = TypeVar("Adapter")

WRITES = (
    "accept",
    "claim_due",
    "renew",
    "owe",
    "claim_rendering",
    "claim",
    "save",
    "save_delivery",
    "put_off",
    "remove",
    "observe_render_time",
)


class KilledError(BaseException):
    """`kill -9`: nothing in the program may catch it."""


async def calm(_event: str) -> None:
    """Nothing happens."""


class Script:
    """Raises what was written down for an event, one a time; everything else is calm."""

    def __init__(self, **troubles: list[BaseException | None]) -> None:
        self._troubles = {name.replace("__", " "): list(rows) for name, rows in troubles.items()}

    async def __call__(self, event: str) -> None:
        rows = self._troubles.get(event)
        trouble = rows.pop(0) if rows else None
        if trouble is not None:
            raise trouble


class Death:
    """Kills the program at its k-th event, and whatever it tries afterwards."""

    def __init__(self, at: int | None = None) -> None:
        self.events: list[str] = []
        self._at = at

    @property
    def has_come(self) -> bool:
        return self._at is not None and len(self.events) >= self._at

    async def __call__(self, event: str) -> None:
        if not self.has_come:
            self.events.append(event)
        if self.has_come:
            raise KilledError(event)


def mortal(adapter: Adapter, weather: Weather, effects: Collection[str] = WRITES) -> Adapter:
    """The same adapter, with these of its methods under the weather."""
    return cast(Adapter, _Mortal(adapter, weather, effects))


class _Mortal:
    def __init__(self, adapter: object, weather: Weather, effects: Collection[str]) -> None:
        self._adapter = adapter
        self._weather = weather
        self._effects = effects

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._adapter, name)
        if name not in self._effects:
            return method

        async def called(*args: Any, **kwargs: Any) -> Any:
            await self._weather(name)
            answer = await method(*args, **kwargs)
            await self._weather(f"{name} answered")
            return answer

        return called
