"""What a newer Python deprecates in other people's modules fails no test; in ours, it does.

The filters are those of this run, which `pyproject.toml` sets.
"""

import re
import warnings
from importlib.metadata import packages_distributions
from pathlib import Path
from tomllib import loads

import pytest

ROOT = Path(__file__).parents[2]
FILTERS = loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
[OTHERS] = [
    found[1].split("|")
    for line in FILTERS["filterwarnings"]
    if (found := re.search(r":DeprecationWarning:\((.+?)\)\(", line))
]


def deprecate(module):
    warnings.warn_explicit("is deprecated", DeprecationWarning, "a.py", 1, module=module)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_deprecated_in_a_library_of_ours_fails_no_test(name):
    assert name in packages_distributions()  # else it would be left out for nothing
    deprecate(name)
    deprecate(f"{name}.inner.part")


@pytest.mark.parametrize("module", ["bot.app", "cogs.video", "sandbox.app", "tests.unit.x"])
def test_what_is_deprecated_in_our_own_modules_is_an_error(module):
    with pytest.raises(DeprecationWarning):
        deprecate(module)


@pytest.mark.parametrize("kind", [UserWarning, RuntimeWarning, ResourceWarning])
def test_any_other_warning_of_a_library_is_an_error(kind):
    with pytest.raises(kind):
        warnings.warn_explicit("leaks", kind, "a.py", 1, module="discord.http")
