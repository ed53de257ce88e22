"""Books in memory that take plans as the database does: all of one, and each transaction once."""

from collections.abc import Iterable
from dataclasses import replace

from bot.ids import AccountId, TransactionId
from bot.money.ledger import Account, AccountKind
from bot.money.plans import MoneyPlan


class WrittenTwiceError(Exception):
    """A transaction of this id is there already."""


class Books:
    """What accounts hold. Only what is `issued` may be below zero."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.written: set[TransactionId] = set()

    def write(self, plan: MoneyPlan) -> None:
        moving = [one for one in plan.transactions if one.postings]
        if any(one.id in self.written for one in moving):
            raise WrittenTwiceError
        for account in plan.accounts:
            self.accounts.setdefault(account.id, account)
        for transaction in moving:
            self.written.add(transaction.id)
            postings = transaction.postings
            assert sum(one.micros for one in postings) == 0, transaction
            assert all(one.micros for one in postings), transaction
            assert len({one.account_id for one in postings}) == len(postings), transaction
            assert {one.account_id.split(":")[1] for one in postings} == {
                one.kind.value for one in postings
            }
            for one in sorted(postings, key=lambda one: one.micros < 0):
                self._move(one.account_id, one.kind, one.micros, plan)

    def _move(self, name: AccountId, kind: AccountKind, micros: int, plan: MoneyPlan) -> None:
        account = self.accounts.setdefault(name, Account(name, plan.guild_id, kind))
        balance = account.balance_micros + micros
        assert kind is AccountKind.ISSUED or balance >= 0, f"{name} is at {balance}"
        self.accounts[name] = replace(account, balance_micros=balance)

    def balance(self, *kinds: AccountKind) -> int:
        return sum(one.balance_micros for one in self.of(*kinds))

    def of(self, *kinds: AccountKind) -> Iterable[Account]:
        return (one for one in self.accounts.values() if one.kind in kinds)
