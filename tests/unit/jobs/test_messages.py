"""Two messages are owed for a job, each under a nonce of its own that Discord takes."""

from datetime import timedelta

from bot.ids import MessageId
from bot.jobs.messages import (
    NONCE_MAX_CHARACTERS,
    DeliveryKind,
    DeliveryState,
    posted,
    posting,
)
from bot.retries import POSTING_LEASE
from tests.factories import NOW, make_delivery, make_job

LATER = NOW + timedelta(minutes=10)


def test_card_and_video_of_a_job_have_nonces_of_their_own_that_fit():
    job = make_job()
    nonces = {make_delivery(job, kind).nonce for kind in DeliveryKind}

    assert len(nonces) == len(DeliveryKind)
    assert max(map(len, nonces)) <= NONCE_MAX_CHARACTERS


def test_a_repeated_post_remembers_when_the_first_may_have_gone_out():
    first = posting(make_delivery(make_job()), "one", NOW)

    again = posting(first, "two", LATER)

    assert (again.posting_at, again.attempts) == (NOW, 2)
    assert again.next_attempt_at == LATER + POSTING_LEASE
    assert again.nonce == first.nonce


def test_a_posted_message_is_known_by_its_id():
    done = posted(posting(make_delivery(make_job()), "one", NOW), MessageId(7), "look")

    assert (done.state, done.message_id, done.shown) == (DeliveryState.POSTED, 7, "look")
