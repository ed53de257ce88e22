"""How often a key may ask: so many requests within any hour of the sandbox's clock, all paths."""

from sandbox.clock import SandboxClock
from sandbox.providers.nanophoto.answers import Refusal

HOUR_SECONDS = 3600.0


class HourlyRequests:
    """When each key asked, for one hour; the documents do not say whether the hour is a sliding one."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._times: dict[str, list[float]] = {}

    def take(self, key: str, most: int) -> None:
        """Count a request. Raises Refusal for one too many, which is not counted."""
        times = self._recent(key)
        if len(times) >= most:
            text = (
                "API key rate limit exceeded. Default: 100 requests/hour. "
                "Contact support@nanophoto.ai for higher limits."
            )
            raise Refusal("API_KEY_RATE_LIMIT_EXCEEDED", text)
        self._times[key] = [*times, self._clock.now().timestamp()]

    def count(self, key: str) -> int:
        return len(self._recent(key))

    def _recent(self, key: str) -> list[float]:
        since = self._clock.now().timestamp() - HOUR_SECONDS
        return [at for at in self._times.get(key, []) if at > since]
