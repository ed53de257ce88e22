"""The judge of a killed bot is no use if it overlooks anything: planted faults are all found."""

import copy
import struct
from dataclasses import replace

import pytest

from tests.killing.books import Books, Request, Row, length_of
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


BOARD, AGAIN, LONGER = "gggggggggggggggg", "hhhhhhhhhhhhhhhh", "iiiiiiiiiiiiiiii"
ONE, TWO, NEW, OLD = (letter * 16 for letter in "jkmn")
PRICE = 80_000


def shots():
    """A storyboard of two shots; one of them made again, Cancel pressed too late; one continued."""
    requests = [
        Request("w000001x", "storyboard", answer="🎬 Accepted for $0.16."),
        Request("w000002x", "remake", None, "🎬 Accepted for $0.08.", True, key="interaction:2"),
        Request("w000003x", "extend", answer="Accepted", key="interaction:3", source_job=AGAIN),
    ]
    rows = {
        BOARD: Row("succeeded", "interaction:1", BOARD),
        ONE: Row("succeeded", "interaction:1:shot-1", BOARD, 1, None, PRICE),
        TWO: Row("succeeded", "interaction:1:shot-2", BOARD, 2, None, PRICE),
        AGAIN: Row("succeeded", "interaction:2", AGAIN),
        OLD: Row("succeeded", "interaction:2:shot-1", AGAIN, 1, ONE, 0),
        NEW: Row("succeeded", "interaction:2:shot-2", AGAIN, 2, None, PRICE),
        LONGER: Row("succeeded", "interaction:3", taken_micros=PRICE),
    }
    posted = [video(job, "w000001x") for job in (BOARD, AGAIN, LONGER)]
    runs = [run(job) for job in (ONE, TWO, NEW, LONGER)]
    charges = [charge(job) for job in (ONE, TWO, NEW, LONGER)]
    lengths = {BOARD: 10.04, AGAIN: 10.0, LONGER: 15.1}
    return requests, Books(posted, runs, charges, rows=rows, lengths=lengths)


def states_of(books):
    return {job: row.state for job, row in books.rows.items()}


def test_books_of_shots_and_of_what_was_made_from_them_are_in_order():
    requests, books = shots()

    verdict = judge(requests, books, states_of(books))

    assert verdict.wrong == {}
    assert (verdict.jobs, verdict.videos, verdict.storyboards, verdict.held) == (3, 3, 2, 4)
    assert verdict.kinds == {"storyboard": 1, "remake": 1, "extend": 1}


def change(books, job, **fields):
    books.rows[job] = replace(books.rows[job], **fields)


def fail_storyboard(books):
    """It has no video, and one of its shots was not given back."""
    change(books, BOARD, state="failed")
    change(books, TWO, taken_micros=0)
    drop(books, f"{BOARD[0]}-video-1")
    books.messages.append(word(BOARD, "w000001x"))


def retry(books, job, *states):
    """More orders of it, which ended so."""
    books.runs += [run(job, number, state) for number, state in enumerate(states, start=2)]


def pay(books, job):
    """Its service made it once more, and took money."""
    books.runs.append(run(job))
    books.charges.append(charge(job))


def remake_both(books):
    """Both shots were made, although one was asked for."""
    change(books, OLD, reuses=None, taken_micros=PRICE)
    pay(books, OLD)


def fail_video(books):
    """It has no video, and its price was kept."""
    change(books, LONGER, state="failed")
    drop(books, f"{LONGER[0]}-video-1")
    books.messages.append(word(LONGER, "w000001x"))


def cancel_storyboard(books):
    """One shot had been sent, and may cost something; the other had not."""
    for job in (AGAIN, OLD, NEW):
        change(books, job, state="cancelled")
    change(books, OLD, reuses=None, taken_micros=PRICE)
    drop(books, f"{AGAIN[0]}-video-1")
    books.messages.append(card(AGAIN, "w000001x", "Cancelled"))


