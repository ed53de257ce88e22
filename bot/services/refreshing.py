"""Bringing a posted card up to date with its job."""

import logging
from dataclasses import replace

from bot.domain.deliveries import Delivery, DeliveryState
from bot.domain.jobs import Job
from bot.errors import ChannelGoneError, DeliveryUnavailableError, MessageGoneError
from bot.services.outbox import Outbox

_log = logging.getLogger(__name__)


async def refresh(card: Delivery, job: Job, outbox: Outbox) -> bool:
    """Edit the card if what it should show is not what it shows; True if it was edited."""
    view = await outbox.view(job)
    digest = outbox.courier.digest(view)
    if digest == card.shown:
        return False
    try:
        await outbox.courier.edit_card(card, view)
    except DeliveryUnavailableError as error:
        _log.info("card_not_refreshed", extra={"job_id": job.id, "error": str(error)})
        return True  # tried just now; the next look will try again
    except (ChannelGoneError, MessageGoneError):
        await outbox.store.save_delivery(replace(card, state=DeliveryState.UNDELIVERABLE))
        return True
    await outbox.store.save_delivery(replace(card, shown=digest))
    return True
