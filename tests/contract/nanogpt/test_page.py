"""docs/providers.md says of NanoGPT's errors what is proved of them."""

from pathlib import Path

import pytest

from tests.contract.nanogpt.refusals import CATALOGUE, LOST


@pytest.mark.parametrize("row", CATALOGUE, ids=str)
def test_the_documented_row_says_what_is_proved_of_it(row):
    page = (Path(__file__).parents[3] / "docs" / "providers.md").read_text("utf-8")
    named = f"`{row.code}`" if row.code else f"“{row.message[:16]}"
    (line,) = (one for one in page.splitlines() if one.startswith(f"| {row.status} | {named}"))

    assert f"| `{row.kind.__name__}`" in line
    assert row.page is None or f"from an edge `{row.page.__name__}`" in line
    assert line.endswith(
        "| uncertain: looked up by its tag |" if row.kind is LOST else "| nothing charged |"
    )
