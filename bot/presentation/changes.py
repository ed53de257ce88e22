"""A server's rules in words, and what a change of them changes: from what to what."""

from collections.abc import Iterable

from bot.domain.limits import Rules
from bot.domain.policy import Policy
from bot.presentation.money import films, floor_dollars, rates
from bot.presentation.sanitising import visible

NAMES_MOST = 8  # of models or channels in one line
EXEMPT = "exempt from every limit but the pool"
UNSET = "not limited"
INHERITED = "as for everybody"


def rules_in_words(rules: Rules) -> dict[str, str]:
    """What is said, by the name of the rule; what is not said is left out."""
    given = rules.allowance
    said = {
        EXEMPT: "yes" if rules.exempt else None,
        "first in the queue": "yes" if rules.priority else None,
        "allowance": None if given is None else f"{floor_dollars(given.micros)} a {given.window}",
        "wishes": None if rules.rates is None else rates(rules.rates),
        "at once": None if rules.open_jobs_most is None else films(rules.open_jobs_most),
        "a film may cost": _money(rules.film_micros_most),
        "models": None if rules.models is None else _listed(map(_code, sorted(rules.models))),
        "channels": (
            None
            if rules.channels is None
            else _listed(f"<#{channel}>" for channel in sorted(rules.channels))
        ),
    }
    return {name: words for name, words in said.items() if words is not None}


def policy_in_words(policy: Policy) -> dict[str, str]:
    """What holds for the whole server, besides its rules for everybody."""
    pool, gifts = policy.pool_micros, policy.gift_micros_most
    return {
        "films": "switched off" if policy.is_paused else "switched on",
        "pool": "no cap" if pool is None else f"{floor_dollars(pool)} a month",
        "gifts": "not allowed" if gifts is None else f"up to {floor_dollars(gifts)} a day",
        "time zone": policy.zone,
    }


def of_policy(before: Policy, after: Policy) -> list[str]:
    """A line for each thing that changes."""
    lines = _differences(policy_in_words(before), policy_in_words(after), UNSET)
    return [*lines, *of_rules(before.rules, after.rules, unset=UNSET)]


def of_rules(before: Rules, after: Rules, *, unset: str = INHERITED) -> list[str]:
    """A line for each rule that changes; `unset` is what a rule is called that is not said."""
    return _differences(rules_in_words(before), rules_in_words(after), unset)


def _differences(before: dict[str, str], after: dict[str, str], unset: str) -> list[str]:
    names = dict.fromkeys([*before, *after])
    return [
        f"{name}: {_was(name, before, unset)} → {_was(name, after, unset)}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _was(name: str, said: dict[str, str], unset: str) -> str:
    return said.get(name, "no" if name == EXEMPT else unset)


def _money(micros: int | None) -> str | None:
    return None if micros is None else floor_dollars(micros)


def _code(model_id: str) -> str:
    return f"`{visible(model_id).replace('`', '')}`"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - NAMES_MOST
    shown = ", ".join(found[:NAMES_MOST]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
