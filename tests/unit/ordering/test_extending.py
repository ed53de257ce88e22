"""A video becomes a request that continues it; what would be refused is never read or fetched."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.catalog.capability import Capability, Kind, SourceRules
from bot.catalog.extension import FRAME_TO_COME, Way
from bot.catalog.pricing import PriceList
from bot.catalog.request import Derivation, Origin, Parent, Shot
from bot.errors import (
    AlreadyFetchingError,
    InvalidRequestError,
    OthersFetchingError,
    VideoRejectedError,
    WordNotAllowedError,
)
from bot.ids import ChannelId, GuildId, ModelId, UserId
from bot.jobs.job import Artifact, JobState
from bot.locks import Turns
from bot.money.limits import LimitKind, LimitReachedError, Refusal, facts_of
from bot.ordering.extending import Extending
from bot.tasks import TaskOwner
from tests.factories import make_capability, make_job, make_request, make_video
from tests.fakes.media import FakeSourceVideoStore
from tests.fakes.world import World

PLACE = Origin(GuildId(10), ChannelId(20), UserId(30))
OTHER = replace(PLACE, user_id=UserId(31))
MADE = Artifact("x.mp4", 9_000, 8.0, 1280, 720)
OWN = make_capability(
    model_id=ModelId("fake-extend"),
    name="Fake Extend",
    kinds=frozenset({Kind.VIDEO}),
    aspect_ratios=(),
    default_aspect_ratio=None,
    source=SourceRules(frozenset({ModelId("fake-model")})),
)
SAME = make_capability()


class Sources(FakeSourceVideoStore):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    async def fetch(self, address, *, name):
        self.read.append(address)
        return make_video(key="fetched.mp4")

    async def keep(self, path, *, name):
        self.read.append(str(path))
        return await super().keep(path, name=name)

    async def last_frame(self, path, *, name):
        self.read.append(f"frame of {path.name}")
        return await super().last_frame(path, name=name)


def job_of(**fields):
    return make_job(state=JobState.SUCCEEDED, artifact=MADE, **fields)


class Desk:
    """The service over fakes, with these models."""

    def __init__(self, models: Iterable[Capability], turns: int = 1) -> None:
        self.world = World()
        self.world.catalog.replace(models)
        self.process = self.world.start()
        self.sources = Sources()
        services = self.process.services
        self.extending = Extending(
            catalog=self.world.catalog,
            quotes=services.quotes,
            ordering=services.ordering,
            member_money=services.member_money,
            consent=services.consent,
            videos=self.world.videos,
            sources=self.sources,
            turns=Turns(turns),
        )


async def test_the_models_own_extension_needs_no_frame():
    desk, job = Desk([SAME, OWN]), job_of()

    plan = await desk.extending.of_job(job, PLACE)

    assert (plan.way, plan.request.model_id, plan.request.image) == (Way.OWN, "fake-extend", None)
    assert plan.request.parent == Parent(Derivation.EXTEND, job.id, 0)
    assert desk.sources.read == [f"videos/{job.id}.mp4"]
    assert plan.price is not None
    assert plan.request.prompt == job.request.prompt


async def test_a_frame_is_extracted_once_where_a_model_needs_it():
    unpriced = replace(SAME, prices=PriceList())
    other = replace(SAME, model_id=ModelId("other"))
    desk, job = Desk([unpriced, other]), job_of()

    plan = await desk.extending.of_job(job, PLACE, prompt="it jumps", duration_seconds=10)

    assert (plan.way, plan.request.model_id) == (Way.LAST_FRAME, "other")
    assert plan.request.image is not None
    assert plan.request.image.key != FRAME_TO_COME
    assert (plan.request.prompt, plan.total_seconds) == ("it jumps", 18.0)
    assert [one for one in desk.sources.read if one.startswith("frame")] == [
        f"frame of {job.id}.mp4"
    ]


async def test_a_storyboard_goes_on_with_its_last_shot():
    request = make_request(shots=(Shot("one"), Shot("two")))

    plan = await Desk([SAME]).extending.of_job(job_of(request=request), PLACE)

    assert (plan.request.prompt, plan.request.shots) == ("two", ())


async def test_an_extended_video_counts_its_extensions():
    source = make_video()
    request = make_request(source_video=source, parent=Parent(Derivation.EXTEND, None, 2))

    plan = await Desk([SAME]).extending.of_job(job_of(request=request), PLACE)

    assert plan.request.parent is not None
    assert plan.request.parent.extended == 3


@pytest.mark.parametrize("fault", ["fifth", "prompt", "model", "limit"])
async def test_what_would_be_refused_is_never_read(fault, monkeypatch):
    desk, prompt, extended = Desk([] if fault == "model" else [SAME]), "it jumps", 0
    if fault == "fifth":
        extended = 4
    if fault == "prompt":
        prompt = " "
    if fault == "limit":

        async def ensure_room(facts, place):
            raise LimitReachedError([Refusal(LimitKind.OPEN_JOBS, 1, 1)])

        monkeypatch.setattr(desk.process.services.member_money, "ensure_room", ensure_room)
    parent = Parent(Derivation.EXTEND, None, extended)
    job = job_of(request=make_request(parent=parent))

    with pytest.raises((InvalidRequestError, LimitReachedError)):
        await desk.extending.of_job(job, PLACE, prompt=prompt)
    if fault != "fifth":
        with pytest.raises((InvalidRequestError, LimitReachedError)):
            await desk.extending.of_address("https://cdn/a.mp4", "a.mp4", PLACE, prompt=prompt)

    assert desk.sources.read == []


async def test_a_file_is_fetched_once_and_says_itself_how_it_was_made():
    desk = Desk([SAME, replace(SAME, model_id=ModelId("other"))])
    recipe = make_request(prompt="a bear", model_id=ModelId("other"))
    desk.sources.recipes[Path("sources/fetched.mp4")] = recipe

    plan, made_by = await desk.extending.of_address(
        "https://cdn/a.mp4", "a.mp4", PLACE, prompt="it blooms"
    )

    assert made_by == recipe
    assert (plan.request.prompt, plan.request.model_id) == ("a bear", "other")
    assert desk.sources.read.count("https://cdn/a.mp4") == 1


async def test_a_recipe_with_a_listed_word_is_refused_before_a_service_prices_it():
    """Its words come with the file, after the member's own were checked."""
    desk = Desk([SAME])
    await desk.process.services.words.add(PLACE.guild_id, UserId(9), ["gore"])
    desk.sources.recipes[Path("sources/fetched.mp4")] = make_request(prompt="a bear, g\u200bore")

    with pytest.raises(WordNotAllowedError):
        await desk.extending.of_address("https://cdn/a.mp4", "a.mp4", PLACE, prompt="it blooms")


