"""A list of shots becomes one wish, and what cannot be made of it is said to who wrote it."""

import gc
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.jobs import JobState
from bot.domain.offers import Place
from bot.domain.requests import Shot
from bot.errors import ImageRejectedError, InvalidRequestError
from bot.ids import ChannelId, GuildId, ModelId, UserId
from cogs.storyboard import Frame, ShotList, Storyboard, request_of
from tests.factories import make_capability, make_image
from tests.fakes.world import World

FRAME = Frame(
    model_id=ModelId("fake-model"),
    aspect_ratio="16:9",
    resolution="720p",
    place=Place(GuildId(10), ChannelId(20), UserId(30)),
)
FACE, HAT = make_image(key="face.png"), make_image(key="hat.png")
DAWN, CUP = "A city at dawn, golden light", "A cup of coffee, steam rising"


class Interaction:
    """A submitted list; `said` is what its member reads."""

    def __init__(self):
        self.id = 77
        self.user = SimpleNamespace(id=30)
        self.response = self
        self.said: list[str] = []
        self.is_deferred = False

    def is_done(self):
        return self.is_deferred

    async def defer(self, *, ephemeral, thinking):
        self.is_deferred = ephemeral and thinking

    async def edit_original_response(self, *, content, view=None):
        self.said.append(content)


class Uploads:
    """An image store to which uploads come, or fail to."""

    def __init__(self, error=None):
        self.error = error

    async def fetch(self, address, *, name):
        if self.error is not None:
            raise type(self.error)(*self.error.args)  # a fresh one, which nobody else holds
        return make_image(key=name)


@pytest.fixture
def world():
    made = World()
    made.catalogue.replace([make_capability(shots_max=20, reference_images_max=3)])
    return made


@pytest.fixture
def services(world):
    process = world.start()
    found: Any = SimpleNamespace(
        offering=process.offering, substituting=process.substituting, images=Uploads()
    )
    return found


async def submit(services, text, *, references=()):
    """Write these lines and send them; answers with what is said."""
    shots = ShotList(services, FRAME)
    shots.references.set_result(tuple(references))
    return await sent(shots, text)


async def sent(shots, text):
    interaction: Any = Interaction()
    shots.shots._value = text
    await shots.on_submit(interaction)
    [said] = interaction.said
    return said


def upload(name, size=1000):
    return SimpleNamespace(filename=name, size=size, url=f"https://cdn.example/{name}")


@pytest.mark.parametrize(
    "text",
    [
        f"{DAWN}\n{CUP}",
        f"\n\n  {DAWN}  \n\n\t\n{CUP}\n\n",
        f"{DAWN}\r\n{CUP}\r\n",
        f"{DAWN}\u2028{CUP}",
    ],
    ids=["plain", "empty lines", "carriage returns", "line separators"],
)
def test_every_line_that_is_not_empty_is_a_shot(text):
    request = request_of(text, FRAME, ())

    assert request.shots == (Shot(DAWN), Shot(CUP))
    assert request.prompt == f"{DAWN} / {CUP}"
    assert (request.model_id, request.aspect_ratio, request.resolution) == (
        FRAME.model_id,
        "16:9",
        "720p",
    )


def test_references_are_for_every_shot_and_are_counted_once():
    request = request_of(f"{DAWN}\n{CUP}", FRAME, (FACE, HAT))

    assert [shot.reference_images for shot in request.shots] == [(FACE, HAT)] * 2
    assert request.pictures == (FACE, HAT)


def test_a_single_line_is_a_film_of_one_shot():
    assert request_of(DAWN, FRAME, ()).parts == (Shot(DAWN),)


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n \u2003"])
def test_where_there_is_no_shot_it_says_what_to_write(text):
    with pytest.raises(InvalidRequestError, match="no shot: write what happens, one shot a line"):
        request_of(text, FRAME, ())


