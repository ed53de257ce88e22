"""What all tests share: they reach nothing but this machine, and CI skips nothing."""

import gc
import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import settings

from tests.fakes.clock import FakeClock
from tests.postgres import WHY_NOT, find_program, running_postgres

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound to

# An example has no deadline: a loaded machine is no fault of the code. Speed is measured in bench/.
settings.register_profile("suite", deadline=None, print_blob=True)
# `--hypothesis-profile=thorough`: what is worth it plays thousands of examples instead of hundreds
settings.register_profile("thorough", deadline=None, print_blob=True)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _nothing_but_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else is an error of the test, not a slow success."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
            msg = f"a test tried to reach {address[0]}"
            raise AssertionError(msg)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    """It stands at `NOW`."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A server of this run's own; skips, and says why, where there is none."""
    if find_program("initdb") is None:
        pytest.skip(WHY_NOT)  # fine on a developer's machine; CI allows no skips
    with running_postgres() as address:
        yield address


# The long proofs, which `make prove` runs; a whole folder or file, or single tests of it. What
# guards the same promise in `make test` is a smaller one of the same kind.
LONG = (
    "tests/contract/local_nanogpt/test_extending.py",
    "tests/contract/local_nanophoto/test_videos.py",
    "tests/contract/nanogpt/test_catalogue.py::test_every_video_with_a_models",
    "tests/contract/nanogpt/test_catalogue.py::test_no_switch_that",
    "tests/contract/test_budget_store.py::test_three_processes_together",
    "tests/contract/test_extending_files.py",
    "tests/contract/test_money_bursts.py::test_of_five_hundred",
    "tests/contract/test_money_machine.py",
    "tests/crash/",
    "tests/e2e/",
    "tests/faults/test_database_backups.py::test_what_the_program_writes",
    "tests/faults/test_database_files.py",
    "tests/faults/test_storage.py",
    "tests/faults/test_stories.py",
    "tests/faults/test_video_stories.py",
    "tests/foreign/",
    "tests/integration/test_answers.py",
    "tests/integration/test_audit.py::test_what_was_changed_behind_the_books",
    "tests/integration/test_both_services.py",
    "tests/integration/test_delivery.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_every_button.py",
    "tests/integration/test_every_command.py",
    "tests/integration/test_extending.py",
    "tests/integration/test_forms.py",
    "tests/integration/test_messenger.py",
    "tests/integration/test_models.py",
    "tests/integration/test_nanophoto_budget.py",
    "tests/integration/test_presets.py",
    "tests/integration/test_program.py::test_a_bot_that_discord_no_longer_wants",
    "tests/integration/test_program.py::test_a_client_that_discord_py",
    "tests/integration/test_program.py::test_a_port_that_is_taken_ends",
    "tests/integration/test_program.py::test_a_second_bot",
    "tests/integration/test_program.py::test_a_start_that_failed_half_way",
    "tests/integration/test_program.py::test_a_stop_while_discord",
    "tests/integration/test_program.py::test_a_wrong_token",
    "tests/integration/test_program.py::test_while_",
    "tests/integration/test_program.py::test_without_a_video_service",
    "tests/integration/test_quota.py",
    "tests/integration/test_several_processes.py",
    "tests/integration/test_stories.py",
    "tests/integration/test_video_buttons.py",
    "tests/killing/",
    "tests/simulation/test_simulation.py",
    "tests/soaking/",
    "tests/unit/archive/test_late_results.py::test_a_video_that_never_came",
    "tests/unit/media/pictures/test_image_children.py::test_a_heic_is_decoded",
    "tests/unit/media/pictures/test_image_children.py::test_a_heic_that_ends",
    "tests/unit/media/pictures/test_image_children.py::test_what_takes_too_much_is_refused",
    "tests/unit/media/pictures/test_store.py::test_many_large_pictures_at_once",
    "tests/unit/media/pictures/test_store.py::test_the_same_picture_kept_twenty",
    "tests/unit/media/test_charts.py::test_whatever_people",
    "tests/unit/media/videos/test_boxes.py::test_any_damage",
    "tests/unit/media/videos/test_boxes.py::test_it_survives",
    "tests/unit/media/videos/test_converting.py",
    "tests/unit/media/videos/test_frames.py",
    "tests/unit/media/videos/test_joining.py",
    "tests/unit/media/videos/test_sources.py::test_other_formats",
    "tests/unit/media/videos/test_store.py::test_a_video_above_the_limit_is_encoded",
    "tests/unit/media/videos/test_store.py::test_a_video_in_4k",
    "tests/unit/media/videos/test_store.py::test_a_video_that_was_made_to_fit_waits",
    "tests/unit/media/videos/test_store.py::test_a_video_with_an_odd_side",
    "tests/unit/media/videos/test_store.py::test_an_encoding_that_came_to_no_end",
    "tests/unit/media/videos/test_store.py::test_old_videos_are_listed",
    "tests/unit/polling/test_schedule_efficiency.py",
    "tests/unit/providers/test_nanogpt_nonsense.py",
    "tests/unit/providers/test_nanogpt_parameters.py::test_pictures_at_their_limit",
    "tests/unit/worker/test_poll.py::test_a_service_that_stays_away",
    "tests/unit/worker/test_poll.py::test_no_video_is_given_up",
    "tests/unit/worker/test_submit.py::test_a_service_that_stays_away",
    "tests/unit/worker/test_worker.py::test_a_deadline_of_a_wrong_clock",
    "tests/unit/worker/test_worker.py::test_the_time_in_which_no_process",
    "tests/unit/worker/test_worker.py::test_waiting_jobs_wait_an_hour",
)
SHORT = (  # of these
    "tests/contract/local_nanogpt/test_extending.py::test_an_extension_begins_with_the_last_frame_of_its_source",
    "tests/contract/test_budget_store.py::test_three_processes_together_never_make_one_too_many_and_waste_none[0-postgres]",
    "tests/contract/test_extending_files.py::test_killed_at_any_instant_the_next_try_joins_both_once[joined]",
    "tests/contract/test_money_bursts.py::test_of_five_hundred_requests_at_once_none_too_many_and_none_too_few[pool-sqlite]",
    "tests/contract/test_money_bursts.py::test_of_five_hundred_requests_at_once_none_too_many_and_none_too_few[rate-postgres]",
    "tests/crash/test_every_kill_point.py::test_a_kill_anywhere_loses_nothing_and_repeats_nothing[sqlite-back at once]",
    "tests/e2e/test_stories.py::test_typing_a_request_gives_a_video_that_plays",
    "tests/faults/test_database_files.py::test_a_ledger_that_is_gone_beside_videos_is_not_started_again_unasked[nothing]",
    "tests/faults/test_database_files.py::test_no_command_hangs_at_a_damaged_file[run]",
    "tests/faults/test_database_files.py::test_what_only_reads_never_migrates[newer-doctor]",
    "tests/faults/test_database_files.py::test_what_only_reads_never_migrates[older-audit]",
    "tests/integration/test_answers.py::test_a_video_that_discord_finds_too_large_comes_smaller_or_as_a_link[once]",
    "tests/integration/test_audit.py::test_what_was_changed_behind_the_books_is_found_and_said[statements2-wrong2]",
    "tests/integration/test_delivery.py::test_a_video_whose_prompt_discord_refuses_is_posted_without_it",
    "tests/integration/test_doctor.py::test_the_doctor_finds_a_good_installation_good",
    "tests/integration/test_forms.py::test_a_refused_video_is_made_with_other_words",
    "tests/integration/test_messenger.py::test_a_card_names_its_member_without_a_ping_and_gives_way_to_the_video",
    "tests/integration/test_presets.py::test_a_preset_makes_a_video_of_other_words_also_after_a_restart",
    "tests/integration/test_quota.py::test_an_allowance_is_asked_about_then_holds_at_once_and_is_shown_as_videos",
    "tests/integration/test_stories.py::test_a_bad_picture_is_refused_in_words_and_nothing_is_spent[corrupt]",
    "tests/integration/test_stories.py::test_a_reaction_makes_a_picture_move_once_per_member",
    "tests/integration/test_stories.py::test_a_request_is_cancelled_while_it_waits",
    "tests/integration/test_stories.py::test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing",
    "tests/integration/test_stories.py::test_words_become_a_video_in_the_channel",
    "tests/integration/test_video_buttons.py::test_a_video_is_removed_from_more",
    "tests/killing/test_judging.py",
    "tests/simulation/test_simulation.py::test_no_bad_day_loses_pays_or_posts_what_it_should_not[0]",
    "tests/unit/media/videos/test_frames.py::test_both_ends_are_exact[plain]",
    "tests/unit/media/videos/test_joining.py::test_no_frame_is_lost_and_no_seam_clicks",
    "tests/unit/worker/test_poll.py::test_no_video_is_given_up_against_evidence[evidence1-failed]",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if " at 0x" in item.nodeid:  # workers that collect different names run nothing
            msg = f"give its parameters ids that are the same in every process: {item.nodeid}"
            raise pytest.UsageError(msg)
        if item.nodeid.startswith(LONG) and not item.nodeid.startswith(SHORT):
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """A third of the time went by looking for garbage among modules and tests, which all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With SHOWREEL_NOTHING_SKIPPED set, as in CI, a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and _nothing_may_be_skipped():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _nothing_may_be_skipped() -> bool:
    return bool(os.environ.get("SHOWREEL_NOTHING_SKIPPED"))  # noqa: TID251 - a switch of the run
