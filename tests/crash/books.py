"""The money beside a crash: real books, and what must be in them whatever happened."""

from bot.ids import GuildId
from bot.jobs.job import Job, JobState
from bot.money.changes import SetPolicy
from bot.money.ledger import AccountKind
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.windows import Window
from bot.providers.contract import ProviderState, ProviderStatus
from bot.storage.engines.databases import Engine
from tests.contract.branches import Branch, by
from tests.fakes.provider import FakeProvider

DOLLAR = 1_000_000
GENEROUS = Policy(
    GuildId(10),
    rules=Rules(
        rates=(RateLimit(50, 60), RateLimit(100, 86_400)),
        open_jobs_most=50,
        allowance=Allowance(100 * DOLLAR, Window.DAY),
        video_micros_most=10 * DOLLAR,
    ),
    pool_micros=1000 * DOLLAR,
)
ENDS = """
SELECT a.kind, e.micros, t.id FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
WHERE t.kind IN ('settle', 'release') AND t.job_id = ?
"""


class Books:
    """Those of a server with limits that no test here means to reach."""

    def __init__(self, engine: Engine) -> None:
        self._branch = Branch(engine)
        self.store = self._branch.jobs

    async def open(self) -> None:
        await self._branch.money_store.apply(by("generous"), SetPolicy(GENEROUS))

    async def judge(self, provider: FakeProvider, jobs: list[Job], where: str) -> None:
        """Nothing is held any more, and members paid for videos what the service charged."""
        assert await self._branch.money_store.audit() == [], where
        due = [await self._judge_job(provider, job, where) for job in jobs]
        balances = await self._branch.balances()
        assert "10:held" not in balances, where
        assert "10:pool_held" not in balances, where
        assert balances.get("10:spent", 0) == sum(due), where

    async def _judge_job(self, provider: FakeProvider, job: Job, where: str) -> int:
        """What the member paid."""
        found = await self._branch.rows(ENDS, job.id)
        assert len({row["id"] for row in found}) == 1, f"{job.id} {job.state}, {where}"
        spent = {AccountKind(row["kind"]): row["micros"] for row in found}
        paid = spent.get(AccountKind.SPENT, 0)
        charged = charged_for(provider, job)
        if job.state is JobState.SUCCEEDED:
            assert paid == spent[AccountKind.POOL_SPENT] == charged, where
        elif job.state is JobState.CANCELLED:
            assert paid in ({charged, job.cost_micros} if charged else {0}), where
        else:
            assert paid == 0, where
        return int(paid)


def charged_for(provider: FakeProvider, job: Job) -> int:
    """What the service has in its own books; nothing where it made no such video."""
    runs = [run for run in provider.runs if run.order.tag.startswith(job.id)]
    return sum(run.verdict.charged_micros or 0 for run in runs)


def charge(provider: FakeProvider, micros: list[int]) -> None:
    """The first video will cost the first of these, and so on; none what was quoted."""
    provider.verdicts = [
        ProviderStatus(
            ProviderState.SUCCEEDED,
            artifact_addresses=(f"https://videos.example/{number}",),
            charged_micros=one,
        )
        for number, one in enumerate(micros, start=1)
    ]
