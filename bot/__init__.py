"""Showreel: a self-hosted Discord bot that lets your community make AI videos."""

import sys

VERSION = "0.1.0"  # as in pyproject.toml, which the image does not contain
UNUSABLE = 2  # exit code for errors that the operator can fix

if sys.platform == "win32":
    # before importing modules that only Linux and macOS have, such as fcntl and uvloop
    sys.stderr.write("Showreel runs on Linux, macOS or WSL: on Windows, start it inside WSL.\n")
    sys.exit(UNUSABLE)
