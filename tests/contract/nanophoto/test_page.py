"""docs/providers.md says of NanoPhoto's errors and tests what is there."""

import re
from pathlib import Path

from tests.contract.nanophoto.errors import by_row


def section():
    """What docs/providers.md says of NanoPhoto."""
    page = (Path(__file__).parents[3] / "docs" / "providers.md").read_text("utf-8")
    return page.partition("## NanoPhoto Veo 3.1")[2].partition("\n## ")[0]


@by_row
def test_every_row_stands_on_the_page(code, status, to_submission, to_look):
    name = "any other" if code.startswith("SOMETHING") else f"`{code}`"
    classes = f"`{to_submission.__name__}` | `{to_look.__name__}`"

    assert f"| {name} | {status} | {classes} |" in section()


def test_every_test_that_the_page_names_is_there():
    tests = Path(__file__).parents[2]
    files = {name: tests / name for name in re.findall(r"`(\w+/[\w/]+\.py)`", section())}
    sources = "".join(path.read_text("utf-8") for path in files.values())

    assert len(files) > 8
    for name in re.findall(r"`(test_\w+)`", section()):
        assert f"def {name}(" in sources
