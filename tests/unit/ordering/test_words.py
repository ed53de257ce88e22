"""Words that a server does not allow, at the one place that every request passes."""

from dataclasses import replace

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import InvalidRequestError, WordNotAllowedError
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from tests.factories import make_request
from tests.fakes.messenger import all_stand
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
OTHER = replace(PLACE, guild_id=GuildId(11))
MODERATOR = UserId(9)
REFUSED = {
    "prompt": make_request(prompt="some g\u200bоre"),  # noqa: RUF001 - a look-alike
    "negative prompt": make_request(negative_prompt="gore"),
    "shot": make_request(prompt="", shots=(Shot("a fox"), Shot("a bear, GORE"))),
}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def process(world):
    return world.start()


@pytest.fixture
def words(process):
    return process.services.words


def key(number=1):
    return IdempotencyKey(f"key-{number}")


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
async def test_no_part_of_a_request_has_a_word_and_nothing_is_priced(
    world, process, words, request_
):
    await words.add(PLACE.guild_id, MODERATOR, ["Gore"])

    for ask in (
        lambda: process.ordering.ask(request_, PLACE, key()),
        lambda: process.ordering.ensure_possible(request_, PLACE),
    ):
        with pytest.raises(WordNotAllowedError) as refused:
            await ask()
        assert refused.value.word == "Gore"
        assert "gore" not in str(refused.value).casefold()  # such as in a log
    assert await world.store.list_active() == []


async def test_a_word_holds_in_its_server_and_until_it_is_removed(world, process, words):
    asked = make_request(prompt="gore")
    await words.add(PLACE.guild_id, MODERATOR, ["gore"])
    assert (await process.ordering.ask(asked, OTHER, key())).job

    await words.remove(PLACE.guild_id, MODERATOR, "GORE")

    assert (await process.ordering.ask(asked, PLACE, key(2))).job
    assert [(one.what, one.after) for one in world.words.noted] == [
        ("words not allowed", "gore"),
        ("word allowed again", "GORE"),
    ]


async def test_a_word_that_comes_after_the_price_was_shown_is_refused_at_the_press(process, words):
    quote = await process.services.quotes.quote(make_request(prompt="gore"))
    offer = await process.ordering.offer(quote, PLACE, key())
    await words.add(PLACE.guild_id, MODERATOR, ["gore"])

    with pytest.raises(WordNotAllowedError):
        await process.ordering.confirm(offer.id, PLACE, all_stand)


async def test_another_process_knows_a_word_at_once(world, process, words):
    other = world.start(owner="two")
    await words.add(PLACE.guild_id, MODERATOR, ["blood"])
    assert (await other.ordering.ask(make_request(prompt="gore"), PLACE, key())).job

    await words.add(PLACE.guild_id, MODERATOR, ["gore"])

    with pytest.raises(WordNotAllowedError):
        await other.ordering.ask(make_request(prompt="gore"), PLACE, key(2))


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ([], "at least one word"),
        (["  "], "at least one word"),
        (["x" * 101], "100 characters"),
        (["a"], "two letters"),
        (["\u200b\u0301"], "nothing that can be seen"),
        (["fine", "!"], "two letters"),
    ],
)
async def test_what_is_no_word_is_refused_with_what_to_change(words, typed, reason):
    with pytest.raises(InvalidRequestError, match=reason):
        await words.add(PLACE.guild_id, MODERATOR, typed)
    assert list(await words.list_words(PLACE.guild_id)) == []


async def test_words_are_added_once_and_a_thousand_at_most(words):
    thousand = [f"word{number}" for number in range(1000)]
    assert len(await words.add(PLACE.guild_id, MODERATOR, [*thousand, "WORD7"])) == 1000

    assert list(await words.add(PLACE.guild_id, MODERATOR, ["Word7"])) == []
    with pytest.raises(InvalidRequestError, match="1,000 words"):
        await words.add(PLACE.guild_id, MODERATOR, ["more"])
    with pytest.raises(InvalidRequestError, match="isn't on the list"):
        await words.remove(PLACE.guild_id, MODERATOR, "more")
