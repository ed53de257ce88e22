"""Fair between members, then first come first served."""

from collections import Counter, deque
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st

from bot.ids import JobId, UserId
from bot.jobs.queue import (
    InHand,
    Waiting,
    taking_turns,
)
from tests.factories import NOW
from tests.fakes.queue_order import in_order

ANN, BEN, CAT = UserId(1), UserId(2), UserId(3)

queues = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 50)), max_size=30).map(
    lambda rows: [
        Waiting(JobId(f"job-{number:02}"), UserId(user), NOW + timedelta(seconds=second))
        for number, (user, second) in enumerate(rows)
    ]
)
hands = st.dictionaries(st.integers(1, 4).map(UserId), st.integers(0, 5))


def waits(user_id, seconds):
    return Waiting(JobId(f"{user_id}-{seconds}"), user_id, NOW + timedelta(seconds=seconds))


def rounds_of(order, running):
    """Each entry's turn among its member's own, counting those that run already."""
    taken = Counter(running)
    for entry in order:
        taken[entry.user_id] += 1
        yield taken[entry.user_id]


def test_who_asks_once_is_not_kept_waiting_by_who_asked_often():
    many = [waits(ANN, second) for second in range(5)]
    once = waits(BEN, 60)

    assert in_order([*many, once], {}) == (many[0], once, *many[1:])


def test_what_runs_already_counts():
    ann, ben = waits(ANN, 0), waits(BEN, 60)

    assert in_order([ann, ben], {ANN: 1}) == (ben, ann)


def test_within_a_round_the_oldest_is_first():
    ann, ben, cat = waits(ANN, 30), waits(BEN, 10), waits(CAT, 20)

    assert in_order([ann, ben, cat], {}) == (ben, cat, ann)


@given(queues, hands)
def test_everyone_who_waits_is_in_the_order_once(waiting, running):
    assert sorted(in_order(waiting, running), key=lambda entry: entry.job_id) == waiting


@given(queues, hands)
def test_a_members_nth_job_never_precedes_anothers_one_before(waiting, running):
    rounds = list(rounds_of(in_order(waiting, running), running))

    assert rounds == sorted(rounds)


@given(queues, hands)
def test_a_members_own_jobs_keep_their_order(waiting, running):
    order = in_order(waiting, running)
    for user_id in {entry.user_id for entry in waiting}:
        own = [(entry.accepted_at, entry.job_id) for entry in order if entry.user_id == user_id]
        assert own == sorted(own)


@given(queues, hands, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_rows_were_read(waiting, running, random):
    shuffled = list(waiting)
    random.shuffle(shuffled)

    assert in_order(shuffled, running) == in_order(waiting, running)


def first_class(user_id, seconds):
    return replace(waits(user_id, seconds), has_priority=True)


def test_priority_goes_first_and_every_third_turn_is_anybodys():
    first = [first_class(ANN, second) for second in range(50, 55)]
    others = [waits(BEN, second) for second in range(3)]

    order = in_order([*others, *first], {})

    assert order == (*first[:2], others[0], *first[2:4], others[1], first[4], others[2])


@given(queues, st.sets(st.integers(0, 29)), hands)
def test_anyone_who_has_priority_no_one_else_waits_longer_than_three_turns_for_each_turn(
    waiting, numbers, running
):
    mixed = [replace(entry, has_priority=number in numbers) for number, entry in enumerate(waiting)]
    order = in_order(mixed, running)

    assert sorted(order, key=lambda entry: entry.job_id) == mixed
    places = [place for place, entry in enumerate(order, start=1) if not entry.has_priority]
    assert all(place <= 3 * turn for turn, place in enumerate(places, start=1))


def test_where_places_become_free_one_at_a_time_two_of_eight_are_anybodys():
    first = deque(first_class(ANN, second) for second in range(300))
    others = deque(waits(BEN, second) for second in range(300))
    in_hand: deque[Waiting] = deque(first.popleft() for _ in range(8))
    begun = []

    for _ in range(90):
        in_hand.popleft()
        held = sum(entry.has_priority for entry in in_hand)
        order = taking_turns([*others, *first], InHand(held, len(in_hand) - held))
        (first if order[0].has_priority else others).popleft()
        in_hand.append(order[0])
        begun.append(order[0].has_priority)

    assert not begun[0]  # where only they are in hand
    assert begun.count(False) in range(22, 26)  # of 90
