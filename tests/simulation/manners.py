"""What must hold of each process's conversation with the services and with Discord.

An address that has expired is asked for again, an upload lasts as long as it lasts, what Discord has
refused for its words is not sent again as it was, and only who holds a message's lease posts it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.simulation.database import WitnessedSqlite
from tests.simulation.kinds import Kind
from tests.simulation.loop import LIFE, Life
from tests.simulation.weather import Sky

MAX_FETCHES = 10  # of one address that has expired; some are forgotten when a process ends
LEASE_SECONDS = 120.0
FENCED_SECONDS = 3.0  # after a renewal no request asks again


@dataclass
class Manners:
    """Counts what is said; `demand` and `clocks_were_right` are those of the watch."""

    engine: WitnessedSqlite
    sky: Sky
    demand: Callable[[object, str, str], None]
    clocks_were_right: Callable[[float], bool]
    _missed: Counter[str] = field(default_factory=Counter)
    _refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def missed(self, address: str) -> None:
        """Nothing is at this address, or no longer."""
        self._missed[address] += 1
        text = f"{address} has expired, and no one asks for another"
        self.demand(self._missed[address] <= MAX_FETCHES, "asked", text)

    def refused(self, job_id: str, kind: str) -> None:
        """Discord has refused a message for what it quotes."""
        life = LIFE.get()
        one = (life.name if life else "", job_id, kind)
        self._refused[one] += 1
        self.sky.tell(f"a {kind} of {job_id} is refused for its words")
        text = f"the {kind} of {job_id} was refused, and was sent again as it was"
        self.demand(self._refused[one] == 1, "quotes", text)

    def posts(self, job_id: str, kind: str) -> None:
        """A request that posts arrives at Discord."""
        life = LIFE.get()
        query = "SELECT lease_owner FROM deliveries WHERE job_id = ? AND kind = ?"
        [row] = self.engine.ask(query, job_id, kind)
        holds = life is None or row["lease_owner"] == life.name
        jumped = asyncio.get_running_loop().time() - self.sky.clock.jumped_at < FENCED_SECONDS
        wrong = jumped or not self.clocks_were_right(FENCED_SECONDS)
        text = f"a {kind} of {job_id} is posted under the lease of {row['lease_owner']}"
        self.demand(holds or wrong, "fence", text)

    @contextmanager
    def uploading(self, job_id: str) -> Iterator[None]:
        """While a video is on its way: no one but its process's end cuts it short."""
        life, began = LIFE.get(), asyncio.get_running_loop().time()
        try:
            yield
        except asyncio.CancelledError:
            may = life is None or self._may_cut(life, began)
            self.demand(may, "upload", f"the upload of {job_id} was cut short, and its lease lasts")
            raise

    def _may_cut(self, life: Life, began: float) -> bool:
        """Where the process ends, or where its lease may really have run out."""
        since = began - LEASE_SECONDS
        slept = self.sky.clock.jumped_at >= since or life.suspended_seconds(since) > 0
        passed = asyncio.get_running_loop().time() - since
        wrong = Kind.DRIFT in self.sky.kinds or not self.clocks_were_right(passed)
        return life.is_over or life.is_stopping or life.is_suspended or slept or wrong
