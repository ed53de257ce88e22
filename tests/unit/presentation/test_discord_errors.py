"""What is known to be final ends a delivery; whatever else Discord or a proxy says passes."""

from http import HTTPStatus
from types import SimpleNamespace

import discord
import pytest

from bot.errors import ChannelGoneError, DeliveryUnavailableError, NotAllowedError
from bot.presentation.refusals import of_a_post, of_an_edit

PROXYS_PAGE = "<html>error code 1020</html>"


def refused(status, body):
    """As discord.py raises it."""
    response = SimpleNamespace(status=status, reason=HTTPStatus(status).phrase)
    kind = discord.Forbidden if status == HTTPStatus.FORBIDDEN else discord.HTTPException
    return kind(response, body)


def coded(status, code):
    return refused(status, {"code": code, "message": "no"})


@pytest.mark.parametrize("body", [PROXYS_PAGE, {"code": 40333, "message": "internal error"}])
def test_a_403_that_is_no_answer_about_the_channel_passes(body):
    assert isinstance(of_a_post(refused(403, body)), DeliveryUnavailableError)


@pytest.mark.parametrize(("status", "code"), [(404, 10003), (403, 50001), (403, 50008)])
def test_a_channel_that_is_gone_or_closed_stays_so(status, code):
    assert isinstance(of_a_post(coded(status, code)), ChannelGoneError)


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (403, 400001)])
def test_what_lacks_a_permission_may_be_allowed_without_its_file(status, code):
    assert isinstance(of_a_post(coded(status, code)), NotAllowedError)


def test_an_archived_thread_is_closed_to_edits_only_until_the_next_post_wakes_it():
    archived = coded(400, 50083)

    assert isinstance(of_a_post(archived), ChannelGoneError)
    assert isinstance(of_an_edit(archived), DeliveryUnavailableError)
