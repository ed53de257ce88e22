"""Limits of children: none of what a platform cannot set keeps a program from being run.

The kind: a limit that the platform refuses (macOS, RLIMIT_AS), one that it does not have, one that
is above our own hard limit (`ulimit -v`, a container), several of these at once; and the programs
that may be run under them: none at all, one that encodes nothing, one without an encoder.
"""

import logging
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bot.media.limits import ChildLimits
from bot.media.videos.ffmpeg import LIMITS, Ffmpeg, find_ffmpeg, trouble_with

ASKED = {"RLIMIT_AS": 3 * 1024**3, "RLIMIT_NOFILE": 64, "RLIMIT_CORE": 0}
SHOW = (
    "import resource as r;"
    "print(*(r.getrlimit(k)[1] for k in (r.RLIMIT_AS, r.RLIMIT_NOFILE, r.RLIMIT_CORE)))"
)


def shown_by(limits: ChildLimits) -> list[int]:
    """The hard limits that a child runs under."""
    with limits.applied() as limit:
        told = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-S", "-c", SHOW],
            preexec_fn=limit,
            capture_output=True,
            check=True,
        ).stdout
    return [int(number) for number in told.split()]


def refusing(*names: str):
    """As macOS does: the kernel refuses it, which Python reports as ValueError."""
    real, kinds = resource.setrlimit, {getattr(resource, name) for name in names}

    def setrlimit(kind, limits):
        if kind in kinds:
            msg = "current limit exceeds maximum limit"
            raise ValueError(msg)
        real(kind, limits)

    return setrlimit


def told_by(caplog) -> list[str]:
    return [vars(record)["limits"] for record in caplog.records]


def test_limits_that_can_be_set_are_set_without_a_word(caplog):
    assert shown_by(ChildLimits(ASKED)) == list(ASKED.values())
    assert told_by(caplog) == []


def test_a_limit_that_the_platform_refuses_is_left_out_and_said_once(monkeypatch, caplog):
    monkeypatch.setattr(resource, "setrlimit", refusing("RLIMIT_AS"))
    limits = ChildLimits(ASKED)

    for _ in range(2):
        assert shown_by(limits) == [resource.getrlimit(resource.RLIMIT_AS)[1], 64, 0]

    assert told_by(caplog) == ["RLIMIT_AS left out"]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_limit_that_the_platform_does_not_have_is_left_out(monkeypatch, caplog):
    monkeypatch.delattr(resource, "RLIMIT_AS")

    assert shown_by(ChildLimits(ASKED))[1:] == [64, 0]
    assert told_by(caplog) == ["RLIMIT_AS left out"]


def test_a_limit_above_our_own_hard_one_is_lowered(monkeypatch, caplog):
    real = resource.getrlimit
    hard = {resource.RLIMIT_AS: 2 * 1024**3, resource.RLIMIT_NOFILE: 40}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (0, hard.get(kind, real(kind)[1])))

    assert shown_by(ChildLimits(ASKED)) == [2 * 1024**3, 40, 0]
    assert told_by(caplog) == [f"RLIMIT_AS lowered to {2 * 1024**3}, RLIMIT_NOFILE lowered to 40"]


def test_no_file_of_ours_is_left_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    limits = ChildLimits(ASKED)
    for _ in range(3):
        shown_by(limits)

    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("names", [("RLIMIT_AS",), tuple(LIMITS)], ids=["memory", "every one"])
async def test_videos_are_made_where_limits_are_refused(monkeypatch, names):
    monkeypatch.setattr(resource, "setrlimit", refusing(*names))

    assert await trouble_with(Ffmpeg(find_ffmpeg())) is None


def program_of(folder: Path, script: str) -> Ffmpeg:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return Ffmpeg(program)


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("exit 0", "is no ffmpeg"),
        ("echo hello >&2; exit 3", "(exit code 3): hello"),
        ("echo \"Unknown encoder 'libx264'\" >&2; exit 8", "no encoder libx264"),
        ("echo \"[aost] Unknown encoder 'aac'\" >&2; exit 8", "no encoder aac"),
    ],
    ids=["true", "another program", "no H.264", "no AAC"],
)
async def test_a_program_that_makes_no_videos_is_named(tmp_path, script, trouble):
    found = await trouble_with(program_of(tmp_path, script))

    assert found is not None
    assert trouble in found


async def test_a_program_that_is_not_there_is_named(tmp_path):
    found = await trouble_with(Ffmpeg(tmp_path / "nothing"))

    assert found == "cannot be run (No such file or directory)"
