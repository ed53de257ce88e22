"""A list of shots becomes one request, and what cannot be made of it is said to who wrote it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.catalog.images import ImageStore
from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import Origin, Shot
from bot.errors import (
    ImageRejectedError,
    InvalidRequestError,
    ProviderBalanceError,
    UserFacingError,
)
from bot.ids import ChannelId, GuildId, ModelId, UserId
from bot.jobs.job import JobState
from bot.money.limits import Rules
from bot.ordering.intake import Intake
from bot.presentation import answers
from cogs._shared.drafts import Draft, Drafts
from cogs.storyboard import ShotList, Storyboard, request_of, shots_in
from tests.factories import NOW, PROVIDER, make_capability, make_image
from tests.fakes.clock import FakeClock
from tests.fakes.world import OPEN_TO_ALL, World

FORM = "v1:shots:76"
DRAFT = Draft(FORM, ModelId("fake-model"), aspect_ratio="16:9", resolution="720p")
MEMBER = UserId(30)
PLACE = Origin(GuildId(10), ChannelId(20), MEMBER)
FACE, HAT = make_image(key="face.png"), make_image(key="hat.png")
DAWN, CUP = "A city at dawn, golden light", "A cup of coffee, steam rising"


class Interaction:
    """A submitted list; `said` is what its member reads, `files` what they are given."""

    type = discord.InteractionType.modal_submit
    guild_id, channel_id, channel, client = 10, 20, None, OPEN_TO_ALL

    def __init__(self, text, form=FORM):
        field = {"type": 4, "custom_id": "shots", "value": text}
        self.id = 77
        self.data = {"custom_id": form, "components": [{"type": 1, "components": [field]}]}
        self.user = SimpleNamespace(id=MEMBER)
        self.application_id, self.token, self.created_at = 5, "a-token", NOW
        self.permissions = discord.Permissions.none()
        self.response = self
        self.said: list[str] = []
        self.files: list[str] = []
        self.is_deferred = False

    def is_done(self):
        return self.is_deferred

    async def defer(self, *, ephemeral, thinking):
        self.is_deferred = ephemeral and thinking

    async def edit_original_response(self, *, content, view=None, attachments=()):
        self.said.append(content)
        self.files += [file.fp.read().decode() for file in attachments]


class Hurried(FakeClock):
    """A clock on which waiting takes no time; `in_the_meantime` happens in it."""

    in_the_meantime: Any = None

    async def sleep(self, seconds):
        self.advance(seconds)
        if self.in_the_meantime is not None:
            await self.in_the_meantime()


class Command(Interaction):
    """The command itself; `form` is what was opened for its member."""

    type = discord.InteractionType.application_command
    app_permissions = discord.Permissions.all()

    def __init__(self):
        super().__init__("")
        self.form = None

    async def send_modal(self, form):
        self.form = form


async def asked(services, world, **options):
    """What the command comes to: the form that is opened, or the reason why none is."""
    process = world.start()
    services.quotes, services.catalog = process.services.quotes, world.catalog
    services.choosing = process.services.choosing
    interaction: Any = Command()
    cog = Storyboard(services)
    command: Any = cog.storyboard.callback
    try:
        await command(cog, interaction, **options)
    except UserFacingError as error:
        assert interaction.form is None
        return answers.sentence(error)
    assert interaction.form is not None
    return await cog._drafts.find("v1:shots:77", MEMBER)


class Uploads:
    """An image store to which uploads come, or fail to."""

    def __init__(self, error=None):
        self.error = error

    async def fetch(self, address, *, name):
        if self.error is not None:
            raise type(self.error)(*self.error.args)  # a fresh one, which no one else holds
        return make_image(key=name)


@pytest.fixture
def world():
    made = World()
    made.catalog.replace([make_capability(shots_max=20, reference_images_max=3)])
    return made


@pytest.fixture
def services(world):
    process = world.start()
    found: Any = SimpleNamespace(
        ordering=process.ordering,
        alternatives=process.services.alternatives,
        improving=process.services.improving,
        intake=Intake(cast(ImageStore, Uploads()), process.ordering, process.services.consent),
        following=process.services.following,
        notes=process.store,
        clock=Hurried(),
    )
    return found


async def submit(services, text, *, references=()):
    """Write these lines and send them; answers with what is said."""
    await Drafts(services.notes, services.clock).keep(replace(DRAFT, references=references), MEMBER)
    return (await sent(services, text)).said[0]


async def sent(services, text, form=FORM):
    interaction: Any = Interaction(text, form)
    await Storyboard(services).on_interaction(interaction)
    assert len(interaction.said) == 1
    return interaction


async def opened(services, given):
    """The form was opened with these pictures, in a process that has ended since."""
    cog = Storyboard(services)
    await cog._drafts.keep(await cog._with_pictures(DRAFT, given, PLACE), MEMBER)


def upload(name, size=1000):
    return SimpleNamespace(
        filename=name,
        size=size,
        url=f"https://cdn.example/{name}",
        content_type="image/png",
        width=300,
        height=200,
    )


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
    request = request_of(text, DRAFT)

    assert request.shots == (Shot(DAWN), Shot(CUP))
    assert request.prompt == f"{DAWN} / {CUP}"
    assert (request.model_id, request.aspect_ratio, request.resolution) == (
        DRAFT.model_id,
        "16:9",
        "720p",
    )


@pytest.mark.parametrize("hidden", [False, True])
def test_a_storyboard_after_a_hidden_picture_is_hidden(hidden):
    assert request_of(DAWN, replace(DRAFT, is_spoiler=hidden)).is_spoiler is hidden


def test_references_are_for_every_shot_and_are_counted_once():
    request = request_of(f"{DAWN}\n{CUP}", replace(DRAFT, references=(FACE, HAT)))

    assert [shot.reference_images for shot in request.shots] == [(FACE, HAT)] * 2
    assert request.pictures == (FACE, HAT)


def test_a_single_line_is_a_video_of_one_shot():
    assert request_of(DAWN, DRAFT).parts == (Shot(DAWN),)


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\n \u2003"])
def test_where_there_is_no_shot_it_says_what_to_write(text):
    with pytest.raises(
        InvalidRequestError, match=r"no shots\. Write what happens, one shot per line"
    ):
        request_of(text, DRAFT)


async def test_a_list_becomes_one_video_of_so_many_shots_for_the_price_of_all(world, services):
    services.ordering._guilds.settings.clear()
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
        JobState.QUEUED,
        (Shot(DAWN, reference_images=(FACE,)),),
    )
    assert said.startswith("🎬 Accepted for $0.50.")


async def test_of_twenty_two_lines_it_says_how_many_to_leave_out_and_makes_nothing(world, services):
    said = await submit(services, "\n".join(f"shot {number}" for number in range(22)))

    assert "has up to 20 shots here, and you wrote 22. Leave 2 out" in said
    assert "Nothing was charged." in said
    assert await world.store.list_active() == []
    assert world.offers.offers == {}


async def test_each_line_that_cannot_be_made_is_named_with_everything_else(world, services):
    long = "x" * 4001
    said = await submit(services, f"{DAWN}\n{long}\n{long}", references=(FACE,) * 4)

    assert "- Shot 2: The prompt has 4001 characters" in said
    assert "- Shot 3: The prompt has 4001 characters" in said
    assert "- Shot 1: Fake Model takes up to 3 reference pictures. Leave out 1." in said


@pytest.mark.parametrize(
    ("named", "text", "model"),
    [
        (None, f"{DAWN}\n{CUP}", "fake-model"),
        (None, f"8s: {DAWN}\n{CUP}", "eights"),
        ("fake-model", f"8s: {DAWN}\n{CUP}", None),
    ],
    ids=["what was chosen first", "a length", "a model that was named"],
)
async def test_a_model_that_was_not_named_is_chosen_by_the_shots(
    world, services, named, text, model
):
    """They are written after it was chosen to open the form."""
    cheap = make_capability(shots_max=2)
    other = make_capability(
        model_id=ModelId("eights"),
        name="Eights",
        durations_seconds=(5, 8),
        shots_max=20,
        prices=PriceList((PriceLine(101_000, per_second=True),)),
    )
    world.catalog.replace([cheap, other])
    await asked(services, world, **({"model": named} if named else {}))
    services.ordering = world.start().ordering

    said = (await sent(services, text, "v1:shots:77")).said[0]

    made = [offer.request.model_id for offer in world.offers.offers.values()]
    assert made == ([model] if model else [])
    assert model or "makes videos of 5 or 10 s, not 8 s" in said


@pytest.mark.parametrize(
    ("line", "length", "prompt"),
    [
        ("8s: a fox", 8, "a fox"),
        ("10 s: a fox", 10, "a fox"),
        ("10 seconds: a fox", 10, "a fox"),
        ("5S:a fox", 5, "a fox"),
        ("12:30 in the city", None, "12:30 in the city"),
        ("80s: neon everywhere", 80, "neon everywhere"),
        ("8 sheep: one is black", None, "8 sheep: one is black"),
        ("a fox for 8s: fast", None, "a fox for 8s: fast"),
    ],
)
def test_a_line_may_begin_with_its_length(line, length, prompt):
    assert shots_in(line) == (Shot(prompt, duration_seconds=length),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a fox\n7.5s: a hare", "Line 2: write the length of a shot in whole seconds, such as"),
        ("-3s: a hare", "Line 1: write the length of a shot in whole seconds, such as"),
        ("a fox\n\n8s:", "Line 2: write what happens after `8s:`."),
    ],
)
def test_a_length_that_cannot_be_read_names_its_line(text, why):
    with pytest.raises(InvalidRequestError) as caught:
        shots_in(text)

    assert caught.value.reasons[0].startswith(why)


async def test_a_list_without_a_shot_is_answered(services):
    assert (await submit(services, " \n ")).startswith("There are no shots. Write what happens")


async def test_pictures_are_kept_while_the_member_writes(world, services):
    await opened(services, [upload("face.png"), upload("hat.png")])

    await sent(services, DAWN)
    [job] = await world.store.list_active()
    assert [image.key for image in job.request.pictures] == ["face.png", "hat.png"]
    assert (job.request.model_id, job.request.aspect_ratio) == ("fake-model", "16:9")


async def test_a_picture_that_cannot_be_used_is_said_when_the_list_is_sent(world, services):
    services.intake._images = Uploads(ImageRejectedError("face.png is no picture: send a PNG."))
    await opened(services, [upload("face.png")])

    answer = await sent(services, DAWN)
    assert answer.said[0].startswith("face.png is no picture: send a PNG.")
    assert answer.files == [DAWN]
    assert await world.store.list_active() == []


async def test_a_picture_that_is_too_large_is_said_without_fetching_it(services):
    await opened(services, [upload("face.png", size=26 * 1024 * 1024)])

    assert "the limit is 25 MB" in (await sent(services, DAWN)).said[0]


@pytest.mark.parametrize("error", [OSError("the disk is full"), TimeoutError(), KeyError("a bug")])
async def test_whatever_goes_wrong_with_a_picture_the_member_is_not_left_waiting(
    world, services, error
):
    services.intake._images = Uploads(error)
    await opened(services, [upload("face.png")])

    [said] = (await sent(services, DAWN)).said
    assert "give the bot's operator this reference" in said
    assert "disk" not in said
    assert await world.store.list_active() == []


async def test_a_list_that_is_sent_before_its_pictures_came_waits_for_them(world, services):
    async def come():
        services.clock.in_the_meantime = None
        await opened(services, [upload("face.png")])

    services.clock.in_the_meantime = come
    await sent(services, DAWN)

    [job] = await world.store.list_active()
    assert [image.key for image in job.request.pictures] == ["face.png"]


OLDER, NEWER = (
    f'{{"form": "v1:shots:{number}", "model_id": "fake-model"}}' for number in (75, 100)
)


@pytest.mark.parametrize("note", [None, "{}", OLDER, NEWER])
async def test_what_was_written_into_a_form_that_no_one_knows_is_given_back(world, services, note):
    if note is not None:
        await world.store.set_note(f"storyboard:{MEMBER}", note)

    answer = await sent(services, f"{DAWN}\n{CUP}")

    assert "Use `/storyboard` again. Nothing was charged." in answer.said[0]
    assert answer.files == [f"{DAWN}\n{CUP}"]
    assert await world.store.list_active() == []


SINGLE = make_capability(model_id=ModelId("single"), name="Single", shots_max=1)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"duration": 7}, "makes videos of 5 or 10 s, not 7 s. The nearest is 5 s."),
        ({"model": "no-such-model"}, "There's no model `no-such-model`"),
        ({"aspect_ratio": "4:3"}, "doesn't support `aspect_ratio` 4:3. Choose"),
        ({"resolution": "8k"}, "doesn't support `resolution` 8k. Choose"),
        ({f"reference_{n}": upload("x") for n in (1, 2)}, "takes only one reference picture"),
    ],
    ids=str,
)
async def test_what_no_list_of_shots_could_fix_is_said_before_anything_is_written(
    world, services, options, why
):
    world.catalog.replace([make_capability(shots_max=20, reference_images_max=1), SINGLE])

    assert why in await asked(services, world, **options)


async def test_a_model_that_a_member_may_not_use_opens_no_form(world, services):
    able = {name: make_capability(model_id=ModelId(name), name=name.upper(), shots_max=9)
            for name in ("one", "two")}  # fmt: skip
    world.catalog.replace([*able.values(), SINGLE])
    world.money_store.fields["rules"] = Rules(models=frozenset({ModelId("two"), SINGLE.model_id}))

    assert "model" in await asked(services, world, model="one")
    assert (await asked(services, world)).model_id == "two"
    assert (await asked(services, world, model="Two")).model_id == "two"
    world.money_store.fields["rules"] = Rules(models=frozenset({SINGLE.model_id}))
    assert (await asked(services, world)).model_id == SINGLE.model_id
    world.money_store.fields["rules"] = Rules(models=frozenset({ModelId("no-such")}))
    assert "You can't use any of the available models" in await asked(services, world)


async def limited(world, services):
    world.money_store.fields["rules"] = Rules(video_micros_most=1)


async def paused(world, services):
    process = world.start()
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())
    services.ordering = process.ordering


async def broken(world, services):
    async def fail(*_):
        raise RuntimeError

    services.ordering = SimpleNamespace(ask=fail)


async def gone(world, services):
    world.catalog.replace([SINGLE])


@pytest.mark.parametrize("trouble", [limited, paused, broken, gone])
async def test_whatever_refuses_a_list_gives_back_what_was_written(world, services, trouble):
    await trouble(world, services)
    text = f"{DAWN}\n\n  {CUP}"
    await Drafts(services.notes, services.clock).keep(DRAFT, MEMBER)

    answer = await sent(services, text)

    assert answer.files == [text]
    assert "Your text is in the attached file" in answer.said[0]
    assert await world.store.list_active() == []


async def test_what_is_accepted_is_not_given_back(world, services):
    await Drafts(services.notes, services.clock).keep(DRAFT, MEMBER)

    assert (await sent(services, DAWN)).files == []


async def test_a_form_of_someone_else_is_left_alone(services):
    for form in ("v1:other:76", "shots", "v1:shots:76:1"):
        interaction: Any = Interaction(DAWN, form)
        await Storyboard(services).on_interaction(interaction)
        assert interaction.said == []
        assert not interaction.is_deferred


async def test_the_form_that_is_shown_names_itself(services):
    assert ShotList(FORM).to_dict()["custom_id"] == FORM
