"""The judge of a killed bot is no use if it overlooks anything: planted faults are all found."""

import copy

import pytest

from tests.killing.books import Books, Request
from tests.killing.judging import judge
from tests.killing.processes import error_in

FOX, OWL, ELK = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"


def card(job, mark, title="Done", number=1, **more):
    embed = {
        "title": f"🎬 {title}",
        "description": f"> a fox, {mark}",
        "footer": {"text": f"Job {job}"},
    }
    return {"id": f"{job[0]}-card-{number}", "content": "", "embeds": [embed], **more}


def video(job, mark, number=1, says="your video is ready"):
    button = {"type": 2, "custom_id": f"v1:more:{job}"}
    rows = [{"type": 1, "components": [button]}]
    said = {"content": f"<@1> {says}.\n> a fox, {mark}", "embeds": [], "components": rows}
    return {"id": f"{job[0]}-video-{number}", **said}


def word(job, mark, number=1, why="It broke."):
    content = f"<@1> your video failed: {why}\n> a fox, {mark}\n-# Job {job}"
    return {"id": f"{job[0]}-word-{number}", "content": content, "embeds": []}


def run(job, number=1, state="COMPLETED"):
    return {"id": f"vid_{job[0]}{number}", "conversationUUID": f"{job}-{number}", "state": state}


def charge(job, number=1):
    return {"run": f"vid_{job[0]}{number}", "kind": "charge", "amount": 0.09}


def shot(mark, request="r1", number=1):
    return {"id": f"task_{request}_{number}", "request": request, "prompt": f"dawn, {mark}"}


def credit(request="r1", number=1):
    return {"task": f"task_{request}_{number}", "kind": "charge", "credits": 10}


def good():
    """A video, a failure, and a request that was cancelled; a storyboard of NanoPhoto."""
    requests = [
        Request("w000001x", "words", answer="🎬 Accepted for $0.09."),
        Request("w000002x", "words", answer="🎬 Accepted for $0.09."),
        Request("w000003x", "reaction", source="77", is_cancelled=True),
        Request("w000004x", "words", answer="You have too many videos open."),
        Request("w000005x", "storyboard", answer="🎬 Accepted for $0.40."),
    ]
    board = "dddddddddddddddd"
    messages = [
        video(FOX, "w000001x"),
        word(OWL, "w000002x"),
        card(ELK, "picture", "Cancelled", message_reference={"message_id": "77"}),
        video(board, "w000005x"),
        {"id": "9", "content": "hello", "embeds": []},
    ]  # fmt: skip
    shots = [shot("w000005x", "r1", 1), shot("w000005x", "r1", 2)]
    books = Books(
        messages, [run(FOX), run(OWL, state="FAILED")], [charge(FOX), charge(OWL)],
        shots, [credit("r1", 1), credit("r1", 2)],
    )  # fmt: skip
    states = {FOX: "succeeded", OWL: "failed", ELK: "cancelled", board: "succeeded"}
    return requests, books, states


def test_books_that_hold_what_was_requested_are_in_order():
    verdict = judge(*good())

    assert verdict.wrong == {}
    assert (verdict.requests, verdict.promised, verdict.jobs) == (5, 3, 4)
    assert (verdict.videos, verdict.words, verdict.cancelled) == (2, 1, 1)


def make_twice(requests, books):
    """A second job of a request, which was cancelled."""
    requests[0].is_cancelled = True
    books.messages.append(card("e" * 16, "w000001x", "Cancelled"))


def drop(books, message_id):
    books.messages = [message for message in books.messages if message["id"] != message_id]


def make_late(books, job):
    """The video that came in time finished late."""
    drop(books, f"{job[0]}-video-1")
    books.messages.append(video(job, "w000001x", says="your video finished late; it's free."))


def retitle(books, message_id, title):
    found = next(message for message in books.messages if message["id"] == message_id)
    found["embeds"][0]["title"] = f"🎬 {title}"


