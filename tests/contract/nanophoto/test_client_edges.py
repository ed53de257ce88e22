"""What an edge before NanoPhoto says is not the service's word, and is an error of ours."""

import pytest

from bot.errors import (
    ProviderCredentialsError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.contract import ProviderState
from tests.contract.nanophoto.errors import PAGE, ordered
from tests.local_nanophoto import GENERATE, STATUS, a_request, order

EDGES = {
    "a wall": (403, ProviderUnavailableError, ProviderUnavailableError),
    "no such path": (404, ProviderUnavailableError, ProviderUnavailableError),
    "a time-out of its own": (408, SubmissionUncertainError, ProviderUnavailableError),
    "too large": (413, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "bad gateway": (502, SubmissionUncertainError, ProviderUnavailableError),
    "away": (503, SubmissionUncertainError, ProviderUnavailableError),
    "gateway time-out": (504, SubmissionUncertainError, ProviderUnavailableError),
    "origin is down": (521, SubmissionUncertainError, ProviderUnavailableError),
}


@pytest.mark.parametrize(("status", "to_submission", "to_look"), EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("body", [PAGE, ""], ids=["page", "nothing"])
async def test_what_an_edge_says_is_not_the_service_s_word(
    local, client, status, to_submission, to_look, body
):
    receipt = await local.submitted(client, order())
    local.service.faults += [ordered(GENERATE, status, body), ordered(STATUS, status, body)]

    with pytest.raises(to_submission) as submitted:
        await client.submit(order())
    with pytest.raises(to_look) as looked:
        await client.poll(receipt.handle, a_request())

    assert (type(submitted.value), type(looked.value)) == (to_submission, to_look)


async def test_the_wall_against_programs_lets_the_bot_through(local, client):
    local.switch(bot_wall=True)

    assert (await local.seen(client, order())).state is ProviderState.SUCCEEDED


async def test_a_403_in_the_service_s_own_words_is_about_the_key(local, client):
    local.service.faults.append(ordered(GENERATE, 403, {"error": "Key disabled"}))

    with pytest.raises(ProviderCredentialsError):
        await client.submit(order())


async def test_an_edge_s_429_is_one_too(local, client):
    local.service.faults.append(ordered(GENERATE, 429, PAGE))

    with pytest.raises(ProviderRateLimitedError):
        await client.submit(order())
