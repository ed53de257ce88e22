"""Trouble on order: manners of both services that a seed chooses, and faults at random moments."""

from dataclasses import dataclass
from random import Random

from bot.clock import SystemClock
from tests.people import Json, People

VIDEO = "/channels/*/messages"
DISCORD, NANOGPT, NANOPHOTO = "/faults", "/providers/nanogpt/faults", "/providers/nanophoto/faults"
SUBMIT, STATUS = "/api/generate-video", "/api/*status*"
EVERY_SECONDS = (0.3, 2.0)
RICH_USD, RICH_CREDITS = 900_000, 900_000_000

# weight, whose, what
FAULTS: list[tuple[int, str, Json]] = [
    (6, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "drop_after"}),
    (2, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "drop_before"}),
    (2, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "status_after", "status": 502}),
    (3, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "truncate"}),
    (3, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "status", "status": 429}),
    (2, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "status", "status": 503}),
    (5, NANOGPT, {"method": "POST", "path": SUBMIT, "kind": "latency", "seconds": 0.6}),
    (4, NANOGPT, {"method": "GET", "path": STATUS, "kind": "status", "status": 500, "times": 2}),
    (2, NANOGPT, {"method": "GET", "path": STATUS, "kind": "wrong_types"}),
    (2, NANOGPT, {"method": "GET", "path": "/api/generate-video/recover", "kind": "status"}),
    (3, NANOGPT, {"method": "GET", "path": "*.mp4", "kind": "cut_short"}),
    (2, NANOGPT, {"method": "GET", "path": "*.mp4", "kind": "drip", "seconds": 1}),
    (2, NANOPHOTO, {"method": "POST", "path": "*generate", "kind": "drop_after"}),
    (1, NANOPHOTO, {"method": "POST", "path": "*generate", "kind": "status", "status": 429}),
    (1, NANOPHOTO, {"method": "POST", "path": "*check-status", "kind": "status", "status": 500}),
    (8, DISCORD, {"method": "POST", "path": VIDEO, "kind": "drop_after"}),
    (5, DISCORD, {"method": "POST", "path": VIDEO, "kind": "status", "status": 503}),
    (3, DISCORD, {"method": "POST", "path": VIDEO, "kind": "status", "status": 500}),
    (3, DISCORD, {"method": "POST", "path": VIDEO, "kind": "drop_before"}),
    (9, DISCORD, {"method": "POST", "path": VIDEO, "kind": "latency", "seconds": 1.2}),
    (3, DISCORD, {"method": "PATCH", "path": f"{VIDEO}/*", "kind": "status", "status": 500}),
    (2, DISCORD, {"method": "PATCH", "path": f"{VIDEO}/*", "kind": "drop_after"}),
    (2, DISCORD, {"method": "GET", "path": f"{VIDEO}*", "kind": "status", "status": 500}),
    (2, DISCORD, {
        "method": "POST", "path": VIDEO, "kind": "status", "status": 413,
        "body": {"message": "Request entity too large", "code": 40005},
    }),
    (2, "/gateway/disconnect", {"op": 7}),
]  # fmt: skip
SWITCHES: dict[str, list[object]] = {
    "dialect": ["unified", "unified", "legacy", "openapi", "lower", "mixed"],
    "submit_status": [200, 202],
    "delivering": [True, False],
    "unknown_seconds": [0, 0, 0.4],
    "final_cost_factor": [1, 1, 0.5, 1.3],
    "cost": [True, False],
}
MANNERS: dict[str, list[object]] = {
    "joined": [True, False],
    "counts_status": [True, False],
    "not_found": ["whole", "per_shot"],
    "generation_time": [True, False],
}


@dataclass(slots=True)
class Trouble:
    """What goes wrong in one town; the same seed chooses the same."""

    people: People
    random: Random
    slowness: float = 1.0  # of the machine: so many times as seldom

    async def choose_manners(self) -> None:
        """How quick and how odd the services are in this run, and accounts that last."""
        seconds = self.random.choice([0.3, 0.5, 1.0, 2.0])
        keys = {"sk-nano-sandbox": RICH_USD}
        odd = {name: self.random.choice(found) for name, found in SWITCHES.items()}
        limits = {"submissions_per_minute": 10_000, "requests_per_second": 1000}
        quick = {"generation_seconds": seconds, "balance_usd": keys, **limits}
        await self.people.call("PATCH", "/providers/nanogpt", odd | quick)
        odd = {name: self.random.choice(found) for name, found in MANNERS.items()}
        quick = {"generation_seconds": seconds, "balances": {"np-sandbox": RICH_CREDITS}}
        await self.people.call("PATCH", "/providers/nanophoto", odd | quick)

    async def make(self) -> None:
        """A fault now and then. Forever."""
        clock = SystemClock()
        while True:
            _, where, fault = self.random.choices(FAULTS, weights=[row[0] for row in FAULTS])[0]
            if where != "/gateway/disconnect":
                fault = fault | {"after": self.random.randrange(3)}
            await self.people.call("POST", where, fault)
            await clock.sleep(self.random.uniform(*EVERY_SECONDS) * self.slowness)

    async def end(self) -> None:
        """The weather clears."""
        for where in (DISCORD, NANOGPT, NANOPHOTO):
            await self.people.call("DELETE", where)