PLANTED = {
    "a video twice": ("posted twice", lambda w, b, s: b.messages.append(video(FOX, "w000001x", 2))),
    "a card twice": ("posted twice", lambda w, b, s: b.messages.append(card(ELK, "picture", "Cancelled", 2))),
    "a word twice": ("posted twice", lambda w, b, s: b.messages.append(word(OWL, "w000002x", 2))),
    "a video and a word": ("posted twice", lambda w, b, s: b.messages.append(word(FOX, "w000001x"))),
    "a card beside its video": ("left over", lambda w, b, s: b.messages.append(card(FOX, "w000001x"))),
    "a card beside its word": ("left over", lambda w, b, s: b.messages.append(card(OWL, "w000002x", "Failed"))),
    "a video that no one missed": ("untrue", lambda w, b, s: make_late(b, FOX)),
    "no video": ("lost", lambda w, b, s: drop(b, "a-video-1")),
    "no word": ("lost", lambda w, b, s: drop(b, "b-word-1")),
    "no card": ("lost", lambda w, b, s: drop(b, "c-card-1")),
    "never ends": ("lost", lambda w, b, s: retitle(b, "c-card-1", "Rendering")),
    "done and not posted": ("lost", lambda w, b, s: retitle(b, "c-card-1", "Done")),
    "promised and forgotten": ("lost", lambda w, b, s: w.append(Request("w000006x", "words", answer="🎬 Accepted"))),
    "written down and forgotten": ("lost", lambda w, b, s: s.update({"e" * 16: "queued"})),
    "open in the database": ("lost", lambda w, b, s: s.update({FOX: "downloading"})),
    "paid and not told": ("lost", lambda w, b, s: b.runs.append(run("f" * 16))),
    "ordered twice": ("submitted twice", lambda w, b, s: b.runs.append(run(FOX, 2))),
    "a storyboard ordered twice": ("submitted twice", lambda w, b, s: b.shots.append(shot("w000005x", "r2"))),
    "charged twice for one order": ("charged twice", lambda w, b, s: b.charges.append(charge(FOX))),
    "a shot charged twice": ("charged twice", lambda w, b, s: b.credit_charges.append(credit("r1", 2))),
    "two jobs of one request": ("made twice", lambda w, b, s: make_twice(w, b)),
    "a video after it was cancelled": ("untrue", lambda w, b, s: b.messages.append(video(ELK, "picture"))),
    "a word after it was cancelled": ("untrue", lambda w, b, s: b.messages.append(word(ELK, "picture"))),
    "cancelled by a stranger": ("untrue", lambda w, b, s: setattr(w[2], "is_cancelled", False)),
    "a video from nowhere": ("untrue", lambda w, b, s: b.runs.remove(run(FOX))),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "plant"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(kind, plant):
    requests, books, states = copy.deepcopy(good())

    plant(requests, books, states)

    assert set(judge(requests, books, states).wrong) == {kind}


def test_a_video_that_came_after_the_word_that_there_was_none_is_no_fault():
    requests, books, states = copy.deepcopy(good())

    drop(books, "b-word-1")
    books.messages.append(video(OWL, "w000002x", says="your video finished late; it's free."))
    books.runs[1] = run(OWL)

    assert judge(requests, books, states).wrong == {}


def test_orders_for_two_charges_are_counted_for_each_job():
    requests, books, states = good()
    books.runs.append(run(FOX, 2))
    books.charges.append(charge(FOX, 2))

    verdict = judge(requests, books, states)

    assert verdict.count("submitted twice") == verdict.count("charged twice") == 1


def test_a_video_that_failed_after_cancel_owes_no_word():
    requests, books, states = good()
    drop(books, "b-word-1")
    books.messages.append(card(OWL, "w000002x", "Failed"))
    requests[1].is_cancelled = True

    assert judge(requests, books, states).wrong == {}


def test_answers_that_no_one_heard_are_counted():
    requests, books, states = good()
    drop(books, "b-word-1")
    books.messages.append(
        word(OWL, "w000002x", why="The video service never answered, and no one can say.")
    )

    assert judge(requests, books, states).unknown == 1


FRAME = """Traceback (most recent call last):
  File "/bot/engine.py", line 1, in read
    await connection.fetch()
"""
AWAY = "bot.errors.DatabaseBusyError: not yet accepting connections\nDETAIL:  Not consistent yet."
CAUSED = "asyncpg.CannotConnectNowError: no\n\nThe above exception was the direct cause of it:\n\n"


@pytest.mark.parametrize(
    ("traceback", "error"),
    [
        (FRAME + AWAY, AWAY.splitlines()[0]),
        (FRAME + CAUSED + FRAME + AWAY, AWAY.splitlines()[0]),
        (FRAME + "KeyError: 'x'\n", "KeyError: 'x'"),
        ("KeyError: 'x'", "KeyError: 'x'"),
        ("", "no exception"),
    ],
)
def test_an_error_of_several_lines_is_known_by_its_name(traceback, error):
    assert error_in(traceback) == error
