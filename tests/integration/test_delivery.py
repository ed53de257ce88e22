"""Messages reach a channel in which something changed while the film was made."""

from functools import partial

import pytest

from bot.domain.deliveries import DeliveryKind
from bot.errors import DeliveryUnavailableError
from tests.studio import FOX, is_card


def job_of(card):
    return card["embeds"][0]["footer"]["text"].removeprefix("Job ")


async def test_a_card_in_a_thread_that_was_archived_is_changed_once_something_wakes_it(
    studio, fern
):
    films = studio.people.channel("films")
    async with studio.bot() as parts, fern.watching() as watch:
        asked = {"as": fern.id, "name": "foxes"}
        thread = await studio.people.call("POST", f"/channels/{films}/threads", asked)
        await fern.command(thread["id"], "video", FOX)
        job_id = job_of(await watch.until(partial(is_card, title="Done")))
        await studio.people.call("PATCH", f"/channels/{thread['id']}", {"archived": True})
        outbox, store = parts.delivering._outbox, parts.store
        card = await store.find_delivery(job_id, DeliveryKind.CARD)
        view = await outbox.view(await store.get(job_id))

        with pytest.raises(DeliveryUnavailableError):
            await outbox.courier.edit_card(card, view)
        await fern.say(thread["id"], "wake up")
        await outbox.courier.edit_card(card, view)
