"""What is known to be final ends a delivery; whatever else Discord or a proxy says passes."""

from http import HTTPStatus
from types import SimpleNamespace

import discord
import pytest

from bot.errors import (
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryUnavailableError,
    MessageHeldError,
    MessageRefusedError,
    NotAllowedError,
)
from bot.presentation.discord_errors import of_a_post, of_an_edit

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


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, 10003), (404, 10004), (403, 50008), (404, 10013), (403, 50007), (403, 50278)],
)
def test_a_channel_that_is_gone_stays_so(status, code):
    assert type(of_a_post(coded(status, code))) is ChannelGoneError


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 160005), (400, 50083)])
def test_a_channel_that_is_closed_may_be_opened_again(status, code):
    assert type(of_a_post(coded(status, code))) is ChannelBlockedError
    assert type(of_an_edit(coded(status, code))) is MessageHeldError


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 240000), (403, 240000), (400, 200000), (403, 20009), (400, 50035), (400, 50006)],
)
@pytest.mark.parametrize("meaning", [of_a_post, of_an_edit])
def test_a_refusal_of_what_is_said_stays_while_the_same_is_said(meaning, status, code):
    assert type(meaning(coded(status, code))) is MessageRefusedError


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 0), (429, 20016), (400, 20028), (400, 130000), (503, 0), (500, 50035)],
)
@pytest.mark.parametrize("meaning", [of_a_post, of_an_edit])
def test_what_is_over_after_a_while_is_tried_again(meaning, status, code):
    assert type(meaning(coded(status, code))) is DeliveryUnavailableError


def test_too_many_edits_hold_up_their_message_alone():
    assert type(of_an_edit(coded(429, 30046))) is MessageHeldError


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (403, 400001)])
def test_what_lacks_a_permission_may_be_allowed_without_its_file(status, code):
    assert isinstance(of_a_post(coded(status, code)), NotAllowedError)
