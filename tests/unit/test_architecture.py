"""The architecture page tells the truth: its links lead somewhere, its lists are those of the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
SOURCES = [
    path
    for folder in ("bot", "cogs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".sql"} and "migrations" not in path.parts
]

# An example of each that stands today, the words by which its traces are known, and the folder or
# file that is its own.
EXAMPLES = {
    "a provider": (r"(?i)nanophoto", "bot/providers/nanophoto"),
    "a command": (r"cogs\.storyboard", "cogs/storyboard.py"),
    "a limit": (r"video_seconds_most|length_limit|LimitKind\.LENGTH", None),
    "a column on `jobs`": (r"unknown_in_row", "bot/worker/poll.py"),  # the rule that it is for
}


def row_of(what: str) -> set[str]:
    """The existing files that the page names for this."""
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| {what} |")]
    return set(re.findall(r"`([\w./]+)`", line.split("|")[2]))


def traces(words: str, own: str | None) -> set[str]:
    """Files of the product in which these words stand, without those of its own."""
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(words, path.read_text(encoding="utf-8"))
    }
    return {name for name in found if own is None or not name.startswith(own)}


@pytest.mark.parametrize("what", EXAMPLES)
def test_the_page_lists_every_file_that_an_addition_changes(what):
    listed = {name for name in row_of(what) if not name.startswith(".")}

    assert traces(*EXAMPLES[what]) == listed


def test_every_link_of_the_page_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)

    assert len(links) > 20
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_package_of_the_core_stands_on_the_page():
    packages = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}
    floors = PAGE.split("```")[1]

    assert [name for name in sorted(packages) if not re.search(rf"\b{name}\b", floors)] == []


def test_the_page_stays_within_three_printed_pages():
    assert len(PAGE.split()) < 1800
