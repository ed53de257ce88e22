"""A provider is one package and one line in the registry: nothing else names it.

The kind: every place that knew the video services by name. A provider that is made up here is
registered as any is, and is then looked for in each of them.
"""

from dataclasses import dataclass

import pytest
from pydantic import Field

from bot.catalog.request import Origin
from bot.doctor import examine
from bot.errors import ConfigurationError, ProviderBalanceError
from bot.ids import ChannelId, GuildId, IdempotencyKey, ModelId, ProviderName, UserId
from bot.presentation import answers
from bot.providers import registry
from bot.providers.availability import ProviderPausedError
from bot.providers.spec import HttpAddress, ProviderSettings, ProviderSpec
from bot.settings import load_settings
from tests.factories import make_capability, make_request
from tests.fakes.provider import FakeProvider
from tests.integration.test_models import private

ACME = ProviderName("acme")
MODEL = make_capability(provider=ACME, model_id=ModelId("acme-one"), name="Acme One")


class AcmeSettings(ProviderSettings):
    base_url: HttpAddress = "https://acme.example/api"
    region: str = Field(default="eu", description="Where Acme makes its videos.")


@dataclass
class Acme(FakeProvider):
    async def list_capabilities(self):
        return (MODEL,)


def make(settings, connections):
    assert (settings.key, settings.region) == ("secret", "us")
    return Acme(connections.clock, {}, name=ACME)


SPEC = ProviderSpec(ACME, "Acme Video", "three models.", AcmeSettings, make, ("acme-one",))


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "PROVIDERS", (*registry.PROVIDERS, SPEC))


@pytest.fixture
def keyed(monkeypatch):
    monkeypatch.setenv("ACME_API_KEY", "secret")
    monkeypatch.setenv("ACME_REGION", "us")


def test_its_settings_are_read_checked_and_missed(monkeypatch, tmp_path):
    assert ACME not in load_settings(_env_file=None).providers

    (tmp_path / ".env").write_text("ACME_APIKEY=secret\nACME_BASE_URL=nowhere\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(_env_file=str(tmp_path / ".env"))
    assert "no such setting; did you mean ACME_API_KEY" in str(caught.value)
    assert "ACME_BASE_URL: it must be an address" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_the_doctor_checks_its_key_and_names_it_where_there_is_none(studio, keyed):
    settings = studio.settings()
    found = {finding.subject: finding.text for finding in await examine(settings)}
    assert found["Acme Video"] == "balance: $50.00"

    keys = dict.fromkeys(("nanogpt_api_key", "nanophoto_api_key", "acme_api_key"))
    without = await examine(settings.model_copy(update=keys))
    [text] = [one.text for one in without if one.subject == "Video services"]
    assert text.endswith("NANOGPT_API_KEY or NANOPHOTO_API_KEY or ACME_API_KEY")


async def test_its_models_are_listed_quoted_and_preferred(studio, fern, keyed):
    videos = studio.people.channel("videos")
    async with studio.bot() as parts, fern.watching() as watch:
        record = await fern.command(videos, "models list", {"search": "acme"})
        listed = await private(fern, watch, record)
        quote = await parts.client.services.quotes.quote(make_request(model_id=MODEL.model_id))

        assert "Acme One" in str(listed["embeds"])
        assert (quote.capability.provider, quote.price.cost_micros) == (ACME, 500_000)
        assert parts.catalog.preferred[-1] == MODEL.model_id


async def test_texts_call_it_by_its_label(studio, fern, keyed):
    guild, channel = int(studio.people.guild["id"]), int(studio.people.channel("videos"))
    origin = Origin(GuildId(guild), ChannelId(channel), UserId(int(fern.id)))
    async with studio.bot() as parts:
        breakers = parts.loops.worker._context.breakers
        await breakers.observe(ACME, ProviderBalanceError())
        request = make_request(model_id=MODEL.model_id)
        with pytest.raises(ProviderPausedError) as caught:
            await parts.client.services.ordering.ask(request, origin, IdempotencyKey("one"))

    said = answers.sentence(caught.value)
    assert said.startswith("Acme Video says this bot's account is empty.")
