"""What the messenger remembers of its tries: where it looked, and which uploads never end."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.delivery.messenger import CardView
from bot.errors import DeliveryUnavailableError, FileTooLargeError
from bot.guilds.notices import TO_ADMINS, TO_MEMBER, Notice
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Artifact, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.presentation.messenger import MAX_TIMEOUTS, DiscordMessenger
from bot.presentation.videos import last_line_of
from tests.factories import NOW, make_delivery, make_image, make_job, make_request, new_notice_id
from tests.fakes.clock import FakeClock

ME, SOMEONE = object(), object()
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
    sent: list[dict[str, Any]] = field(default_factory=list)  # of each try, all but its files

    def say(self, author=SOMEONE, content="", *, minutes=0):
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

    async def send(self, *, files=(), **parts):
        self.sent.append(parts)
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
def messenger(channel):
    client: Any = SimpleNamespace(
        user=ME,
        get_channel=lambda _id: object(),
        get_guild=lambda _id: None,
        get_partial_messageable=lambda *_, **__: channel,
    )
    return DiscordMessenger(client, FakeClock())


@pytest.fixture
def word():
    """A failure notice that was begun and not noted."""
    job = make_job()
    return make_delivery(job, DeliveryKind.FAILURE, state=DeliveryState.POSTING, posting_at=NOW)


async def test_a_message_is_found_however_many_came_since_its_first_try(messenger, channel, word):
    for _ in range(CROWD):
        channel.say()
    channel.say(ME, f"none\n{last_line_of(word.job_id)}")

    assert await messenger.find_posted(word) == CROWD


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=400)])
async def test_a_message_is_found_though_our_clock_was_ahead_when_it_was_posted(
    messenger, channel, word, ahead
):
    channel.say(ME, f"none\n{last_line_of(word.job_id)}", minutes=-3)

    assert await messenger.find_posted(replace(word, posting_at=NOW + ahead)) == 0
    later = replace(word, posting_at=NOW)
    assert await messenger.find_posted(later) is None  # noted by a clock that was right: another


async def test_what_was_looked_through_is_not_read_again_at_each_try(messenger, channel, word):
    for minutes in range(CROWD):
        channel.say(minutes=minutes)
    assert await messenger.find_posted(word) is None
    channel.say(ME, f"none\n{last_line_of(word.job_id)}", minutes=CROWD)
    first_look = channel.read

    assert await messenger.find_posted(word) == CROWD
    assert channel.read - first_look < 5


async def test_a_poll_that_breaks_off_goes_on_where_it_was_and_answers_nothing(
    messenger, channel, word
):
    for minutes in range(CROWD):
        channel.say(minutes=minutes)
    channel.breaks_after = CROWD - 10

    with pytest.raises(DeliveryUnavailableError):
        await messenger.find_posted(word)
    channel.breaks_after = None

    assert await messenger.find_posted(word) is None
    assert channel.read < CROWD + 5


def video_of(tmp_path, size):
    path = tmp_path / "video.mp4"
    path.write_bytes(bytes(size))
    return FittedVideo(path, size)


@pytest.fixture
def job():
    return make_job(state=JobState.SUCCEEDED, artifact=Artifact("x.mp4", 9, 5.0, 1280, 720))


def view_of(job):
    return CardView(job, "Fake Model", NOW)


async def run_out_of_time(messenger, video, job, times):
    delivery = make_delivery(job, DeliveryKind.VIDEO)
    for _ in range(times):
        with pytest.raises(DeliveryUnavailableError):
            await messenger.post_video(delivery, view_of(job), video)
    return delivery


async def test_an_upload_that_never_ends_in_time_counts_as_too_large_in_the_end(
    messenger, channel, job, tmp_path
):
    video = video_of(tmp_path, 2000)
    delivery = await run_out_of_time(messenger, video, job, MAX_TIMEOUTS)

    with pytest.raises(FileTooLargeError):
        await messenger.post_video(delivery, view_of(job), video)
    assert channel.uploads == [2000] * MAX_TIMEOUTS
    assert await messenger.post_video(delivery, view_of(job), video_of(tmp_path, 900)) == 77
    assert messenger.upload_limit_bytes(job.guild_id) > 2000  # it says nothing of the server


async def test_a_connection_that_is_not_made_in_time_says_nothing_of_the_file(
    messenger, channel, job, tmp_path
):
    channel.timeout = ConnectingTimeoutError
    video = video_of(tmp_path, 2000)
    await run_out_of_time(messenger, video, job, MAX_TIMEOUTS + 1)

    assert len(channel.uploads) == MAX_TIMEOUTS + 1


async def test_a_card_whose_pictures_never_arrive_in_time_can_be_posted_without(
    messenger, channel, tmp_path
):
    job = make_job(request=make_request(image=make_image(key="abc.png")))
    path = tmp_path / "abc.png"
    path.write_bytes(bytes(2000))
    card, view = make_delivery(job), CardView(job, "Fake Model", NOW)
    for _ in range(MAX_TIMEOUTS):
        with pytest.raises(DeliveryUnavailableError):
            await messenger.post_card(card, view, [path])

    with pytest.raises(FileTooLargeError):
        await messenger.post_card(card, view, [path])
    assert await messenger.post_card(card, view, []) == 77


async def test_what_is_forgotten_of_an_upload_is_no_reason_to_refuse_the_next(
    messenger, channel, job, tmp_path
):
    video, other = video_of(tmp_path, 2000), make_delivery(make_job(), DeliveryKind.VIDEO)
    delivery = await run_out_of_time(messenger, video, job, MAX_TIMEOUTS)

    messenger.forget(other)
    with pytest.raises(FileTooLargeError):
        await messenger.post_video(delivery, view_of(job), video)
    messenger.forget(delivery)
    with pytest.raises(DeliveryUnavailableError):
        await messenger.post_video(delivery, view_of(job), video)
    assert channel.uploads == [2000] * (MAX_TIMEOUTS + 1)


async def test_a_forgotten_message_is_looked_for_from_its_first_try_again(messenger, channel, word):
    for minutes in range(10):
        channel.say(minutes=minutes)
    assert await messenger.find_posted(word) is None
    assert channel.read == 10
    assert await messenger.find_posted(word) is None
    assert channel.read < 15

    messenger.forget(word)
    channel.read = 0
    assert await messenger.find_posted(word) is None
    assert channel.read == 10


async def test_links_of_members_are_not_shown_in_the_bots_name_and_no_one_else_is_pinged(
    messenger, channel, job, tmp_path
):
    job = replace(job, request=make_request(prompt="like https://evil.example @everyone <@&7>"))
    view, video = view_of(job), video_of(tmp_path, 9)
    kinds = DeliveryKind.VIDEO, DeliveryKind.VIDEO, DeliveryKind.FAILURE, DeliveryKind.CARD
    deliveries = [make_delivery(job, kind) for kind in kinds]
    await messenger.post_video(deliveries[0], view, video)
    await messenger.post_link(deliveries[1], view, ["https://videos.example/1"], may_attach=True)
    await messenger.post_failure(deliveries[2], view, [])
    await messenger.post_card(deliveries[3], view, [])

    assert [one.get("suppress_embeds", False) for one in channel.sent] == [True, True, True, False]
    pings = [one["allowed_mentions"].to_dict() for one in channel.sent]
    assert [ping["users"] for ping in pings] == [[job.user_id]] * 3 + [[]]
    assert not any(ping["parse"] or ping.get("roles") or ping.get("replied_user") for ping in pings)
    assert [one["nonce"] for one in channel.sent] == [one.nonce for one in deliveries]


class Desk:
    """Somewhere a notice may go: what is sent there, and whether the bot may write."""

    def __init__(self, *, may_write=True):
        self.said: list[str] = []
        self.may_write = may_write

    def permissions_for(self, _member):
        return discord.Permissions(view_channel=True, send_messages=self.may_write)

    async def send(self, text, *, nonce, **_mentions):
        assert nonce.startswith("notice-")
        self.said.append(text)


def notice_to(channel_id):
    return Notice(new_notice_id(), GuildId(10), channel_id, "The pool is used up.", NOW, NOW)


def staffed(log, staff, owner, *, is_known=True):
    """A client in one server, with these desks."""

    async def create_dm(user):
        assert user.id == 5
        return owner

    guild = SimpleNamespace(name="My [server](x)", owner_id=5, me=ME, public_updates_channel=staff)
    client: Any = SimpleNamespace(
        user=ME,
        get_guild=lambda _id: guild if is_known else None,
        get_partial_messageable=lambda *_, **__: log,
        create_dm=create_dm,
    )
    return DiscordMessenger(client, FakeClock())


@pytest.mark.parametrize(
    ("channel_id", "staff", "expected"),
    [
        (ChannelId(20), Desk(), "log"),
        (TO_ADMINS, Desk(), "staff"),
        (TO_ADMINS, Desk(may_write=False), "owner"),
        (TO_ADMINS, None, "owner"),
    ],
)
async def test_a_notice_goes_to_the_log_channel_else_to_the_staff_else_to_the_owner(
    channel_id, staff, expected
):
    desks = {"log": Desk(), "staff": staff, "owner": Desk()}

    await staffed(**desks).post_notice(notice_to(channel_id))

    [(name, [text])] = [(name, desk.said) for name, desk in desks.items() if desk and desk.said]
    assert name == expected
    assert "The pool is used up." in text
    assert text.startswith("**My") is (expected != "log")
    assert "](" not in text
    assert text.endswith("`/settings log-channel`.") is (expected != "log")


async def test_a_notice_to_a_member_goes_to_their_direct_messages_and_names_the_server():
    desk = Desk()
    notice = replace(notice_to(TO_MEMBER), mentions=UserId(5))

    await staffed(Desk(), Desk(), desk).post_notice(notice)

    assert desk.said == ["**My \\[server]\\(x)**: The pool is used up."]


@pytest.mark.parametrize("place", [TO_ADMINS, TO_MEMBER])
async def test_a_notice_for_a_server_that_is_not_known_yet_is_tried_again(place):
    with pytest.raises(DeliveryUnavailableError):
        await staffed(Desk(), None, Desk(), is_known=False).post_notice(notice_to(place))
