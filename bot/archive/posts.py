"""What members let the bot post at no cost: a frame, a link to a video, a video once more.

Counted in the database before it is posted, so that no number of presses, restarts or processes
lets a member flood a channel.
"""

from datetime import datetime

from bot.catalog.request import Origin
from bot.errors import DatabaseBusyError
from bot.jobs.stores import KeyValueStore
from bot.money.account import MemberMoney
from bot.money.limits import POSTS, LimitReachedError, post_limits

TRIES = 20  # against the member's other presses, in whichever process
MOST_KEPT = max(rate.most for rate in POSTS)


class FreePosts:
    """Counts a member's free posts in a server."""

    def __init__(self, notes: KeyValueStore, member_money: MemberMoney) -> None:
        self._notes = notes
        self._member_money = member_money

    async def count(self, place: Origin) -> None:
        """Count one more post. Raises LimitReachedError, also for who is barred."""
        budget = await self._member_money.ensure_not_barred(place)
        if budget.is_exempt:
            return
        name = f"posts:{place.guild_id}:{place.user_id}"
        for _ in range(TRIES):
            before = await self._notes.get_note(name)
            posted = _read(before)
            refused = post_limits(budget, posted)
            if refused:
                raise LimitReachedError(refused)
            after = [*posted, budget.at][-MOST_KEPT:]
            written = " ".join(instant.isoformat() for instant in after)
            if await self._notes.swap_note(name, before, written):
                return
        raise DatabaseBusyError


def _read(note: str | None) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in (note or "").split()]