async def test_a_list_becomes_one_film_of_so_many_shots_for_the_price_of_all(world, services):
    services.offering._guilds.settings.clear()
    said = await submit(services, f"{DAWN}\n{CUP}")

    [offer] = world.offers.offers.values()  # two shots are above what is made without asking
    assert offer.request.shots == (Shot(DAWN), Shot(CUP))
    assert (offer.cost_micros, offer.key) == (1_000_000, "interaction:77")
    assert "**$1.00**" in said
    assert "2 shots" in said


async def test_a_cheap_list_is_made_at_once(world, services):
    said = await submit(services, DAWN, references=(FACE,))

    [job] = await world.store.list_active()
    assert (job.state, job.request.shots) == (
        JobState.ACCEPTED,
        (Shot(DAWN, reference_images=(FACE,)),),
    )
    assert said.startswith("🎬 Accepted, for $0.50.")


async def test_of_twenty_two_lines_it_says_how_many_to_leave_out_and_makes_nothing(world, services):
    said = await submit(services, "\n".join(f"shot {number}" for number in range(22)))

    assert "makes at most 20 shots, and these are 22: leave 2 out" in said
    assert "Nothing was charged." in said
    assert await world.store.list_active() == []
    assert world.offers.offers == {}


async def test_each_line_that_cannot_be_made_is_named_with_everything_else(world, services):
    long = "x" * 4001
    said = await submit(services, f"{DAWN}\n{long}\n{long}", references=(FACE,) * 4)

    assert "- Shot 2: The prompt has 4001 characters" in said
    assert "- Shot 3: The prompt has 4001 characters" in said
    assert "- Shot 1: Fake Model takes at most 3 reference pictures: leave 1 out." in said


async def test_a_list_without_a_shot_is_answered(services):
    assert (await submit(services, " \n ")).startswith("There is no shot: write what happens")


async def test_pictures_are_kept_while_the_member_writes(world, services):
    shots = ShotList(services, FRAME)
    given: Any = [upload("face.png"), upload("hat.png")]
    await Storyboard(services)._keep(given, shots)

    await sent(shots, DAWN)
    [job] = await world.store.list_active()
    assert [image.key for image in job.request.pictures] == ["face.png", "hat.png"]


async def test_a_picture_that_cannot_be_used_is_said_when_the_list_is_sent(world, services):
    services.images = Uploads(ImageRejectedError("face.png is no picture: send a PNG."))
    shots = ShotList(services, FRAME)
    given: Any = [upload("face.png")]
    await Storyboard(services)._keep(given, shots)

    assert (await sent(shots, DAWN)).startswith("face.png is no picture: send a PNG.")
    assert await world.store.list_active() == []


async def test_a_picture_that_is_too_large_is_said_without_fetching_it(services):
    shots = ShotList(services, FRAME)
    given: Any = [upload("face.png", size=26 * 1024 * 1024)]
    await Storyboard(services)._keep(given, shots)

    assert "at most 25 MB" in await sent(shots, DAWN)


@pytest.mark.parametrize("error", [OSError("the disk is full"), TimeoutError(), KeyError("a bug")])
async def test_whatever_goes_wrong_with_a_picture_the_member_is_not_left_waiting(
    world, services, error
):
    services.images = Uploads(error)
    shots = ShotList(services, FRAME)
    given: Any = [upload("face.png")]
    await Storyboard(services)._keep(given, shots)
    assert shots.references.done()

    said = await sent(shots, DAWN)
    assert "tell the operator this reference" in said
    assert "disk" not in said
    assert await world.store.list_active() == []


async def test_a_list_that_is_never_sent_leaves_no_complaint_in_the_log(services, caplog):
    services.images = Uploads(ImageRejectedError("no picture"))
    shots = ShotList(services, FRAME)
    given: Any = [upload("face.png")]
    await Storyboard(services)._keep(given, shots)
    del shots
    gc.collect()

    assert [row.msg for row in caplog.records if row.name == "asyncio"] == []
