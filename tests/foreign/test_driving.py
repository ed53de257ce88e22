"""The driver itself, with the one client that every environment has. The others are driven by
`python -m tests.foreign`, which installs them first; see docs/sandbox.md."""

import sys
from pathlib import Path

import pytest

from tests.foreign.driving import BOT_STEPS, PERSONS_STEPS, Report, drive
from tests.foreign.environments import CLIENTS, AbsentError, Client


@pytest.mark.timeout(180)
async def test_discord_py_does_everything_and_complains_of_nothing(tmp_path: Path) -> None:
    report = await drive(CLIENTS["discord.py"], tmp_path / "traffic.jsonl")
    assert report.problems() == []
    assert {*BOT_STEPS, *PERSONS_STEPS} <= set(report.steps)
    assert report.missing_routes == []


def test_a_step_that_was_not_reached_is_a_problem() -> None:
    report = Report("any", steps=dict.fromkeys((*BOT_STEPS, *PERSONS_STEPS[1:])))
    assert report.problems() == [f"{PERSONS_STEPS[0]}: was not reached"]
    report.absent[PERSONS_STEPS[0]] = "the library cannot"
    assert report.problems() == []


async def test_a_client_that_ends_at_once_has_done_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Client, "command", lambda _self: [sys.executable, "-c", "raise SystemExit"])
    report = await drive(Client("none", "none", "none.py"))
    assert "patience: the client ended before register" in report.problems()
    assert len(report.problems()) == len(BOT_STEPS) + len(PERSONS_STEPS) + 1


def test_a_client_that_cannot_be_installed_is_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.foreign.environments.CACHE", tmp_path)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(AbsentError, match="no npm"):
        CLIENTS["discord.js"].command()
