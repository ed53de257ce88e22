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
from tests.postgres import WHY_NOT, find_program, in_memory, running_postgres

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound to

# An example has no deadline: a loaded machine is no fault of the code. Speed is measured in bench/.
settings.register_profile("suite", deadline=None, print_blob=True)
# `--hypothesis-profile=thorough`: what is worth it plays thousands of examples instead of hundreds
settings.register_profile("thorough", deadline=None, print_blob=True)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Let `make test` write into memory: it waits for the disk longer than for the processor.

    The long proofs stay on the disk, where a database is written as in production.
    """
    memory = in_memory()
    if memory is not None and config.getoption("markexpr") == "not long":
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # noqa: TID251 - its only switch


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
    "tests/contract/local_nanogpt/test_service.py",
    "tests/contract/local_nanophoto/test_videos.py",
    "tests/contract/nanogpt/test_catalogue.py",
    "tests/contract/nanogpt/test_client.py",
    "tests/contract/test_budget_store.py::test_three_processes_together",
    "tests/contract/test_budget_store.py::test_two_hundred",
    "tests/contract/test_copying.py",
    "tests/contract/test_extending_files.py",
    "tests/contract/test_money_bursts.py",
    "tests/contract/test_money_machine.py",
    "tests/contract/test_version_11.py",
    "tests/crash/",
    "tests/e2e/",
    "tests/faults/test_database_backups.py",
    "tests/faults/test_database_files.py",
    "tests/faults/test_service_lines.py",
    "tests/faults/test_storage.py",
    "tests/faults/test_stories.py",
    "tests/faults/test_video_stories.py",
    "tests/foreign/",
    "tests/integration/sandbox/test_program.py",
    "tests/integration/test_answers.py",
    "tests/integration/test_audit.py",
    "tests/integration/test_both_services.py",
    "tests/integration/test_card_threads.py",
    "tests/integration/test_delivery.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_every_button.py",
    "tests/integration/test_every_command.py",
    "tests/integration/test_every_situation.py",
    "tests/integration/test_extending.py",
    "tests/integration/test_forms.py",
    "tests/integration/test_improving.py",
    "tests/integration/test_messenger.py",
    "tests/integration/test_moderation.py",
    "tests/integration/test_models.py",
    "tests/integration/test_nanophoto_budget.py",
    "tests/integration/test_picture_consent.py",
    "tests/integration/test_presets.py",
    "tests/integration/test_private_answers.py",
    "tests/integration/test_program.py",
    "tests/integration/test_quota.py",
    "tests/integration/test_recipes.py",
    "tests/integration/test_remaking.py",
    "tests/integration/test_removal.py",
    "tests/integration/test_several_processes.py",
    "tests/integration/test_source_videos.py",
    "tests/integration/test_stories.py",
    "tests/integration/test_storyboards.py",
    "tests/integration/test_video_buttons.py",
    "tests/killing/",
    "tests/simulation/test_simulation.py",
    "tests/soaking/",
    "tests/unit/archive/test_late_results.py::test_a_video_that_never_came",
    "tests/unit/jobs/test_failure.py::test_a_video_that_is_never_finished",
    "tests/unit/media/pictures/test_image_children.py",
    "tests/unit/media/pictures/test_store.py",
    "tests/unit/media/test_charts.py",
    "tests/unit/media/videos/test_boxes.py::test_a_comment_changes",
    "tests/unit/media/videos/test_boxes.py::test_any_damage",
    "tests/unit/media/videos/test_boxes.py::test_it_survives",
    "tests/unit/media/videos/test_converting.py",
    "tests/unit/media/videos/test_frames.py",
    "tests/unit/media/videos/test_joining.py",
    "tests/unit/media/videos/test_sources.py",
    "tests/unit/media/videos/test_store.py",
    "tests/unit/polling/test_schedule.py::test_no_other_first_look",
    "tests/unit/polling/test_schedule_efficiency.py",
    "tests/unit/providers/test_nanogpt_nonsense.py",
    "tests/unit/providers/test_nanogpt_parameters.py::test_pictures_at_their_limit",
    "tests/unit/providers/test_nanogpt_wire.py::test_whatever",
    "tests/unit/providers/test_nanophoto_errors.py::test_whatever",
    "tests/unit/providers/test_nanophoto_wire.py::test_whatever",
    "tests/unit/worker/test_damaged_rows.py::test_a_job_whose_handing_over",
    "tests/unit/worker/test_download.py::test_a_video_that_was_paid_for",
    "tests/unit/worker/test_poll.py::test_a_service_that_stays_away",
    "tests/unit/worker/test_poll.py::test_a_video_that_never_comes",
    "tests/unit/worker/test_poll.py::test_no_video_is_given_up",
    "tests/unit/worker/test_storyboard.py",
    "tests/unit/worker/test_submit.py::test_a_service_that_stays_away",
    "tests/unit/worker/test_worker.py::test_a_deadline_of_a_wrong_clock",
    "tests/unit/worker/test_worker.py::test_a_job_that_always_fails",
    "tests/unit/worker/test_worker.py::test_a_job_whose_provider_is_not",
    "tests/unit/worker/test_worker.py::test_a_waiting_job_is_made",
    "tests/unit/worker/test_worker.py::test_the_time_in_which_no_process",
    "tests/unit/worker/test_worker.py::test_waiting_jobs_wait_an_hour",
)
SHORT = (  # of these
    "tests/contract/local_nanogpt/test_service.py::test_a_failed_video_is_given_back_once_or_kept_as_switched[False-policy]",
    "tests/contract/local_nanogpt/test_service.py::test_a_request_that_cannot_be_is_refused_free_of_charge[{'prompt': 'a blockedword'}-400-blocked]",
    "tests/contract/local_nanogpt/test_service.py::test_a_status_needs_an_id_that_exists_and_is_ones_own",
    "tests/contract/local_nanogpt/test_service.py::test_a_submission_is_charged_at_once_and_says_what_is_left",
    "tests/contract/local_nanogpt/test_service.py::test_a_switch_for_sound_that_is_left_out_is_billed_at_the_expensive_default",
    "tests/contract/local_nanogpt/test_service.py::test_the_store_gives_a_part_of_a_video_and_nothing_once_expired",
    "tests/contract/nanogpt/test_catalogue.py::test_a_list_that_cannot_be_read_changes_nothing[wrong_types]",
    "tests/contract/nanogpt/test_catalogue.py::test_a_model_that_is_not_listed_is_refused_without_asking",
    "tests/contract/nanogpt/test_catalogue.py::test_a_request_for_a_model_that_was_renamed_is_ordered_under_its_new_name[wan-wavespeed-25-wan-25]",
    "tests/contract/nanogpt/test_client.py::test_a_submission_that_never_arrived_is_uncertain_and_not_found",
    "tests/contract/nanogpt/test_client.py::test_a_wrong_key_is_named_as_such",
    "tests/contract/test_copying.py::test_every_row_of_every_table_is_copied[postgres]",
    "tests/contract/test_money_bursts.py::test_a_request_of_a_role_with_priority_is_marked_in_the_queue[sqlite]",
    "tests/contract/test_money_bursts.py::test_of_five_hundred_requests_at_once_none_too_many_and_none_too_few[pool-sqlite]",
    "tests/contract/test_money_bursts.py::test_of_five_hundred_requests_at_once_none_too_many_and_none_too_few[rate-postgres]",
    "tests/contract/test_version_11.py::test_a_limit_for_one_video_holds_wherever_it_was_stored[postgres]",
    "tests/contract/test_version_11.py::test_each_job_is_read_in_its_state_with_all_its_fields[postgres]",
    "tests/contract/test_version_11.py::test_the_books_add_up_and_the_event_is_still_open[postgres]",
    "tests/faults/test_database_backups.py::test_a_backup_with_what_no_one_can_read_replaces_nothing[a request that is a list]",
    "tests/faults/test_database_backups.py::test_a_journal_that_was_left_is_not_written_into_the_restored_file",
    "tests/faults/test_database_backups.py::test_what_is_no_sound_backup_replaces_nothing[one byte]",
    "tests/faults/test_database_files.py::test_no_command_hangs_at_a_damaged_file[run]",
    "tests/faults/test_service_lines.py::test_a_lost_submission_is_found_again_though_asking_fails_at_first[huge]",
    "tests/faults/test_service_lines.py::test_a_poll_of_nanophoto_that_fails_says_nothing_of_its_videos[huge]",
    "tests/faults/test_service_lines.py::test_a_poll_that_fails_may_be_repeated_and_then_shows_the_video[huge]",
    "tests/faults/test_service_lines.py::test_a_submission_to_nanophoto_is_uncertain_as_well[dripping for too long]",
    "tests/faults/test_service_lines.py::test_a_submission_whose_answer_is_lost_is_uncertain_and_sent_once[never answered]",
    "tests/faults/test_service_lines.py::test_what_only_takes_its_time_changes_nothing[late]",
    "tests/integration/sandbox/test_program.py::test_what_it_cannot_use_is_one_sentence_that_names_the_setting[a port that is no number]",
    "tests/integration/test_answers.py::test_a_video_that_discord_finds_too_large_comes_smaller_or_as_a_link[once]",
    "tests/integration/test_audit.py::test_what_was_changed_behind_the_books_is_found_and_said[statements2-wrong2]",
    "tests/integration/test_card_threads.py::test_the_video_replaces_the_card_in_the_thread",
    "tests/integration/test_doctor.py::test_the_doctor_finds_a_good_installation_good",
    "tests/integration/test_every_situation.py::test_each_action_says_what_it_does_and_costs_no_more[by a blocked member]",
    "tests/integration/test_improving.py::test_a_better_prompt_is_paid_for_once_and_made_into_a_video",
    "tests/integration/test_messenger.py::test_a_card_names_its_member_without_a_ping_and_gives_way_to_the_video",
    "tests/integration/test_private_answers.py::test_with_a_card_the_answer_is_short_and_goes_once_the_card_is_there",
    "tests/integration/test_program.py::test_run_without_a_token_opens_the_sandbox_and_ctrl_c_stops_both",
    "tests/integration/test_remaking.py::test_another_member_pays_for_one_shot_after_a_restart",
    "tests/integration/test_removal.py::test_a_moderator_removes_with_a_reason_and_a_refund_and_all_are_told",
    "tests/integration/test_stories.py::test_a_bad_picture_is_refused_in_words_and_nothing_is_spent[corrupt]",
    "tests/integration/test_stories.py::test_a_reaction_makes_a_picture_move_once_per_member",
    "tests/integration/test_stories.py::test_a_request_is_cancelled_while_it_waits",
    "tests/integration/test_stories.py::test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing",
    "tests/integration/test_stories.py::test_words_become_a_video_in_the_channel",
    "tests/integration/test_storyboards.py::test_of_21_shots_made_one_by_one_it_says_how_many_to_leave_out",
    "tests/integration/test_video_buttons.py::test_a_video_is_removed_from_more",
    "tests/killing/test_judging.py",
    "tests/unit/media/pictures/test_image_children.py::test_a_child_writes_no_compiled_modules_which_a_limit_would_cut_off",
    "tests/unit/media/pictures/test_image_children.py::test_what_a_child_makes_is_where_it_was_asked_for",
    "tests/unit/media/pictures/test_image_children.py::test_what_takes_too_much_is_refused_in_words[time]",
    "tests/unit/media/pictures/test_store.py::test_a_damaged_picture_is_refused[0.1-JPEG]",
    "tests/unit/media/pictures/test_store.py::test_a_picture_held_sideways_is_turned_upright_and_tells_nothing_of_its_camera[7]",
    "tests/unit/media/pictures/test_store.py::test_a_picture_that_gets_its_name_in_the_meantime_does_not_keep_others_from_being_forgotten",
    "tests/unit/media/pictures/test_store.py::test_a_picture_whose_download_is_too_large_is_asked_for_smaller",
    "tests/unit/media/pictures/test_store.py::test_every_format_that_is_read_is_kept_as_a_jpeg_of_its_size[PNG]",
    "tests/unit/media/pictures/test_store.py::test_pictures_of_few_or_many_shades_are_kept[CMYK]",
    "tests/unit/media/pictures/test_store.py::test_what_is_not_read_is_refused_in_one_sentence_that_says_what_to_send[-not a picture I can read]",
    "tests/unit/media/pictures/test_store.py::test_what_is_transparent_stays_so_in_a_png[gif]",
    "tests/unit/media/test_charts.py::test_every_day_of_a_month_has_its_bar",
    "tests/unit/media/test_charts.py::test_no_month_is_too_strange_to_draw[fields5]",
    "tests/unit/media/videos/test_frames.py::test_both_ends_are_exact[plain]",
    "tests/unit/media/videos/test_joining.py::test_no_frame_is_lost_and_no_seam_clicks",
    "tests/unit/media/videos/test_sources.py::test_an_incomplete_video_is_refused[0.9]",
    "tests/unit/media/videos/test_sources.py::test_twenty_minutes_are_too_long",
    "tests/unit/media/videos/test_sources.py::test_what_is_no_video_is_refused_and_leaves_nothing[a WebP]",
    "tests/unit/media/videos/test_store.py::test_a_program_that_never_ends_is_killed_at_its_deadline",
    "tests/unit/media/videos/test_store.py::test_a_video_that_cannot_be_made_to_fit_is_too_large",
    "tests/unit/media/videos/test_store.py::test_of_a_program_that_tells_without_end_only_the_end_is_kept",
    "tests/unit/media/videos/test_store.py::test_sound_without_a_picture_is_unusable",
    "tests/unit/media/videos/test_store.py::test_what_is_no_video_is_unusable[header-only]",
    "tests/unit/worker/test_poll.py::test_no_video_is_given_up_against_evidence[evidence1-failed]",
    "tests/unit/worker/test_storyboard.py::test_a_cancelled_storyboard_can_still_show_what_was_made",
    "tests/unit/worker/test_storyboard.py::test_cancelled_before_the_first_shot_is_sent_it_is_free",
    "tests/unit/worker/test_storyboard.py::test_cancelled_later_the_unsent_shots_are_released_at_once",
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
