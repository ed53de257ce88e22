"""The judge of a killed bot is no use if it overlooks anything: planted faults are all found."""

import copy

import pytest

from tests.killing.books import Books, Wish
from tests.killing.judging import judge

FOX, OWL, ELK = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"


def card(job, mark, title="Done", number=1, **more):
    embed = {
        "title": f"🎬 {title}",
        "description": f"> a fox, {mark}",
        "footer": {"text": f"Job {job}"},
    }
    return {"id": f"{job[0]}-card-{number}", "content": "", "embeds": [embed], **more}


def film(job, number=1, says="ready"):
    button = {"type": 2, "custom_id": f"v1:delete:{job}"}
    rows = [{"type": 1, "components": [button]}]
    return {"id": f"{job[0]}-film-{number}", "content": says, "embeds": [], "components": rows}


def word(job, number=1, why="It broke."):
    content = f"<@1> there will be no film: {why}\n-# Job {job}"
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
    """A film, a failure, and a wish that was called off; a storyboard of NanoPhoto."""
    wishes = [
        Wish("w000001x", "words", answer="🎬 Accepted, for $0.09."),
        Wish("w000002x", "words", answer="🎬 Accepted, for $0.09."),
        Wish("w000003x", "reaction", source="77"),
        Wish("w000004x", "words", answer="You have too many films open."),
        Wish("w000005x", "storyboard", answer="🎬 Accepted, for $0.40."),
    ]
    board = "dddddddddddddddd"
    messages = [
        card(FOX, "w000001x"), film(FOX),
        card(OWL, "w000002x", "No film"), word(OWL),
        card(ELK, "picture", "Called off", message_reference={"message_id": "77"}),
        card(board, "w000005x"), film(board),
        {"id": "9", "content": "hello", "embeds": []},
    ]  # fmt: skip
    shots = [shot("w000005x", "r1", 1), shot("w000005x", "r1", 2)]
    books = Books(
        messages, [run(FOX), run(OWL, state="FAILED")], [charge(FOX), charge(OWL)],
        shots, [credit("r1", 1), credit("r1", 2)],
    )  # fmt: skip
    states = {FOX: "succeeded", OWL: "failed", ELK: "cancelled", board: "succeeded"}
    return wishes, books, states


def test_books_that_hold_what_was_wished_are_in_order():
    verdict = judge(*good())

    assert verdict.wrong == {}
    assert (verdict.wishes, verdict.promised, verdict.jobs) == (5, 3, 4)
    assert (verdict.films, verdict.words, verdict.called_off) == (2, 1, 1)


def drop(books, message_id):
    books.messages = [message for message in books.messages if message["id"] != message_id]


def make_late(books, job):
    """The film that came in time came after all."""
    drop(books, f"{job[0]}-film-1")
    books.messages.append(film(job, says="your film came after all"))


def retitle(books, message_id, title):
    found = next(message for message in books.messages if message["id"] == message_id)
    found["embeds"][0]["title"] = f"🎬 {title}"


PLANTED = {
    "a film twice": ("posted twice", lambda w, b, s: b.messages.append(film(FOX, 2))),
    "a card twice": ("posted twice", lambda w, b, s: b.messages.append(card(FOX, "w000001x", number=2))),
    "a word twice": ("posted twice", lambda w, b, s: b.messages.append(word(OWL, 2))),
    "a film and a word": ("posted twice", lambda w, b, s: b.messages.append(word(FOX))),
    "a film that nobody missed": ("untrue", lambda w, b, s: make_late(b, FOX)),
    "no film": ("lost", lambda w, b, s: drop(b, "a-film-1")),
    "no word": ("lost", lambda w, b, s: drop(b, "b-word-1")),
    "no card": ("lost", lambda w, b, s: drop(b, "a-card-1")),
    "never ends": ("lost", lambda w, b, s: retitle(b, "a-card-1", "In the making")),
    "promised and forgotten": ("lost", lambda w, b, s: w.append(Wish("w000006x", "words", answer="🎬 Accepted"))),
    "written down and forgotten": ("lost", lambda w, b, s: s.update({"e" * 16: "accepted"})),
    "open in the database": ("lost", lambda w, b, s: s.update({FOX: "collecting"})),
    "paid and not told": ("lost", lambda w, b, s: b.runs.append(run("f" * 16))),
    "ordered twice": ("submitted twice", lambda w, b, s: b.runs.append(run(FOX, 2))),
    "a storyboard ordered twice": ("submitted twice", lambda w, b, s: b.shots.append(shot("w000005x", "r2"))),
    "charged twice for one order": ("charged twice", lambda w, b, s: b.charges.append(charge(FOX))),
    "a shot charged twice": ("charged twice", lambda w, b, s: b.credit_charges.append(credit("r1", 2))),
    "two jobs of one wish": ("made twice", lambda w, b, s: b.messages.append(card("e" * 16, "w000001x", "Called off"))),
    "a film after it was called off": ("untrue", lambda w, b, s: b.messages.append(film(ELK))),
    "a word after it was called off": ("untrue", lambda w, b, s: b.messages.append(word(ELK))),
    "a film from nowhere": ("untrue", lambda w, b, s: b.runs.remove(run(FOX))),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "plant"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(kind, plant):
    wishes, books, states = copy.deepcopy(good())

    plant(wishes, books, states)

    assert set(judge(wishes, books, states).wrong) == {kind}


def test_a_film_that_came_after_the_word_that_there_was_none_is_no_fault():
    wishes, books, states = copy.deepcopy(good())

    books.messages.append(film(OWL, says="your film came after all"))
    retitle(books, "b-card-1", "Done")
    books.runs[1] = run(OWL)

    assert judge(wishes, books, states).wrong == {}


def test_orders_for_two_charges_are_counted_for_each_job():
    wishes, books, states = good()
    books.runs.append(run(FOX, 2))
    books.charges.append(charge(FOX, 2))

    verdict = judge(wishes, books, states)

    assert verdict.count("submitted twice") == verdict.count("charged twice") == 1


def test_a_film_that_failed_after_cancel_owes_no_word():
    wishes, books, states = good()
    drop(books, "b-word-1")
    wishes[1].is_cancelled = True

    assert judge(wishes, books, states).wrong == {}


def test_answers_that_nobody_heard_are_counted():
    wishes, books, states = good()
    drop(books, "b-word-1")
    books.messages.append(word(OWL, why="The video service never answered, and nobody can say."))

    assert judge(wishes, books, states).unknown == 1
