"""Retired words stay out of code, docs and texts: the glossary is in docs/architecture.md.

A reader who greps for a standard term must find it, and never a private synonym. Names count as
much as sentences. Migrations are left out, because they are never edited.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = (
    *("bot", "cogs", "sandbox", "bench", "tests", "docs", "deploy", "Makefile", "compose.yaml"),
    *("README.md", "CONTRIBUTING.md", ".env.example"),
)
SUFFIXES = {".py", ".sql", ".md", ".example", ".js", ".html", ".css", ".yaml", ".yml", "Makefile"}

RETIRED = {  # the word, and what to write instead
    "films?": "video",
    "wish(?:es|ed)?": "request",
    "dear(?:er|est)?": "expensive",
    "couriers?": "messenger",
    "treasur(?:y|ies)": "money store",
    "purses?": "account",
    "call(?:s|ed|ing)? off": "cancel",
    "in the making": "rendering",
    "came after all": "finished late",
    "words? of failure": "failure notice",
    "salvag(?:e|es|ed|ing)": "late result",
    "for ever": "forever",
    "anew": "again",
    "mend(?:s|ed|ing)?": "fix",
    "meanwhile": "in the meantime, or nothing",
    "who(?:m)?ever": "the subject itself: the operator, the caller",
    "nobody": "no one, or rephrase",
    "somebody": "someone, or rephrase",
    "everybody": "everyone",
    "anybody": "anyone",
}
EXCEPTIONS: dict[str, set[str]] = {  # by file: what stands there for a reason
    "bot/app.py": {"films?"},  # the folder that an upgrade empties
    "bot/settings.py": {"films?"},  # the former name of a setting, which still works
    "tests/integration/test_upgrading.py": {"films?"},
    "tests/contract/test_version_11.py": {"films?"},
    "tests/contract/version_11.sql": {"films?"},  # as version 11 wrote them
    "tests/unit/test_settings.py": {"films?"},
    "tests/postgres.py": {"nobody"},  # a user of the operating system
}


def files() -> list[Path]:
    """Every text that is checked."""
    found = [path for root in ROOTS for path in (ROOT / root, *(ROOT / root).rglob("*"))]
    return [
        path
        for path in found
        if path.is_file()
        and (path.suffix in SUFFIXES or path.name in SUFFIXES)
        and path != Path(__file__)
        and not re.search(r"migrations/(sqlite|postgres)/", path.as_posix())
    ]


def pattern_of(words: str) -> re.Pattern[str]:
    """Match the words also inside a name: `is_called_off` is called off."""
    spaced = words.replace(" ", "[ _\\n]+")
    return re.compile(rf"(?<![A-Za-z])(?:{spaced})(?![a-z])", re.IGNORECASE)


@pytest.mark.parametrize(("words", "instead"), RETIRED.items())
def test_a_retired_word_stands_nowhere(words, instead):
    pattern = pattern_of(words)
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if words in EXCEPTIONS.get(name, set()):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")

    assert found == [], f"write {instead}"


def test_a_retired_word_is_found_in_sentences_and_in_names():
    called_off = pattern_of("call(?:s|ed|ing)? off")

    assert called_off.search("The video is called off.")
    assert called_off.search("posts_a_video_that_was_called_off")
    assert not called_off.search("locally called offers")
    assert not pattern_of("wish(?:es|ed)?").search("swish")
