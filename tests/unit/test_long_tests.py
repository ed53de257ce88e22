"""What is left to `make prove` is named as it is called: a name that is gone would leave out nothing."""

from pathlib import Path

import pytest

from tests.conftest import LONG, SHORT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("entry", [*LONG, *SHORT])
def test_every_entry_names_a_file_or_a_test_that_is_there(entry):
    path, _, name = entry.partition("::")
    assert (ROOT / path).exists()
    if name:
        test, bracket, _ = name.partition("[")
        found = f"def {test}(" if bracket else f"def {test}"
        assert found in (ROOT / path).read_text("utf-8")
