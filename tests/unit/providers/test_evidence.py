"""What stands beside a state is read: a video's address, an error, a flag, in whatever place.

The kind: states that no page names (`succeed`, `done`, `FINISHED`, `ready`), finished without an
address, running with one; addresses in lists, in tables in tables, in JSON inside a string, in a
data URL, under other names. Not a video's: pictures, thumbnails, sound, addresses of the API, and
what was sent in.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from bot.providers.contract import ProviderState
from bot.providers.nanogpt.wire import read_status
from bot.providers.nanophoto.handles import Handle, Task
from bot.providers.nanophoto.wire import read_results, status_of

VIDEO = "https://cdn.example/a.mp4"
ODD = ["succeed", "done", "FINISHED", "ready", "ok", "Success"]
RUNNING = ["IN_PROGRESS", "processing", "in-progress", "In Queue"]
PLACES = [
    {"output": [VIDEO]},
    {"output": {"video": {"url": VIDEO}}},
    {"result": {"videos": [{"uri": VIDEO}]}},
    {"results": [{"content": {"video_url": VIDEO}}]},
    {"response": {"generatedSamples": [{"video": {"uri": VIDEO}}]}},
    {"task_result": {"videos": [{"id": "1", "url": VIDEO, "duration": "5"}]}},
    {"assets": {"image": "https://cdn.example/b.jpg", "video": VIDEO}},
    {"download_url": VIDEO},
    {"files": [{"file_url": "https://cdn.example/c.png"}, {"file_url": VIDEO}]},
    {"output": json.dumps({"video": VIDEO})},
    {
        "thumbnail_url": "https://cdn.example/d",
        "urls": {"get": "https://api.example/1"},
        "mp4": VIDEO,
    },
    {"input": {"videoUrl": "https://cdn.example/e.mp4"}, "output": {"media": [{"href": VIDEO}]}},
]
NO_PLACES = [
    {"output": {"thumbnail": "https://cdn.example/a.jpg"}},
    {"result": {"cover_image_url": "https://cdn.example/a"}},
    {"input": {"image": "https://cdn.example/a.mp4"}},
    {"urls": {"get": "https://api.example/1", "cancel": "https://api.example/2"}},
    {"webhook": "https://hook.example"},
    {"audio_url": "https://cdn.example/a.mp3"},
    {"output": "{not JSON"},
    {"output": "soon"},
]


@pytest.mark.parametrize("word", ODD)
@pytest.mark.parametrize("place", PLACES, ids=json.dumps)
def test_an_address_beside_a_state_that_no_one_knows_is_evidence(word, place):
    for body in ({"data": {"status": word, **place}}, {"status": word, **place}):
        status = read_status(body)

        assert status.state is ProviderState.RUNNING
        assert status.evidence is not None
        assert status.believed_after == 3
        assert status.decided.state is ProviderState.SUCCEEDED
        assert status.decided.artifact_addresses == (VIDEO,)


@pytest.mark.parametrize("place", PLACES, ids=json.dumps)
def test_a_finished_video_is_found_in_every_place(place):
    assert read_status({"data": {"status": "COMPLETED", **place}}).artifact_addresses == (VIDEO,)


@pytest.mark.parametrize("place", NO_PLACES, ids=json.dumps)
def test_what_is_no_video_is_no_evidence_of_one(place):
    assert read_status({"data": {"status": "done", **place}}).evidence is None


def test_a_video_in_its_own_address_is_one():
    inline = "data:video/mp4;base64,AAAA"

    assert read_status({"data": {"status": "COMPLETED", "video": inline}}).artifact_addresses == (
        inline,
    )


@pytest.mark.parametrize("word", RUNNING)
def test_an_address_beside_a_state_that_is_known_is_believed_only_at_the_end(word):
    status = read_status({"data": {"status": word, "output": VIDEO}})

    assert status.state in {ProviderState.RUNNING, ProviderState.QUEUED}
    assert status.believed_after is None
    assert status.decided.artifact_addresses == (VIDEO,)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"error": "Out of memory"}, False),
        ({"error": {"message": "x"}}, False),
        ({"failure_reason": "worker died"}, False),
        ({"isNSFWError": True}, True),
        ({"nsfw": True}, True),
        ({"moderation": {"flagged": True}}, True),
        ({"raiMediaFilteredReasons": ["The prompt contains sensitive words"]}, True),
        ({"error": "Content blocked"}, True),
    ],
)
@pytest.mark.parametrize("word", ["ended", "COMPLETED"])
def test_an_error_beside_a_state_without_a_video_is_evidence_of_a_failure(word, said, refused):
    status = read_status({"data": {"status": word, **said}})

    assert status.state is ProviderState.RUNNING
    assert status.believed_after == 3
    assert (status.decided.state, status.decided.refused) == (ProviderState.FAILED, refused)


@pytest.mark.parametrize("nothing", [None, "", {}, [], False])
def test_an_error_that_says_nothing_is_none(nothing):
    assert read_status({"data": {"status": "warming", "error": nothing}}).evidence is None


def test_finished_without_an_address_is_a_failure_after_more_polls():
    status = read_status({"data": {"status": "COMPLETED"}})

    assert (status.state, status.believed_after) == (ProviderState.RUNNING, 8)
    assert status.decided.state is ProviderState.FAILED
    assert "no address" in (status.decided.text or "")
    assert status.decided.may_come


def shots(*states: Mapping[str, object]):
    tasks = tuple(Task(shot_id=f"s{n}", task_id=f"t{n}") for n in range(len(states)))
    listed = [{"taskId": f"t{n}", **state} for n, state in enumerate(states)]
    results = read_results({"shots": listed})
    return status_of(Handle(resolution="720p", tasks=tasks), results, Decimal("0.02"))


def test_of_several_shots_the_evidence_is_of_all_of_them():
    done, odd = (
        {"status": "completed", "videoUrl": VIDEO},
        {"status": "ready", "videoUrl": f"{VIDEO}?2"},
    )

    assert shots(done, {"status": "ready"}).evidence is None
    status = shots(done, odd)
    assert (status.state, status.believed_after) == (ProviderState.RUNNING, 3)
    assert status.decided.artifact_addresses == (VIDEO, f"{VIDEO}?2")


def test_a_shot_whose_error_stands_beside_another_state_has_failed():
    status = shots({"status": "stopped", "error": "The image was flagged"})

    assert (status.decided.state, status.decided.refused) == (ProviderState.FAILED, True)
    assert status.decided.advice is not None


def test_a_shot_without_an_address_is_waited_for_longer():
    status = shots({"status": "completed"})

    assert (status.state, status.believed_after) == (ProviderState.RUNNING, 8)
    assert status.decided.may_come


def test_a_shot_rendering_is_believed_to_be():
    assert shots({"status": "processing", "videoUrl": VIDEO}).believed_after is None
    assert shots({"status": "processing"}).evidence is None


def test_the_address_of_a_shot_is_found_under_another_name():
    status = shots({"status": "completed", "result": {"url": VIDEO}})

    assert (status.state, status.artifact_addresses) == (ProviderState.SUCCEEDED, (VIDEO,))
