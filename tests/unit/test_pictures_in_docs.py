"""The pictures of README and docs are there, load quickly, and are described for who can't see them."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
MAX_BYTES = 3_000_000
SHOWN = [
    (page.relative_to(ROOT), text, page.parent / target)
    for page in PAGES
    for text, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))
]


@pytest.mark.parametrize(
    ("page", "text", "path"), SHOWN, ids=[f"{page}-{path.name}" for page, _, path in SHOWN]
)
def test_a_picture_is_there_small_enough_and_described(page, text, path):
    assert path.is_file()
    assert path.stat().st_size < MAX_BYTES
    assert len(text.split()) >= 3
    with Image.open(path) as picture:
        picture.verify()


def test_no_picture_is_kept_that_no_page_shows():
    suffixes = {".png", ".webp", ".gif", ".jpg"}
    kept = {path for path in (ROOT / "docs").rglob("*") if path.suffix in suffixes}

    assert kept - {path.resolve() for _, _, path in SHOWN} == set()


def test_the_readme_opens_with_a_moving_picture_of_ten_to_thirty_seconds():
    page, _, path = next(one for one in SHOWN if one[0].name == "README.md")
    with Image.open(path) as picture:
        frames = getattr(picture, "n_frames", 1)
        shown = 0
        for number in range(frames):
            picture.seek(number)
            picture.load()
            shown += picture.info["duration"]

    assert page.name == "README.md"
    assert frames > 20
    assert 10_000 <= shown <= 30_000
