"""Questions about jobs and models that change nothing."""

from collections.abc import Collection

from bot.domain.capabilities import Capability, Kind, complete
from bot.domain.catalogue import ModelDescription
from bot.domain.jobs import Job, JobState
from bot.domain.pricing import Price, price
from bot.domain.queueing import positions
from bot.domain.requests import SourceImage, VideoRequest
from bot.ids import JobId, ModelId, ProviderName
from bot.ports import JobStore
from bot.services.quoting import Quoting

_ANY_IMAGE = SourceImage(key="", media_type="image/png", width=16, height=9, size_bytes=0)


class Inquiring:
    """Reads the store and the quotes."""

    def __init__(self, store: JobStore, quoting: Quoting) -> None:
        self._store = store
        self._quoting = quoting

    async def describe(self, capability: Capability) -> ModelDescription:
        image = None if Kind.TEXT in capability.kinds else _ANY_IMAGE
        usual = complete(VideoRequest("", capability.model_id, image=image), capability)
        expected = await self._quoting.expected_seconds(capability, usual)
        return ModelDescription(capability, price(usual, capability.prices), expected)

    async def usual_price(self, model_id: ModelId) -> tuple[str, Price] | None:
        """A model's name and what a film of the usual length costs; None where nobody can say."""
        capability = self._quoting.find(model_id)
        if capability is None:
            return None
        usual = (await self.describe(capability)).price
        return None if usual is None else (capability.name, usual)

    async def position(self, job: Job) -> int | None:
        """Where a waiting job stands in its provider's queue, from 1; None once it is out."""
        if job.state is not JobState.ACCEPTED:
            return None
        return (await self.positions(job.provider, [job.id])).get(job.id)

    async def positions(
        self, provider: ProviderName, job_ids: Collection[JobId]
    ) -> dict[JobId, int]:
        """Where those of these jobs stand in a provider's queue that wait in it, from 1."""
        line = await self._store.list_turns(provider, job_ids)
        return positions(line, await self._store.count_in_hand(provider))
