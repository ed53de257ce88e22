"""On Windows the program says in one sentence where it runs, whatever it was asked to do.

The kind: the modules that Windows lacks (fcntl, resource, uvloop), met at whichever import comes
first, by every command of the program and of its sandbox.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = """
import sys
for name in ("fcntl", "resource", "uvloop"):
    sys.modules[name] = None
sys.platform = "win32"
"""


@pytest.mark.parametrize("command", [["bot", "run"], ["bot", "doctor"], ["bot"], ["sandbox"]])
def test_windows_is_told_in_one_sentence_where_it_runs(tmp_path, command):
    (tmp_path / "sitecustomize.py").write_text(SITE)
    finished = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.count("\n") == 1
    assert "Linux, macOS or WSL" in finished.stderr
