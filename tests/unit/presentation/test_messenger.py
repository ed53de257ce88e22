"""What the courier remembers of its tries: where it looked, and which uploads never end."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import Artifact, JobState
from bot.errors import DeliveryUnavailableError, FileTooLargeError
from bot.ports import CardView, FittedFilm
from bot.presentation.courier import MOST_TIMEOUTS, DiscordCourier
from bot.presentation.films import last_line_of
from tests.factories import NOW, make_delivery, make_image, make_job, make_request
from tests.fakes.clock import FakeClock

ME, SOMEBODY = object(), object()
CROWD = 1200


class ConnectingTimeoutError(TimeoutError):
    """As aiohttp has one of its own for connecting."""


@dataclass
class FakeChannel:
    """A channel with its messages, in which an upload of more than `most_bytes` never ends."""

    messages: list[SimpleNamespace] = field(default_factory=list)
    breaks_after: int | None = None
    most_bytes: int = 1000
    timeout: type[TimeoutError] = TimeoutError
    read: int = 0
    uploads: list[int] = field(default_factory=list)

    def say(self, author=SOMEBODY, content="", *, minutes=0):
        at = NOW + timedelta(minutes=minutes)
        said = SimpleNamespace(id=len(self.messages), author=author, content=content, created_at=at)
        self.messages.append(said)

    async def history(self, *, limit, after):
        assert limit is None
        for message in [said for said in self.messages if said.created_at > after]:
            if self.breaks_after == self.read:
                raise OSError
            self.read += 1
            yield message

    async def send(self, *, files=(), **_parts):
        size = sum(len(file.fp.read()) for file in files)
        for file in files:
            file.close()
        if files:
            self.uploads.append(size)
        if size > self.most_bytes:
            raise self.timeout
        return SimpleNamespace(id=77)


@pytest.fixture
def channel():
    return FakeChannel()


@pytest.fixture
def courier(channel):
    client: Any = SimpleNamespace(
        user=ME,
        get_channel=lambda _id: object(),
        get_guild=lambda _id: None,
        get_partial_messageable=lambda *_, **__: channel,
    )
    return DiscordCourier(client, FakeClock())


@pytest.fixture
def word():
    """A word of failure that was begun and not noted."""
    job = make_job()
    return make_delivery(job, DeliveryKind.FAILURE, state=DeliveryState.POSTING, posting_at=NOW)


async def test_a_message_is_found_however_many_came_since_its_first_try(courier, channel, word):
    for _ in range(CROWD):
        channel.say()
    channel.say(ME, f"none\n{last_line_of(word.job_id)}")

    assert await courier.find_posted(word) == CROWD


async def test_what_was_looked_through_is_not_read_again_at_each_try(courier, channel, word):
    for minutes in range(CROWD):
        channel.say(minutes=minutes)
    assert await courier.find_posted(word) is None
    channel.say(ME, f"none\n{last_line_of(word.job_id)}", minutes=CROWD)
    first_look = channel.read

    assert await courier.find_posted(word) == CROWD
    assert channel.read - first_look < 5


async def test_a_look_that_breaks_off_goes_on_where_it_was_and_answers_nothing(
    courier, channel, word
):
    for minutes in range(CROWD):
        channel.say(minutes=minutes)
    channel.breaks_after = CROWD - 10

    with pytest.raises(DeliveryUnavailableError):
        await courier.find_posted(word)
    channel.breaks_after = None

    assert await courier.find_posted(word) is None
    assert channel.read < CROWD + 5


def film_of(tmp_path, size):
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(size))
    return FittedFilm(path, size)


@pytest.fixture
def job():
    return make_job(state=JobState.SUCCEEDED, artifact=Artifact("x.mp4", 9, 5.0, 1280, 720))


async def run_out_of_time(courier, film, job, times):
    delivery = make_delivery(job, DeliveryKind.FILM)
    for _ in range(times):
        with pytest.raises(DeliveryUnavailableError):
            await courier.post_film(delivery, job, film)
    return delivery


async def test_an_upload_that_never_ends_in_time_counts_as_too_large_in_the_end(
    courier, channel, job, tmp_path
):
    film = film_of(tmp_path, 2000)
    delivery = await run_out_of_time(courier, film, job, MOST_TIMEOUTS)

    with pytest.raises(FileTooLargeError):
        await courier.post_film(delivery, job, film)
    assert channel.uploads == [2000] * MOST_TIMEOUTS
    assert await courier.post_film(delivery, job, film_of(tmp_path, 900)) == 77
    assert courier.upload_limit_bytes(job.guild_id) > 2000  # it says nothing of the server


async def test_a_connection_that_is_not_made_in_time_says_nothing_of_the_file(
    courier, channel, job, tmp_path
):
    channel.timeout = ConnectingTimeoutError
    film = film_of(tmp_path, 2000)
    await run_out_of_time(courier, film, job, MOST_TIMEOUTS + 1)

    assert len(channel.uploads) == MOST_TIMEOUTS + 1


async def test_a_card_whose_pictures_never_arrive_in_time_can_be_posted_without(
    courier, channel, tmp_path
):
    job = make_job(request=make_request(image=make_image(key="abc.png")))
    path = tmp_path / "abc.png"
    path.write_bytes(bytes(2000))
    card, view = make_delivery(job), CardView(job, "Fake Model", NOW)
    for _ in range(MOST_TIMEOUTS):
        with pytest.raises(DeliveryUnavailableError):
            await courier.post_card(card, view, [path])

    with pytest.raises(FileTooLargeError):
        await courier.post_card(card, view, [path])
    assert await courier.post_card(card, view, []) == 77
