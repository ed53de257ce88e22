"""What a press of Delete writes down, while the film's post is being written down too."""

from bot.domain.deliveries import DeliveryKind, DeliveryState, posted
from bot.ids import MessageId
from cogs.jobs import note_deletion
from tests.factories import make_delivery, make_job
from tests.fakes.job_store import InMemoryJobStore


class PostedMeanwhile(InMemoryJobStore):
    """Somebody else notes the post after the row was read and before it is written."""

    meanwhile = True

    async def find_delivery(self, job_id, kind):
        found = await super().find_delivery(job_id, kind)
        if found is not None and self.meanwhile:
            self.meanwhile = False
            await self.save_delivery(posted(found, MessageId(7)))
        return found


async def test_a_film_that_is_deleted_while_its_post_is_noted_is_noted_as_deleted():
    store, job = PostedMeanwhile(), make_job()
    film = make_delivery(job, DeliveryKind.FILM, state=DeliveryState.POSTING)
    store.deliveries[job.id, film.kind] = film

    await note_deletion(store, job.id)

    noted = await store.find_delivery(job.id, DeliveryKind.FILM)
    assert noted is not None
    assert noted.state is DeliveryState.DELETED
    assert noted.message_id == 7