PLANTED_IN_SHOTS = {
    "a shot ordered twice": ("submitted twice", f"shot {ONE}: 2 orders", lambda b: retry(b, ONE, "COMPLETED")),
    "a shot tried three times": ("submitted twice", "3 orders", lambda b: retry(b, ONE, "FAILED", "FAILED")),
    "a shot charged twice": ("charged twice", f"job {ONE}: 2 charges", lambda b: b.charges.append(charge(ONE))),
    "a copy that was ordered": ("charged twice", "was there already, and was ordered", lambda b: pay(b, OLD)),
    "a second shot that was made again": ("charged twice", "one shot of", remake_both),
    "a copy that cost its member": ("money", "was there already, and cost", lambda b: change(b, OLD, taken_micros=PRICE)),
    "a shot that is not in the video": ("money", "5.0 s were posted, and 10.0 s", lambda b: b.lengths.update({BOARD: 5.0})),
    "a shot that is in it twice": ("money", "15.0 s were posted, and 10.0 s", lambda b: b.lengths.update({BOARD: 15.0})),
    "an extension without its source": ("money", "5.0 s were posted, and 15.0 s", lambda b: b.lengths.update({LONGER: 5.0})),
    "a failed shot not given back": ("money", f"{PRICE} kept", lambda b: change(b, TWO, state="failed")),
    "a shot given back that was posted": ("money", "was made, and cost its member nothing", lambda b: change(b, TWO, taken_micros=0)),
    "a shot given back twice": ("money", f"shot {TWO}: {PRICE} more came back", lambda b: change(b, TWO, taken_micros=-PRICE)),
    "a shot of no video not given back": ("money", f"{BOARD}, failed: {PRICE} kept", fail_storyboard),
    "a cancelled shot that was never sent": ("money", f"{OLD} of {AGAIN}, cancelled: {PRICE} kept", cancel_storyboard),
    "a storyboard paid beside its shots": ("money", "itself cost 1", lambda b: change(b, BOARD, taken_micros=1)),
    "a video for nothing": ("money", "was posted, and cost its member nothing", lambda b: change(b, LONGER, taken_micros=0)),
    "a video given back twice": ("money", f"job {LONGER}: {PRICE} more came back", lambda b: change(b, LONGER, taken_micros=-PRICE)),
    "a failed video not given back": ("money", f"is failed, and cost {PRICE}", fail_video),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "words", "plant"), PLANTED_IN_SHOTS.values(), ids=PLANTED_IN_SHOTS
)
def test_a_fault_that_is_planted_in_shots_is_found(kind, words, plant):
    requests, books = shots()

    plant(books)

    verdict = judge(requests, books, states_of(books))
    assert set(verdict.wrong) == {kind}
    assert any(words in sentence for sentence in verdict.wrong[kind]), verdict.wrong


def test_a_shot_that_is_posted_alone_is_found():
    requests, books = shots()
    books.messages.append(video(ONE, "w000001x"))

    verdict = judge(requests, books, states_of(books))

    assert f"shot {ONE} was posted alone" in verdict.wrong["posted twice"]


def test_a_private_answer_with_a_videos_buttons_is_no_second_video():
    requests, books = shots()
    books.messages.append(video(BOARD, "w000001x", 2) | {"flags": 64})

    assert judge(requests, books, states_of(books)).wrong == {}


def test_a_video_of_another_one_is_known_by_its_key_and_not_by_the_words_of_both():
    requests, books = shots()
    requests.append(Request("w000004x", "again", answer="Accepted", key="interaction:4"))

    assert set(judge(requests, books, states_of(books)).wrong) == {"lost"}


def make_another(books):
    """A job with the words of the storyboard that no known press led to."""
    job = "p" * 16
    books.rows[job] = Row("succeeded", "interaction:9", taken_micros=PRICE)
    books.messages.append(video(job, "w000001x"))
    pay(books, job)


def test_a_second_job_with_the_same_words_and_no_press_of_its_own_is_found():
    requests, books = shots()
    make_another(books)

    assert set(judge(requests, books, states_of(books)).wrong) == {"made twice"}


def test_a_press_that_was_cut_off_may_have_led_to_one_more_job():
    requests, books = shots()
    requests.append(Request("w000004x", "again", root="w000001x", source_job=BOARD))
    make_another(books)

    assert judge(requests, books, states_of(books)).wrong == {}


def test_a_cancelled_storyboard_keeps_what_was_sent():
    requests, books = shots()
    cancel_storyboard(books)
    change(books, OLD, taken_micros=0)

    assert judge(requests, books, states_of(books)).wrong == {}


def test_a_storyboard_of_which_a_shot_failed_and_was_given_back_is_in_order():
    requests, books = shots()
    change(books, TWO, state="failed", taken_micros=0)
    books.runs[1] = run(TWO, state="FAILED")
    retry(books, TWO, "FAILED")
    books.lengths[BOARD] = 5.0

    assert judge(requests, books, states_of(books)).wrong == {}


@pytest.mark.parametrize("version", [0, 1])
def test_the_length_of_a_file_is_what_its_header_says(version):
    times = bytes(16 if version else 8)
    length = struct.pack(">IQ" if version else ">II", 600, 6000)

    assert length_of(b"....moov....mvhd" + bytes([version, 0, 0, 0]) + times + length) == 10.0
