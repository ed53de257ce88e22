"""The service file of systemd says what the code and the containers say.

The kind: an exit code that means something else, a shorter patience than a submission needs, a
filter that forbids what the bot does, a program that is not there, a spelling systemd ignores.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from bot import UNUSABLE
from bot.worker.worker import SENDING_GRACE_SECONDS

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy" / "systemd" / "showreel.service").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
MOST_EXPOSED = 20  # of 100, by systemd's own measure


def value_of(name):
    [found] = re.findall(rf"^{name}=(.*)$", UNIT, flags=re.MULTILINE)
    return found


def test_it_says_what_the_code_and_the_containers_say():
    patience = int(value_of("TimeoutStopSec"))

    assert value_of("ExecStart") == "/opt/showreel/.venv/bin/python -m bot run"
    assert value_of("RestartPreventExitStatus") == str(UNUSABLE)
    assert patience > SENDING_GRACE_SECONDS
    assert f"stop_grace_period: {patience}s" in COMPOSE
    assert f"mem_limit: {value_of('MemoryMax').lower()}" in COMPOSE
    assert f"pids_limit: {value_of('TasksMax')}" in COMPOSE


def test_it_lets_children_have_limits_and_a_low_priority():
    """Reading a picture begins with `nice` and `setrlimit`."""
    filters = re.findall(r"^SystemCallFilter=(.*)$", UNIT, flags=re.MULTILINE)

    assert filters == ["@system-service", "~@privileged"]


def test_systemd_finds_nothing_wrong_with_it(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:  # the other tests hold wherever there is no systemd
        return
    there = UNIT.replace("/opt/showreel/.venv/bin/python", sys.executable)
    unit = tmp_path / "showreel.service"
    unit.write_text(there.replace("file:///opt/showreel/README.md", "man:init(1)"), "utf-8")
    limit = ("--offline=true", f"--threshold={MOST_EXPOSED}")
    for check in (("verify", "--man=no"), ("security", "--no-pager", *limit)):
        ran = subprocess.run(  # noqa: S603 - systemd's own checker
            [program, *check, str(unit)], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Unknown" not in ran.stderr