async def test_a_member_has_one_video_fetched_at_a_time_and_the_other_request_reads_nothing():
    """The kind: the same member again, another one when no turn is left, and after the end."""
    desk, begun, let_go = Desk([SAME]), asyncio.Event(), asyncio.Event()

    async def fetch(address, *, name):
        desk.sources.read.append(address)
        begun.set()
        await let_go.wait()
        return make_video(key="fetched.mp4")

    def extend(place):
        return desk.extending.of_address("https://cdn/a.mp4", "a.mp4", place, prompt="it blooms")

    vars(desk.sources)["fetch"] = fetch
    tasks = TaskOwner()
    first = tasks.start(extend(PLACE), name="first")
    await begun.wait()
    for place, error in ((PLACE, AlreadyFetchingError), (OTHER, OthersFetchingError)):
        with pytest.raises(error):
            await extend(place)
    assert desk.sources.read == ["https://cdn/a.mp4"]
    let_go.set()
    await first
    assert await extend(OTHER)


async def test_a_video_that_is_no_longer_kept_is_told():
    desk, job = Desk([SAME]), job_of()
    desk.sources.lost.add(Path("videos") / f"{job.id}.mp4")

    with pytest.raises(VideoRejectedError, match="no longer have"):
        await desk.extending.of_job(job, PLACE)


async def test_a_video_from_elsewhere_is_fetched_and_may_bring_its_recipe():
    desk = Desk([SAME, replace(SAME, model_id=ModelId("other"))])
    recipe = make_request(
        model_id=ModelId("other"), parent=Parent(Derivation.EXTEND, None, 1), source_video=None
    )

    plain, _ = await desk.extending.of_address(
        "https://cdn/a.mp4", "a.mp4", PLACE, prompt="it blooms"
    )
    known, _ = await desk.extending.of_address(
        "https://cdn/a.mp4", "a.mp4", PLACE, prompt="it blooms", made_by=recipe
    )

    assert plain.request.parent == Parent(Derivation.EXTEND)
    assert known.request.model_id == "other"
    assert known.request.parent is not None
    assert known.request.parent.extended == 1
    assert desk.sources.read[0] == "https://cdn/a.mp4"


def test_the_limit_of_length_counts_the_source():
    request = make_request(source_video=make_video(duration_seconds=8.2))

    assert facts_of(request, 1, PLACE).seconds == 14
    assert facts_of(make_request(), 1, PLACE).seconds == 5


@pytest.mark.parametrize("of_recipe", [False, True])
@pytest.mark.parametrize("of_file", [False, True])
async def test_what_its_sender_hid_stays_hidden(of_recipe, of_file):
    made_by = make_request(is_spoiler=of_recipe)

    plan, _ = await Desk([SAME]).extending.of_address(
        "https://cdn/x.mp4", "x.mp4", PLACE, prompt="on", made_by=made_by, is_spoiler=of_file
    )

    assert plan.request.is_spoiler is (of_recipe or of_file)


class Held(Sources):
    """Files that take as long as they are held; `begun` says of which members."""

    def __init__(self):
        super().__init__()
        self.begun: list[str] = []
        self.let_go = asyncio.Event()

    async def fetch(self, address, *, name):
        self.begun.append(name)
        await self.let_go.wait()
        return await super().fetch(address, name=name)


async def test_one_member_reads_one_recipe_at_a_time_and_holds_no_other_up():
    desk = Desk([SAME], turns=2)
    held = desk.extending._sources = Held()

    async def read(name, place):
        await desk.extending.find_recipe("https://cdn/x.mp4", name, place)

    async def let_go():
        for _ in range(5):
            await desk.world.clock.sleep(0)
        held.let_go.set()

    ends = await asyncio.gather(
        *(read("many", PLACE) for _ in range(50)),
        read("other", OTHER),
        let_go(),
        return_exceptions=True,
    )

    assert held.begun == ["many", "other"]
    assert sum(isinstance(end, AlreadyFetchingError) for end in ends) == 49
