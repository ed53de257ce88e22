"""The two parts of the suite: every name in the lists is still there, and each part has tests."""

from pathlib import Path

import pytest

from tests.conftest import LONG, SHORT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [*LONG, *SHORT])
def test_each_name_is_of_something_that_is_there(name):
    path, _, test = name.partition("::")
    function = test.partition("[")[0]

    assert (ROOT / path).exists()
    assert not function or f"def {function}" in (ROOT / path).read_text("utf-8")


def test_what_is_short_is_part_of_something_long():
    assert SHORT
    assert [name for name in SHORT if not name.startswith(LONG)] == []
